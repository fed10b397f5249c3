"""Data of which it is known what lies between two images: convex data, and two far clusters."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from raysweep.data.images import DataSet, Images
from raysweep.measures import MeasureContext, StudyContext, prepare, run_measure
from raysweep.measures.interpolation import linear, pair_of_images, spherical
from raysweep.models.learner import Learner
from raysweep.study import Digits, Interpolation, Trial, Vae, WganGp
from raysweep.study.architecture import ImageShape
from raysweep.study.data import DataFacts
from raysweep.study.measures import Shard

CPU = torch.device("cpu")
SHAPE = ImageShape(1, 2)


class Identity(Learner):
    """Latents are the pixels."""

    def update(self, images: Tensor, labels: Tensor | None, step: int) -> dict[str, Tensor]:
        raise NotImplementedError

    def evaluate(self, images: Tensor, labels: Tensor | None) -> dict[str, Tensor]:
        raise NotImplementedError

    def generate(self, z: Tensor) -> Tensor:
        return z.unflatten(1, (1, 2, 2))

    def encode(self, images: Tensor) -> Tensor:
        return images.flatten(1)


def uniform_images(brightness: NDArray[np.int64], labels: NDArray[np.int64] | None = None) -> Images:
    """Images of one brightness each: a straight line in the space of images."""
    pixels = np.broadcast_to(brightness[:, None, None, None], (len(brightness), 1, 2, 2))
    return Images(np.ascontiguousarray(pixels, np.uint8), labels)


def context_of(train: Images, validation: Images, settings: Interpolation) -> MeasureContext:
    facts = DataFacts(SHAPE, len(train), len(validation), 2)
    data = DataSet(facts, train, validation)
    model = Vae(latent_dim=4)
    trial = Trial(arm="identity", model=model, data=Digits(), seed=0)
    real = prepare(settings, StudyContext(data, CPU))
    return MeasureContext(data, CPU, trial=trial, learner=Identity(model, facts, 0, CPU), reference=real)


def measure(context: MeasureContext, settings: Interpolation) -> list[dict[str, Any]]:
    shards = settings.shards(context.trial.model, context.data.facts)
    return pa.concat_tables([run_measure(settings, shard, context) for shard in shards]).to_pylist()


def settings(**fields: Any) -> Interpolation:
    return Interpolation.model_validate({"space": "pixels", "pairs": 20, "ways": ("linear", "blend"), **fields})


def test_between_images_of_convex_data_no_more_is_off_than_of_real_ones() -> None:
    stream = np.random.default_rng(0)

    def noisy(count: int) -> Images:
        """A straight line with some thickness, which makes held-out images differ from training ones."""
        brightness = stream.integers(4, 252, (count, 1, 1, 1))
        return Images((brightness + stream.integers(-4, 5, (count, 1, 2, 2))).astype(np.uint8), None)

    rows = measure(context_of(noisy(2_000), noisy(500), settings(pairs=100)), settings(pairs=100))
    assert np.mean([row["off"] for row in rows]) < 0.05  # 1 − quantile


def test_between_two_far_clusters_all_but_the_ends_is_off() -> None:
    def clusters(step: int) -> Images:
        dark = np.arange(0, 8, 2) + step
        return uniform_images(np.concatenate([dark, dark + 247]), np.repeat([0, 1], len(dark)))

    chosen = settings(points=11)
    for row in measure(context_of(clusters(0), clusters(1), chosen), chosen):
        assert row["off"] == pytest.approx(9 / 11)
        assert row["distances"][0] <= row["threshold"] >= row["distances"][-1]
        assert 3 <= np.argmax(row["distances"]) <= 7


def test_an_identity_decodes_the_blend() -> None:
    stream = np.random.default_rng(0)
    train, validation = (Images(stream.integers(0, 256, (30, 1, 2, 2), np.uint8), None) for _ in range(2))
    rows = measure(context_of(train, validation, settings()), settings(keep=1))
    linears, blends = rows[:20], rows[20:]
    for path, blend in zip(linears, blends, strict=True):
        assert (path["first"], path["second"]) == (blend["first"], blend["second"])
        np.testing.assert_allclose(path["distances"], blend["distances"], atol=1e-6)
        assert path["off"] == blend["off"]
    first = validation.pixels[linears[0]["first"]].tobytes()
    assert linears[0]["path"][:4] == first
    assert len(linears[0]["path"]) == 11 * 4
    assert linears[1]["path"] is None


def test_distances_are_to_the_nearest_training_image() -> None:
    train = uniform_images(np.array([0, 51]))
    rows = measure(
        context_of(train, uniform_images(np.array([0, 204])), settings(points=3)), settings(points=3, pairs=1)
    )
    # From 0 through 102 to 204, in steps of 2/255 of a brightness of [-1, 1], over 4 pixels: ‖·‖ is twice a pixel's.
    expected = [0.0, 2 * 51 * 2 / 255, 2 * 153 * 2 / 255]
    assert sorted(rows[0]["distances"]) == pytest.approx(expected, abs=1e-6)


def test_paths_do_not_depend_on_how_they_are_cut() -> None:
    stream = np.random.default_rng(0)
    train, validation = (Images(stream.integers(0, 256, (30, 1, 2, 2), np.uint8), None) for _ in range(2))
    fields: dict[str, Any] = {"pairs": 7, "ways": ("linear", "spherical", "blend", "prior")}
    whole, cut = settings(**fields), settings(**fields, shard=3)
    context = context_of(train, validation, whole)
    assert measure(context, whole) == measure(context, cut)


def test_prior_paths_lead_from_sample_to_sample(make_context: Callable[..., MeasureContext], data: DataSet) -> None:
    both = Interpolation(space="pixels", pairs=2, ways=("prior",), keep=2)
    context = make_context(WganGp(latent_dim=3), 0, prepare(both, StudyContext(data, CPU)))
    rows = run_measure(both, Shard("prior", 0, 2), context).to_pylist()
    assert [(row["first"], row["second"]) for row in rows] == [(None, None)] * 2
    pixels = [np.frombuffer(row["path"], np.uint8).reshape(11, 16) for row in rows]
    ends = torch.tensor(np.stack([path[[0, -1]] for path in pixels]).reshape(4, 1, 4, 4) / 127.5 - 1).float()
    z = context.learner.encode(ends)
    assert z.norm(dim=1).min() > 0.1
    assert torch.pdist(z).min() > 0.1  # four samples of their own


def test_the_sphere_is_followed_at_even_angles() -> None:
    path = spherical(torch.tensor([2.0, 0]), torch.tensor([0, 2.0]), torch.linspace(0, 1, 3))
    torch.testing.assert_close(path, torch.tensor([[2.0, 0], [2**0.5, 2**0.5], [0, 2.0]]))


@pytest.mark.parametrize("factor", [3.0, -3.0])
def test_between_parallel_latents_the_sphere_is_a_line(factor: float) -> None:
    first, positions = torch.tensor([1.0, 2.0, 2.0]), torch.linspace(0, 1, 5)
    torch.testing.assert_close(spherical(first, factor * first, positions), linear(first, factor * first, positions))


def test_pairs_are_of_different_classes() -> None:
    images = uniform_images(np.arange(30), np.arange(30) % 3)
    pairs = [pair_of_images(pair, images) for pair in range(50)]
    assert all(first % 3 != second % 3 for first, second in pairs)
    assert len(set(pairs)) > 40
    without = [pair_of_images(pair, Images(images.pixels, None)) for pair in range(50)]
    assert all(first != second for first, second in without)
    assert any(first % 3 == second % 3 for first, second in without)
