from pathlib import Path

import pytest

from raysweep.errors import UserError
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
from raysweep.study.architecture import ImageShape
from raysweep.study.data import DataFacts
from raysweep.study.measures import MeasureSettings


def test_points_have_no_features() -> None:
    facts = DataFacts(ImageShape(2, 1), train=100, validation=100, classes=25, points=True)
    with pytest.raises(UserError, match="measure fid: frechet compares features of images"):
        FrechetDistance(name="fid").check(facts, Path())


FACTS = Digits().facts(Path())


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
