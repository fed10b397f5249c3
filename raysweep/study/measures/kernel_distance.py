"""Kernel distance between features of generated, or reconstructed, images and of real ones."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, PositiveInt

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
from raysweep.study.table import INTEGER, REAL, TRIAL, Column, Table

KERNEL_DISTANCE = Table(
    "kernel_distance",
    "a kernel distance",
    (
        MEASURE,
        TRIAL,
        PART,
        FEATURES,
        REFERENCE,
        SAMPLES,
        REFERENCE_IMAGES,
        Column("subsets", INTEGER, "number of pairs of random subsets"),
        Column("subset_images", INTEGER, "images in each subset", "images"),
        Column("distance", REAL, "mean over the subsets of the unbiased squared MMD; below zero by chance alone"),
        Column("deviation", REAL, "standard deviation over the subsets, as published beside it"),
        Column("floor", REAL, "the same distance of real images of the other split; equal for all trials"),
        Column("floor_deviation", REAL, "its standard deviation over the subsets"),
        FLOOR_IMAGES,
    ),
    keys=3,
)


class KernelDistance(ReferenceSettings):
    """Squared maximum mean discrepancy between features of generated (or reconstructed) images and of real ones.

    The kernel is (a·b / length + 1)³, and the estimate is the unbiased one, averaged over random subsets. In
    Inception's features it is the KID. Unlike the Fréchet distance it does not depend on the number of images.

    Source: Bińkowski et al. (2018), Section 4, whose 100 subsets of 1,000 images are the defaults.
    """

    code: ClassVar[str] = "raysweep.measures.kernel_distance"
    table: ClassVar[Table] = KERNEL_DISTANCE
    kind: Literal["kernel_distance"] = "kernel_distance"
    name: Name = "kernel_distance"
    reference_images: Annotated[int, Field(ge=2)] | None = 10_000
    subsets: PositiveInt = 100
    subset_size: Annotated[int, Field(ge=2)] = 1_000
    """Images in a subset; all, where there are fewer."""
