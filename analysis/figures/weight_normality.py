"""How near to normal the weights of a network are, and how alike its layers, against dim(z)."""

from analysis.drawing.trade_off import Level
from analysis.figures.curve_figure import Curves, Quantity, curve_figure
from analysis.statistics.weights import FEWEST, NORMAL_WITHIN, largest_distances, std_ratios
from analysis.text.words import number, setting


def _words(curves: Curves) -> tuple[str, str]:
    return (
        "Weights of the dense and convolutional layers of the network that makes images, after training and as they "
        "were drawn. The largest Kolmogorov-Smirnov distance D of a layer to the normal distribution of its own mean "
        "and standard deviation (a uniform distribution, as drawn, has 0.057), of layers with at least "
        f"{number(FEWEST)} weights, since of fewer chance alone can make {setting(NORMAL_WITHIN)}; and the largest "
        "standard deviation of a layer over the smallest. The margin is ours.",
        "",
    )


FIGURE = curve_figure(
    "weight_normality",
    "Normality of weights",
    "weights",
    [
        Quantity("largest distance D\nto normal", largest_distances, Level(NORMAL_WITHIN, "margin of the claim")),
        Quantity("largest std / smallest", std_ratios),
    ],
    {"trained": ("-", "trained"), "initial": (":", "initial")},
    _words,
    "no weights were measured",
    place=330,
)
