import math
from collections.abc import Callable

import numpy as np
import pytest

from analysis.drawing.pictures import LEAST_SIZE, mosaic, read_image
from analysis.figures import reconstruction_grid, sample_grid
from analysis.results import Results
from raysweep.study import Arm, LcVae, Reconstruction, grid
from raysweep.study.architecture import ImageShape
from support.pretended_results import pretended_study

SCALE = LEAST_SIZE // 8
"""Enlargement of 8 × 8 images."""


def test_images_are_read_as_channels_height_width() -> None:
    content = bytes(range(12))
    image = read_image(content, ImageShape(3, 2))
    assert image.shape == (2, 2, 3)
    assert image[0, 1].tolist() == [1, 5, 9]
    assert image[1, 0].tolist() == [2, 6, 10]
    grey = read_image(bytes([7, 8, 9, 10]), ImageShape(1, 2))
    assert grey[1, 0].tolist() == [9, 9, 9]
    with pytest.raises(ValueError, match="reshape"):
        read_image(content, ImageShape(1, 2))


def test_a_mosaic_has_gaps_and_keeps_its_order() -> None:
    size = LEAST_SIZE
    images = [np.full((size, size, 3), value, np.uint8) for value in (10, 20, 30)]
    picture = mosaic([images[:2], images[2:]])
    gap = size // 12
    assert picture.shape == (2 * size + gap, 2 * size + gap, 3)
    assert picture[0, 0, 0] == 10
    assert picture[0, size + gap, 0] == 20
    assert picture[size + gap, 0, 0] == 30
    assert picture[0, size, 0] == 255
    assert picture[-1, -1, 0] == 255


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


def test_arms_without_several_dims_stand_side_by_side_by_their_own_axes(make_results: Callable[..., Results]) -> None:
    arm = Arm(name="clamped", model=LcVae(width=8, latent_dim=6), over={"lam": grid(0, 30), "c": grid(0.3, math.inf)})
    results = make_results(pretended_study(arms=(arm,)))
    (line,) = sample_grid.infos(results)[0].lines
    assert line.label == "clamped (dim(z) = 6)"
    assert [content.label for content in line.mosaics][:2] == ["λ = 0, c = 0.3", "λ = 0, c = ∞"]
    train, validation = reconstruction_grid.infos(results)[0].panels
    assert train.columns[0] == "λ = 0\nc = 0.3"
    assert (train.part, validation.part) == ("train", "validation")


def test_reconstructions_follow_their_original(shared_results: Results) -> None:
    (info,) = reconstruction_grid.infos(shared_results)
    assert [(panel.label, panel.part) for panel in info.panels[:3]] == [
        ("WGAN-GP", "train"),
        ("WGAN-GP", "validation"),
        ("AE", "train"),
    ]
    panel = info.panels[2]
    assert panel.columns == ("2", "10", "50")
    assert panel.images == tuple(range(8))
    rows = shared_results.tables["reconstruction"]
    rows = rows[rows["trial"].str.startswith("autoencoder-d10-s0") & (rows["part"] == "train") & (rows["image"] == 3)]
    size, step = LEAST_SIZE, LEAST_SIZE + LEAST_SIZE // 12
    for column, name in ((0, "original"), (2, "reconstruction")):
        expected = read_image(rows[name].iloc[0], ImageShape(1, 8)).repeat(SCALE, 0).repeat(SCALE, 1)
        shown = panel.mosaic[3 * step : 3 * step + size, column * step : column * step + size]
        np.testing.assert_array_equal(shown, expected)


def test_missing_reconstructions_are_gaps_with_a_status(make_results: Callable[..., Results]) -> None:
    results = make_results(diverged=lambda trial: "loss" if trial.id.startswith("autoencoder-d10-s0") else "")
    (info,) = reconstruction_grid.infos(results)
    assert next(panel for panel in info.panels if panel.label == "AE").gaps == ((2, "diverged"),)


def test_without_kept_pixels_there_is_no_grid(make_results: Callable[..., Results]) -> None:
    study = pretended_study(measures=(Reconstruction(images=20, generated=10, shard=10, keep=0),))
    results = make_results(study)
    assert reconstruction_grid.infos(results) == ()
    assert sample_grid.infos(results) == ()


def test_many_settings_take_several_lines(make_results: Callable[..., Results]) -> None:
    arm = Arm(model=LcVae(width=8), over={"lam": grid(0, 1, 10), "c": grid(0.01, 0.1, 0.3, math.inf)})
    results = make_results(pretended_study(arms=(arm,), seeds=(0,)))
    (samples,) = sample_grid.infos(results)
    assert [(len(line.mosaics), line.width) for line in samples.lines] == [(8, 8), (4, 8)]
    (reconstructions,) = reconstruction_grid.infos(results)
    assert [(panel.part, len(panel.columns)) for panel in reconstructions.panels] == [
        ("train", 8),
        ("validation", 8),
        ("train", 4),
        ("validation", 4),
    ]
