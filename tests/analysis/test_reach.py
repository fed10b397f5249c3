import io
from collections.abc import Callable

import pandas as pd
import pytest

from analysis.__main__ import main
from raysweep.results.store import StudyStore
from raysweep.study import Trial
from support.pretended_results import pretended_study


def half_error(trial: Trial, part: str) -> float:
    """1 / dim(z) for the AE, twice that for the GAN; on validation images half as much again."""
    return (2.0 if trial.arm == "wgan_gp" else 1.0) * (1.5 if part == "validation" else 1.0) / (trial.latent_dim or 1)


@pytest.fixture
def reached(make_store: Callable[..., StudyStore]) -> str:
    """Results of a GAN and an AE at dim(z) = 2, 10 and 50."""
    study = pretended_study()
    return str(make_store(pretended_study(arms=study.arms[:2], measures=study.measures[:1]), mse=half_error).folder)


def test_the_smallest_dim_for_an_error_is_printed(reached: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([reached, "--reach", "0.05"]) == 0
    gan, ae, unit, method = capsys.readouterr().out.splitlines()
    assert gan.startswith("WGAN-GP reaches 0.05 at dim(z) = 40 [3")
    assert gan.endswith("]; measured between 10 and 50")
    assert ae.startswith("AE reaches 0.05 at dim(z) = 20 [")
    assert unit.endswith("on training images.")
    assert "bootstrap over 20 images and 2 seeds" in method


def test_what_lies_beyond_the_dims_tried_is_said(reached: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([reached, "--reach", "0.022", "--part", "validation"]) == 0
    out = capsys.readouterr().out
    assert "WGAN-GP reaches 0.022 at more than dim(z) = 50, the largest tried\n" in out
    assert main([reached, "--reach", "0.9", "--arm", "autoencoder"]) == 0
    (line, *_) = capsys.readouterr().out.splitlines()
    assert line == "AE reaches 0.9 at most at dim(z) = 2, the smallest tried"
    assert main([reached, "--reach", "0.1", "--arm", "autoencoder"]) == 0
    assert "AE reaches 0.1 at dim(z) = 10 [" in capsys.readouterr().out


def test_the_smallest_dim_is_a_table_too(reached: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([reached, "--reach", "0.05", "--csv"]) == 0
    table = pd.read_csv(io.StringIO(capsys.readouterr().out))
    assert list(table["arm"]) == ["wgan_gp", "autoencoder"]
    assert list(table["dim"]) == [40, 20]
    assert set(table["images"]) == {20}
    assert set(table["largest_tried"]) == {50}


@pytest.mark.slow
def test_measures_that_encode_alike_are_told_once(
    make_store: Callable[..., StudyStore], capsys: pytest.CaptureFixture[str]
) -> None:
    study = pretended_study()
    twice = (study.measures[0], study.measures[0].model_copy(update={"name": "again", "images": 10}))
    for measures, lines in ((twice, 2 + 4 + 2), ((twice[0], twice[0].model_copy(update={"name": "again"})), 2 + 2)):
        store = make_store(pretended_study(arms=study.arms[:2], measures=measures), mse=half_error)
        assert main([str(store.folder), "--reach", "0.05"]) == 0
        assert len(capsys.readouterr().out.splitlines()) == lines


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--reach", "0"], "--reach 0: not an error to reach"),
        (["--reach", "inf"], "--reach inf: not an error"),
        (["--reach", "0.1", "--arm", "autoencodr"], "none of that name; did you mean 'autoencoder'?"),
        (["--reach", "0.1", "--part", "test"], "--part test: unknown; allowed: train, validation"),
        (["--arm", "autoencoder"], "--arm, --part and --csv only refine --reach"),
    ],
)
def test_what_cannot_be_reached_is_one_line(
    reached: str, capsys: pytest.CaptureFixture[str], options: list[str], words: str
) -> None:
    assert main([reached, *options]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert words in captured.err


def test_without_reconstructions_nothing_is_reached(
    make_store: Callable[..., StudyStore], capsys: pytest.CaptureFixture[str]
) -> None:
    store = make_store(pretended_study(measures=(), seeds=(0,)))
    assert main([str(store.folder), "--reach", "0.1"]) == 2
    assert "no reconstruction error was measured; add Reconstruction()" in capsys.readouterr().err
