"""python -m analysis RESULTS --reach ERROR: how many latent dimensions an error takes, in words and as a table."""

import io
import math
from collections.abc import Sequence

import pandas as pd

from analysis.results import Results
from analysis.statistics.smallest_dimension import PARTS, Reach, Sweep, inverse, sweeps
from analysis.text.parts import part_words
from analysis.text.words import number, setting
from raysweep.errors import UserError, choices

Found = Sequence[tuple[Sweep, Reach]]


def find_reach(results: Results, error: float, arm: str | None, part: str) -> Found:
    """The smallest dim(z) of every arm, or of one, in every measure of reconstruction errors.

    Raises:
        UserError: the error, arm or part cannot be, or nothing was measured at several dim(z).
    """
    if not (math.isfinite(error) and error > 0):
        raise UserError(f"--reach {error:g}: not an error to reach; give a mean squared error above 0, such as 0.02")
    if part not in PARTS:
        raise UserError(f"--part {part}: unknown; {choices(part, PARTS)}")
    arms = [each.name for each in results.study.arms]
    if arm is not None and arm not in arms:
        raise UserError(f"--arm {arm}: the study {results.study.name} has none of that name; {choices(arm, arms)}")
    measures = results.measures("reconstruction")
    if not measures:
        raise UserError(
            f"study {results.study.name}: no reconstruction error was measured; add Reconstruction() to its measures"
        )
    found: list[Sweep] = []
    for measure in measures:
        for sweep in sweeps(results, measure):
            wanted = sweep.part == part and arm in (None, sweep.arm)
            # Measures that differ only in how they invert encode in the same way, so their encodings are reported once.
            if wanted and not any(sweep.has_errors_of(other) for other in found):
                found.append(sweep)
    if not found:
        which = f"arm {arm}" if arm else "no arm"
        verb = "was not" if arm else "was"
        raise UserError(f"study {results.study.name}: {which} {verb} measured on {part} images at several dim(z)")
    return [(sweep, inverse(sweep).reach(error)) for sweep in found]


def in_words(found: Found) -> str:
    """A line for each arm, then what the numbers are."""
    measures = list(dict.fromkeys(sweep.measure for sweep, _ in found))
    lines = []
    for measure in measures:
        lines += [f"{measure}:"] if len(measures) > 1 else []
        lines += [reach_words(sweep, reach) for sweep, reach in found if sweep.measure == measure]
    unit = f"Mean squared error per pixel value, pixels in [−1, 1], on {part_words(found[0][0].part)}."
    return "\n".join([*lines, unit, method_words([sweep for sweep, _ in found])])


def as_csv(found: Found) -> str:
    """A row for each arm: `dim` as a whole number; the smallest tried stands for itself and all below, inf above."""
    rows = [
        {
            "measure": sweep.measure,
            "arm": sweep.arm,
            "part": sweep.part,
            "error": reach.error,
            "dim": reach.dim,
            "low": reach.low,
            "high": reach.high,
            "smallest_tried": sweep.dims[0],
            "largest_tried": sweep.dims[-1],
            "images": sweep.images,
            "seeds": sweep.fewest_seeds,
        }
        for sweep, reach in found
    ]
    stream = io.StringIO()
    pd.DataFrame(rows).to_csv(stream, index=False)
    return stream.getvalue().rstrip("\n")


def reach_words(sweep: Sweep, reach: Reach) -> str:
    """A sentence: "AE reaches 0.02 at dim(z) = 23 [19, 28]; measured between 20 and 50"."""
    subject, interval = f"{sweep.label} reaches {setting(reach.error)}", interval_words(sweep, reach)
    if math.isinf(reach.dim):
        return f"{subject} at more than dim(z) = {sweep.dims[-1]}{interval}, the largest tried"
    if reach.dim <= sweep.dims[0]:
        return f"{subject} at most at dim(z) = {sweep.dims[0]}{interval}, the smallest tried"
    after = next(dim for dim in sweep.dims if dim >= reach.dim)
    if after == reach.dim:
        return f"{subject} at dim(z) = {after}{interval}; measured there"
    before = sweep.dims[sweep.dims.index(after) - 1]
    return f"{subject} at dim(z) = {reach.dim:.0f}{interval}; measured between {before} and {after}"


def interval_words(sweep: Sweep, reach: Reach) -> str:
    """The interval: " [19, 28]", " [≤ 10, 28]", " [900, > 1000]"; empty where it lies outside of what was tried."""
    if reach.high <= sweep.dims[0] or math.isinf(reach.low):
        return ""
    low = f"≤ {sweep.dims[0]}" if reach.low <= sweep.dims[0] else f"{reach.low:.0f}"
    high = f"> {sweep.dims[-1]}" if math.isinf(reach.high) else f"{reach.high:.0f}"
    return f" [{low}, {high}]"


def method_words(found: Sequence[Sweep]) -> str:
    """Says what the intervals are."""
    images, seeds = ({*values} for values in zip(*((s.images, s.fewest_seeds) for s in found), strict=True))
    counts = f"{_range(images)} images"
    if max(seeds) == 1:
        return f"In brackets: 95 % intervals by bootstrap over {counts}; of one seed, so not over seeds."
    return f"In brackets: 95 % intervals by bootstrap over {counts} and {_range(seeds)} seeds."


def _range(counts: set[int]) -> str:
    return " to ".join(number(count) for count in sorted({min(counts), max(counts)}))
