"""How far the encoder pulls images apart, against dim(z), λ and c: ω of "Looser is Worse", Section 4.1."""

import pandas as pd

from analysis.drawing.trade_off import Level
from analysis.figures.curve_figure import Curves, Quantity, curve_figure
from analysis.results import Results, Value
from analysis.text.words import number, span
from raysweep.study.objectives import relative_omega


def _relative(results: Results, rows: pd.DataFrame) -> tuple[Value, ...]:
    return results.means(rows.assign(relative_omega=relative_omega(rows)), "relative_omega")


def _constants(results: Results, rows: pd.DataFrame) -> tuple[Value, ...]:
    """Bounds of the Lipschitz constant from below, and from above where there is one."""
    above = rows[rows["lipschitz_bound"].notna()].assign(part="bound")
    return (*results.means(rows, "steepest_image"), *results.means(above, "lipschitz_bound"))


def _words(curves: Curves) -> tuple[str, str]:
    return (
        "ω = ‖f(I₁) − f(I₂)‖² / ‖I₁ − I₂‖², mean over pairs of images with pixels in [0, 1], where f is the encoder "
        "(of a VAE, the posterior's mean); the same over the ω of codes of equal variance that are as far apart "
        "whatever their images (1, grey), which does not change when an encoder only shrinks its codes; and bounds "
        "of the encoder's Lipschitz constant: from below, the largest singular value of its Jacobian at any image "
        "examined, and from above (dotted), the product of its layers' spectral norms. "
        "A model whose ω is lower, and whose relative ω is not, has made its codes smaller, no more.",
        f"{number(int(curves.rows['pairs'].iloc[0]))} random pairs of validation images, the same for all trials; "
        f"{span(map(int, curves.rows['jacobians']))} images for the Jacobian.",
    )


FIGURE = curve_figure(
    "omega",
    "Stretch of the encoder",
    "omega",
    [
        Quantity("ω", "omega", logarithmic=True),
        Quantity("ω / ω of\nunrelated codes", _relative, Level(1.0, "codes unrelated to their images")),
        Quantity("Lipschitz constant", _constants, logarithmic=True),
    ],
    {"validation": ("-", "measured on validation images"), "bound": (":", "upper bound, from the layers' weights")},
    _words,
    "the encoder's stretch was not measured",
    place=170,
)
