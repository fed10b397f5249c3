"""Figures, one a file: `infos` computes from the tables, `draw` puts it on a figure, `caption` says what it is."""

from analysis.figures import (
    class_map,
    class_radius,
    exact_radius,
    frechet_distance,
    kernel_distance,
    memorisation,
    mode_samples,
    modes_radius,
    precision_recall,
    reconstruction_error,
    reconstruction_grid,
    reconstruction_likelihood,
    reconstruction_norms,
    reconstruction_others,
    reconstruction_own_foreign,
    reconstruction_shifts,
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
    "exact_radius": exact_radius.FIGURE,
    "class_map": class_map.FIGURE,
    "modes_radius": modes_radius.FIGURE,
    "mode_samples": mode_samples.FIGURE,
    "sample_grid": sample_grid.FIGURE,
    "reconstruction_grid": reconstruction_grid.FIGURE,
    "reconstruction_shifts": reconstruction_shifts.FIGURE,
    "reconstruction_foreign": reconstruction_others.FOREIGN,
    "reconstruction_noise": reconstruction_others.NOISE,
    "reconstruction_own_foreign": reconstruction_own_foreign.FIGURE,
    "reconstruction_grid_others": reconstruction_grid.OTHERS,
    "reconstruction_likelihood": reconstruction_likelihood.FIGURE,
    "reconstruction_norms": reconstruction_norms.FIGURE,
    "training": training.FIGURE,
    "schedule": schedule.FIGURE,
}
"""Every figure, in the report's order. A new one is added here."""
