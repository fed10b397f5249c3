"""Accuracy of a LeNet that learned from reconstructions, against dim(z): Fig. 9 (b) of "Impact of the latent space"."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from matplotlib.figure import Figure

from analysis.drawing.style import LineStyle, arm_colours
from analysis.drawing.trade_off import Level, TradeOff, draw_trade_off, panels_words, seeds_words
from analysis.figures.base import FigureKind, Tabulated
from analysis.results import Results, Value
from analysis.statistics.curves import Panel, panels
from analysis.statistics.intervals import over_seeds
from analysis.text.protocol import reconstruction_protocol
from analysis.text.words import number, span
from raysweep.study.measures import MeasureSettings

PARTS: dict[str, tuple[LineStyle, str]] = {"reconstructions": ("-", "learned from reconstructions")}


@dataclass(frozen=True)
class ReconstructionClassifiers:
    """Accuracy of the LeNets of each arm along the axes, for one measure."""

    measure: str
    panels: tuple[Panel, ...]
    control: Level
    """The accuracy after learning from real images."""
    guessing: float
    """The accuracy of guessing, where classes are equally frequent."""
    protocol: str
    colours: Mapping[str, str]


def infos(results: Results) -> tuple[ReconstructionClassifiers, ...]:
    """One accuracy for each trial, then the mean over seeds."""
    return tuple(_info(results, measure) for measure in results.measures("reconstruction_classifier"))


def _info(results: Results, measure: MeasureSettings) -> ReconstructionClassifiers:
    values = results.means(results.rows(measure), "accuracy")
    assert results.facts.classes is not None, "the measure is refused where there are no classes"
    return ReconstructionClassifiers(
        measure.name,
        panels(results, [value for value in values if value.part == "reconstructions"]),
        Level(_control(values), "learned from real images"),
        1 / results.facts.classes,
        _protocol(results, measure),
        arm_colours(results),
    )


def _control(values: tuple[Value, ...]) -> float:
    """Accuracy after learning from real images: the mean over seeds, of which every trial of one has the same."""
    by_seed = {value.trial.seed: value.value for value in values if value.part == "real"}
    return over_seeds(list(by_seed.values())).mean


def _protocol(results: Results, measure: MeasureSettings) -> str:
    rows = results.rows(measure)
    followed = results.study.followed(measure)
    assert followed is not None
    images, tests = (span(int(count) for count in rows[column]) for column in ("images", "test_images"))
    return (
        f"Each LeNet learned from {images} images in {number(float(rows['epochs'].mean()))} passes and was tested on "
        f"{tests} real validation images. The reconstructions are those of the measure "
        f"{followed.name.replace('_', ' ')}: {reconstruction_protocol(results, followed)}"
    )


def draw(info: ReconstructionClassifiers, figure: Figure) -> None:
    """Logarithmic dim(z), accuracy from zero."""
    label = "accuracy on real images"
    draw_trade_off(TradeOff(info.panels, label, PARTS, False, info.colours, (info.control,)), figure)


def caption(info: ReconstructionClassifiers) -> str:
    """What is shown, and its protocol."""
    return (
        "Share of the real validation images that a LeNet classifies rightly after learning from a model's "
        f"reconstructions of training images. {panels_words(info.panels)}Grey: a LeNet that learned from these "
        f"training images themselves ({number(info.control.value)}); guessing gives {number(info.guessing)}. "
        f"{info.protocol} {seeds_words(info.panels)}"
    )


FIGURE = FigureKind(
    "reconstruction_classifier",
    "Learning from reconstructions",
    infos,
    draw,
    caption,
    "no LeNet learned from reconstructions",
    place=310,
    numbers=(
        Tabulated("LeNet's accuracy after", "reconstruction_classifier", partial(Results.means, column="accuracy")),
    ),
)
