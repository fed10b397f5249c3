"""Prior mass of holes against dim(z), λ and c: the looseness of "Looser is Worse", Definition 2.4."""

from analysis.figures.curve_figure import Curves, Quantity, curve_figure
from analysis.text.words import number, percent, setting, span


def _words(curves: Curves) -> tuple[str, str]:
    rows = curves.rows
    least = float((1 / (rows["density"] * (rows["held_out"] + 1))).max())
    return (
        "Largest share of the prior found that holds hardly any codes: at most τ times that share of them. It is 0 if "
        "codes follow the prior, and errs downwards. Below, or on the right, codes were first given the prior's mean "
        "and covariance, so that their scale does not count. Posterior means are less spread than the prior by "
        "construction, the more so the more latent dimensions the model does not use; samples of the posterior are "
        "what the decoder was trained on.",
        f"τ = {setting(float(rows['density'].iloc[0]))}; the set is found from codes of "
        f"{span(map(int, rows['codes']))} training images, and its shares are of codes of "
        f"{span(map(int, rows['held_out']))} validation images and "
        f"{number(int(rows['samples'].iloc[0]))} other prior samples, so that masses below "
        f"{percent(least)} are not seen.",
    )


FIGURE = curve_figure(
    "holes",
    "Prior mass of holes",
    "holes",
    [Quantity("mass of holes", "mass"), Quantity("mass of holes,\nwhitened codes", "whitened_mass")],
    {"means": ("-", "codes: posterior means"), "posterior": ("--", "codes: samples of the posterior")},
    _words,
    "no holes were measured",
    place=150,
)
