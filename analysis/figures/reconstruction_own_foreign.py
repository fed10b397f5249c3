"""Error on the own data against error on another data set: Fig. 11 of "Impact of the latent space"."""

from collections.abc import Mapping
from dataclasses import dataclass

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator

from analysis.drawing.style import INK, MARKERS, MUTED, arm_colours
from analysis.figures.base import FigureKind
from analysis.results import Results
from analysis.statistics.curves import series_label
from analysis.statistics.intervals import SeedInterval, band_words, over_seeds
from analysis.text.protocol import reconstruction_protocol
from analysis.text.words import setting
from raysweep.study.measures.reconstruction import Reconstruction


@dataclass(frozen=True)
class Pair:
    """The errors of one arm at one dim(z)."""

    latent_dim: int
    own: SeedInterval
    foreign: SeedInterval


@dataclass(frozen=True)
class ArmPairs:
    """One arm, by dim(z)."""

    label: str
    arm: str
    pairs: tuple[Pair, ...]


@dataclass(frozen=True)
class OwnAgainstForeign:
    """Every arm of one measure."""

    measure: str
    arms: tuple[ArmPairs, ...]
    foreign: str
    """Kind of the other data set."""
    protocol: str
    colours: Mapping[str, str]


def infos(results: Results) -> tuple[OwnAgainstForeign, ...]:
    """Means over validation images of either data set in each trial, then over seeds."""
    found = []
    for measure in results.measures("reconstruction"):
        assert isinstance(measure, Reconstruction)
        values = results.means(results.rows(measure), "mse")
        cells: dict[tuple[str, str], dict[int, dict[str, list[float]]]] = {}
        for value in values:
            if value.part in {"validation", "foreign"} and value.trial.latent_dim and results.is_main(value.trial):
                arm = cells.setdefault((series_label(value.trial), value.trial.arm), {})
                arm.setdefault(value.trial.latent_dim, {}).setdefault(value.part, []).append(value.value)
        arms = tuple(ArmPairs(label, arm, _pairs(dims)) for (label, arm), dims in cells.items() if _pairs(dims))
        if arms and measure.foreign:
            protocol = reconstruction_protocol(results, measure)
            found.append(OwnAgainstForeign(measure.name, arms, measure.foreign.kind, protocol, arm_colours(results)))
    return tuple(found)


def _pairs(dims: Mapping[int, Mapping[str, list[float]]]) -> tuple[Pair, ...]:
    return tuple(
        Pair(dim, over_seeds(parts["validation"]), over_seeds(parts["foreign"]))
        for dim, parts in sorted(dims.items())
        if {"validation", "foreign"} <= parts.keys()
    )


def draw(info: OwnAgainstForeign, figure: Figure) -> None:
    """Equal logarithmic axes with the diagonal; the points of an arm are joined in order of dim(z)."""
    figure.set_size_inches(5.4, 3.9)
    axes = figure.subplots()
    axes.set_xscale("log")
    axes.set_yscale("log")
    for index, arm in enumerate(info.arms):
        own, foreign = [pair.own for pair in arm.pairs], [pair.foreign for pair in arm.pairs]
        x, y = [at.mean for at in own], [at.mean for at in foreign]
        axes.errorbar(
            x,
            y,
            xerr=[[at.mean - at.low for at in own], [at.high - at.mean for at in own]],
            yerr=[[at.mean - at.low for at in foreign], [at.high - at.mean for at in foreign]],
            color=info.colours[arm.arm],
            marker=MARKERS[index % len(MARKERS)],
            elinewidth=0.7,
            label=arm.label,
        )
        for pair in (arm.pairs[0], arm.pairs[-1]):
            at = (pair.own.mean, pair.foreign.mean)
            axes.annotate(setting(pair.latent_dim), at, (4, 4), textcoords="offset points", fontsize=6.5, color=MUTED)
    low = min(axes.get_xlim()[0], axes.get_ylim()[0])
    high = max(axes.get_xlim()[1], axes.get_ylim()[1])
    axes.plot([low, high], [low, high], color=INK, linewidth=0.7, linestyle=":", zorder=0)
    axes.set(xlim=(low, high), ylim=(low, high), aspect="equal")
    axes.set_xlabel("mean squared error on own validation images")
    axes.set_ylabel(f"on foreign images ({info.foreign.replace('_', ' ')})")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter(FuncFormatter(lambda value, _: setting(value)))
        axis.set_minor_locator(LogLocator(subs=()))
    axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1.0))


def caption(info: OwnAgainstForeign) -> str:
    """What is shown, and its protocol."""
    seeds = {interval.seeds for arm in info.arms for pair in arm.pairs for interval in (pair.own, pair.foreign)}
    return (
        "Squared error per pixel value, pixels in [−1, 1]: a point is one dim(z), named at both ends of an arm. Right "
        "of the dotted diagonal foreign images are reconstructed better than the model's own kind. Both are "
        f"validation images; foreign ones are of {info.foreign.replace('_', ' ')}, resized bilinearly. "
        f"{info.protocol} {band_words(seeds, 'Points', 'bars')}"
    )


FIGURE = FigureKind(
    "reconstruction_own_foreign",
    "Own against foreign images",
    infos,
    draw,
    caption,
    "no foreign images were reconstructed",
    place=260,
)
