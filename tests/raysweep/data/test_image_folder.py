from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from raysweep.data import load_data
from raysweep.data.image_folder import read_image
from raysweep.data.images import DataSet, Images
from raysweep.errors import UserError
from raysweep.study.architecture import ImageShape
from raysweep.study.data import ImageFolder


def load(tmp_path: Path, settings: ImageFolder) -> DataSet:
    data = load_data(settings, tmp_path, tmp_path / "cache")
    assert data.facts == settings.facts(tmp_path)
    return data


def names(images: Images, written: dict[bytes, str]) -> list[str]:
    return [written[image.tobytes()] for image in images.pixels]


def noise(channels: int, height: int, width: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (channels, height, width), dtype=np.uint8)


def save(file: Path, pixels: NDArray[np.uint8]) -> None:
    Image.fromarray(pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0)).save(file)


@pytest.mark.parametrize("channels", [1, 3])
def test_classes_are_read_back_exactly(tmp_path: Path, write_images, channels) -> None:
    written = {}
    for name, count in (("cat", 7), ("dog", 13)):
        written |= write_images(tmp_path / "pets" / name, count, channels=channels)
    data = load(tmp_path, ImageFolder(path="pets", size=8, channels=channels))
    assert (len(data.train), len(data.validation), data.facts.classes) == (16, 4, 2)
    for images in (data.train, data.validation):
        assert images.labels is not None
        assert [("cat", "dog")[k] for k in images.labels] == [name[:3] for name in names(images, written)]
    found = names(data.train, written) + names(data.validation, written)
    assert sorted(found) == sorted(written.values())


def test_a_flat_folder_has_no_labels(tmp_path: Path, write_images) -> None:
    written = write_images(tmp_path / "flat", 10)
    data = load(tmp_path, ImageFolder(path=str(tmp_path / "flat"), size=8, validation_share=0.3))
    assert data.train.labels is None
    assert data.validation.labels is None
    assert data.facts.classes is None
    assert len(data.validation) == 3
    assert sorted(names(data.train, written) + names(data.validation, written)) == sorted(written.values())


def test_the_seed_chooses_the_split(tmp_path: Path, write_images) -> None:
    written = write_images(tmp_path / "flat", 40)
    held_out = [
        names(load(tmp_path, ImageFolder(path="flat", size=8, split_seed=seed)).validation, written) for seed in (0, 1)
    ]
    assert set(held_out[0]) != set(held_out[1])


def test_a_validation_folder_validates(tmp_path: Path, write_images) -> None:
    train, test = {}, {}
    for name in ("a", "b"):
        train |= write_images(tmp_path / "train" / name, 5, seed=1)
        test |= write_images(tmp_path / "test" / name, 2, seed=2)
    data = load(tmp_path, ImageFolder(path="train", validation_path="test", size=8))
    assert sorted(names(data.train, train)) == sorted(train.values())
    assert sorted(names(data.validation, test)) == sorted(test.values())
    assert data.validation.labels is not None
    assert sorted(data.validation.labels) == [0, 0, 1, 1]


def test_the_central_square_is_kept(tmp_path: Path) -> None:
    wide, tall = noise(3, 8, 12), noise(3, 13, 8)
    save(tmp_path / "wide.png", wide)
    save(tmp_path / "tall.png", tall)
    assert np.array_equal(read_image(tmp_path / "wide.png", ImageShape(3, 8)), wide[:, :, 2:10])
    assert np.array_equal(read_image(tmp_path / "tall.png", ImageShape(3, 8)), tall[:, 2:10])


@pytest.mark.parametrize("size", [8, 24, 100])
def test_other_sizes_are_resized_without_aliasing(tmp_path: Path, size: int) -> None:
    pixels = noise(3, 64, 64)
    save(tmp_path / "image.png", pixels)
    floats = torch.from_numpy(pixels).double()[None]
    expected = torch.nn.functional.interpolate(floats, (size, size), mode="bilinear", antialias=True)[0].numpy()
    found = read_image(tmp_path / "image.png", ImageShape(3, size))
    # Pillow rounds to bytes after each of its two passes.
    np.testing.assert_allclose(found, expected, rtol=0, atol=1.01)


def test_colours_become_grey_and_grey_becomes_colours(tmp_path: Path) -> None:
    save(tmp_path / "grey.png", noise(1, 8, 8))
    assert np.array_equal(read_image(tmp_path / "grey.png", ImageShape(3, 8)), noise(1, 8, 8).repeat(3, axis=0))
    save(tmp_path / "colour.png", noise(3, 8, 8))
    luma = np.tensordot([0.299, 0.587, 0.114], noise(3, 8, 8), axes=1)[np.newaxis]
    np.testing.assert_allclose(read_image(tmp_path / "colour.png", ImageShape(1, 8)), luma, rtol=0, atol=1)


def test_images_are_turned_as_viewers_turn_them(tmp_path: Path) -> None:
    upright, exif = noise(3, 8, 8), Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(upright.transpose(1, 2, 0)).rotate(90).save(tmp_path / "turned.png", exif=exif)
    assert np.array_equal(read_image(tmp_path / "turned.png", ImageShape(3, 8)), upright)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_is_white(tmp_path: Path, mode: str) -> None:
    image = Image.new("RGBA", (8, 8), (0, 0, 0, 255))
    image.putpixel((0, 0), (0, 0, 0, 0))
    image.convert(mode).save(tmp_path / "clear.png")
    found = read_image(tmp_path / "clear.png", ImageShape(1, 8))[0]
    assert (found[0, 0], found[1:].max()) == (255, 0)


def test_a_broken_file_is_named(tmp_path: Path, write_images) -> None:
    write_images(tmp_path / "flat", 10)
    (tmp_path / "flat" / "004.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    with pytest.raises(UserError, match=r"004\.png: cannot be read .* Replace or remove it"):
        load(tmp_path, ImageFolder(path="flat", size=8))


def test_a_truncated_file_is_named(tmp_path: Path) -> None:
    save(tmp_path / "whole.png", noise(3, 64, 64))
    (tmp_path / "half.png").write_bytes((tmp_path / "whole.png").read_bytes()[:6000])
    with pytest.raises(UserError, match=r"half\.png: cannot be read"):
        read_image(tmp_path / "half.png", ImageShape(3, 8))


def test_deep_images_are_refused_instead_of_cut_off(tmp_path: Path) -> None:
    Image.fromarray(np.full((8, 8), 1000, np.uint16)).save(tmp_path / "deep.png")
    with pytest.raises(UserError, match=r"deep\.png: has more than 8 bits"):
        read_image(tmp_path / "deep.png", ImageShape(1, 8))


def test_differing_classes_are_named(tmp_path: Path, write_images) -> None:
    for folder in ("train/ant", "train/bee", "test/ant", "test/wasp"):
        write_images(tmp_path / folder, 2)
    with pytest.raises(UserError, match=r"train and .*test: classes bee, wasp are in one of them only"):
        load(tmp_path, ImageFolder(path="train", validation_path="test", size=8))


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere: not found.*--data DIR"):
        load(tmp_path, ImageFolder(path="nowhere", size=8))


def test_something_must_be_left_to_train_on(tmp_path: Path, write_images) -> None:
    write_images(tmp_path / "flat", 1)
    with pytest.raises(UserError, match="all of its 1 images would validate"):
        load(tmp_path, ImageFolder(path="flat", size=8))


@pytest.mark.slow
def test_cifar10_as_jpeg_files(real_data: Path, tmp_path: Path) -> None:
    settings = ImageFolder(path="cifar10-jpg/test", size=32)
    data = load_data(settings, real_data, tmp_path)
    assert data.facts == settings.facts(real_data)
    assert (data.facts.train, data.facts.validation, data.facts.classes) == (8_000, 2_000, 10)
    parts = (data.train, data.validation)
    assert (
        np.bincount(np.concatenate([part.labels for part in parts if part.labels is not None])).tolist() == [1000] * 10
    )
    # The well-known means of the lossless original.
    pixels = np.concatenate([part.pixels for part in parts])
    np.testing.assert_allclose(pixels.mean(axis=(0, 2, 3)) / 255, [0.4942, 0.4851, 0.4504], rtol=0, atol=0.001)
