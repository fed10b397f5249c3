"""Whether training images are found better than held-out ones: the overfitting tests of Webster et al. (2019)."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import stats

from analysis.drawing.by_arm import Line, dims_axis, line, log_axis
from analysis.drawing.style import INK, MARKERS, WIDTH, LineStyle, arm_colours
from analysis.figures.base import FigureKind
from analysis.results import Results, TrialRow
from analysis.statistics.curves import series_label
from analysis.statistics.intervals import band_words
from analysis.text.protocol import reconstruction_protocol
from analysis.text.words import setting, span

LEVEL = 0.01
"""p-values below it are Webster et al.'s mark of overfitting."""

LEAST_P = 1e-16
"""Where smaller p-values are drawn."""

STYLES: dict[str, LineStyle] = {"train": "-", "validation": "--", "generated": ":"}


@dataclass(frozen=True)
class OverfittingTest:
    """Of the errors of one trial."""

    trial: TrialRow
    medians: Mapping[str, float]
    """Median recovery error (MRE) by part: train, validation and, where generators are inverted, generated."""
    gap: float
    """MRE-gap, (MRE validation − MRE train) / MRE validation: positive where training images are found better."""
    p_value: float
    """p-value of the two-sample Kolmogorov-Smirnov test that the errors of both splits have one distribution."""
    images: int
    """Of both splits together."""


@dataclass(frozen=True)
class ArmTests:
    """The tests of an arm's trials, and their means over seeds against dim(z)."""

    label: str
    arm: str
    tests: tuple[OverfittingTest, ...]
    medians: Mapping[str, Line]
    gaps: Line


@dataclass(frozen=True)
class Overfitting:
    """The tests of one measure."""

    measure: str
    arms: tuple[ArmTests, ...]
    dims: tuple[int, ...]
    protocol: str
    colours: Mapping[str, str]


def infos(results: Results) -> tuple[Overfitting, ...]:
    """A test of each trial that stands for its arm and has errors of both splits."""
    found = []
    for measure in results.measures("reconstruction"):
        groups: dict[tuple[str, str], list[OverfittingTest]] = {}
        for trial, own in results.by_trial(results.rows(measure)):
            if trial.latent_dim and results.is_main(trial) and {"train", "validation"} <= set(own["part"]):
                groups.setdefault((series_label(trial), trial.arm), []).append(_test(trial, own))
        arms = tuple(_arm(label, arm, tests) for (label, arm), tests in groups.items())
        if arms:
            dims = sorted({int(x) for arm in arms for x in arm.gaps.x})
            protocol = reconstruction_protocol(results, measure)
            found.append(Overfitting(measure.name, arms, tuple(dims), protocol, arm_colours(results)))
    return tuple(found)


def _test(trial: TrialRow, rows: pd.DataFrame) -> OverfittingTest:
    """Source: Webster, Rabin, Simon and Jurie (2019), Section 3; their gap is the absolute value of ours."""
    errors = {str(part): group.to_numpy(np.float64) for part, group in rows.groupby("part")["mse"]}
    medians = {part: float(np.median(values)) for part, values in errors.items() if part in STYLES}
    return OverfittingTest(
        trial=trial,
        medians=medians,
        gap=1 - medians["train"] / medians["validation"] if medians["validation"] else math.nan,
        p_value=float(stats.ks_2samp(errors["train"], errors["validation"]).pvalue),
        images=len(errors["train"]) + len(errors["validation"]),
    )


def _arm(label: str, arm: str, tests: Sequence[OverfittingTest]) -> ArmTests:
    medians = {
        part: line(label, [(_dim(test), test.medians[part]) for test in tests if part in test.medians])
        for part in STYLES
        if any(part in test.medians for test in tests)
    }
    return ArmTests(label, arm, tuple(tests), medians, line(label, [(_dim(test), test.gap) for test in tests]))


def _dim(test: OverfittingTest) -> float:
    assert test.trial.latent_dim is not None
    return float(test.trial.latent_dim)


def draw(info: Overfitting, figure: Figure) -> None:
    """(a) the median errors and (b) their gap, with bands over the seeds; (c) the p-value of each trial."""
    figure.set_size_inches(WIDTH, 2.7)
    medians, gaps, tests = figure.subplots(1, 3)
    for index, arm in enumerate(info.arms):
        colour, marker = info.colours[arm.arm], MARKERS[index % len(MARKERS)]
        for part, content in arm.medians.items():
            medians.plot(content.x, content.mean, STYLES[part], marker=marker, color=colour)
        gaps.fill_between(arm.gaps.x, arm.gaps.low, arm.gaps.high, color=colour, alpha=0.14, linewidth=0)
        gaps.plot(arm.gaps.x, arm.gaps.mean, marker=marker, color=colour, label=arm.label)
        aside = 1.05 ** (index - (len(info.arms) - 1) / 2)
        places = [_dim(test) * aside for test in arm.tests]
        tests.plot(places, [max(test.p_value, LEAST_P) for test in arm.tests], marker, color=colour, alpha=0.8)
    _log_medians(info, medians)
    gaps.axhline(0, color=INK, linewidth=0.6)
    gaps.set_ylabel("MRE-gap")
    tests.axhline(LEVEL, color=INK, linewidth=0.6, linestyle=":")
    tests.set_yscale("log")
    tests.set_ylim(top=2)
    tests.set_ylabel("p-value, train and validation")
    for axes, letter in ((medians, "a"), (gaps, "b"), (tests, "c")):
        axes.set_title(f"({letter})")
        dims_axis(axes, info.dims)
        axes.set_xlabel("dim(z)")
    figure.legend(*gaps.get_legend_handles_labels(), loc="outside lower center", ncols=6)


def _log_medians(info: Overfitting, axes: Axes) -> None:
    """A logarithmic axis that a floor of practically zero does not stretch."""
    log_axis(axes)
    means = [content.mean for arm in info.arms for part, content in arm.medians.items() if part != "generated"]
    shown = np.concatenate(means)
    shown = shown[np.isfinite(shown) & (shown > 0)]
    if shown.size:
        axes.set_ylim(bottom=max(shown.min() / 100, axes.get_ylim()[0]))
    axes.set_ylabel("median error per pixel value")


def caption(info: Overfitting) -> str:
    """What is shown, and its protocol."""
    every = [test for arm in info.arms for test in arm.tests]
    marked = sum(test.p_value < LEVEL for test in every)
    words = band_words(int(count) for arm in info.arms for count in arm.gaps.seeds)
    return (
        "Whether training images are reconstructed better than held-out ones. (a) Median recovery errors (MRE), pixels "
        "in [−1, 1]: solid, training images; dashed, validation images; dotted, generated ones, cut off below a "
        "hundredth of the others. (b) The MRE-gap: by how much the MRE of training images lies below that of "
        "validation images, as a share of the latter (Webster et al., 2019, take its absolute value). (c) The p-value "
        "of the two-sample Kolmogorov-Smirnov test that both splits' errors have one distribution, a point a trial of "
        f"{span(test.images for test in every)} images, arms a little beside each other; below the dotted line, "
        f"{setting(LEVEL)}, they see overfitting: {marked} of {len(every)} trials. {info.protocol} {words}"
    )


FIGURE = FigureKind(
    "reconstruction_overfitting",
    "Overfitting tests",
    infos,
    draw,
    caption,
    "no errors of both splits were measured",
    place=300,
)
