"""Numbers that others published, and which of them can be compared with a study's own."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.results import Results
from analysis.text.words import listing
from raysweep.study.measures import MeasureSettings
from raysweep.study.measures.quality import ReferenceSettings

TABLE = Path(__file__).with_name("published.csv")


@dataclass(frozen=True)
class Published:
    """A row of `published.csv`. None where the source does not say."""

    data: str
    """Kind of the data set."""
    family: str
    """The model family here that the source's model is one of."""
    label: str
    """The source's name of the model."""
    latent_dim: int | None
    metric: str
    """The table here that holds such numbers."""
    value: float
    spread: float | None
    """The number after ± in the source."""
    features: str
    samples: int | None
    """Number of generated images."""
    reference: str
    """Split of the real images, as named here: "validation" is the official test set of MNIST and CIFAR-10."""
    reference_images: int | None
    steps: str
    training: str
    """Architecture and choice of settings. These need not match, since they are what is compared."""
    source: str
    """Authors and year, title, table."""
    verified: str
    """Where the number and its protocol were read."""

    @property
    def authors(self) -> str:
        """The source in short: "Lucic et al. (2018)"."""
        return self.source.partition(",")[0]


@dataclass(frozen=True)
class Mark:
    """A published number as a figure draws it, at its dim(z)."""

    latent_dim: int
    value: float
    words: str
    """Model and source, for the legend."""


def load_published() -> tuple[Published, ...]:
    """All published numbers."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return tuple(_read(row) for row in csv.DictReader(file))


def matching(results: Results, measure: MeasureSettings) -> tuple[Published, ...]:
    """The numbers that were measured as `measure` does on this study's data, of families that the study has.

    The whole data set, the metric, the features, the split, and both numbers of images must be the same. A row that
    does not say one of them matches nothing.
    """
    if not isinstance(measure, ReferenceSettings) or results.study.data.limit is not None:
        return ()
    in_split = results.facts.count(measure.reference)
    protocol = (
        results.study.data.kind,
        measure.table.name,
        measure.features,
        measure.samples,
        measure.reference,
        min(measure.reference_images or in_split, in_split),
    )
    families = {arm.model.family for arm in results.study.arms}
    return tuple(
        row
        for row in load_published()
        if (row.data, row.metric, row.features, row.samples, row.reference, row.reference_images) == protocol
        and row.family in families
    )


def marks(results: Results, measure: MeasureSettings) -> tuple[Mark, ...]:
    """The matching numbers whose dim(z) is known, as a figure draws them."""
    return tuple(
        Mark(row.latent_dim, row.value, f"{row.label}, {row.authors}")
        for row in matching(results, measure)
        if row.latent_dim is not None
    )


def marks_words(drawn: Sequence[Mark]) -> str:
    """Says what the marks are, if there are any."""
    if not drawn:
        return ""
    return (
        "Outlined in black: what others published for other architectures, with the same data, features and numbers "
        f"of images: {listing([mark.words for mark in drawn])}."
    )


def _read(row: dict[str, str]) -> Published:
    return Published(
        data=row["data"],
        family=row["family"],
        label=row["label"],
        latent_dim=_integer(row["latent_dim"]),
        metric=row["metric"],
        value=float(row["value"]),
        spread=float(row["spread"]) if row["spread"] else None,
        features=row["features"],
        samples=_integer(row["samples"]),
        reference=row["reference"],
        reference_images=_integer(row["reference_images"]),
        steps=row["steps"],
        training=row["training"],
        source=row["source"],
        verified=row["verified"],
    )


def _integer(text: str) -> int | None:
    return int(text) if text else None
