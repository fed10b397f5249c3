"""The smallest dim(z) against the wanted error: Fig. 3 of "Impact of the latent space" read the other way round."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator
from numpy.typing import NDArray

from analysis.drawing.style import INK, MARKERS, LineStyle, arm_colours
from analysis.figures.base import FigureKind
from analysis.results import Results
from analysis.statistics.smallest_dimension import Sweep, inverse, sweeps
from analysis.text.protocol import reconstruction_protocol
from analysis.text.words import setting

STYLES: dict[str, tuple[LineStyle, str]] = {
    "train": ("-", "training images"),
    "validation": ("--", "validation images"),
}

LEVELS = 40
"""Errors at which the interval is drawn."""


@dataclass(frozen=True)
class InverseCurve:
    """dim(z) against error, of one arm and part."""

    sweep: Sweep
    error: NDArray[np.float64]
    """At each of the sweep's dim(z): the fitted error, never rising."""
    levels: NDArray[np.float64]
    """Errors between the smallest and the largest of these."""
    low: NDArray[np.float64]
    """At each level, the lower end of the 95 % interval of the smallest dim(z)."""
    high: NDArray[np.float64]
    """The upper end; ∞ where it lies above the largest dim(z) tried."""


@dataclass(frozen=True)
class SmallestDimensions:
    """The curves of every arm, for one measure."""

    measure: str
    curves: tuple[InverseCurve, ...]
    protocol: str
    colours: Mapping[str, str]


def infos(results: Results) -> tuple[SmallestDimensions, ...]:
    """One curve for each arm and part that was measured at several dim(z)."""
    found = []
    for measure in results.measures("reconstruction"):
        curves = tuple(_curve(sweep) for sweep in sweeps(results, measure))
        if curves:
            protocol = reconstruction_protocol(results, measure)
            found.append(SmallestDimensions(measure.name, curves, protocol, arm_colours(results)))
    return tuple(found)


def _curve(sweep: Sweep) -> InverseCurve:
    found = inverse(sweep)
    error = np.exp(found.fit)
    levels = np.geomspace(error[-1], error[0], LEVELS)
    low, high = zip(*(found.interval(level) for level in levels), strict=True)
    return InverseCurve(sweep, error, levels, np.array(low), np.array(high))


def draw(info: SmallestDimensions, figure: Figure) -> None:
    """Log-log axes, with a marker at every dim(z) tried; a band that reaches above what was tried is cut off there."""
    axes = figure.subplots()
    markers = {arm: MARKERS[index % len(MARKERS)] for index, arm in enumerate(info.colours)}
    for curve in info.curves:
        colour, (style, _) = info.colours[curve.sweep.arm], STYLES[curve.sweep.part]
        low, high = (np.minimum(end, curve.sweep.dims[-1]) for end in (curve.low, curve.high))
        axes.fill_between(curve.levels, low, high, color=colour, alpha=0.14, linewidth=0)
        axes.plot(curve.error, curve.sweep.dims, style, marker=markers[curve.sweep.arm], color=colour)
    axes.set(xscale="log", yscale="log", xlabel="wanted mean squared error per pixel value", ylabel="dim(z) needed")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter(FuncFormatter(lambda value, _: setting(value)))
        axis.set_minor_locator(NullLocator())
    labels = {curve.sweep.arm: curve.sweep.label for curve in info.curves}
    arms = [Line2D([], [], color=info.colours[arm], marker=markers[arm], label=label) for arm, label in labels.items()]
    axes.legend(handles=arms, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    parts = [Line2D([], [], color=INK, linestyle=style, linewidth=1.2, label=words) for style, words in STYLES.values()]
    figure.legend(handles=parts, loc="outside lower center", ncols=2)


def caption(info: SmallestDimensions) -> str:
    """What is shown, and its protocol."""
    seeds = {curve.sweep.fewest_seeds for curve in info.curves}
    over = "images" if max(seeds) == 1 else "images and seeds"
    return (
        "The smallest dim(z) at which an error is reached, for an AE a lower bound of what a generator of these data "
        "needs: curves that never rise were fitted to ln(error) against dim(z) (isotonic regression), linear in "
        f"ln dim(z) between those tried and not continued beyond them. Bands: 95 % intervals by bootstrap over {over}, "
        f"cut off at the largest dim(z) tried. Errors are squared, per pixel value, pixels in [−1, 1]. {info.protocol}"
    )


FIGURE = FigureKind(
    "smallest_dimension",
    "Latent dimension needed",
    infos,
    draw,
    caption,
    "no reconstruction was measured at several dim(z)",
    place=30,
)
