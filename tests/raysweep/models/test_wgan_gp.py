"""The critic's loss by closed forms, an update against one written out plainly, and samples that approach the data."""

import copy
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from raysweep.data.images import DataSet
from raysweep.models import build_learner
from raysweep.models.learner import Learner
from raysweep.models.wgan_gp import gradient_penalty
from raysweep.study import WganGp

CPU = torch.device("cpu")


def a_stream() -> torch.Generator:
    return torch.Generator().manual_seed(3)


def linear_critic(scale: float) -> nn.Sequential:
    critic = nn.Sequential(nn.Flatten(), nn.Linear(64, 1))
    weights = torch.randn(64, generator=a_stream())
    critic[1].weight.data = (scale * weights / weights.norm())[None]
    return critic


@pytest.mark.parametrize("norm", [0.5, 1.0, 3.0])
def test_penalty_of_a_linear_critic(norm: float, noise: Tensor) -> None:
    """Its gradient is w everywhere: the penalty is (‖w‖ − 1)², and its own gradient 2 (‖w‖ − 1) w / ‖w‖."""
    critic = linear_critic(norm)
    penalty = gradient_penalty(critic, noise, -noise, a_stream())
    torch.testing.assert_close(penalty, torch.tensor((norm - 1) ** 2), rtol=1e-5, atol=1e-6)
    penalty.backward()
    weight = critic[1].weight
    torch.testing.assert_close(weight.grad, 2 * (norm - 1) * weight.detach() / norm, rtol=1e-4, atol=1e-6)


def test_penalty_of_a_quadratic_critic(noise: Tensor) -> None:
    """½ ‖x‖² has gradient x: where real and generated images coincide, the penalty is E[(‖x‖ − 1)²]."""
    penalty = gradient_penalty(lambda x: x.square().flatten(1).sum(dim=1) / 2, noise, noise, a_stream())
    torch.testing.assert_close(penalty, (noise.flatten(1).norm(dim=1) - 1).square().mean())


def test_penalty_is_taken_on_segments_between_pairs() -> None:
    seen: list[Tensor] = []

    def critic(images: Tensor) -> Tensor:
        seen.append(images.detach())
        return images.square().sum()

    real, fake = torch.ones(500, 1, 2, 2), torch.zeros(500, 1, 2, 2)
    gradient_penalty(critic, real, fake, a_stream())
    share = seen[0].flatten(1)
    assert torch.equal(share, share[:, :1].expand(-1, 4))  # one ε per image
    assert 0 <= float(share.min()) < 0.02
    assert 0.98 < float(share.max()) <= 1
    assert float(share.mean()) == pytest.approx(0.5, abs=0.05)


def plain_update(learner: Learner, images: Tensor, step: int) -> tuple[nn.ModuleDict, float]:
    """Algorithm 1 of Gulrajani et al. without any saving: separate passes, gradients everywhere."""
    settings = learner.settings
    networks = copy.deepcopy(learner.networks).train()
    generator, critic = networks["generator"], networks["critic"]
    adams = {n: torch.optim.Adam(networks[n].parameters(), settings.learning_rate, settings.betas) for n in networks}
    stream = learner.random("update", step)
    for k in range(settings.critic_steps):
        real = images[k * settings.batch : (k + 1) * settings.batch]
        fake = generator(torch.randn(settings.batch, settings.latent_dim, generator=stream))
        mix = torch.rand(settings.batch, 1, 1, 1, generator=stream)
        between = (fake + mix * (real - fake)).detach().requires_grad_()
        slope = torch.autograd.grad(critic(between).sum(), between, create_graph=True)[0]
        penalty = ((slope.square().sum(dim=(1, 2, 3)).sqrt() - 1) ** 2).mean()
        loss = critic(fake).mean() - critic(real).mean() + settings.gradient_penalty * penalty
        adams["critic"].zero_grad()
        loss.backward()
        adams["critic"].step()
    loss = -critic(generator(torch.randn(settings.batch, settings.latent_dim, generator=stream))).mean()
    adams["generator"].zero_grad()
    loss.backward()
    adams["generator"].step()
    return networks, float(loss.detach())


def test_an_update_is_that_of_the_plain_algorithm(make: Callable[..., Learner]) -> None:
    learner = make(WganGp(width=4, batch=8, critic_steps=3, latent_dim=5, learning_rate=1e-2))
    images = torch.rand(24, 1, 8, 8, generator=a_stream()) * 2 - 1
    expected, loss = plain_update(learner, images, 7)
    before = copy.deepcopy(learner.networks.state_dict())
    losses = learner.update(images, None, 7)
    assert float(losses["generator_loss"]) == pytest.approx(loss, rel=1e-3)
    for name, value in learner.networks.state_dict().items():
        moved = float((value - before[name]).abs().max())
        off = float((value - expected.state_dict()[name]).abs().max())
        assert off <= 2e-2 * moved + 1e-6, name


def test_losses_belong_together(make: Callable[..., Learner]) -> None:
    learner = make(WganGp(width=4, batch=8, critic_steps=2, latent_dim=5, gradient_penalty=7.0))
    losses = learner.update(torch.rand(16, 1, 8, 8, generator=a_stream()), None, 0)
    expected = 7.0 * losses["gradient_penalty"] - losses["wasserstein"]
    torch.testing.assert_close(losses["critic_loss"], expected)


def test_the_estimate_is_the_gap_between_the_critics_means(make: Callable[..., Learner], noise: Tensor) -> None:
    learner = make(WganGp(width=4, latent_dim=5))
    critic = learner.networks["critic"]
    generated = learner.generate(torch.randn(8, 5, generator=learner.random("evaluate", 0)))
    gap = (critic(noise).mean() - critic(generated).mean()).detach()
    torch.testing.assert_close(learner.evaluate(noise, None)["wasserstein"], gap)


def frechet_distance(a: Tensor, b: Tensor) -> float:
    """Between Gaussians fitted to pixels: ‖μ₁ − μ₂‖² + tr(Σ₁ + Σ₂ − 2 (Σ₁^½ Σ₂ Σ₁^½)^½)."""
    a, b = a.flatten(1).double(), b.flatten(1).double()
    values, vectors = torch.linalg.eigh(a.T.cov())
    root = vectors * values.clamp(min=0).sqrt() @ vectors.T
    overlap = torch.linalg.eigvalsh(root @ b.T.cov() @ root).clamp(min=0).sqrt().sum()
    return float((a.mean(0) - b.mean(0)).square().sum() + a.T.cov().trace() + b.T.cov().trace() - 2 * overlap)


def improvement(settings: WganGp, data: DataSet, train: Callable[..., Learner]) -> float:
    """How many times nearer to the training images training brings the samples."""
    images, _ = data.train.batch(np.arange(1_437), CPU)
    z = torch.randn(1_437, settings.latent_dim, generator=a_stream())
    untrained = build_learner(settings, data.facts, 0, CPU).generate(z).detach()
    trained = train(settings, data).generate(z).detach()
    return frechet_distance(untrained, images) / frechet_distance(trained, images)


@pytest.mark.slow
def test_samples_approach_the_digits(digits: DataSet, train: Callable[..., Learner]) -> None:
    settings = WganGp(width=8, latent_dim=8, learning_rate=2e-3, steps=80)
    assert improvement(settings, digits, train) > 10


@pytest.mark.slow
def test_samples_approach_mnist(mnist: DataSet, train: Callable[..., Learner]) -> None:
    settings = WganGp(width=4, latent_dim=10, batch=32, learning_rate=2e-3, steps=40)
    assert improvement(settings, mnist, train) > 5
