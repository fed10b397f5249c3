"""Kernel distance (in Inception's features: the KID) against dim(z)."""

from analysis.figures.curve_figure import OF_MODELS, Curves, Quantity, curve_figure
from analysis.figures.frechet_distance import distance_words, floor
from analysis.text.protocol import quality_protocol
from analysis.text.words import number, span


def _words(curves: Curves) -> tuple[str, str]:
    rows = curves.rows
    return (
        "Unbiased estimate of the squared maximum mean discrepancy, with the kernel (a·b / length + 1)³, between "
        "features of real images and of the model's: the KID where these are Inception's. Smaller is better, and "
        "values below zero are chance.",
        f"{distance_words(curves)} {quality_protocol(curves.results, curves.settings)} Each distance is the mean over "
        f"{number(int(rows['subsets'].iloc[0]))} pairs of random subsets of "
        f"{span(int(count) for count in rows['subset_images'])} images, over which the standard deviation is "
        f"{number(float(rows['deviation'].mean()), 2)} on average.",
    )


FIGURE = curve_figure(
    "kernel_distance",
    "Kernel distance",
    "kernel_distance",
    [Quantity("kernel distance (MMD²)", "distance", floor, tabulated="Kernel distance", published=True)],
    OF_MODELS,
    _words,
    "no kernel distance was measured",
    place=50,
)
