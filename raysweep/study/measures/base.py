"""The settings of a measure: how it is cut into shards, what they cost, where its rows go."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from raysweep.study.base import Kind, Name
from raysweep.study.data import DataFacts, DataSettings
from raysweep.study.models import FamilySettings
from raysweep.study.table import TEXT, Column, Table

MEASURE = Column("measure", TEXT, "name of the measure in the study")
PART = Column(
    "part",
    TEXT,
    "which images: train, validation, generated, samples, reconstructions; shifted_<n>, training images moved by n "
    "pixels; foreign, of another data set; noise",
)

Part = str
"""What a shard's items are, as the column `part` says."""


@dataclass(frozen=True)
class Shard:
    """A piece of a measure of one trial: items `start` to `stop` (exclusive) of `part`."""

    part: Part
    start: int
    stop: int

    @property
    def key(self) -> str:
        """The shard's file name: `train-000100-000200`."""
        return f"{self.part}-{self.start:06d}-{self.stop:06d}"


def cut(part: Part, items: int, size: int) -> tuple[Shard, ...]:
    """`items` items in shards of at most `size`."""
    return tuple(Shard(part, start, min(start + size, items)) for start in range(0, items, size))


class MeasureSettings(Kind):
    """A measure. `name` tells two measures of one kind apart; shards and tables carry it.

    `code` is a module of `raysweep.measures`. Its `run` makes columns from the settings, a shard and a
    `MeasureContext`; where `needs_reference`, its `prepare` makes arrays from the settings and a `StudyContext`.
    """

    table: ClassVar[Table]
    """The table of its rows."""
    needs_images: ClassVar[bool] = True
    """Whether it shows or compares images, so that it does not apply to data sets of points."""
    kind: str
    name: Name = "measure"
    arms: tuple[Name, ...] = ()
    """The arms that it measures, by name; by default all to which it applies."""

    @property
    def needs_classifier(self) -> bool:
        """Whether the study must train its LeNet first."""
        return False

    @property
    def needs_reference(self) -> bool:
        """Whether statistics of the data set must be computed first, once for all trials."""
        return False

    @property
    def follows(self) -> str | None:
        """The name of the measure whose rows of the same trial it needs, all of them; None for most measures."""
        return None

    def check_followed(self, followed: "MeasureSettings") -> None:
        """Checks the measure that it `follows`.

        Raises:
            ValueError: that measure lacks something that this one needs. The message continues "follows <name>,".
        """

    @property
    def other_data(self) -> tuple[DataSettings, ...]:
        """Data sets that it needs in addition to the study's own."""
        return ()

    def check(self, facts: DataFacts, root: Path) -> None:
        """Checks the settings against the data: `facts` of the study's own, and the data folder `root` for others.

        Raises:
            UserError: the settings need something that the data do not have.
        """

    def applies_to(self, model: FamilySettings) -> bool:
        """Whether there is anything to measure on this family."""
        return model.has_prior or model.has_encoder

    def shards(self, model: FamilySettings, facts: DataFacts) -> tuple[Shard, ...]:
        """How the measure of one trial is cut."""
        raise NotImplementedError

    def flop(self, model: FamilySettings, facts: DataFacts, shard: Shard) -> float:
        """Estimated floating-point operations of one shard."""
        raise NotImplementedError

    def key(self, classifier_id: str, *followed: str) -> str:
        """The folder name of the measure's shards: its name, and a hash of all that determines its rows.

        The choice of arms is not in it, so results stay valid when arms are added. `followed` is the key
        of the measure that it follows, if it follows one.
        """
        rows = self.model_copy(update={"arms": ()})
        return f"{self.name}-{rows.content_hash(classifier_id if self.needs_classifier else '', *followed)}"
