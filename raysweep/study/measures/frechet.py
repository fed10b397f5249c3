"""Fréchet distance between features of generated, or reconstructed, images and of real ones."""

from typing import ClassVar, Literal

from raysweep.study.base import Name
from raysweep.study.measures.base import MEASURE, PART
from raysweep.study.measures.quality import (
    FEATURES,
    FLOOR_IMAGES,
    REFERENCE,
    REFERENCE_IMAGES,
    SAMPLES,
    ReferenceSettings,
)
from raysweep.study.table import REAL, TRIAL, Column, Table

FRECHET = Table(
    "frechet",
    "a Fréchet distance",
    (
        MEASURE,
        TRIAL,
        PART,
        FEATURES,
        REFERENCE,
        SAMPLES,
        REFERENCE_IMAGES,
        Column("distance", REAL, "squared Fréchet distance between Gaussians fitted to the features"),
        Column("floor", REAL, "the same of real images of the other split; equal for all trials"),
        FLOOR_IMAGES,
    ),
    keys=3,
)


class FrechetDistance(ReferenceSettings):
    """Fréchet distance between features of generated (or reconstructed) images and of real ones.

    In Inception's features it is the FID. The table also has its floor, the distance of the other split's real images.

    Source: Heusel et al. (2017).
    """

    code: ClassVar[str] = "raysweep.measures.frechet"
    table: ClassVar[Table] = FRECHET
    kind: Literal["frechet"] = "frechet"
    name: Name = "frechet"
