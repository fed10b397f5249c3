import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor

from raysweep.data import load_data
from raysweep.data.images import DataSet, to_unit
from raysweep.measures import MeasureContext
from raysweep.measures.targets import DIRECTIONS, converted, direction, shifted, targets
from raysweep.study import Digits, Reconstruction, WganGp
from raysweep.study.architecture import ImageShape
from raysweep.study.measures import Shard

Make = Callable[..., MeasureContext]
SETTINGS = Reconstruction(images=20, shifts=(1, 3), foreign=Digits(), noise=30)


@pytest.fixture
def context(make_context: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MeasureContext:
    monkeypatch.setenv("RAYSWEEP_CACHE", str(tmp_path / "cache"))
    return dataclasses.replace(make_context(WganGp(latent_dim=3)), data_folder=tmp_path)


def of(part: str, context: MeasureContext, start: int = 0, stop: int = 20) -> tuple[list[int], Tensor]:
    return targets(SETTINGS, Shard(part, start, stop), context, lambda z: z)


@pytest.mark.parametrize(
    ("rows", "columns", "distance", "expected"),
    [
        (0, 1, 1, [[1, 1, 2], [4, 4, 5], [7, 7, 8]]),
        (0, -1, 1, [[2, 3, 3], [5, 6, 6], [8, 9, 9]]),
        (1, 0, 1, [[1, 2, 3], [1, 2, 3], [4, 5, 6]]),
        (-1, 0, 2, [[7, 8, 9], [7, 8, 9], [7, 8, 9]]),
    ],
)
def test_a_shifted_image_repeats_its_border(rows: int, columns: int, distance: int, expected: list[list[int]]) -> None:
    image = torch.arange(1.0, 10.0).view(1, 3, 3)
    assert shifted(image, rows, columns, distance).tolist() == [expected]


def test_shifted_images_are_the_training_images_moved_one_way(context: MeasureContext) -> None:
    indices, plain = of("train", context)
    for distance in (1, 3):
        moved_indices, moved = of(f"shifted_{distance}", context)
        assert moved_indices == indices
        for index, image, original in zip(indices, moved, plain, strict=True):
            torch.testing.assert_close(image, shifted(original, *direction(index), distance), rtol=0, atol=0)


def test_all_directions_are_equally_likely() -> None:
    counts = [[direction(image) for image in range(4_000)].count(way) for way in DIRECTIONS]
    assert stats.chisquare(counts).pvalue > 1e-3


def test_foreign_images_are_of_the_other_validation_split(context: MeasureContext, tmp_path: Path) -> None:
    indices, images = of("foreign", context, 5, 15)
    pixels = load_data(Digits(), tmp_path).validation.pixels[indices]
    torch.testing.assert_close(images, converted(to_unit(torch.from_numpy(pixels)), ImageShape(1, 4)))
    assert images.shape == (10, 1, 4, 4)
    assert of("foreign", context, 0, 20)[0][5:15] == indices


def test_halving_weighs_four_pixels_an_axis() -> None:
    # Antialiased bilinear: a triangle two pixels wide either way, so weights 1, 3, 3, 1 over 8 away from the border.
    line = torch.tensor([0.0, 1.0, 4.0, 9.0, 16.0, 25.0, 36.0, 49.0])
    halved = converted(line.expand(1, 1, 8, 8), ImageShape(1, 4))[0, 0]
    expected = [(3 * 0 + 3 * 1 + 4) / 7, (1 + 3 * 4 + 3 * 9 + 16) / 8, (9 + 3 * 16 + 3 * 25 + 36) / 8]
    assert halved[2, :3].tolist() == pytest.approx(expected)


def test_doubling_is_linear_between_pixels() -> None:
    line = torch.tensor([0.0, 4.0, 8.0, 12.0])
    doubled = converted(line.expand(1, 1, 4, 4), ImageShape(1, 8))[0, 0]
    assert doubled[3].tolist() == pytest.approx([0, 1, 3, 5, 7, 9, 11, 12])


def test_grey_becomes_colour_and_colour_grey() -> None:
    grey = torch.rand(2, 1, 4, 4) * 2 - 1
    colour = converted(grey, ImageShape(3, 4))
    assert colour.shape == (2, 3, 4, 4)
    torch.testing.assert_close(converted(colour, ImageShape(1, 4)), grey)
    green = torch.tensor([-1.0, 1.0, -1.0]).view(1, 3, 1, 1).expand(1, 3, 4, 4)
    assert converted(green, ImageShape(1, 4)).unique().tolist() == pytest.approx([2 * 0.587 - 1])


def test_noise_is_uniform_and_cut_anywhere(context: MeasureContext) -> None:
    indices, noise = of("noise", context, 0, 30)
    assert indices == list(range(30))
    assert noise.shape == (30, 1, 4, 4)
    assert stats.kstest(noise.flatten().numpy(), "uniform", (-1, 2)).pvalue > 1e-3
    torch.testing.assert_close(of("noise", context, 12, 17)[1], noise[12:17], rtol=0, atol=0)


@pytest.mark.parametrize("part", ["train", "validation", "shifted_1", "foreign", "noise"])
def test_all_trials_have_the_same_targets(part: str, context: MeasureContext, make_context: Make) -> None:
    other = dataclasses.replace(make_context(WganGp(latent_dim=7), seed=3), data_folder=context.data_folder)
    (first, images), (second, again) = of(part, context), of(part, other)
    assert first == second
    torch.testing.assert_close(images, again, rtol=0, atol=0)


def test_targets_on_the_splits_are_their_images(context: MeasureContext, data: DataSet) -> None:
    for part, split in (("train", data.train), ("validation", data.validation)):
        indices, images = of(part, context)
        assert len(set(indices)) == 20
        np.testing.assert_array_equal(images.numpy(), to_unit(torch.from_numpy(split.pixels[indices])).numpy())
