"""How figures look, and how they become files: colours, fonts, and the same bytes for the same tables."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from analysis.results import Results

INK, MUTED, RULE, PAPER = "#1a1a1a", "#5f5f5f", "#d9d9d9", "#ffffff"

PALETTE = (
    *("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"),
    *("#882255", "#999933", "#332288", "#8c8c8c"),
)
"""Colours that colour-blind readers tell apart: seven, and four for studies with more arms.

Source: Okabe and Ito (2008); of the four, the first three are of Tol's (2021) "muted" scheme.
"""

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<", ">", "p", "h")
"""One more than there are colours, so that an arm that must share a colour has a marker of its own."""

LineStyle = Literal["-", "--", ":", "-."]

Format = Literal["png", "svg"]
FORMATS: tuple[Format, ...] = ("png", "svg")

WIDTH = 7.2
"""Width of a figure, in inches."""

DPI = 200

_STYLE = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 8,
    "mathtext.fontset": "dejavusans",
    "text.color": INK,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.labelsize": 8.5,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 8.5,
    "axes.titlelocation": "left",
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": RULE,
    "grid.linewidth": 0.5,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "legend.handlelength": 2.4,
    "lines.linewidth": 1.5,
    "lines.markersize": 4.5,
    "figure.facecolor": PAPER,
    "svg.hashsalt": "raysweep",
    "svg.fonttype": "path",
}


@contextmanager
def figure_style() -> Iterator[None]:
    """Gives figures the report's style inside of this context, whatever the user's own settings are."""
    plain: dict[Any, Any] = {key: value for key, value in mpl.rcParamsDefault.items() if not key.startswith("backend")}
    with mpl.rc_context(plain | _STYLE):
        yield


def new_figure() -> Figure:
    """An empty figure that is independent of any window system and of matplotlib's global state."""
    return Figure(figsize=(WIDTH, 3.6), dpi=DPI, layout="constrained")


def render(figure: Figure, formats: Sequence[Format] = FORMATS) -> dict[Format, bytes]:
    """The figure in each format: PNG (200 dots per inch) and SVG.

    In SVG text is outlines, there is no date, and identifiers depend on the content alone. The canvases are used
    directly: `Figure.savefig` would draw twice for each format, and lay everything out again.
    """
    contents: dict[Format, bytes] = {}
    for name in formats:
        out = io.BytesIO()
        if name == "png":
            FigureCanvasAgg(figure).print_png(out)  # type: ignore[no-untyped-call]
        else:
            FigureCanvasSVG(figure).print_svg(out, metadata={"Date": None})  # type: ignore[no-untyped-call]
        figure.set_layout_engine("none")
        contents[name] = out.getvalue()
    return contents


def arm_colours(results: Results) -> dict[str, str]:
    """A colour for each arm: its family's if that is free, else one that no arm has, as long as there is one."""
    colours: dict[str, str] = {}
    kept = {arm.model.colour for arm in results.study.arms}
    spare = [colour for colour in PALETTE if colour not in kept]
    for arm in results.study.arms:
        colour = arm.model.colour
        if not colour or colour in colours.values():
            colour = spare.pop(0) if spare else PALETTE[len(colours) % len(PALETTE)]
        colours[arm.name] = colour
    return colours


def shades(count: int) -> list[str]:
    """Colours for ordered values, dark to light, of even steps in brightness."""
    scale = mpl.colormaps["cividis"]
    return [to_hex(scale(0.05 + 0.8 * index / max(1, count - 1))) for index in range(count)]
