"""Samples of each arm by dim(z)."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from analysis.drawing.pictures import Pixels, first_seed, mosaic, read_image, trial_lines
from analysis.drawing.style import MUTED, WIDTH
from analysis.figures.base import FigureKind
from analysis.results import Results
from raysweep.study.architecture import ImageShape

ACROSS, DOWN = 30, 4
"""Images across the whole figure, and down one mosaic, at most."""

MOST_MOSAICS = 8
"""Mosaics side by side, at most."""


@dataclass(frozen=True)
class SampleMosaic:
    """Samples of one trial, or its status where it has none."""

    label: str
    image: Pixels | None
    status: str


@dataclass(frozen=True)
class SampleLine:
    """Mosaics side by side: an arm."""

    label: str
    mosaics: tuple[SampleMosaic, ...]
    width: int
    """Mosaics that have room side by side."""


@dataclass(frozen=True)
class SampleGrid:
    """Samples of every arm, of one seed."""

    measure: str
    lines: tuple[SampleLine, ...]
    seed: int


def infos(results: Results) -> tuple[SampleGrid, ...]:
    """The first samples of each trial of the first seed that has any."""
    grids = []
    for measure in results.measures("samples"):
        rows = results.rows(measure).sort_values("sample")
        pixels = {str(trial): list(group["pixels"]) for trial, group in rows.groupby("trial", sort=False)}
        seed = first_seed(results, set(pixels))
        lines = []
        for line in trial_lines(results, seed, MOST_MOSAICS):
            if any(column.trial.id in pixels for column in line.columns):
                width = max(2, line.width)
                images = [
                    _mosaic(pixels.get(column.trial.id, []), ACROSS // width, results.facts.shape)
                    for column in line.columns
                ]
                mosaics = tuple(
                    SampleMosaic(column.label, image, column.trial.status)
                    for column, image in zip(line.columns, images, strict=True)
                )
                lines.append(SampleLine(line.label, mosaics, width))
        grids.append(SampleGrid(measure.name, tuple(lines), seed))
    return tuple(grids)


def _mosaic(pixels: Sequence[bytes], across: int, shape: ImageShape) -> Pixels | None:
    images = [read_image(content, shape) for content in pixels[: across * DOWN]]
    rows = [images[start : start + across] for start in range(0, len(images), across)]
    return mosaic(rows) if rows else None


def draw(info: SampleGrid, figure: Figure) -> None:
    """A line of mosaics under each arm's name."""
    heights = [_height(line) + 0.42 for line in info.lines]
    figure.set_size_inches(WIDTH, sum(heights))
    outer = figure.add_gridspec(len(info.lines), 1, height_ratios=heights)
    for index, line in enumerate(info.lines):
        inner = outer[index].subgridspec(1, line.width)
        for column, content in enumerate(line.mosaics):
            axes = figure.add_subplot(inner[column])
            axes.set_axis_off()
            if content.image is None:
                axes.text(0.5, 0.5, content.status, transform=axes.transAxes, ha="center", va="center", color=MUTED)
            else:
                axes.imshow(content.image, interpolation="antialiased", aspect="equal")
            axes.set_title(content.label, loc="center", fontsize=7, pad=3)
            if column == 0:
                axes.set_title(f"{line.label}\n", loc="left", fontsize=8, fontweight="bold", pad=3)


def _height(line: SampleLine) -> float:
    """Height in inches at which the mosaics fill the width."""
    shapes = [content.image.shape for content in line.mosaics if content.image is not None]
    ratio = max((height / width for height, width, _ in shapes), default=0.4)
    return ratio * (WIDTH / line.width - 0.1)


def caption(info: SampleGrid) -> str:
    """What is shown."""
    missing = any(content.image is None for line in info.lines for content in line.mosaics)
    gaps = " Trials without samples show their status." if missing else ""
    return (
        f"Images generated from prior samples z ~ N(0, I), not selected: the first of each trial of seed {info.seed}. "
        f"At one dim(z) all arms decode the same z, in the same order.{gaps}"
    )


FIGURE = FigureKind(
    "sample_grid", "Samples by dim(z)", infos, draw, caption, "no samples were kept", photographic=True, place=210
)
