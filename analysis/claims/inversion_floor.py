"""The optimiser's floor: how much of a GAN's reconstruction error may be the inversion's own failure."""

from collections.abc import Callable

from analysis.statistics.cells import Cells, paired
from analysis.text.words import listing, percent

LARGE_SHARE = 0.25
"""If the floor is at least this share of the GAN's error, a verdict says that the optimiser may be to blame."""


def doubt_from_floor(errors: Cells, floor: Cells, still_holds: Callable[[Cells], bool]) -> str:
    """Why the GAN's errors may be due to the optimiser, in words that follow "but"; empty if they are not.

    Args:
        errors: the GAN's errors.
        floor: the optimiser's floor, paired with them by dim(z) and seed.
        still_holds: whether the claim is supported by given errors, here those less the floor.
    """
    pairs = paired(errors, floor)
    if len(pairs) < sum(len(cell) for cell in errors.values()):
        return "the optimiser's floor was not measured throughout: the optimiser may be to blame."
    rest: dict[int, dict[int, float]] = {}
    for dim, seed, error, lost in pairs:
        rest.setdefault(dim, {})[seed] = error - lost
    positive = all(value > 0 for cell in rest.values() for value in cell.values())
    if positive and still_holds(rest):
        return ""
    return "not beyond doubt once the optimiser's floor is taken off: the optimiser may be to blame."


def floor_words(errors: Cells, floor: Cells) -> tuple[str, ...]:
    """A sentence where the floor is a large share of the GAN's error, averaged over seeds."""
    large = []
    for dim in errors:
        both = [(error, lost) for at, _, error, lost in paired(errors, floor) if at == dim]
        whole = sum(error for error, _ in both)
        share = sum(lost for _, lost in both) / whole if whole else 0.0
        if share >= LARGE_SHARE:
            large.append(f"{percent(share)} at dim(z) = {dim}")
    if not large:
        return ()
    return (
        f"The optimiser's floor is a large share of the GAN's error ({listing(large)}): there the optimiser, and not "
        "the generator, may be to blame.",
    )
