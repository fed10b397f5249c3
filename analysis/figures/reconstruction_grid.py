"""Images and their reconstructions by dim(z): Figs. 5 to 8 and 12 of "Impact of the latent space"."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.drawing.pictures import Pixels, TrialLine, blank, first_seed, mosaic, read_image, trial_lines
from analysis.drawing.style import MUTED, WIDTH
from analysis.figures.base import FigureKind
from analysis.results import Results
from analysis.text.parts import in_order, part_name
from raysweep.study.architecture import ImageShape

SPLITS = ("train", "validation")

IMAGES, OTHER_IMAGES = 8, 4
"""The most rows of a panel: for the splits, and for other targets, of which there may be many."""

COLUMNS = 18
"""The most images side by side in the whole figure."""

LARGEST = 0.46
"""The largest width of an image in the figure, in inches."""


@dataclass(frozen=True)
class ReconstructionPanel:
    """One arm and part. Each row is an image: first the original, then its reconstruction by each trial."""

    label: str
    part: str
    columns: tuple[str, ...]
    """What tells the trials apart: dim(z), or other axes."""
    mosaic: Pixels
    images: tuple[int, ...]
    """Index of each row's image in its part."""
    gaps: tuple[tuple[int, str], ...]
    """Trials without reconstructions: their column, and their status."""


@dataclass(frozen=True)
class ReconstructionGrid:
    """Panels of reconstructions, of one seed."""

    measure: str
    panels: tuple[ReconstructionPanel, ...]
    seed: int


def infos(results: Results) -> tuple[ReconstructionGrid, ...]:
    """The images of both splits whose pixels were kept."""
    return _grids(results, lambda part: part in SPLITS, IMAGES)


def other_infos(results: Results) -> tuple[ReconstructionGrid, ...]:
    """The images of other targets whose pixels were kept: moved ones, of another data set, noise."""
    return _grids(results, lambda part: part not in SPLITS and part != "generated", OTHER_IMAGES)


def _grids(results: Results, shown: Callable[[str], bool], most: int) -> tuple[ReconstructionGrid, ...]:
    """The first `most` kept images of the parts `shown`, in the trials that stand for their arm, of the first seed."""
    grids = []
    for measure in results.measures("reconstruction"):
        rows = results.rows(measure)
        rows = rows[rows["reconstruction"].notna() & rows["part"].map(shown).astype(bool)]
        if rows.empty:
            continue
        seed = first_seed(results, set(rows["trial"]))
        panels = []
        for line in trial_lines(results, seed, COLUMNS // 2 - 1):
            if not line.main:
                continue
            own = rows[rows["trial"].isin([column.trial.id for column in line.columns])]
            panels += [
                _panel(line, part, own[own["part"] == part], results.facts.shape, most)
                for part in in_order(own["part"])
            ]
        grids.append(ReconstructionGrid(measure.name, tuple(panels), seed))
    return tuple(grids)


def _panel(line: TrialLine, part: str, rows: pd.DataFrame, shape: ImageShape, most: int) -> ReconstructionPanel:
    originals: dict[int, Pixels] = {}
    reconstructions: dict[tuple[str, int], Pixels] = {}
    for row in rows.to_dict("records"):
        originals[row["image"]] = read_image(row["original"], shape)
        reconstructions[row["trial"], row["image"]] = read_image(row["reconstruction"], shape)
    images = tuple(sorted(originals))[:most]
    trials = [column.trial for column in line.columns]
    present = set(rows["trial"])
    grid = [
        [originals[image], *(reconstructions.get((trial.id, image), blank(shape)) for trial in trials)]
        for image in images
    ]
    return ReconstructionPanel(
        label=line.label,
        part=part_name(part),
        columns=tuple(column.label.removeprefix("dim(z) = ").replace(", ", "\n") for column in line.columns),
        mosaic=mosaic(grid),
        images=images,
        gaps=tuple((index + 1, trial.status) for index, trial in enumerate(trials) if trial.id not in present),
    )


def draw(info: ReconstructionGrid, figure: Figure) -> None:
    """Panels in rows, all images of one size."""
    rows = _rows(info.panels)
    columns = max(int(WIDTH / LARGEST), *(_width(row) for row in rows))
    image = WIDTH / columns
    heights = [max(len(panel.images) for panel in row) * image + 0.55 for row in rows]
    figure.set_size_inches(WIDTH, sum(heights))
    outer = figure.add_gridspec(len(rows), 1, height_ratios=heights)
    for index, row in enumerate(rows):
        widths = [len(panel.columns) + 1 for panel in row]
        filler = [columns - sum(widths)] if columns > sum(widths) else []
        inner = outer[index].subgridspec(1, len(widths) + len(filler), width_ratios=widths + filler)
        for column, panel in enumerate(row):
            _draw_panel(panel, figure.add_subplot(inner[column]))


def _rows(panels: Sequence[ReconstructionPanel]) -> list[list[ReconstructionPanel]]:
    """Panels in rows of at most `COLUMNS` images; the panels of an arm stay together where a row holds them."""
    arms: dict[tuple[str, tuple[str, ...]], list[ReconstructionPanel]] = {}
    for panel in panels:
        arms.setdefault((panel.label, panel.columns), []).append(panel)
    rows: list[list[ReconstructionPanel]] = []
    for own in arms.values():
        if not rows or _width(own) <= COLUMNS < _width([*rows[-1], *own]):
            rows.append([])
        for panel in own:
            if rows[-1] and _width([*rows[-1], panel]) > COLUMNS:
                rows.append([])
            rows[-1].append(panel)
    return rows


def _width(row: Sequence[ReconstructionPanel]) -> int:
    return sum(len(panel.columns) + 1 for panel in row)


def _draw_panel(panel: ReconstructionPanel, axes: Axes) -> None:
    axes.imshow(panel.mosaic, interpolation="antialiased", aspect="equal")
    axes.set_title(f"{panel.label}\n{panel.part}", loc="center", fontsize=7)
    columns = len(panel.columns) + 1
    step = panel.mosaic.shape[1] / columns
    axes.set_xticks([(column + 0.5) * step for column in range(columns)], ["image", *panel.columns])
    axes.xaxis.tick_top()
    axes.tick_params(length=0, pad=1, labelsize=6)
    axes.set_yticks([])
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    for column, status in panel.gaps:
        at = ((column + 0.5) * step, panel.mosaic.shape[0] / 2)
        axes.text(*at, status, rotation=90, ha="center", va="center", fontsize=7, color=MUTED)


def caption(info: ReconstructionGrid) -> str:
    """What is shown."""
    gaps = " Trials without reconstructions show their status." if any(panel.gaps for panel in info.panels) else ""
    return (
        "In each panel the first column shows the images themselves, the next ones their reconstructions, by dim(z) "
        f"or by the settings above them, all of seed {info.seed}; an arm with further axes is shown at the settings in "
        "its title. The images are a seeded choice, the same for all arms, not selected by how well they come out."
        f"{gaps}"
    )


FIGURE = FigureKind(
    "reconstruction_grid",
    "Reconstructions by dim(z)",
    infos,
    draw,
    caption,
    "no pixels of reconstructions were kept",
    photographic=True,
    place=220,
)
OTHERS = FigureKind(
    "reconstruction_grid_others",
    "Reconstructions of other images",
    other_infos,
    draw,
    caption,
    "no pixels of shifted, foreign or noise images were kept",
    photographic=True,
    place=270,
)
