"""What is measured on every trained model, one file a measure: its settings and its table.

Settings only: `raysweep.measures` has the code that runs. A measure is cut into shards whose boundaries come from
these settings and the data set alone, never from the number of workers, so its table is the same whatever computes it.
"""

from typing import Annotated, get_args

from pydantic import Field

from raysweep.study.measures.base import MeasureSettings, Part, Shard, cut
from raysweep.study.measures.birthday_test import BirthdayTest
from raysweep.study.measures.class_map import ClassMap
from raysweep.study.measures.class_radius import ClassRadius
from raysweep.study.measures.encodings import Encodings
from raysweep.study.measures.exact_radius import ExactRadius
from raysweep.study.measures.frechet import FrechetDistance
from raysweep.study.measures.holes import Holes
from raysweep.study.measures.interpolant import Interpolant
from raysweep.study.measures.interpolation import Interpolation
from raysweep.study.measures.kernel_distance import KernelDistance
from raysweep.study.measures.loss_surface import LossSurface
from raysweep.study.measures.memorisation import Memorisation
from raysweep.study.measures.modes import Modes
from raysweep.study.measures.omega import Omega
from raysweep.study.measures.precision_recall import PrecisionRecall
from raysweep.study.measures.reconstruction import Reconstruction
from raysweep.study.measures.reconstruction_classifier import ReconstructionClassifier
from raysweep.study.measures.samples import Samples
from raysweep.study.measures.weights import Weights

__all__ = [
    "KINDS",
    "AnyMeasure",
    "BirthdayTest",
    "ClassMap",
    "ClassRadius",
    "Encodings",
    "ExactRadius",
    "FrechetDistance",
    "Holes",
    "Interpolant",
    "Interpolation",
    "KernelDistance",
    "LossSurface",
    "MeasureSettings",
    "Memorisation",
    "Modes",
    "Omega",
    "Part",
    "PrecisionRecall",
    "Reconstruction",
    "ReconstructionClassifier",
    "Samples",
    "Shard",
    "Weights",
    "cut",
]

AnyMeasure = Annotated[
    Reconstruction
    | FrechetDistance
    | KernelDistance
    | PrecisionRecall
    | Memorisation
    | BirthdayTest
    | ClassRadius
    | ClassMap
    | ExactRadius
    | Modes
    | Encodings
    | Holes
    | Omega
    | Interpolation
    | Interpolant
    | Weights
    | LossSurface
    | Samples
    | ReconstructionClassifier,
    Field(discriminator="kind"),
]
"""Every measure that a study can name. A new one is added here and in `raysweep.measures`."""

KINDS: tuple[type[MeasureSettings], ...] = get_args(get_args(AnyMeasure)[0])
"""The settings of every measure."""
