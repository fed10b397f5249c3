"""What TensorBoard shows of a trial: scalars, samples and reconstructions.

Written into the results folder by the process that trains, so it can be watched while the trial runs, whatever runs
the trials.
"""

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.tensorboard.writer import SummaryWriter

from raysweep.data.images import DataSet, to_bytes
from raysweep.files import Mirror
from raysweep.models.learner import Learner
from raysweep.seeding import derive_seed
from raysweep.study.models import LatentSettings

PICTURES = 32
"""Images in a grid of samples; a grid of reconstructions has so many pairs."""
COLUMNS = 8
"""Images in a row of a grid."""
SMALLEST_SIDE = 28
"""Smaller images are enlarged by a whole factor, so that a person can see them."""


class TrialBoard:
    """TensorBoard's event file of one trial; `step` is where a continued trial takes up again.

    Points are no pictures, so of them there are scalars only. Storage that fails costs what is to be seen meanwhile,
    and no training.
    """

    def __init__(self, mirror: Mirror, learner: Learner, data: DataSet, step: int) -> None:
        self.learner = learner
        self._mirror = mirror
        self._purged = step or None
        self._writer: SummaryWriter | None = None
        self._tell(SummaryWriter.flush)
        generator = torch.Generator().manual_seed(derive_seed("tensorboard", learner.seed))
        self._z = None
        pictures = not data.facts.points
        if pictures and learner.settings.has_prior:
            assert isinstance(learner.settings, LatentSettings)
            self._z = torch.randn(PICTURES, learner.settings.latent_dim, generator=generator).to(learner.device)
        self._originals = None
        if pictures and learner.settings.has_encoder:
            indices = np.arange(min(PICTURES, len(data.validation)))
            self._originals = data.validation.batch(indices, learner.device)[0]

    def scalars(self, split: str, values: Mapping[str, float], step: int) -> None:
        """Losses or metrics after `step` steps."""
        for name, value in values.items():
            self._tell(SummaryWriter.add_scalar, f"{name}/{split}", value, step)

    @torch.no_grad()
    def pictures(self, step: int) -> None:
        """Samples, and pairs of originals and reconstructions, after `step` steps."""
        if self._z is not None:
            self._picture("samples", self.learner.generate(self._z), step)
        if self._originals is not None:
            again = self.learner.generate(self.learner.encode(self._originals))
            pairs = torch.stack([self._originals, again], dim=1).flatten(0, 1)
            self._picture("reconstructions", pairs, step)

    def copy(self) -> None:
        """Makes the results folder have what is known so far."""
        self._tell(SummaryWriter.flush)
        with contextlib.suppress(OSError):
            self._mirror.copy()

    def close(self) -> None:
        """Writes what is pending, and closes the file."""
        self._tell(SummaryWriter.close)
        with contextlib.suppress(OSError):
            self._mirror.close()

    def _tell(self, tell: Callable[..., None], *what: Any) -> None:
        """Does something with the file, which is opened anew if it has failed."""
        try:
            if self._writer is None:
                self._writer = SummaryWriter(str(self._mirror.path), purge_step=self._purged)
            tell(self._writer, *what)
        except OSError:
            self._writer = None

    def _picture(self, name: str, images: Tensor, step: int) -> None:
        self._tell(SummaryWriter.add_image, name, grid(to_bytes(images)), step)


def grid(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """One picture (channels, height, width) of images (count, channels, size, size), in rows of `COLUMNS`.

    torchvision's grid would cost every worker three seconds of imports.
    """
    factor = -(-SMALLEST_SIDE // images.shape[-1])
    larger = images.repeat(factor, axis=2).repeat(factor, axis=3)
    framed = np.pad(larger, ((0, -len(images) % COLUMNS), (0, 0), (1, 1), (1, 1)))
    _, channels, height, width = framed.shape
    rows = framed.reshape(-1, COLUMNS, channels, height, width).transpose(2, 0, 3, 1, 4)
    return rows.reshape(channels, rows.shape[1] * height, COLUMNS * width)
