"""How likely the latents are that reconstruct: norm and log-density of z* under the prior, against dim(z)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from analysis.drawing.by_arm import ArmPanel, Line, by_arm, dims_axis, draw_by_arm, line, seeds_of
from analysis.drawing.style import INK, PALETTE, RULE
from analysis.figures.base import FigureKind
from analysis.results import Results, Value
from analysis.text.parts import WORDS, part_words
from analysis.text.protocol import FEASIBLE, reconstruction_protocol
from analysis.text.words import number, percent
from raysweep.study.measures.reconstruction import Reconstruction
from raysweep.study.solvers import Feasible
from raysweep.theory.prior import feasible_norms, log_density_per_dim, square_per_dim

COLOURS = {part_words(part): colour for part, colour in zip(WORDS, PALETTE, strict=False)}


@dataclass(frozen=True)
class Likelihood:
    """‖z*‖² / d by dim(z): a panel for each arm and a line for each part."""

    measure: str
    panels: tuple[ArmPanel, ...]
    dims: tuple[int, ...]
    feasible: Feasible
    """The solver's feasible set."""
    protocol: str


def infos(results: Results) -> tuple[Likelihood, ...]:
    """The mean of ‖z*‖² / d over images in each trial, then over seeds; of models whose latents have a prior."""
    found = []
    for measure in results.measures("reconstruction"):
        assert isinstance(measure, Reconstruction)
        rows = _with_prior(results, results.rows(measure))
        values = [value for value in results.means(rows, "square") if value.part in WORDS]
        panels = tuple(ArmPanel(label, _lines(own)) for label, own in by_arm(results, values).items())
        if panels:
            dims = sorted({int(x) for panel in panels for content in panel.lines for x in content.x})
            protocol = reconstruction_protocol(results, measure)
            found.append(Likelihood(measure.name, panels, tuple(dims), measure.solver.feasible, protocol))
    return tuple(found)


def _with_prior(results: Results, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of latents that have a prior: found by inversion, or a VAE's codes; with ‖z*‖² / d as `square`."""
    dims = {trial.id: trial.latent_dim for trial in results.trials if trial.latent_dim is not None}
    has_prior = {
        trial.id: (arm := results.arm(trial.arm)) is not None and arm.model.has_prior for trial in results.trials
    }
    rows = rows[(rows["status"] != "encoded") | rows["trial"].map(has_prior)]
    return rows.assign(square=rows["z_norm"] ** 2 / rows["trial"].map(dims).astype(float))


def _lines(values: Sequence[Value]) -> tuple[Line, ...]:
    parts = [part for part in WORDS if part in {value.part for value in values}]
    return tuple(
        line(part_words(part), [(float(v.trial.latent_dim or 0), v.value) for v in values if v.part == part])
        for part in parts
    )


def draw(info: Likelihood, figure: Figure) -> None:
    """‖z*‖² / d on the left, the log-density that it means on the right; the prior's band is grey."""
    shown = {content.label for panel in info.panels for content in panel.lines}
    low, high = np.array([square_per_dim(dim) for dim in info.dims]).T
    ends = np.array([feasible_norms(info.feasible, dim) for dim in info.dims]) ** 2 / np.array(info.dims)[:, None]

    def dress(axes: Axes, last: bool) -> None:
        dims_axis(axes, info.dims)
        axes.fill_between(info.dims, low, high, color=RULE, alpha=0.6, linewidth=0, zorder=0)
        axes.axhline(1.0, color=INK, linewidth=0.6, zorder=1)
        if info.feasible == "everything":
            axes.set_yscale("log")
        else:
            for end in ends.T:
                if end.any():
                    axes.plot(info.dims, end, color=INK, linestyle=":", linewidth=0.9)
        if last:
            # The log-density is linear in what the axis on the left shows, so the same ticks are written in it.
            right = axes.secondary_yaxis("right")
            right.yaxis.set_major_formatter(FuncFormatter(lambda at, _: number(log_density_per_dim(at))))
            right.set_ylabel("ln N(z*; 0, I) / d  (nats)")

    colours = {label: colour for label, colour in COLOURS.items() if label in shown}
    draw_by_arm(info.panels, figure, "dim(z)", "‖z*‖² / d", colours, dress)


def caption(info: Likelihood) -> str:
    """What is shown, and its protocol."""
    dotted = "" if info.feasible == "everything" else f" Dotted: how far the search may go, {FEASIBLE[info.feasible]}."
    return (
        "How likely the latents are that images were reconstructed from: the mean of ‖z*‖² / d over the images of a "
        "trial, d = dim(z), and on the right the mean log-density ln N(z*; 0, I) / d = −½ (ln 2π + ‖z*‖² / d) that it "
        f"means. Grey: the central {percent(0.95)} of prior samples, about their mean of 1; below it latents are "
        f"nearer to the origin than samples are, and denser.{dotted} Decoders without a prior of their own are "
        f"inverted in latents whitened by their codes. {info.protocol} {seeds_of(info.panels)}"
    )


FIGURE = FigureKind(
    "reconstruction_likelihood",
    "Likelihood of the latents found",
    infos,
    draw,
    caption,
    "no latents with a prior were found for images",
    place=280,
)
