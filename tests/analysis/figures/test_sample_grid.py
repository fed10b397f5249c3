from collections.abc import Callable

import numpy as np

from analysis.drawing.pictures import LEAST_SIZE, read_image
from analysis.figures import sample_grid
from analysis.results import Results
from raysweep.study.architecture import ImageShape

SCALE = LEAST_SIZE // 8
"""Enlargement of 8 × 8 images."""


def test_samples_are_in_columns_by_dim(shared_results: Results) -> None:
    (info,) = sample_grid.infos(shared_results)
    assert [line.label for line in info.lines] == [
        "WGAN-GP",
        "VAE",
        "LC-VAE (λ = 0, c = 0.3)",
        "LC-VAE (λ = 0, c = ∞)",
        "LC-VAE (λ = 30, c = 0.3)",
        "LC-VAE (λ = 30, c = ∞)",
    ]
    gan = info.lines[0]
    assert [content.label for content in gan.mosaics] == ["dim(z) = 2", "dim(z) = 10", "dim(z) = 50"]
    first = gan.mosaics[0].image
    assert first is not None
    own = shared_results.tables["samples"]
    own = own[own["trial"].str.startswith("wgan_gp-d2-s0")].sort_values("sample")
    expected = read_image(own["pixels"].iloc[1], ImageShape(1, 8)).repeat(SCALE, 0).repeat(SCALE, 1)
    size, gap = LEAST_SIZE, LEAST_SIZE // 12
    np.testing.assert_array_equal(first[:size, size + gap : 2 * size + gap], expected)
    assert info.seed == 0


def test_a_trial_without_samples_shows_its_status(make_results: Callable[..., Results]) -> None:
    results = make_results(diverged=lambda trial: "loss" if trial.id.startswith("wgan_gp-d10-s0") else "")
    (info,) = sample_grid.infos(results)
    assert [(content.image is None, content.status) for content in info.lines[0].mosaics] == [
        (False, "finished"),
        (True, "diverged"),
        (False, "finished"),
    ]
    assert "show their status" in sample_grid.caption(info)
