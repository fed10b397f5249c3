"""Figures, one a file: `infos` computes from the tables, `draw` puts it on a figure, `caption` says what it is."""

from analysis.figures import (
    class_radius,
    frechet_distance,
    kernel_distance,
    memorisation,
    precision_recall,
    reconstruction_error,
    reconstruction_grid,
    sample_grid,
    schedule,
    training,
)
from analysis.figures.base import AnyFigure

FIGURES: dict[str, AnyFigure] = {
    "reconstruction_error": reconstruction_error.FIGURE,
    "frechet_distance": frechet_distance.FIGURE,
    "kernel_distance": kernel_distance.FIGURE,
    "precision_recall": precision_recall.FIGURE,
    "memorisation": memorisation.FIGURE,
    "class_radius": class_radius.FIGURE,
    "sample_grid": sample_grid.FIGURE,
    "reconstruction_grid": reconstruction_grid.FIGURE,
    "training": training.FIGURE,
    "schedule": schedule.FIGURE,
}
"""Every figure, in the report's order. A new one is added here."""
