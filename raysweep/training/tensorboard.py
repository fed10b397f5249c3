"""Writes what TensorBoard shows of a trial: scalars, samples and reconstructions.

The process that trains writes it into the results folder, so it can be watched while the trial runs, on any backend.
"""

import contextlib
import io
import itertools
import os
import socket
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from time import time
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter
from torch import Tensor

from raysweep.data.images import DataSet, to_bytes
from raysweep.models.learner import Learner
from raysweep.results.files import Mirror
from raysweep.seeding import derive_seed
from raysweep.study.models import LatentSettings

PICTURES = 32
"""Images in a grid of samples; a grid of reconstructions has this many pairs."""
COLUMNS = 8
"""Images in a row of a grid."""
SMALLEST_SIDE = 28
"""Smaller images are enlarged by a whole factor, so that a person can see them."""
NAME = "events.out.tfevents."
"""How the name of an event file begins; the time follows."""
NUMBERS = itertools.count()
"""Numbers the files that this process writes."""


class TrialBoard:
    """TensorBoard's event file of one trial; `step` is where a resumed trial goes on.

    Data sets of points have scalars only. If storage fails, events are lost, but no training.
    """

    def __init__(self, mirror: Mirror, learner: Learner, data: DataSet, step: int) -> None:
        self.learner = learner
        self._mirror = mirror
        self._purged: int | None = step + 1 if step else 0
        self._earliest = self._after_earlier_files() if step else 0
        self._file: Path | None = None
        self._write([])
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
        self._write(_event(step, tag=f"{name}/{split}", simple_value=value) for name, value in values.items())

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
        """Copies the events so far into the results folder."""
        with contextlib.suppress(OSError):
            self._mirror.copy()

    def close(self) -> None:
        """Does so for the last time."""
        with contextlib.suppress(OSError):
            self._mirror.close()

    def _picture(self, name: str, images: Tensor, step: int) -> None:
        self._write([_event(step, tag=name, image=_image(grid(to_bytes(images))))])

    def _write(self, events: Iterable[Event]) -> None:
        """Appends to the file. If that fails, the file may end in half an event, so the next events go into another
        file.

        (PyTorch's writer has a thread, which prints what it could not write.)
        """
        try:
            if self._file is None:
                seconds = max(int(time()), self._earliest)
                name = f"{NAME}{seconds:010d}.{socket.gethostname()}.{os.getpid()}.{next(NUMBERS)}"
                self._mirror.path.mkdir(parents=True, exist_ok=True)
                self._file = self._mirror.path / name
                events = [*self._first(), *events]
            with self._file.open("ab") as file:
                for event in events:
                    RecordWriter(file).write(event.SerializeToString())
            self._purged = None
        except OSError:
            self._file = None

    def _first(self) -> Iterator[Event]:
        """The beginning of a file: the first file of this process says from which step on earlier events do not count.

        Events at the step of the checkpoint itself stay. TensorBoard ignores the first such event, so a new trial
        writes one too.
        """
        yield Event(wall_time=time(), file_version="brain.Event:2")
        if self._purged is not None:
            yield Event(wall_time=time(), step=self._purged, session_log=SessionLog(status=SessionLog.START))

    def _after_earlier_files(self) -> int:
        """A time that is later than in any name of an earlier file, in seconds since 1970.

        TensorBoard reads files in the order of their names, and this machine's clock may be behind the one that named
        them.
        """
        with contextlib.suppress(OSError):
            times = [
                name.removeprefix(NAME).partition(".")[0] for name in self._mirror.names() if name.startswith(NAME)
            ]
            return max((int(seconds) for seconds in times if seconds.isdecimal()), default=-1) + 1
        return 0


def _event(step: int, **value: Any) -> Event:
    """An event: a value after `step` steps."""
    return Event(wall_time=time(), step=step, summary=Summary(value=[Summary.Value(**value)]))


def _image(pixels: NDArray[np.uint8]) -> Any:
    """A picture (channels, height, width) in TensorBoard's form."""
    channels, height, width = pixels.shape
    file = io.BytesIO()
    Image.fromarray(pixels[0] if channels == 1 else pixels.transpose(1, 2, 0)).save(file, format="PNG")
    return Summary.Image(height=height, width=width, colorspace=channels, encoded_image_string=file.getvalue())


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
