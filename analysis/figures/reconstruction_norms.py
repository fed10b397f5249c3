"""Norms of latents found without a constraint, against the prior's: Fig. 10 of "Impact of the latent space"."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray
from scipy import stats

from analysis.drawing.style import PALETTE, RULE, WIDTH
from analysis.figures.base import FigureKind
from analysis.results import Results, TrialRow, Value
from analysis.statistics.curves import series_label
from analysis.statistics.intervals import SeedInterval, band_words, over_seeds
from analysis.text.parts import part_words
from analysis.text.protocol import reconstruction_protocol
from analysis.text.words import bounds, number, percent, setting
from raysweep.study.measures import MeasureSettings
from raysweep.study.measures.reconstruction import Reconstruction
from raysweep.theory.prior import BIN, overlap

PARTS = {"train": PALETTE[1], "validation": PALETTE[2]}
"""The paper's red and green."""

MOST_BINS = 40
"""About how many bins a drawn histogram has; a wide bin is a whole multiple of the bins of the overlap."""

FARTHEST = 0.98
"""A panel's axis reaches at least to this quantile of its norms."""


@dataclass(frozen=True)
class PartNorms:
    """The norms of one part in all seeds, and what they have in common with the prior's."""

    part: str
    norms: NDArray[np.float64]
    overlap: SeedInterval


@dataclass(frozen=True)
class NormsPanel:
    """One arm at one dim(z)."""

    arm: str
    latent_dim: int
    parts: tuple[PartNorms, ...]


@dataclass(frozen=True)
class Norms:
    """Norms of one measure whose solver has no constraint."""

    measure: str
    panels: tuple[NormsPanel, ...]
    protocol: str


def infos(results: Results) -> tuple[Norms, ...]:
    """Norms by arm and dim(z), for each measure whose solver searches everywhere."""
    found = []
    for measure in results.measures("reconstruction"):
        assert isinstance(measure, Reconstruction)
        values = overlaps(results, measure)
        if measure.solver.feasible == "everything" and values:
            rows = results.rows(measure).groupby(["trial", "part"])["z_norm"]
            norms = {(str(trial), str(part)): group.to_numpy(np.float64) for (trial, part), group in rows}
            found.append(Norms(measure.name, _panels(values, norms), reconstruction_protocol(results, measure)))
    return tuple(found)


def overlaps(results: Results, measure: MeasureSettings) -> tuple[Value, ...]:
    """The overlap of each trial's inverted images with the prior, by part; of trials that stand for their arm."""
    rows = results.rows(measure)
    rows = rows[(rows["status"] != "encoded") & rows["part"].isin(list(PARTS))]
    trials = {trial.id: trial for trial in results.trials if results.is_main(trial)}
    values = []
    for (trial_id, part), group in rows.groupby(["trial", "part"]):
        trial = trials.get(str(trial_id))
        if trial is not None and trial.latent_dim is not None:
            share = overlap(group["z_norm"].to_numpy(), trial.latent_dim)
            values.append(Value(trial, str(part), share, len(group)))
    order = {trial.id: index for index, trial in enumerate(results.trials)}
    return tuple(sorted(values, key=lambda value: (order[value.trial.id], list(PARTS).index(value.part))))


def _panels(values: Sequence[Value], norms: Mapping[tuple[str, str], NDArray[np.float64]]) -> tuple[NormsPanel, ...]:
    groups: dict[tuple[str, int], dict[str, list[Value]]] = {}
    for value in values:
        groups.setdefault(_place(value.trial), {}).setdefault(value.part, []).append(value)
    return tuple(
        NormsPanel(
            arm,
            dim,
            tuple(
                PartNorms(
                    part,
                    np.concatenate([norms[value.trial.id, part] for value in own]),
                    over_seeds([value.value for value in own]),
                )
                for part, own in parts.items()
            ),
        )
        for (arm, dim), parts in groups.items()
    )


def _place(trial: TrialRow) -> tuple[str, int]:
    assert trial.latent_dim is not None
    return series_label(trial), trial.latent_dim


def draw(info: Norms, figure: Figure) -> None:
    """An arm a row, a dim(z) a column."""
    arms = list(dict.fromkeys(panel.arm for panel in info.panels))
    dims = sorted({panel.latent_dim for panel in info.panels})
    figure.set_size_inches(WIDTH, 1.9 * len(arms) + 0.5)
    grid = figure.subplots(len(arms), len(dims), squeeze=False)
    found = {(panel.arm, panel.latent_dim): panel for panel in info.panels}
    for row, arm in zip(grid, arms, strict=True):
        for axes, dim in zip(row, dims, strict=True):
            panel = found.get((arm, dim))
            if panel is None:
                axes.remove()
                continue
            _draw_panel(panel, axes)
            words = [f"{arm}, d = {setting(dim)}", *(_overlap_words(part) for part in panel.parts)]
            axes.set_title("\n".join(words), fontsize=6.5)
        row[0].set_ylabel("density / its maximum", fontsize=7)
    for axes in grid[-1]:
        axes.set_xlabel("‖z*‖")
    handles = [Line2D([], [], color=colour, label=part_words(part)) for part, colour in PARTS.items()]
    figure.legend(
        handles=[Patch(color=RULE, label="prior samples"), *handles], loc="outside lower center", ncols=len(PARTS) + 1
    )


def _draw_panel(panel: NormsPanel, axes: Axes) -> None:
    prior = stats.chi(panel.latent_dim)
    finite = {part.part: part.norms[np.isfinite(part.norms)] for part in panel.parts}
    far = [float(np.quantile(norms, FARTHEST)) for norms in finite.values() if norms.size]
    end = max(float(prior.ppf(0.9999)), *far)
    x = np.linspace(0, end, 400)
    axes.fill_between(x, prior.pdf(x) / prior.pdf(x).max(), color=RULE, linewidth=0)
    width = BIN * max(1, round(end / (MOST_BINS * BIN)))
    edges = np.arange(0, end + width, width)
    for part, norms in finite.items():
        counts = np.histogram(norms, edges)[0]
        axes.stairs(counts / max(1, counts.max()), edges, color=PARTS[part], linewidth=1.0)
    axes.set_xlim(0, end)
    axes.set_ylim(bottom=0)
    axes.tick_params(labelsize=6.5)


def _overlap_words(part: PartNorms) -> str:
    at = part.overlap
    interval = f" {bounds(at.low, at.high, 2)}" if at.seeds > 1 else ""
    return f"{part.part}: overlap {number(at.mean, 2)}{interval}"


def caption(info: Norms) -> str:
    """What is shown, and its protocol."""
    seeds = [part.overlap.seeds for panel in info.panels for part in panel.parts]
    return (
        "Norms of the latents found without any constraint, of all seeds together, and the density of prior samples' "
        "norms (χ with d = dim(z) degrees of freedom), grey; each is drawn to the same height. The numbers are "
        f"overlaps: the share that norms have in common with the prior's in bins of {BIN}, 1 if they are equal and 0 "
        "if they are apart; with n images of the prior itself about 1 / √n would be missing. An axis ends where at "
        f"least {percent(FARTHEST)} of the norms are shown. {info.protocol} {band_words(seeds, 'Overlaps', 'brackets')}"
    )


FIGURE = FigureKind(
    "reconstruction_norms",
    "Norms of latents found without a constraint",
    infos,
    draw,
    caption,
    "no inversion without a constraint was measured",
    place=290,
)
