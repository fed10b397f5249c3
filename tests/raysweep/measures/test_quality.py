import gc
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from raysweep.data.images import DataSet, to_bytes
from raysweep.measures import MeasureContext
from raysweep.measures.quality import (
    IMAGES_AT_ONCE,
    generated_features,
    generated_images,
    held_out_images,
    other_images,
    reference_images,
)
from raysweep.study import (
    Autoencoder,
    FrechetDistance,
    Vae,
    WganGp,
)

Make = Callable[..., MeasureContext]


class Features:
    """The pixels as features, and the sizes of the batches that were asked for."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def __call__(self, images: Tensor) -> Tensor:
        self.batches.append(len(images))
        return images.flatten(1)


@pytest.mark.parametrize("part", ["samples", "reconstructions"])
def test_fewer_images_are_the_first_of_more(part: str, make_context: Make) -> None:
    """To the last bit, though not in batches of the same number."""
    context = make_context(Vae(latent_dim=3))
    few, many = generated_images(part, 7, context), generated_images(part, 30, context)
    assert torch.equal(few, many[:7])
    assert len(many) == 30


def test_images_are_rounded_to_bytes(make_context: Make) -> None:
    bytes_ = (generated_images("samples", 10, make_context(WganGp(latent_dim=3))) + 1) * 127.5
    assert torch.allclose(bytes_, bytes_.round(), atol=1e-4)


@pytest.mark.parametrize("part", ["samples", "reconstructions"])
def test_features_are_computed_once_for_all_measures_of_a_model(part: str, make_context: Make) -> None:
    context, features = make_context(Vae(latent_dim=3)), Features()
    once = generated_features(part, 20, features, context)
    assert torch.equal(once, generated_images(part, 20, context).flatten(1))
    seen = len(features.batches)
    assert torch.equal(generated_features(part, 5, features, context), once[:5])
    assert len(features.batches) == seen
    generated_features(part, 20, features, make_context(Vae(latent_dim=3), seed=1))
    assert len(features.batches) == 2 * seen
    other = Features()
    generated_features(part, 20, other, context)
    assert len(other.batches) == seen


def test_batches_do_not_depend_on_the_count(make_context: Make) -> None:
    """The last bits of a feature depend on the size of its batch, which what was kept must not change."""

    def sizes(part: str, count: int) -> list[int]:
        features = Features()
        assert len(generated_features(part, count, features, make_context(Vae(latent_dim=3)))) == count
        return features.batches

    assert sizes("samples", 5) == [IMAGES_AT_ONCE]
    assert sizes("samples", IMAGES_AT_ONCE + 5) == [IMAGES_AT_ONCE, IMAGES_AT_ONCE]
    assert sizes("reconstructions", 5) == sizes("reconstructions", 30) == [30]  # there are no more validation images


def test_features_leave_the_memory_with_their_model(make_context: Make) -> None:
    from raysweep.measures import quality  # noqa: PLC0415 - its private store is looked at here only

    before = len(quality._KEPT)
    context = make_context(WganGp(latent_dim=3))
    generated_features("samples", 5, Features(), context)
    assert len(quality._KEPT) == before + 1
    del context
    gc.collect()
    assert len(quality._KEPT) == before


def test_reconstructed_and_held_out_images_are_the_same(make_context: Make, data: DataSet) -> None:
    """A linear autoencoder of 16 dimensions reconstructs 4 × 4 pixels perfectly."""
    chosen = held_out_images(data, "validation", 20)
    assert np.array_equal(
        to_bytes(generated_images("reconstructions", 20, make_context(Autoencoder(latent_dim=16)))),
        data.validation.pixels[chosen],
    )


@pytest.mark.parametrize(("reference", "other"), [("train", "validation"), ("validation", "train")])
def test_the_floor_is_of_the_other_split(reference: str, other: str, data: DataSet) -> None:
    settings = FrechetDistance.model_validate({"samples": 25, "reference": reference, "reference_images": 10})
    split, chosen = reference_images(settings, data)
    assert split is data.split(reference)  # type: ignore[arg-type]
    assert len(set(chosen.tolist())) == 10
    split, chosen = other_images(settings, data)
    assert split is data.split(other)  # type: ignore[arg-type]
    assert len(set(chosen.tolist())) == 25
