import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

WriteImages = Callable[..., dict[bytes, str]]


@pytest.fixture
def real_data() -> Path:
    """The folder of real data sets, as `--data` names it."""
    named = os.environ.get("RAYSWEEP_DATA")
    if not named:
        pytest.skip("RAYSWEEP_DATA does not name a folder with real data")
    return Path(named)


@pytest.fixture
def write_images() -> WriteImages:
    """Writes random PNG files, and returns each one's pixels (channels first) with its name."""

    def write(folder: Path, count: int, size: int = 8, channels: int = 3, seed: int = 0) -> dict[bytes, str]:
        folder.mkdir(parents=True)
        written = {}
        random = np.random.default_rng([seed, *folder.name.encode()])
        for k in range(count):
            pixels = random.integers(0, 256, (channels, size, size), dtype=np.uint8)
            picture = pixels[0] if channels == 1 else pixels.transpose(1, 2, 0)
            Image.fromarray(picture).save(folder / f"{k:03d}.png")
            written[pixels.tobytes()] = f"{folder.name}/{k:03d}.png"
        return written

    return write
