"""The estimated class radius of the toys against the exact one."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from analysis.drawing.style import INK, MUTED, WIDTH, arm_colours
from analysis.figures.base import FigureKind
from analysis.results import Results
from analysis.statistics.intervals import student
from analysis.statistics.point_models import radius_measure
from analysis.text.protocol import radius_protocol
from analysis.text.words import arm_label, bounds, listing, number


@dataclass(frozen=True)
class ToyRadius:
    """One toy: r(z) of its prior samples, and E[r(z)]."""

    label: str
    exact: NDArray[np.float64]
    estimated: NDArray[np.float64]
    expected: float
    """E[r(z)], exactly."""
    bound: float
    """The largest value that theory allows for the toy's class probabilities."""
    probabilities: tuple[float, ...]

    @property
    def mean(self) -> tuple[float, float, float]:
        """The estimate of E[r(z)], with its 95 % interval over prior samples."""
        mean, count = float(self.estimated.mean()), len(self.estimated)
        half = student(count - 1) * float(self.estimated.std(ddof=1)) / count**0.5
        return mean, mean - half, mean + half

    @property
    def excess(self) -> float:
        """How far the estimate lies above the exact mean over the same samples, as a share of that mean."""
        return float(self.estimated.mean() / self.exact.mean()) - 1


@dataclass(frozen=True)
class ExactRadii:
    """Every toy of a study."""

    measure: str
    toys: tuple[ToyRadius, ...]
    protocol: str
    colours: Mapping[str, str]
    """Colour of each toy's label."""


def infos(results: Results) -> tuple[ExactRadii, ...]:
    """Toys that have an exact radius and an estimated one, of their first seed."""
    estimate = radius_measure(results)
    if estimate is None:
        return ()
    found = []
    for measure in results.measures("exact_radius"):
        exact = results.rows(measure).set_index("trial").to_dict("index")
        toys, colours = [], {}
        for trial, rows in results.by_trial(results.rows(estimate)):
            label = arm_label(trial.arm, trial.family)
            if trial.id not in exact or label in colours:
                continue
            row = exact[trial.id]
            colours[label] = arm_colours(results)[trial.arm]
            toys.append(
                ToyRadius(
                    label,
                    rows["lower"].to_numpy(np.float64),
                    rows["radius"].to_numpy(np.float64),
                    float(row["radius"]),
                    float(row["bound"]),
                    tuple(row["probabilities"]),
                )
            )
        found.append(ExactRadii(measure.name, tuple(toys), radius_protocol(results, estimate), colours))
    return tuple(found)


def draw(info: ExactRadii, figure: Figure) -> None:
    """A panel for each toy: each prior sample is a point, which lies on the diagonal where the search is exact."""
    figure.set_size_inches(WIDTH, 3.2)
    row = figure.subplots(1, len(info.toys), squeeze=False)[0]
    for toy, axes in zip(info.toys, row, strict=True):
        far = 1.05 * float(max(toy.exact.max(), toy.estimated.max()))
        axes.plot([0, far], [0, far], color=MUTED, linewidth=0.8)
        axes.plot(toy.exact, toy.estimated, ".", color=info.colours[toy.label], markersize=4, markeredgewidth=0)
        axes.set(xlim=(0, far), ylim=(0, far), aspect="equal", xlabel="exact r(z)", ylabel="estimated r(z)")
        mean, low, high = toy.mean
        axes.set_title(
            f"{toy.label}: E[r(z)] = {number(toy.expected, 4)},\nestimate {number(mean, 4)} {bounds(low, high, 4)}",
            color=INK,
        )


def caption(info: ExactRadii) -> str:
    """What is shown, and by how much the estimates are off."""
    words = [
        f"{toy.label}: {number(100 * toy.excess, 2)} % above the exact mean over the same samples; class probabilities "
        f"{number(min(toy.probabilities))} to {number(max(toy.probabilities))}, for which E[r(z)] is at most "
        f"{number(toy.bound)} (Lemma B.4)"
        for toy in info.toys
    ]
    return (
        "Distance of each prior sample to the nearest other class, as the search finds it against the closed form. "
        "Titles give E[r(z)] by quadrature and its estimate with a 95 % interval over prior samples. "
        f"{listing(words)}. {info.protocol}"
    )


FIGURE = FigureKind(
    "exact_radius",
    "Class radius of the toys, estimated and exact",
    infos,
    draw,
    caption,
    "there are no toys",
    place=100,
)
