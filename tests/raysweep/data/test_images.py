import numpy as np
import pytest
import torch

from raysweep.data.images import DataSet, Images, to_bytes, to_unit
from raysweep.study.architecture import ImageShape
from raysweep.study.data import DataFacts

BYTES = np.arange(256, dtype=np.uint8)


def test_every_byte_survives_the_round_trip() -> None:
    assert np.array_equal(to_bytes(to_unit(torch.from_numpy(BYTES))), BYTES)


def test_bytes_fill_the_range_evenly() -> None:
    unit = to_unit(torch.from_numpy(BYTES))
    assert unit.dtype == torch.float32
    assert (unit[0].item(), unit[255].item()) == (-1.0, 1.0)
    torch.testing.assert_close(unit.diff(), torch.full((255,), 2 / 255), rtol=0, atol=1e-6)


def test_values_outside_are_clamped_and_inside_rounded() -> None:
    values = torch.tensor([-3.0, 3.0, 0.4 / 127.5 - 1, 0.6 / 127.5 - 1], requires_grad=True)
    assert to_bytes(values).tolist() == [0, 255, 0, 1]


def test_a_batch_holds_the_chosen_images_and_labels() -> None:
    pixels = np.arange(4, dtype=np.uint8).repeat(3 * 8 * 8).reshape(4, 3, 8, 8)
    images = Images(pixels, np.array([10, 11, 12, 13]))
    batch, labels = images.batch(np.array([2, 0]), torch.device("cpu"))
    assert batch.shape == (2, 3, 8, 8)
    assert to_bytes(batch[:, 0, 0, 0]).tolist() == [2, 0]
    assert labels is not None
    assert labels.tolist() == [12, 10]


def test_images_without_classes_have_no_labels() -> None:
    images = Images(np.zeros((2, 1, 8, 8), np.uint8), None)
    assert images.batch(np.array([1]), torch.device("cpu"))[1] is None


@pytest.mark.parametrize(("name", "count"), [("train", 5), ("validation", 3)])
def test_splits_are_found_by_name(name: str, count: int) -> None:
    train, validation = (Images(np.zeros((n, 1, 8, 8), np.uint8), None) for n in (5, 3))
    data = DataSet(DataFacts(ImageShape(1, 8), 5, 3, None), train, validation)
    assert len(data.split(name)) == count  # type: ignore[arg-type]
