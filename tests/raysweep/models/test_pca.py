"""Against scikit-learn, closed forms and random projections; every image counts once, however the run is cut."""

import io
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import PCA
from torch import Tensor

from raysweep.data.images import DataSet
from raysweep.data.order import BatchStream
from raysweep.models import build_learner
from raysweep.models.learner import Learner
from raysweep.models.pca import Moments
from raysweep.study import Pca
from raysweep.study.architecture import ImageShape
from raysweep.study.data import DataFacts

CPU = torch.device("cpu")


def fit(model: Pca, images: Tensor, seed: int = 0) -> Learner:
    """As a trial does it: batches of the stream, of which the last may go on into a second pass."""
    learner = build_learner(model, facts_of(images), seed, CPU)
    order = BatchStream(len(images), seed)
    for step in range(model.total_steps(learner.facts)):
        assert learner.update(images[order.indices(step * model.batch, model.batch)], None, step) == {}
    return learner


def facts_of(images: Tensor) -> DataFacts:
    return DataFacts(ImageShape(images.shape[1], images.shape[2]), len(images), 10, None)


def error(learner: Learner, images: Tensor) -> float:
    return float(learner.evaluate(images, None)["mse"])


def small_images(seed: int, count: int) -> Tensor:
    """Correlated images of 3 × 3 pixels."""
    stream = torch.Generator().manual_seed(seed)
    mixing = torch.randn(9, 9, generator=stream)
    return (torch.randn(count, 9, generator=stream) @ mixing).div(20).unflatten(1, (1, 3, 3))


@pytest.mark.parametrize("latent_dim", [1, 8, 40])
def test_it_is_scikit_learns(pixels: Tensor, latent_dim: int) -> None:
    ours = fit(Pca(latent_dim=latent_dim, batch=100), pixels)
    flat = pixels.flatten(1).double().numpy()
    theirs = PCA(latent_dim, svd_solver="full").fit(flat)
    expected = theirs.inverse_transform(theirs.transform(flat))
    found = ours.generate(ours.encode(pixels)).flatten(1).numpy()
    np.testing.assert_allclose(found, expected, atol=2e-6)  # single precision, sums of 64 values
    assert error(ours, pixels) == pytest.approx(float(np.square(expected - flat).mean()), rel=1e-6)
    weight = ours.networks["decoder"][0].weight  # type: ignore[index]
    overlap = np.abs(weight.T.double().numpy() @ theirs.components_.T)
    np.testing.assert_allclose(overlap, np.eye(latent_dim), atol=1e-6)  # the same directions, up to sign
    assert (weight.gather(0, weight.abs().argmax(dim=0, keepdim=True)) > 0).all()


@pytest.mark.parametrize("latent_dim", [1, 5, 20, 60])
def test_the_error_is_the_sum_of_the_discarded_eigenvalues(pixels: Tensor, latent_dim: int) -> None:
    values = torch.linalg.eigvalsh(pixels.flatten(1).double().T.cov(correction=0))
    assert error(fit(Pca(latent_dim=latent_dim), pixels), pixels) == pytest.approx(
        float(values[:-latent_dim].sum()) / 64, rel=1e-5, abs=1e-12
    )


def test_all_components_leave_no_error(pixels: Tensor) -> None:
    assert error(fit(Pca(latent_dim=64), pixels), pixels) < 1e-12


@settings(deadline=None)
@given(seed=st.integers(0, 2**30), latent_dim=st.integers(1, 9))
def test_no_other_projection_is_better(seed: int, latent_dim: int) -> None:
    images = small_images(seed, 40)
    best = error(fit(Pca(latent_dim=latent_dim, batch=40), images), images)
    stream = torch.Generator().manual_seed(seed + 1)
    other, _ = torch.linalg.qr(torch.randn(9, latent_dim, generator=stream))
    flat = images.flatten(1)
    shift = torch.randn(9, generator=stream) / 20
    for origin in (flat.mean(dim=0), flat.mean(dim=0) + shift):
        around = flat - origin
        assert best <= float((around - around @ other @ other.T).square().mean()) * (1 + 1e-5) + 1e-9


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**30), count=st.integers(4, 50), batch=st.integers(2, 70))
def test_every_image_counts_once_whatever_the_batch(seed: int, count: int, batch: int) -> None:
    images = small_images(seed, count)
    flat = images.flatten(1)
    learner = fit(Pca(latent_dim=3, batch=batch), images, seed)
    decoder = learner.networks["decoder"][0]  # type: ignore[index]
    torch.testing.assert_close(decoder.bias, flat.mean(dim=0), rtol=1e-5, atol=1e-6)
    discarded = torch.linalg.eigvalsh(flat.double().T.cov(correction=0))[:-3].sum() / 9
    assert error(learner, images) == pytest.approx(float(discarded), rel=1e-4, abs=1e-9)


@settings(deadline=None)
@given(cuts=st.lists(st.integers(1, 20), min_size=1, max_size=6), offset=st.floats(-1e6, 1e6))
def test_moments_do_not_depend_on_the_cut_and_do_not_cancel(cuts: list[int], offset: float) -> None:
    values = torch.randn(sum(cuts), 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64) + offset
    moments = Moments(4, CPU)
    for piece in values.split(cuts):
        moments.add(piece)
    centred = values - values.mean(dim=0)
    assert moments.count == len(values)
    torch.testing.assert_close(moments.mean, values.mean(dim=0))
    torch.testing.assert_close(moments.scatter, centred.T @ centred, rtol=1e-6, atol=1e-6)


def test_a_run_continues_exactly(pixels: Tensor) -> None:
    model = Pca(latent_dim=5, batch=100)
    whole = fit(model, pixels)
    torn = build_learner(model, facts_of(pixels), 0, CPU)
    order = BatchStream(len(pixels), 0)
    for step in range(model.total_steps(torn.facts)):
        torn.update(pixels[order.indices(step * 100, 100)], None, step)
        file = io.BytesIO()
        torch.save(torn.state(), file)
        file.seek(0)
        torn = build_learner(model, facts_of(pixels), 0, CPU)
        torn.load_state(torch.load(file, weights_only=True))
    for name, value in whole.weights().items():
        assert torch.equal(value, torn.weights()[name])


def test_there_is_nothing_to_evaluate_before_the_last_step(pixels: Tensor) -> None:
    learner = build_learner(Pca(latent_dim=5, batch=1000), facts_of(pixels), 0, CPU)
    learner.update(pixels[:1000], None, 0)
    assert learner.evaluate(pixels, None) == {}
    learner.update(pixels[437:], None, 1)
    assert set(learner.evaluate(pixels, None)) == {"mse"}


def test_loaded_weights_are_all_that_is_needed(pixels: Tensor) -> None:
    learner = fit(Pca(latent_dim=5), pixels)
    loaded = build_learner(Pca(latent_dim=5), facts_of(pixels), 1, CPU)
    loaded.load_weights(learner.weights())
    assert torch.equal(loaded.encode(pixels), learner.encode(pixels))
    assert error(loaded, pixels) == error(learner, pixels)


def test_latents_can_be_optimised(pixels: Tensor) -> None:
    """Gradients reach them, and the encoding is where they vanish."""
    learner = fit(Pca(latent_dim=5), pixels)
    z = learner.encode(pixels[:4]).requires_grad_()
    (gradient,) = torch.autograd.grad((learner.generate(z) - pixels[:4]).square().sum(), z)
    assert float(gradient.abs().max()) < 1e-4
    assert torch.equal(learner.generator(z), learner.generate(z))  # type: ignore[misc]


def test_the_plan_counts_one_pass(digits: DataSet) -> None:
    model = Pca(latent_dim=5, batch=100)
    assert model.total_steps(digits.facts) == 15
    flop = model.flop_per_step(digits.facts) * 15
    assert flop == pytest.approx(2 * 1500 * 64**2 + 9 * 64**3)
    assert model.parameters(digits.facts) == 6 * 64
    learner = fit(model, digits.train.batch(np.arange(150), CPU)[0])
    assert sum(p.numel() for p in learner.networks.parameters()) == 6 * 64


def test_the_checkpoint_has_the_planned_size(make: Callable[..., Learner]) -> None:
    learner = make(Pca(latent_dim=5, batch=16))
    learner.update(torch.zeros(16, 1, 8, 8), None, 0)
    state = learner.state()
    held = [*state["networks"].values(), state["moments"]["mean"], state["moments"]["scatter"]]
    assert sum(value.nbytes for value in held) == 4 * learner.settings.values_to_continue(learner.facts)
