"""How far the encoder pulls images apart, against dim(z), λ and c: ω of "Looser is Worse", Section 4.1."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure

from analysis.drawing.style import LineStyle, arm_colours
from analysis.drawing.trade_off import Level, TradeOff, draw_multiples, panels_words, seeds_words
from analysis.figures.base import FigureKind
from analysis.results import Results, Value
from analysis.statistics.curves import Panel, panels
from analysis.text.words import number, span

PARTS: dict[str, tuple[LineStyle, str]] = {
    "validation": ("-", "measured on validation images"),
    "bound": (":", "upper bound, from the layers' weights"),
}

QUANTITIES = {
    "omega": "ω",
    "relative_omega": "ω / ω of\nunrelated codes",
    "lipschitz": "Lipschitz constant",
}


@dataclass(frozen=True)
class Stretches:
    """Three numbers of each arm's encoder along the axes, for one measure."""

    measure: str
    panels: Mapping[str, tuple[Panel, ...]]
    """For each of `QUANTITIES`, the same panels. "relative_omega" is ω over that of codes of the same variance that are
    as far apart whatever their images; "lipschitz" has the steepest Jacobian measured, and an upper bound."""
    protocol: str
    colours: Mapping[str, str]


def infos(results: Results) -> tuple[Stretches, ...]:
    """One of each number for each trial, then the means over seeds."""
    found = []
    for measure in results.measures("omega"):
        rows = results.rows(measure)
        rows = rows.assign(relative_omega=rows["scaled_omega"] / rows["unrelated_omega"])
        found.append(
            Stretches(
                measure.name,
                {
                    "omega": panels(results, results.means(rows, "omega")),
                    "relative_omega": panels(results, results.means(rows, "relative_omega")),
                    "lipschitz": panels(results, _constants(results, rows)),
                },
                f"{number(int(rows['pairs'].iloc[0]))} random pairs of validation images, the same for all trials; "
                f"{span(map(int, rows['jacobians']))} images for the Jacobian.",
                arm_colours(results),
            )
        )
    return tuple(found)


def _constants(results: Results, rows: pd.DataFrame) -> tuple[Value, ...]:
    """Bounds of the Lipschitz constant from below, and from above where there is one."""
    above = rows[rows["lipschitz_bound"].notna()].assign(part="bound")
    return (*results.means(rows, "steepest_image"), *results.means(above, "lipschitz_bound"))


def draw(info: Stretches, figure: Figure) -> None:
    """Each number on a scale of its own; the relative one from zero up."""
    unrelated = Level(1.0, "codes unrelated to their images")
    contents = [
        TradeOff(info.panels[name], label, PARTS, not relative, info.colours, (unrelated,) if relative else ())
        for name, label in QUANTITIES.items()
        for relative in [name == "relative_omega"]
    ]
    draw_multiples(contents, figure)


def caption(info: Stretches) -> str:
    """What is shown, and its protocol."""
    return (
        "ω = ‖f(I₁) − f(I₂)‖² / ‖I₁ − I₂‖², mean over pairs of images with pixels in [0, 1], where f is the encoder "
        "(of a VAE, the posterior's mean); the same over the ω of codes of equal variance that are as far apart "
        "whatever their images (1, grey), which does not change when an encoder only shrinks its codes; and bounds "
        "of the encoder's Lipschitz constant: from below, the largest singular value of its Jacobian at any image "
        "examined, and from above (dotted), the product of its layers' spectral norms. "
        "A model whose ω is lower, and whose relative ω is not, has made its codes smaller, no more. "
        f"{panels_words(info.panels['omega'])}{info.protocol} {seeds_words(info.panels['omega'])}"
    )


FIGURE = FigureKind(
    "omega", "Stretch of the encoder", infos, draw, caption, "the encoder's stretch was not measured", place=170
)
