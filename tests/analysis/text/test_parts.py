import pytest

from analysis.text.parts import in_order, part_words, shift_of


def test_parts_have_an_order_and_words() -> None:
    assert in_order(["noise", "shifted_12", "validation", "shifted_2", "train", "foreign", "train"]) == [
        "train",
        "shifted_2",
        "shifted_12",
        "validation",
        "foreign",
        "noise",
    ]
    assert in_order(["shifted_1", "foreign"]) == ["shifted_1", "foreign"]
    assert [part_words(part) for part in ("train", "shifted_1", "shifted_3")] == [
        "training images",
        "shifted by 1 pixel",
        "shifted by 3 pixels",
    ]
    with pytest.raises(ValueError, match="'noise' is not of training images"):
        shift_of("noise")
