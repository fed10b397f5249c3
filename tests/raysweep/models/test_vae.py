"""The bound's parts by their definitions, ω and the clamp by closed forms, and digits that are learnt."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.distributions import Normal, kl_divergence
from torch.nn import functional

from raysweep.data.images import DataSet
from raysweep.models.learner import Learner
from raysweep.models.vae import divergence_from_prior, stretch
from raysweep.study import LcVae, Vae
from raysweep.study.models.vae import VaeSettings

Make = Callable[..., Learner]
CPU = torch.device("cpu")


def test_divergence_is_that_of_gaussians() -> None:
    stream = torch.Generator().manual_seed(0)
    mean, log_variance = torch.randn(5, 3, generator=stream), torch.randn(5, 3, generator=stream)
    expected = kl_divergence(Normal(mean, (log_variance / 2).exp()), Normal(0.0, 1.0)).sum(dim=1).mean()
    torch.testing.assert_close(divergence_from_prior(mean, log_variance), expected)
    assert float(divergence_from_prior(torch.zeros(5, 3), torch.zeros(5, 3))) == 0


@pytest.mark.parametrize("layers", ["looser", "mlp"])
@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_loss_is_the_negative_evidence_lower_bound(layers: str, likelihood: str, make: Make, noise: Tensor) -> None:
    learner = make(Vae(width=4, latent_dim=3, layers=layers, likelihood=likelihood))
    losses = learner.evaluate(noise, None)
    pixels = (noise + 1) / 2
    features = learner.networks["encoder"](pixels)
    mean, log_variance = learner.networks["mean"](features), learner.networks["log_variance"](features)
    z = mean + (log_variance / 2).exp() * torch.randn(8, 3, generator=learner.random("evaluate", 0))
    decoded = (learner.generate(z) + 1) / 2
    error = {"bernoulli": functional.binary_cross_entropy, "gaussian": functional.mse_loss}[likelihood]
    expected = error(decoded, pixels, reduction="none").sum(dim=(1, 2, 3)).mean()
    torch.testing.assert_close(losses["reconstruction"], expected.detach())
    torch.testing.assert_close(losses["divergence"], divergence_from_prior(mean, log_variance).detach())
    torch.testing.assert_close(losses["loss"], losses["reconstruction"] + losses["divergence"])
    torch.testing.assert_close(learner.encode(noise), mean)
    torch.testing.assert_close(learner.posterior(noise), (mean, (log_variance / 2).exp()))


def test_stretch_of_a_scaled_isometry_is_the_square_of_its_scale() -> None:
    stream = torch.Generator().manual_seed(0)
    images = torch.rand(10, 1, 4, 4, generator=stream)
    rotation = torch.linalg.qr(torch.randn(16, 16, generator=stream)).Q
    encodings = 3 * images.flatten(1) @ rotation + 5
    torch.testing.assert_close(stretch(images, encodings), torch.full((5,), 9.0), rtol=1e-4, atol=0)


def test_stretch_pairs_the_halves_of_a_batch() -> None:
    images = torch.tensor([0.0, 0.0, 1.0, 2.0, 9.0])[:, None, None, None]
    encodings = torch.tensor([[0.0, 0.0], [0.0, 0.0], [3.0, 4.0], [1.0, 0.0], [9.0, 9.0]])
    assert stretch(images, encodings).tolist() == [25.0, 0.25]  # the fifth has no partner


def test_stretch_of_identical_images_is_left_out() -> None:
    encodings = torch.ones(4, 2, requires_grad=True)
    omega = stretch(torch.zeros(4, 1, 2, 2), encodings + torch.tensor([[0.0], [1.0], [2.0], [3.0]]))
    assert omega.tolist() == [0, 0]
    omega.sum().backward()
    assert encodings.grad is not None
    assert bool((encodings.grad == 0).all())


def test_without_regulariser_and_clamp_it_is_the_plain_vae(make: Make) -> None:
    settings = {"width": 4, "latent_dim": 3, "batch": 8}
    plain, constrained = make(Vae(**settings)), make(LcVae(**settings, lam=0, c=float("inf")))
    for step in range(5):
        images = torch.rand(8, 1, 8, 8, generator=torch.Generator().manual_seed(step)) * 2 - 1
        ours, theirs = plain.update(images, None, step), constrained.update(images, None, step)
        assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    theirs = constrained.weights()
    assert all(torch.equal(value, theirs[name]) for name, value in plain.weights().items())


@pytest.mark.parametrize("encoding", ["mean", "sample"])
def test_regulariser_is_the_batchs_sum_over_its_size(encoding: str, make: Make, noise: Tensor) -> None:
    learner = make(LcVae(width=4, latent_dim=3, lam=5.0, encoding=encoding))
    losses = learner.evaluate(noise, None)
    codes = learner.encode(noise)
    if encoding == "sample":
        spread = (learner.networks["log_variance"](learner.networks["encoder"]((noise + 1) / 2)) / 2).exp()
        codes = codes + spread * torch.randn(8, 3, generator=learner.random("evaluate", 0))
    omega = stretch((noise + 1) / 2, codes).sum().detach() / 8
    torch.testing.assert_close(losses["omega"], omega)
    torch.testing.assert_close(losses["loss"], losses["reconstruction"] + losses["divergence"] + 5.0 * omega)


@pytest.mark.parametrize(("reduction", "pairs"), [("batchmean", 1 / 8), ("mean", 1 / 4), ("sum", 1.0)])
def test_readings_of_the_sum_scale_the_four_pairs_of_a_batch(
    reduction: str, pairs: float, make: Make, noise: Tensor
) -> None:
    learner = make(LcVae(width=4, latent_dim=3, batch=8, lam=5.0, reduction=reduction))
    losses = learner.evaluate(noise, None)
    omega = stretch((noise + 1) / 2, learner.encode(noise)).sum().detach() * pairs
    torch.testing.assert_close(losses["loss"], losses["reconstruction"] + losses["divergence"] + 5.0 * omega)


@pytest.mark.parametrize(("c", "share"), [(1e-6, 1.0), (float("inf"), 0.0)])
def test_the_share_at_the_clamp_is_all_for_a_tight_one_and_nothing_for_none(
    c: float, share: float, make: Make, noise: Tensor
) -> None:
    learner = make(LcVae(width=4, latent_dim=3, batch=8, c=c))
    # Biases start at 0: what is drawn at random is all that can be at the clamp before training.
    drawn = {n: p for n, p in learner.networks.named_parameters() if not n.startswith("decoder") and p.ndim > 1}
    biases = 2 * 3
    count = sum(p.numel() for p in drawn.values())
    found = float(learner.evaluate(noise, None)["at_clamp"])
    assert found == pytest.approx(share * count / (count + biases), rel=1e-2)


@pytest.mark.parametrize("clamp", ["weights", "weights_and_gains"])
def test_the_clamp_binds_the_encoder_and_nothing_else(clamp: str, make: Make, noise: Tensor) -> None:
    c = 0.02
    learner = make(LcVae(width=4, latent_dim=3, batch=8, c=c, clamp=clamp))
    for step in range(4):
        largest = {name: float(p.detach().abs().max()) for name, p in learner.networks.named_parameters()}
        for name, value in largest.items():
            encoder = not name.startswith("decoder")
            gain = name.startswith("encoder") and learner.networks.get_parameter(name).ndim == 1
            if encoder and not gain:
                assert value <= np.float32(c)
            elif encoder and name.endswith("weight"):
                assert (value <= np.float32(c)) == (clamp == "weights_and_gains")
        assert largest["encoder.0.weight"] == pytest.approx(c)  # reached, not only respected
        assert largest["decoder.0.weight"] > c
        learner.update(noise, None, step)


def constant_loss(pixels: Tensor) -> float:
    """Cross-entropy per image of the best prediction that ignores the image: the mean image. It has no divergence."""
    shares = (pixels + 1) / 2
    error = functional.binary_cross_entropy(shares.mean(dim=0).expand_as(shares), shares, reduction="sum")
    return float(error) / len(pixels)


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        Vae(latent_dim=8, width=16, batch=64, steps=400, learning_rate=3e-3),
        LcVae(latent_dim=8, width=16, batch=64, steps=400, learning_rate=3e-3, lam=0.3, c=0.1),
    ],
    ids=["vae", "lc_vae"],
)
def test_it_learns_digits(settings: VaeSettings, digits: DataSet, pixels: Tensor, train: Make) -> None:
    held_out, _ = digits.validation.batch(np.arange(len(digits.validation)), CPU)
    losses = train(settings, digits).evaluate(held_out, None)
    assert float(losses["loss"]) < constant_loss(pixels) - 1.5
    assert float(losses["divergence"]) > 1  # nats that the latents carry


@pytest.mark.slow
def test_the_constrained_one_learns_mnist(mnist: DataSet, train: Make) -> None:
    settings = LcVae(width=8, latent_dim=10, batch=64, steps=200, learning_rate=2e-3)
    images, _ = mnist.validation.batch(np.arange(2_000), CPU)
    losses = train(settings, mnist).evaluate(images, None)
    assert float(losses["loss"]) < constant_loss(images) - 25
    assert float(losses["divergence"]) > 5


@pytest.mark.slow
def test_an_epoch_of_mnist_ends_where_pytorchs_example_does(mnist: DataSet, train: Make) -> None:
    """The example's networks and settings: its log has a test loss of about 127 after the first of ten epochs."""
    settings = Vae(layers="mlp", width=400, latent_dim=20, batch=128, learning_rate=1e-3, epochs=1)
    images, _ = mnist.validation.batch(np.arange(10_000), CPU)
    losses = train(settings, mnist).evaluate(images, None)
    assert float(losses["loss"]) == pytest.approx(127, abs=2)
