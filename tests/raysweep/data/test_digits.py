from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

from raysweep.data import load_data
from raysweep.study.data import Digits


def test_every_digit_is_in_one_split_with_its_label(tmp_path: Path) -> None:
    data = load_data(Digits(), tmp_path / "nothing", tmp_path / "cache")
    assert data.facts == Digits().facts(tmp_path)
    assert data.facts.items == "images of 1 × 8 × 8 pixels"
    assert (len(data.train), len(data.validation)) == (1437, 360)
    assert data.train.labels is not None
    assert data.validation.labels is not None

    pixels = np.concatenate([data.train.pixels, data.validation.pixels]).reshape(1797, 64)
    labels = np.concatenate([data.train.labels, data.validation.labels])
    found = np.column_stack([np.rint(pixels * (16 / 255)), labels])
    loaded = load_digits()
    expected = np.column_stack([loaded.data, loaded.target])
    assert np.array_equal(found[np.lexsort(found.T)], expected[np.lexsort(expected.T)])
    assert set(np.unique(pixels)) == {round(v * 255 / 16) for v in range(17)}


def test_all_classes_are_in_both_splits(tmp_path: Path) -> None:
    data = load_data(Digits(), tmp_path, tmp_path / "cache")
    for images in (data.train, data.validation):
        assert images.labels is not None
        assert np.array_equal(np.unique(images.labels), np.arange(10))
