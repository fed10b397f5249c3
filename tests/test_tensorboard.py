import numpy as np
import pytest

from raysweep.tensorboard import COLUMNS, grid


@pytest.mark.parametrize(("count", "channels", "size", "factor"), [(32, 1, 28, 1), (10, 3, 8, 4), (1, 1, 13, 3)])
def test_a_grid_holds_every_image_enlarged_in_its_place(count: int, channels: int, size: int, factor: int) -> None:
    images = np.random.default_rng(0).integers(1, 256, (count, channels, size, size)).astype(np.uint8)
    picture = grid(images)
    cell = size * factor + 2
    rows = -(-count // COLUMNS)
    assert picture.shape == (channels, rows * cell, COLUMNS * cell)
    for index, image in enumerate(images):
        top, left = (index // COLUMNS) * cell + 1, (index % COLUMNS) * cell + 1
        inside = picture[:, top : top + cell - 2, left : left + cell - 2]
        np.testing.assert_array_equal(inside[:, ::factor, ::factor], image)
        np.testing.assert_array_equal(inside[:, factor - 1 :: factor, factor - 1 :: factor], image)
