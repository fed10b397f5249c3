import gc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from raysweep.data.images import DataSet, to_bytes
from raysweep.errors import UserError
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
    Digits,
    FrechetDistance,
    Grid2d,
    KernelDistance,
    Memorisation,
    PrecisionRecall,
    Vae,
    WganGp,
)
from raysweep.study.measures import MeasureSettings

Make = Callable[..., MeasureContext]
FACTS = Digits().facts(Path())


class Counting:
    """The pixels as features, and how many images were asked for."""

    images = 0

    def __call__(self, images: Tensor) -> Tensor:
        self.images += len(images)
        return images.flatten(1)


def images(part: str, count: int, context: MeasureContext) -> Tensor:
    return torch.cat(list(generated_images(part, count, context)))


@pytest.mark.parametrize("part", ["samples", "reconstructions"])
def test_fewer_images_are_the_first_of_more(part: str, make_context: Make) -> None:
    context = make_context(Vae(latent_dim=3))
    few, many = images(part, 7, context), images(part, 30, context)
    assert np.array_equal(to_bytes(few), to_bytes(many[:7]))
    assert len(many) == 30


def test_images_are_rounded_to_bytes_and_come_in_batches(make_context: Make) -> None:
    batches = list(generated_images("samples", IMAGES_AT_ONCE + 1, make_context(WganGp(latent_dim=3))))
    assert [len(batch) for batch in batches] == [IMAGES_AT_ONCE, 1]
    bytes_ = (batches[0] + 1) * 127.5
    assert torch.allclose(bytes_, bytes_.round(), atol=1e-4)


def test_features_are_computed_once_for_all_measures_of_a_model(make_context: Make) -> None:
    context, features = make_context(Vae(latent_dim=3)), Counting()
    many = generated_features("samples", 20, features, context)
    assert torch.equal(generated_features("samples", 5, features, context), many[:5])
    assert features.images == 20
    assert len(generated_features("samples", 25, features, context)) == 25
    generated_features("reconstructions", 10, features, context)
    assert features.images == 20 + 25 + 10
    generated_features("samples", 20, Counting(), context)
    generated_features("samples", 20, features, make_context(Vae(latent_dim=3), seed=1))
    assert features.images == 20 + 25 + 10 + 20


def test_features_leave_the_memory_with_their_model(make_context: Make) -> None:
    from raysweep.measures import quality  # noqa: PLC0415 - its private store is looked at here only

    before = len(quality._KEPT)
    context = make_context(WganGp(latent_dim=3))
    generated_features("samples", 5, Counting(), context)
    assert len(quality._KEPT) == before + 1
    del context
    gc.collect()
    assert len(quality._KEPT) == before


def test_reconstructed_and_held_out_images_are_the_same(make_context: Make, data: DataSet) -> None:
    """A linear autoencoder of 16 dimensions reconstructs 4 × 4 pixels perfectly."""
    chosen = held_out_images(data, "validation", 20)
    assert np.array_equal(
        to_bytes(images("reconstructions", 20, make_context(Autoencoder(latent_dim=16)))),
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


ALL = pytest.mark.parametrize(
    "settings", [FrechetDistance(), KernelDistance(), PrecisionRecall(), Memorisation()], ids=lambda s: s.kind
)


@ALL
def test_each_source_is_one_shard(settings: MeasureSettings) -> None:
    """The statistics need all images of a source."""

    def parts(model: WganGp | Vae | Autoencoder) -> list[str]:
        return [shard.part for shard in settings.shards(model, FACTS)]

    assert parts(WganGp()) == ["samples"]
    assert parts(Autoencoder()) == ["reconstructions"]
    assert parts(Vae()) == ["samples", "reconstructions"]


@ALL
def test_more_images_cost_more(settings: MeasureSettings) -> None:
    few, many = (
        sum(some.flop(WganGp(), FACTS, shard) for shard in some.shards(WganGp(), FACTS))
        for some in (settings.model_copy(update={"samples": count}) for count in (100, 1_000))
    )
    assert many > 5 * few


@ALL
def test_points_are_refused(settings: MeasureSettings) -> None:
    with pytest.raises(UserError, match="compares features of images, and this data set has points"):
        settings.check(Grid2d().facts(Path()), Path())
