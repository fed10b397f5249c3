"""Prior mass of holes against dim(z), λ and c: the looseness of "Looser is Worse", Definition 2.4."""

from collections.abc import Mapping
from dataclasses import dataclass

from matplotlib.figure import Figure

from analysis.drawing.style import LineStyle, arm_colours
from analysis.drawing.trade_off import TradeOff, draw_multiples, panels_words, seeds_words
from analysis.figures.base import FigureKind
from analysis.results import Results
from analysis.statistics.curves import Panel, panels
from analysis.text.words import number, percent, setting, span

PARTS: dict[str, tuple[LineStyle, str]] = {
    "means": ("-", "codes: posterior means"),
    "posterior": ("--", "codes: samples of the posterior"),
}


@dataclass(frozen=True)
class HoleMasses:
    """Prior mass of holes of each arm along the axes, for one measure."""

    measure: str
    mass: tuple[Panel, ...]
    whitened: tuple[Panel, ...]
    """The same panels, of codes made as wide as the prior."""
    protocol: str
    colours: Mapping[str, str]


def infos(results: Results) -> tuple[HoleMasses, ...]:
    """One mass for each trial and choice of codes, then the mean over seeds."""
    found = []
    for measure in results.measures("holes"):
        rows = results.rows(measure)
        least = float((1 / (rows["density"] * (rows["held_out"] + 1))).max())
        found.append(
            HoleMasses(
                measure.name,
                panels(results, results.means(rows, "mass")),
                panels(results, results.means(rows, "whitened_mass")),
                f"τ = {setting(float(rows['density'].iloc[0]))}; the set is found from codes of "
                f"{span(map(int, rows['codes']))} training images, and its shares are of codes of "
                f"{span(map(int, rows['held_out']))} validation images and "
                f"{number(int(rows['samples'].iloc[0]))} other prior samples, so that masses below "
                f"{percent(least)} are not seen.",
                arm_colours(results),
            )
        )
    return tuple(found)


def draw(info: HoleMasses, figure: Figure) -> None:
    """The mass as it is, and of whitened codes, from zero up."""
    contents = [
        TradeOff(info.mass, "mass of holes", PARTS, False, info.colours),
        TradeOff(info.whitened, "mass of holes,\nwhitened codes", PARTS, False, info.colours),
    ]
    draw_multiples(contents, figure)


def caption(info: HoleMasses) -> str:
    """What is shown, its protocol, and how to read it."""
    return (
        "Largest share of the prior found that holds hardly any codes: at most τ times that share of them. It is 0 if "
        "codes follow the prior, and errs downwards. Below, or on the right, codes were first given the prior's mean "
        "and covariance, so that their scale does not count. Posterior means are less spread than the prior by "
        "construction, the more so the more latent dimensions the model does not use; samples of the posterior are "
        "what the decoder was trained on. "
        f"{panels_words(info.mass)}{info.protocol} {seeds_words(info.mass)}"
    )


FIGURE = FigureKind("holes", "Prior mass of holes", infos, draw, caption, "no holes were measured", place=150)
