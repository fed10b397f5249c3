"""Claims of the papers, one a file: the statistic, its interval and the verdict."""

from analysis.claims import (
    autoencoder_lower_bound,
    benign_surfaces,
    degrees_of_freedom,
    error_falls,
    errors_converge,
    fewer_holes,
    foreign_images,
    frechet_contrast,
    gaussian_weights,
    interpolation_off_data,
    large_enough_latent_space,
    modes_radius,
    noise_images,
    not_memorised,
    shifted_images,
    tighter_latent_space,
    tuned_beats_plain,
    unchanged_quality,
)
from analysis.claims.base import Claim

CLAIMS: dict[str, Claim] = {
    "autoencoder_lower_bound": autoencoder_lower_bound.CLAIM,
    "error_falls": error_falls.CLAIM,
    "errors_converge": errors_converge.CLAIM,
    "large_enough_latent_space": large_enough_latent_space.CLAIM,
    "degrees_of_freedom": degrees_of_freedom.CLAIM,
    "shifted_images": shifted_images.CLAIM,
    "foreign_images": foreign_images.CLAIM,
    "noise_images": noise_images.CLAIM,
    "frechet_contrast": frechet_contrast.CLAIM,
    "not_memorised": not_memorised.CLAIM,
    "normal_weights": gaussian_weights.NORMAL,
    "alike_weights": gaussian_weights.ALIKE,
    "benign_surfaces": benign_surfaces.CLAIM,
    "modes_radius": modes_radius.CAPTURED,
    "collisions_radius": modes_radius.COLLISIONS,
    "tighter_latent_space": tighter_latent_space.CLAIM,
    "unchanged_quality": unchanged_quality.CLAIM,
    "fewer_holes": fewer_holes.CLAIM,
    "fewer_holes_whitened": fewer_holes.WHITENED,
    "less_off_data": interpolation_off_data.LESS,
    "no_better_interpolations": interpolation_off_data.NO_IMPROVEMENT,
    "tuned_beats_plain": tuned_beats_plain.CLAIM,
}
"""Every claim, in the report's order. A new one is added here."""
