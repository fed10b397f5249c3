"""Whether reconstructions still tell the classes apart: a LeNet that learns from them, judged on real images."""

from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import PositiveInt
from typing_extensions import override

from raysweep.errors import UserError
from raysweep.study.base import Name
from raysweep.study.data import DataFacts
from raysweep.study.measures.base import MEASURE, MeasureSettings, Shard
from raysweep.study.measures.reconstruction import Reconstruction
from raysweep.study.models import FamilySettings, LatentSettings
from raysweep.study.models.lenet import LeNet
from raysweep.study.table import INTEGER, REAL, TEXT, TRIAL, Column, Table

RECONSTRUCTION_CLASSIFIER = Table(
    "reconstruction_classifier",
    "a LeNet trained on reconstructions, or on the real images",
    (
        MEASURE,
        TRIAL,
        Column("part", TEXT, "what it was trained on: reconstructions of training images, or these images (real)"),
        Column("accuracy", REAL, "share of the real validation images that it classifies rightly"),
        Column("images", INTEGER, "number of images that it was trained on", "images"),
        Column("test_images", INTEGER, "number of validation images: all of them", "images"),
        Column("epochs", REAL, "passes over the images that it was trained on"),
    ),
    keys=3,
)


class ReconstructionClassifier(MeasureSettings):
    """How well a LeNet that was trained on a model's reconstructions classifies real validation images.

    Its control is a LeNet that was trained on the images themselves: the same images in the same order, from
    the same initial weights, so that perfect reconstructions give the control's accuracy exactly. LeNets of one seed
    start equal for all models.

    It follows a `Reconstruction` that keeps latents, and makes the reconstructions of training images from them,
    rounded to bytes as real images are.

    Source: Pinetz, Soukup and Pock (2019), supplementary, Fig. 9. Theirs states neither its training nor its images.
    """

    code: ClassVar[str] = "raysweep.measures.reconstruction_classifier"
    table: ClassVar[Table] = RECONSTRUCTION_CLASSIFIER
    kind: Literal["reconstruction_classifier"] = "reconstruction_classifier"
    name: Name = "reconstruction_classifier"
    of: Name = "reconstruction"
    """Name of the `Reconstruction`."""
    images: PositiveInt = 1_000
    """Training images, the first of those that were reconstructed; all of the split where it has fewer."""
    classifier: LeNet = LeNet(steps=2_000)

    @property
    @override
    def follows(self) -> str:
        return self.of

    @override
    def check_followed(self, followed: MeasureSettings) -> None:
        if not isinstance(followed, Reconstruction):
            raise ValueError("which is no Reconstruction; name one with of=")
        if not followed.latents:
            raise ValueError("which keeps no latents; give that one latents=True")
        if followed.images < self.images:
            raise ValueError(
                f"and learns from {self.images:,} images, but that one reconstructs {followed.images:,}; "
                "give it as many, or this one fewer"
            )

    @override
    def check(self, facts: DataFacts, root: Path) -> None:
        """A LeNet must be possible."""
        try:
            self.classifier.networks(facts)
        except ValueError as error:
            raise UserError(f"measure {self.name} trains a LeNet: {error}") from error

    @override
    def applies_to(self, model: FamilySettings) -> bool:
        """Applies to every model that reconstructs images, by an encoder or by inversion."""
        return isinstance(model, LatentSettings)

    @override
    def shards(self, model: FamilySettings, facts: DataFacts) -> tuple[Shard, ...]:
        """One LeNet each."""
        images = min(self.images, facts.train)
        return Shard("reconstructions", 0, images), Shard("real", 0, images)

    @override
    def flop(self, model: FamilySettings, facts: DataFacts, shard: Shard) -> float:
        seen = replace(facts, train=shard.stop)
        training = self.classifier.total_steps(seen) * self.classifier.flop_per_step(facts)
        testing = facts.validation * self.classifier.flop_per_step(facts) / (3 * self.classifier.batch)
        making = shard.stop * model.decoder_flop(facts) if shard.part == "reconstructions" else 0.0
        return training + testing + making
