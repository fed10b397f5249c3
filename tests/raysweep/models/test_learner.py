import copy
import io
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from raysweep.models.learner import Learner
from raysweep.study import Autoencoder, Gan, Glo, LcVae, LeNet, Vae, WganGp
from raysweep.study.models import FamilySettings

SETTINGS = [
    WganGp(width=4, batch=8, critic_steps=2, latent_dim=3),
    WganGp(width=8, batch=8, critic_steps=2, latent_dim=3, layers="mlp"),
    Gan(width=4, batch=8, discriminator_steps=2, latent_dim=3),
    Gan(width=4, batch=8, packing=2, spectral_norm=True, latent_dim=3),
    Autoencoder(width=4, batch=16, latent_dim=3),
    Vae(width=4, batch=16, latent_dim=3),
    Vae(width=8, batch=16, latent_dim=3, layers="mlp", likelihood="gaussian"),
    LcVae(width=4, batch=16, latent_dim=3, c=0.05),
    Glo(width=4, batch=16, latent_dim=3),
    LeNet(batch=16),
]
LOSSES = {
    "wgan_gp": {"critic_loss", "generator_loss", "wasserstein", "gradient_penalty"},
    "gan": {"discriminator_loss", "generator_loss", "jensen_shannon"},
    "autoencoder": {"mse"},
    "vae": {"loss", "reconstruction", "divergence"},
    "lc_vae": {"loss", "reconstruction", "divergence", "omega"},
    "glo": {"mse"},
    "lenet": {"loss", "accuracy"},
}

Make = Callable[..., Learner]
families = pytest.mark.parametrize("settings", SETTINGS, ids=lambda settings: settings.family)


def a_batch(step: int) -> tuple[Tensor, Tensor]:
    """16 images: one batch, or the two of two critic steps."""
    stream = torch.Generator().manual_seed(step)
    images = torch.rand(16, 1, 8, 8, generator=stream) * 2 - 1
    return images, torch.randint(10, (16,), generator=stream)


def advance(learner: Learner, first: int, last: int) -> list[dict[str, Tensor]]:
    return [learner.update(*a_batch(step), step) for step in range(first, last)]


def content(learner: Learner) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in learner.networks.state_dict().items()}


def same(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def use(learner: Learner) -> None:
    """Everything that is done with a model besides training it."""
    images, labels = a_batch(99)
    learner.evaluate(images, labels)
    if learner.settings.has_encoder:
        learner.encode(images)
    if learner.settings.has_prior:
        learner.generate(torch.zeros(2, 3))


def test_every_family_has_a_learner() -> None:
    assert {type(settings) for settings in SETTINGS} <= set(FamilySettings.kinds().values())
    assert all(issubclass(kind.implementation(), Learner) for kind in FamilySettings.kinds().values())


@families
def test_counts_are_those_of_the_plan(settings: FamilySettings, make: Make) -> None:
    learner = make(settings)
    built = sum(parameter.numel() for parameter in learner.networks.parameters())
    assert built == settings.parameters(learner.facts)
    assert set(learner.networks) == set(settings.networks(learner.facts))


@families
def test_losses_are_detached_scalars_with_stable_names(settings: FamilySettings, make: Make) -> None:
    losses = make(settings).update(*a_batch(0), 0)
    assert set(losses) == LOSSES[settings.family]
    assert all(value.shape == () and not value.requires_grad and value.isfinite() for value in losses.values())


@families
def test_the_metric_and_the_parts_of_the_held_out_loss_are_among_the_losses(
    settings: FamilySettings, make: Make
) -> None:
    learner, batch = make(settings), a_batch(0)
    losses = {"train": learner.update(*batch, 0), "validation": learner.evaluate(*batch)}
    split, metric = settings.metric.split("/")
    assert metric in losses[split]
    assert set(settings.loss_parts) <= set(losses["validation"])


@families
def test_an_update_moves_every_network(settings: FamilySettings, make: Make) -> None:
    learner = make(settings)
    before = content(learner)
    advance(learner, 0, 1)
    after = content(learner)
    for name in learner.networks:
        assert any(not torch.equal(before[key], after[key]) for key in before if key.startswith(f"{name}."))


@families
def test_training_continues_from_a_saved_state_to_the_last_bit(settings: FamilySettings, make: Make) -> None:
    whole = make(settings, seed=5)
    advance(whole, 0, 6)
    torn = make(settings, seed=5)
    advance(torn, 0, 3)
    file = io.BytesIO()
    torch.save(torn.state(), file)
    file.seek(0)
    fresh = make(settings, seed=5)
    fresh.load_state(torch.load(file, weights_only=True))
    advance(fresh, 3, 6)
    assert same(content(whole), content(fresh))
    assert not same(content(whole), content(torn))


@families
def test_using_a_model_between_updates_changes_nothing(settings: FamilySettings, make: Make) -> None:
    alone, used = make(settings), make(settings)
    advance(alone, 0, 3)
    for step in range(3):
        use(used)
        before = content(used)
        use(used)
        assert same(before, content(used))
        advance(used, step, step + 1)
    assert same(content(alone), content(used))


@families
def test_the_seed_decides_everything(settings: FamilySettings, make: Make) -> None:
    torch.manual_seed(1)
    first = make(settings, seed=3)
    advance(first, 0, 2)
    torch.manual_seed(2)
    again, other = make(settings, seed=3), make(settings, seed=4)
    advance(again, 0, 2)
    advance(other, 0, 2)
    assert same(content(first), content(again))
    assert not same(content(first), content(other))


@families
def test_loaded_weights_are_frozen_and_in_evaluation_mode(settings: FamilySettings, make: Make) -> None:
    trained, loaded = make(settings, seed=1), make(settings, seed=2)
    advance(trained, 0, 2)
    loaded.load_weights(copy.deepcopy(trained.weights()))
    assert same(content(trained), content(loaded))
    assert not any(parameter.requires_grad for parameter in loaded.networks.parameters())
    assert not any(module.training for module in loaded.networks.modules())
    use(loaded)


@families
def test_evaluation_repeats_itself_and_keeps_no_graph(settings: FamilySettings, make: Make) -> None:
    learner = make(settings)
    advance(learner, 0, 2)
    first, again = learner.evaluate(*a_batch(7)), learner.evaluate(*a_batch(7))
    assert all(torch.equal(first[name], again[name]) and not first[name].requires_grad for name in first)


@pytest.mark.parametrize("settings", SETTINGS[:-1], ids=lambda settings: settings.family)
def test_images_are_generated_one_by_one(settings: FamilySettings, make: Make) -> None:
    """In evaluation mode an image does not depend on the others of its batch, and gradients reach its latent."""
    learner = make(settings)
    advance(learner, 0, 2)
    z = torch.randn(6, 3, generator=torch.Generator().manual_seed(0), requires_grad=True)
    images = learner.generate(z)
    assert images.shape == (6, 1, 8, 8)
    assert bool((images.abs() <= 1).all())
    torch.testing.assert_close(learner.generate(z[2:3]), images[2:3])
    (gradient,) = torch.autograd.grad(images.square().sum(), z)
    assert bool((gradient.square().sum(dim=1) > 0).all())


@pytest.mark.parametrize("settings", [s for s in SETTINGS if s.has_encoder], ids=lambda settings: settings.family)
def test_images_are_encoded_one_by_one(settings: FamilySettings, make: Make) -> None:
    learner = make(settings)
    advance(learner, 0, 2)
    images, _ = a_batch(3)
    codes = learner.encode(images)
    assert codes.shape == (16, 3)
    torch.testing.assert_close(learner.encode(images[4:5]), codes[4:5])


@families
def test_divergence_is_a_loss_that_is_not_finite(settings: FamilySettings, make: Make) -> None:
    """Not an exception from inside of torch, which a sweep could not tell from a bug."""
    learner = make(settings)
    with torch.no_grad():
        for parameter in learner.networks.parameters():
            parameter.fill_(torch.nan)
    losses = learner.update(*a_batch(0), 0)
    assert not all(value.isfinite() for value in losses.values())


@pytest.mark.parametrize("settings", [WganGp(width=4), Glo(width=4), LeNet()], ids=lambda settings: settings.family)
def test_families_without_an_encoder_say_so(settings: FamilySettings, make: Make) -> None:
    with pytest.raises(NotImplementedError):
        make(settings).encode(a_batch(0)[0])
