import numpy as np
import pytest

from analysis.drawing.pictures import LEAST_SIZE, mosaic, read_image
from raysweep.study.architecture import ImageShape


def test_images_are_read_as_channels_height_width() -> None:
    content = bytes(range(12))
    image = read_image(content, ImageShape(3, 2))
    assert image.shape == (2, 2, 3)
    assert image[0, 1].tolist() == [1, 5, 9]
    assert image[1, 0].tolist() == [2, 6, 10]
    grey = read_image(bytes([7, 8, 9, 10]), ImageShape(1, 2))
    assert grey[1, 0].tolist() == [9, 9, 9]
    with pytest.raises(ValueError, match="reshape"):
        read_image(content, ImageShape(1, 2))


def test_a_mosaic_has_gaps_and_keeps_its_order() -> None:
    size = LEAST_SIZE
    images = [np.full((size, size, 3), value, np.uint8) for value in (10, 20, 30)]
    picture = mosaic([images[:2], images[2:]])
    gap = size // 12
    assert picture.shape == (2 * size + gap, 2 * size + gap, 3)
    assert picture[0, 0, 0] == 10
    assert picture[0, size + gap, 0] == 20
    assert picture[size + gap, 0, 0] == 30
    assert picture[0, size, 0] == 255
    assert picture[-1, -1, 0] == 255
