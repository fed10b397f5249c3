"""Accuracy of a LeNet that learned from reconstructions, against dim(z): Fig. 9 (b) of "Impact of the latent space"."""

from analysis.drawing.trade_off import Level
from analysis.figures.curve_figure import Curves, Quantity, curve_figure
from analysis.results import Results
from analysis.statistics.intervals import over_seeds
from analysis.text.protocol import reconstruction_protocol
from analysis.text.words import number, span
from raysweep.study.measures import MeasureSettings


def _control(results: Results, measure: MeasureSettings) -> Level:
    """Accuracy after learning from real images: the mean over seeds; every trial of one seed has the same."""
    values = results.means(results.rows(measure), "accuracy")
    by_seed = {value.trial.seed: value.value for value in values if value.part == "real"}
    return Level(over_seeds(list(by_seed.values())).mean, "learned from real images")


def _words(curves: Curves) -> tuple[str, str]:
    rows, results = curves.rows, curves.results
    followed = results.study.followed(curves.settings)
    assert followed is not None
    assert results.facts.classes is not None, "the measure is refused where there are no classes"
    images, tests = (span(int(count) for count in rows[column]) for column in ("images", "test_images"))
    return (
        "Share of the real validation images that a LeNet classifies rightly after learning from a model's "
        "reconstructions of training images.",
        "Grey: a LeNet that learned from these training images themselves "
        f"({number(curves.contents[0].levels[0].value)}); guessing gives {number(1 / results.facts.classes)}. "
        f"Each LeNet learned from {images} images in {number(float(rows['epochs'].mean()))} passes and was tested on "
        f"{tests} real validation images. The reconstructions are those of the measure "
        f"{followed.name.replace('_', ' ')}: {reconstruction_protocol(results, followed)}",
    )


FIGURE = curve_figure(
    "reconstruction_classifier",
    "Learning from reconstructions",
    "reconstruction_classifier",
    [Quantity("accuracy on real images", "accuracy", _control, tabulated="LeNet's accuracy after")],
    {"reconstructions": ("-", "learned from reconstructions")},
    _words,
    "no LeNet learned from reconstructions",
    place=310,
)
