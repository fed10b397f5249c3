"""Reconstruction error of shifted training images by dim(z): Fig. 6 of "Impact of the latent space"."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from analysis.drawing.by_arm import ArmPanel, Line, by_arm, draw_by_arm, line, log_axis, seeds_of
from analysis.drawing.style import shades
from analysis.figures.base import FigureKind
from analysis.results import Results, Value
from analysis.text.parts import SHIFTED, shift_of
from analysis.text.protocol import reconstruction_protocol
from analysis.text.words import setting


@dataclass(frozen=True)
class Shifts:
    """Error against the shift: a panel for each arm and a line for each dim(z)."""

    measure: str
    panels: tuple[ArmPanel, ...]
    protocol: str


def infos(results: Results) -> tuple[Shifts, ...]:
    """The mean over images in each trial, then over seeds."""
    found = []
    for measure in results.measures("reconstruction"):
        values = [v for v in results.means(results.rows(measure), "mse") if _moved(v)]
        if any(value.part != "train" for value in values):
            panels = tuple(ArmPanel(label, _lines(own)) for label, own in by_arm(results, values).items())
            found.append(Shifts(measure.name, panels, reconstruction_protocol(results, measure)))
    return tuple(found)


def _moved(value: Value) -> bool:
    return value.part == "train" or value.part.startswith(SHIFTED)


def _lines(values: Sequence[Value]) -> tuple[Line, ...]:
    dims = sorted({value.trial.latent_dim for value in values if value.trial.latent_dim is not None})
    return tuple(
        line(
            f"dim(z) = {setting(dim)}",
            [(float(shift_of(value.part)), value.value) for value in values if value.trial.latent_dim == dim],
        )
        for dim in dims
    )


def draw(info: Shifts, figure: Figure) -> None:
    """Logarithmic errors; light lines are large dim(z)."""
    labels = sorted(
        {content.label for panel in info.panels for content in panel.lines},
        key=lambda label: int(label.removeprefix("dim(z) = ").replace(",", "")),
    )

    def dress(axes: Axes, last: bool) -> None:
        log_axis(axes)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))

    colours = dict(zip(labels, shades(len(labels)), strict=True))
    draw_by_arm(info.panels, figure, "shift (pixels)", "mean squared error per pixel value", colours, dress)


def caption(info: Shifts) -> str:
    """What is shown, and its protocol."""
    return (
        "Squared error per pixel value, pixels in [−1, 1], on training images moved by some pixels; 0 are the same "
        "images as they are. Each image is moved in one of the four directions along the axes, drawn once; its border "
        "is repeated into what is uncovered (the paper states neither). A panel is an arm; logarithmic errors. "
        f"{info.protocol} {seeds_of(info.panels)}"
    )


FIGURE = FigureKind(
    "reconstruction_shifts",
    "Reconstruction of shifted images",
    infos,
    draw,
    caption,
    "no shifted images were reconstructed",
    place=230,
)
