"""What is computed on every trained model, one file a measure."""

from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa
from numpy.typing import NDArray

from raysweep.measures import (
    birthday_test,
    class_map,
    class_radius,
    encodings,
    exact_radius,
    frechet,
    holes,
    interpolant,
    interpolation,
    kernel_distance,
    loss_surface,
    memorisation,
    modes,
    omega,
    precision_recall,
    reconstruction,
    reconstruction_classifier,
    samples,
    weights,
)
from raysweep.measures.context import Columns, MeasureContext, StudyContext
from raysweep.study.measures import (
    BirthdayTest,
    ClassMap,
    ClassRadius,
    Encodings,
    ExactRadius,
    FrechetDistance,
    Holes,
    Interpolant,
    Interpolation,
    KernelDistance,
    LossSurface,
    MeasureSettings,
    Memorisation,
    Modes,
    Omega,
    PrecisionRecall,
    Reconstruction,
    ReconstructionClassifier,
    Samples,
    Shard,
    Weights,
)

__all__ = ["MEASURES", "PREPARE", "MeasureContext", "StudyContext", "prepare", "run_measure"]

MEASURES: Mapping[type[MeasureSettings], Callable[[Any, Shard, MeasureContext], Columns]] = {
    Reconstruction: reconstruction.run,
    FrechetDistance: frechet.run,
    KernelDistance: kernel_distance.run,
    PrecisionRecall: precision_recall.run,
    Memorisation: memorisation.run,
    BirthdayTest: birthday_test.run,
    ClassRadius: class_radius.run,
    ClassMap: class_map.run,
    ExactRadius: exact_radius.run,
    Modes: modes.run,
    Encodings: encodings.run,
    Holes: holes.run,
    Omega: omega.run,
    Interpolation: interpolation.run,
    Interpolant: interpolant.run,
    Weights: weights.run,
    LossSurface: loss_surface.run,
    Samples: samples.run,
    ReconstructionClassifier: reconstruction_classifier.run,
}
"""The code of each measure, by its settings. A new measure is added here."""

PREPARE: Mapping[type[MeasureSettings], Callable[[Any, StudyContext], dict[str, NDArray[Any]]]] = {
    FrechetDistance: frechet.prepare,
    KernelDistance: kernel_distance.prepare,
    PrecisionRecall: precision_recall.prepare,
    Memorisation: memorisation.prepare,
    BirthdayTest: birthday_test.prepare,
    Interpolation: interpolation.prepare,
}
"""What a measure with `needs_reference` computes once for the study."""


def run_measure(settings: MeasureSettings, shard: Shard, context: MeasureContext) -> pa.Table:
    """The rows of one shard of a measure of one trial.

    They depend on the settings, the trial and the shard alone: all random streams are named by these.
    """
    columns = MEASURES[type(settings)](settings, shard, context)
    rows = len(next(iter(columns.values())))
    names = {"measure": [settings.name] * rows, "trial": [context.trial.id] * rows}
    return settings.table.rows({**names, **columns})


def prepare(settings: MeasureSettings, context: StudyContext) -> dict[str, NDArray[Any]]:
    """What a measure with `needs_reference` needs beyond the trial: the `reference` of its context."""
    return PREPARE[type(settings)](settings, context)
