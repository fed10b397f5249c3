import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from analysis.figures import training
from analysis.results import Results


def test_a_panel_for_each_arm_and_metric(shared_results: Results) -> None:
    (info,) = training.infos(shared_results)
    assert [(panel.arm, panel.metric) for panel in info.panels] == [
        ("WGAN-GP", "critic"),
        ("WGAN-GP", "generator"),
        ("AE", "mse"),
        ("VAE", "divergence"),
        ("VAE", "reconstruction"),
        ("LC-VAE", "divergence"),
        ("LC-VAE", "reconstruction"),
        ("classifier", "loss"),
    ]
    critic = info.panels[0].curves
    assert [(c.latent_dim, c.seed, c.split) for c in critic][:4] == [
        (2, 0, "train"),
        (2, 0, "validation"),
        (2, 1, "train"),
        (2, 1, "validation"),
    ]
    assert critic[0].step.tolist() == list(range(20, 401, 20))
    np.testing.assert_allclose(critic[0].value, [40 / math.sqrt(step) for step in range(20, 401, 20)])


def test_arms_with_other_axes_are_shown_at_their_own_setting(shared_results: Results) -> None:
    (info,) = training.infos(shared_results)
    assert "LC-VAE at λ = 30, c = 0.3" in training.caption(info)
    lipschitz = next(panel for panel in info.panels if panel.arm == "LC-VAE")
    assert len(lipschitz.curves) == 3 * 2 * 2


def test_diverged_trials_are_counted_once(make_results: Callable[..., Results]) -> None:
    results = make_results(diverged=lambda trial: "loss" if trial.id.startswith("wgan_gp-d2-s0") else "")
    (info,) = training.infos(results)
    assert "stopped early: 1." in training.caption(info)


def test_what_was_logged_once_is_no_curve(shared_results: Results) -> None:
    history = shared_results.tables["history"]
    ends = history[(history["step"] == 400) | history["trial"].str.startswith("vae-")]
    (info,) = training.infos(replace(shared_results, tables={**shared_results.tables, "history": ends}))
    assert {panel.arm for panel in info.panels} == {"VAE"}
