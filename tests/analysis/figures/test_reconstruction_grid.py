from collections.abc import Callable

import numpy as np

from analysis.drawing.pictures import LEAST_SIZE, read_image
from analysis.figures import reconstruction_grid
from analysis.results import Results
from raysweep.study.architecture import ImageShape
from support.other_targets import MEASURE, gan_ae

SCALE = LEAST_SIZE // 8
"""Enlargement of 8 × 8 images."""


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


def test_other_images_have_a_grid_of_their_own(reconstructed: Results) -> None:
    (info,) = reconstruction_grid.other_infos(reconstructed)
    assert [panel.part for panel in info.panels[:4]] == ["shifted by 1 px", "shifted by 4 px", "foreign", "noise"]
    assert {panel.columns for panel in info.panels} == {("2", "10", "50")}
    assert all(panel.images == (0, 1, 2, 3) for panel in info.panels)
    (splits,) = reconstruction_grid.infos(reconstructed)
    assert {panel.part for panel in splits.panels} == {"train", "validation"}
    rows = reconstruction_grid._rows(info.panels)
    assert [[panel.label for panel in row] for row in rows] == [["WGAN-GP"] * 4, ["AE"] * 4]


def test_panels_that_no_row_holds_flow_on(make_results: Callable[..., Results]) -> None:
    many = MEASURE.model_copy(update={"shifts": (1, 2, 3, 4), "keep": 1})
    results = make_results(gan_ae(many), mse=lambda trial, part: 0.5)
    rows = reconstruction_grid._rows(reconstruction_grid.other_infos(results)[0].panels)
    assert [[panel.label for panel in row] for row in rows] == [
        ["WGAN-GP"] * 4,
        ["WGAN-GP", "WGAN-GP", "AE", "AE"],
        ["AE"] * 4,
    ]
