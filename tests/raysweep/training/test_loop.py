"""A trial ends with the same weights and history however often it was interrupted."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from raysweep.data import load_data
from raysweep.results.store import StudyStore
from raysweep.study import Autoencoder, Digits, Gan, Glo, LcVae, LeNet, Pca, Trial, Vae, WganGp
from raysweep.study.models import FamilySettings
from raysweep.training.loop import EVALUATIONS, LOG_ROWS, TrainingRun

CPU = torch.device("cpu")
MODELS = [
    WganGp(steps=12, width=4, batch=8, critic_steps=2, latent_dim=3),
    Autoencoder(steps=30, width=4, batch=16, latent_dim=3),
    Vae(steps=30, width=4, batch=16, latent_dim=3),
    LcVae(steps=30, width=4, batch=16, latent_dim=3, c=0.05),
    Pca(batch=100, latent_dim=3),
    Glo(steps=30, width=4, batch=16, latent_dim=3),
    Gan(steps=30, width=4, batch=8, packing=2, spectral_norm=True, latent_dim=3),
    LeNet(steps=30, batch=16),
]


def start(trial: Trial, folder: Path) -> TrainingRun:
    return TrainingRun(trial, load_data(Digits(), folder), StudyStore(folder), CPU, checkpoint_seconds=1e9)


def finish(run: TrainingRun) -> tuple[dict[str, Any], pd.DataFrame]:
    while run.advance(1e9).status == "running":
        pass
    store = run.store
    weights = torch.load(io.BytesIO(store.trials.read_model(run.trial.id)), weights_only=True)
    return weights, store.trials.history(run.trial.id).to_pandas()


def same(a: Mapping[str, torch.Tensor], b: Mapping[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.family)
@pytest.mark.slow
def test_interruptions_change_nothing(model: FamilySettings, tmp_path: Path) -> None:
    trial = Trial(arm="a", model=model, data=Digits(), seed=3)
    weights, history = finish(start(trial, tmp_path / "whole"))
    run = start(trial, tmp_path / "torn")
    for steps in (1, 4, 5):
        for _ in range(steps):
            run.advance(0)
        run.checkpoint()
        run.advance(0)  # this step is lost
        run = start(trial, tmp_path / "torn")
    assert run.step == 10
    torn_weights, torn_history = finish(run)
    assert same(weights, torn_weights)
    pd.testing.assert_frame_equal(history, torn_history)


def test_checkpoints_are_written_when_due_however_long_an_advance_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clock on which a step takes two seconds: of 30 steps, every third is followed by a checkpoint."""
    run = start(Trial(arm="a", model=MODELS[1], data=Digits(), seed=0), tmp_path)
    saved = []
    monkeypatch.setattr("raysweep.training.loop.monotonic", lambda: 2.0 * run.step)
    monkeypatch.setattr(run.store.trials, "save_checkpoint", lambda *_: saved.append(run.step))
    run.checkpoint_seconds, run._saved_at = 5.0, 0.0
    assert run.advance(1e9).status == "finished"
    assert saved == list(range(3, 30, 3))


def test_the_seed_changes_the_weights(tmp_path: Path) -> None:
    a, b = (Trial(arm="a", model=MODELS[1], data=Digits(), seed=seed) for seed in (0, 1))
    assert not same(finish(start(a, tmp_path))[0], finish(start(b, tmp_path))[0])


@pytest.mark.slow
def test_history_is_logged_at_equal_intervals(tmp_path: Path) -> None:
    trial = Trial(arm="a", model=Autoencoder(steps=250, width=2, batch=2, latent_dim=1), data=Digits(), seed=0)
    _, history = finish(start(trial, tmp_path))
    train, validation = (history[history["split"] == split]["step"] for split in ("train", "validation"))
    assert len(train) == LOG_ROWS
    assert len(validation) == EVALUATIONS
    assert train.max() == validation.max() == 250
    assert set(np.diff(train)) == {2, 3}


@pytest.mark.slow
def test_a_logged_loss_is_the_mean_since_the_row_before(tmp_path: Path) -> None:
    trial = Trial(arm="a", model=Autoencoder(steps=200, width=2, batch=4, latent_dim=1), data=Digits(), seed=0)
    run = start(trial, tmp_path)
    losses = []
    update = run.learner.update
    run.learner.update = lambda *arguments: losses.append(update(*arguments)) or losses[-1]  # type: ignore[method-assign]
    _, history = finish(run)
    logged = history[history["split"] == "train"]["value"]
    expected = np.array([float(loss["mse"]) for loss in losses]).reshape(LOG_ROWS, 2).mean(axis=1)
    np.testing.assert_allclose(logged, expected, rtol=1e-6)


def test_a_trial_that_diverges_stops_and_says_so(tmp_path: Path) -> None:
    model = Autoencoder(steps=1000, width=4, batch=16, latent_dim=3, learning_rate=1e30)
    trial = Trial(arm="a", model=model, data=Digits(), seed=0)
    run = start(trial, tmp_path)
    while run.advance(1e9).status == "running":
        pass
    record = run.store.trials.record(trial.id)
    assert record is not None
    assert record.status == "diverged"
    assert record.steps < 1000
    assert "not finite" in record.reason
    assert not run.store.folder.exists(f"trials/{trial.id}/model.pt")
    assert all(np.isfinite(value) for value in run.state.metrics.values())


@pytest.mark.parametrize("family", [WganGp, Gan])
def test_a_trial_of_no_steps_leaves_an_initialised_model(family: type[WganGp | Gan], tmp_path: Path) -> None:
    trial = Trial(arm="a", model=family(steps=0, width=4, batch=16, latent_dim=3), data=Digits(), seed=0)
    run = start(trial, tmp_path)
    initial = {name: value.clone() for name, value in run.learner.networks.named_parameters()}
    state = run.advance(0)
    assert (state.status, state.step, state.total, state.share) == ("finished", 0, 0, 1.0)
    weights, history = finish(run)
    assert same(initial, {name: weights[name] for name in initial})
    assert len(history) == 0
    assert {str(kind) for kind in history.dtypes} == {"int64", "float64", "str"}
    assert run.store.trials.record(trial.id).steps == 0  # type: ignore[union-attr]
    events = EventAccumulator(str(run.store.tensorboard(trial.id).path))
    events.Reload()
    assert len(events.Images("samples")) == 1


def test_tensorboard_shows_scalars_and_pictures(tmp_path: Path) -> None:
    trial = Trial(arm="a", model=MODELS[2], data=Digits(), seed=0)
    run = start(trial, tmp_path)
    finish(run)
    events = EventAccumulator(str(run.store.tensorboard(trial.id).path))
    events.Reload()
    assert "loss/train" in events.Tags()["scalars"]
    assert "loss/validation" in events.Tags()["scalars"]
    assert set(events.Tags()["images"]) == {"samples", "reconstructions"}
    assert events.Scalars("loss/train")[-1].step == 30
    picture = events.Images("samples")[-1]
    assert (picture.width, picture.height) == (8 * (32 + 2), 4 * (32 + 2))


def test_checkpoints_load_without_code(tmp_path: Path) -> None:
    run = start(Trial(arm="a", model=MODELS[0], data=Digits(), seed=0), tmp_path)
    run.advance(0)
    run.checkpoint()
    content = io.BytesIO(run.store.folder.read(f"trials/{run.trial.id}/checkpoint.pt"))
    assert torch.load(content, weights_only=True)["step"] == 1


def test_evaluation_of_a_short_run_costs_no_more_than_its_training(tmp_path: Path) -> None:
    def images(model: Autoencoder) -> int:
        return start(Trial(arm="a", model=model, data=Digits(), seed=0), tmp_path)._evaluation_images()

    assert images(Autoencoder(steps=20, batch=64, width=2)) == 500
    assert images(Autoencoder(steps=300, batch=64, width=2)) == 300 * 64 // EVALUATIONS
    assert images(Autoencoder(steps=80_000, batch=64, width=2)) == 10_000
