"""How many different images a generator makes, from how often two of its samples are near duplicates."""

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field
from typing_extensions import override

from raysweep.errors import UserError
from raysweep.study.base import Name
from raysweep.study.data import DataFacts
from raysweep.study.measures.base import MEASURE, PART, Shard
from raysweep.study.measures.quality import FEATURES, SAMPLES, QualitySettings
from raysweep.study.models import FamilySettings
from raysweep.study.table import INTEGER, REAL, TRIAL, Column, Table

BIRTHDAY_TEST = Table(
    "birthday_test",
    "a model's near duplicates, against those among held-out images",
    (
        MEASURE,
        TRIAL,
        PART,
        FEATURES,
        SAMPLES,
        Column("rate", REAL, "share of the pairs of calibration images that are near duplicates"),
        Column("calibration_images", INTEGER, "validation images behind the threshold", "images"),
        Column("threshold", REAL, "distance within which two images are near duplicates; equal for all trials"),
        Column("duplicates", INTEGER, "number of pairs of samples that are near duplicates", "pairs"),
        Column("support", REAL, "number of pairs over `duplicates`: equally likely images that collide as often"),
        Column("support_low", REAL, "lower end of its interval, of level 0.95"),
        Column("support_high", REAL, "upper end; infinite where there are no duplicates"),
        Column("batch", REAL, "smallest size at which half of the batches have a duplicate; infinite if at none"),
        Column("control_images", INTEGER, "other validation images, which are the control", "images"),
        Column("control_duplicates", INTEGER, "`duplicates` among them; equal for all trials", "pairs"),
        Column("control_support", REAL, "their `support`; 1 / rate is expected"),
        Column("control_support_low", REAL, "lower end of its interval, of level 0.95"),
        Column("control_support_high", REAL, "upper end"),
        Column("control_batch", REAL, "their `batch`"),
    ),
    keys=3,
)


class BirthdayTest(QualitySettings):
    """Near duplicates among samples, and the support size that they imply.

    Among s samples of a generator that makes N images equally often, a pair is the same image with probability 1/N, so
    the support size is estimated by the number of pairs, s (s − 1) / 2, over the number of duplicates. Images that are
    not equally likely have the support of those that are and collide as often, 1 / Σ pᵢ². It is a lower view of
    diversity: rare images hardly count.

    Two images are near duplicates if their features are within a threshold, which the share `rate` of the pairs of one
    half of the held-out images are. So real images have an apparent support of 1 / `rate`; the other half is the
    control. A support far below the control's is a lack of diversity. One that is not says nothing of finer detail
    than the threshold sees.

    Source: Arora, Risteski and Zhang (2018), Section 3. They take the nearest pairs in pixels and judge by eye whether
    these are duplicates; we take features and a threshold, so that no one judges.
    """

    code: ClassVar[str] = "raysweep.measures.birthday_test"
    table: ClassVar[Table] = BIRTHDAY_TEST
    kind: Literal["birthday_test"] = "birthday_test"
    name: Name = "birthday_test"
    samples: Annotated[int, Field(ge=3)] = 5_000
    """Samples; the calibration and the control have as many images each, or half of the validation images."""
    rate: Annotated[float, Field(gt=0, lt=1)] = 1e-4

    @override
    def applies_to(self, model: FamilySettings) -> bool:
        """Only where there is a prior: reconstructions differ as the images do."""
        return model.has_prior

    @override
    def check(self, facts: DataFacts, root: Path) -> None:
        """The calibration must have at least one pair that is near."""
        super().check(facts, root)
        images = min(self.samples, facts.validation // 2)
        pairs = images * (images - 1) // 2
        if images < 3 or self.rate * pairs < 1:
            raise UserError(
                f"measure {self.name}: {images} images for the calibration have {pairs} pairs, of which the rate "
                f"{self.rate:g} is less than one; raise rate"
            )

    @override
    def shards(self, model: FamilySettings, facts: DataFacts) -> tuple[Shard, ...]:
        """One, since all pairs are compared."""
        return (Shard("samples", 0, self.samples),)

    @override
    def flop(self, model: FamilySettings, facts: DataFacts, shard: Shard) -> float:
        """All distances between samples."""
        return super().flop(model, facts, shard) + 2.0 * (shard.stop - shard.start) ** 2 * self.features_length
