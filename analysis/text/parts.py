"""The parts into which reconstructed images fall: their words, their order, and how far shifted ones were moved."""

from collections.abc import Iterable

from analysis.text.words import plural

WORDS = {
    "train": "training images",
    "validation": "validation images",
    "generated": "generated images",
    "foreign": "foreign images",
    "noise": "uniform noise",
}

SHIFTED = "shifted_"


def shift_of(part: str) -> int:
    """By how many pixels the images of a part were moved; 0 for training images as they are.

    Raises:
        ValueError: the part is neither.
    """
    if part == "train":
        return 0
    if not part.startswith(SHIFTED):
        raise ValueError(f"part {part!r} is not of training images, moved or not")
    return int(part.removeprefix(SHIFTED))


def part_words(part: str) -> str:
    """A part in words: "training images", "shifted by 2 pixels"."""
    return f"shifted by {plural(shift_of(part), 'pixel')}" if part.startswith(SHIFTED) else WORDS[part]


def part_name(part: str) -> str:
    """A part in a word or two, for headings: "train", "shifted by 2 px"."""
    return f"shifted by {shift_of(part)} px" if part.startswith(SHIFTED) else part


def in_order(parts: Iterable[str]) -> list[str]:
    """Every part once: training images and their shifts by distance, then the others."""
    found = set(parts)
    shifted = sorted((part for part in found if part.startswith(SHIFTED)), key=shift_of)
    plain = [part for part in WORDS if part in found]
    return [*plain[: plain.count("train")], *shifted, *(part for part in plain if part != "train")]
