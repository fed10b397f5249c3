"""How far the encoder pulls images apart, against dim(z), λ and c: ω of "Looser is Worse", Section 4.1."""

from collections.abc import Mapping
from dataclasses import dataclass

from matplotlib.figure import Figure

from analysis.curves import Panel, panels
from analysis.figures.base import FigureKind
from analysis.figures.trade_off import TradeOff, draw_multiples, panels_words, seeds_words
from analysis.results import Results
from analysis.style import LineStyle, arm_colours
from analysis.words import number, span

PARTS: dict[str, tuple[LineStyle, str]] = {"validation": ("-", "validation images")}

QUANTITIES = {
    "omega": "ω",
    "scaled_omega": "ω / variance\nof the codes",
    "steepest_image": "steepest Jacobian ‖J‖",
}


@dataclass(frozen=True)
class Stretches:
    """Three numbers of each arm's encoder along the axes, for one measure."""

    measure: str
    panels: Mapping[str, tuple[Panel, ...]]
    """For each of `QUANTITIES`, the same panels."""
    protocol: str
    colours: Mapping[str, str]


def infos(results: Results) -> tuple[Stretches, ...]:
    """One of each number for each trial, then the means over seeds."""
    found = []
    for measure in results.measures("omega"):
        rows = results.rows(measure)
        found.append(
            Stretches(
                measure.name,
                {name: panels(results, results.means(rows, name)) for name in QUANTITIES},
                f"{number(int(rows['pairs'].iloc[0]))} random pairs of validation images, the same for all trials; "
                f"{span(map(int, rows['jacobians']))} images for the Jacobian.",
                arm_colours(results),
            )
        )
    return tuple(found)


def draw(info: Stretches, figure: Figure) -> None:
    """Each number on a logarithmic scale of its own."""
    contents = [TradeOff(info.panels[name], label, PARTS, True, info.colours) for name, label in QUANTITIES.items()]
    draw_multiples(contents, figure)


def caption(info: Stretches) -> str:
    """What is shown, and its protocol."""
    return (
        "ω = ‖f(I₁) − f(I₂)‖² / ‖I₁ − I₂‖², mean over pairs of images with pixels in [0, 1], where f is the encoder "
        "(of a VAE, the posterior's mean); the same over the variance of the codes, which does not change when an "
        "encoder only shrinks them; and the largest singular value of the encoder's Jacobian at any image examined, a "
        f"lower bound of its Lipschitz constant. {panels_words(info.panels['omega'])}{info.protocol} "
        f"{seeds_words(info.panels['omega'])}"
    )


FIGURE = FigureKind("Stretch of the encoder", infos, draw, caption, "the encoder's stretch was not measured")
