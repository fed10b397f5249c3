import math
from collections.abc import Callable

import numpy as np
import pytest

from analysis.results import Results, Value
from analysis.statistics.curves import Curve, panels
from raysweep.study import Arm, LcVae, Vae, grid
from support.pretended_results import pretended_study


def curve(curves: tuple[Curve, ...], label: str, part: str, latent_dim: int | None = None) -> Curve:
    (found,) = [c for c in curves if c.label == label and c.part == part and c.latent_dim == latent_dim]
    return found


def values_of(results: Results) -> tuple[Value, ...]:
    (measure,) = results.measures("reconstruction")
    return results.means(results.rows(measure), "mse")


def test_a_panel_for_each_swept_axis(make_results: Callable[..., Results]) -> None:
    # mse = seed + 1, plus 10 for the LC-VAE with λ = 0, so every mean is known.
    results = make_results(mse=lambda trial, part: trial.seed + 1 + 10 * (getattr(trial.model, "lam", 1) == 0))
    against_dim, against_lam, against_c = panels(results, values_of(results))
    assert (against_dim.axis, against_dim.values) == ("latent_dim", (2, 10, 50))
    assert (against_lam.axis, against_lam.values) == ("lam", (0.0, 30.0))
    assert (against_c.axis, against_c.values) == ("c", (0.3, math.inf))

    gan = curve(against_dim.curves, "WGAN-GP", "train")
    np.testing.assert_allclose(gan.mean, [1.5, 1.5, 1.5])
    np.testing.assert_allclose(gan.low, [1, 1, 1])
    np.testing.assert_allclose(gan.high, [2, 2, 2])
    assert gan.seeds.tolist() == [2, 2, 2]
    assert {c.label for c in against_dim.curves} == {"WGAN-GP", "AE", "VAE", "LC-VAE (λ = 30, c = 0.3)"}
    assert {c.part for c in against_dim.curves if c.arm == "wgan_gp"} == {"train", "validation", "generated"}

    along = curve(against_lam.curves, "c = ∞", "train", latent_dim=10)
    assert along.x == (0.0, 30.0)
    np.testing.assert_allclose(along.mean, [11.5, 1.5])
    assert len([c for c in against_lam.curves if c.part == "train"]) == 2 * 3


def test_three_seeds_have_intervals(make_results: Callable[..., Results]) -> None:
    results = make_results(pretended_study(seeds=(0, 1, 2)), mse=lambda trial, part: trial.seed + 1.0)
    gan = curve(panels(results, values_of(results))[0].curves, "WGAN-GP", "train")
    np.testing.assert_allclose(gan.mean, 2.0)
    np.testing.assert_allclose(gan.high, 2.0 + 4.302653 / math.sqrt(3), rtol=1e-6)


def test_a_missing_seed_is_counted(make_results: Callable[..., Results]) -> None:
    results = make_results(
        mse=lambda trial, part: trial.seed + 1.0,
        diverged=lambda trial: "loss is not finite" if trial.id.startswith("wgan_gp-d2-s1") else "",
    )
    gan = curve(panels(results, values_of(results))[0].curves, "WGAN-GP", "train")
    assert gan.seeds.tolist() == [1, 2, 2]
    np.testing.assert_allclose(gan.mean, [1.0, 1.5, 1.5])


def test_without_several_dims_there_is_no_panel_against_dim(make_results: Callable[..., Results]) -> None:
    arm = Arm(model=LcVae(width=8), over={"lam": grid(0, 30), "c": grid(0.3, math.inf)})
    results = make_results(pretended_study(arms=(arm,)))
    assert [panel.axis for panel in panels(results, values_of(results))] == ["lam", "c"]


def test_an_arm_that_sweeps_other_axes_only_stays_out_of_the_panel_against_dim(
    make_results: Callable[..., Results],
) -> None:
    study = pretended_study()
    other = Arm(name="other", model=LcVae(width=8), over={"lam": grid(0, 30)})
    results = make_results(pretended_study(arms=(study.arms[2], other)))
    against_dim, against_lam = panels(results, values_of(results))
    assert {c.arm for c in against_dim.curves} == {"vae"}
    assert {c.arm for c in against_lam.curves} == {"other"}
    assert against_lam.axis == "lam"


def test_an_arm_that_sweeps_nothing_is_a_level_where_nothing_is_drawn_against_dim(
    make_results: Callable[..., Results],
) -> None:
    arms = (Arm(model=Vae(width=8)), Arm(model=LcVae(width=8), over={"c": grid(0.3, math.inf)}))
    results = make_results(pretended_study(arms=arms), mse=lambda trial, part: trial.seed + 1.0)
    (against_c,) = panels(results, values_of(results))
    assert {(c.label, c.level) for c in against_c.curves} == {("VAE", True), ("LC-VAE", False)}
    level = curve(against_c.curves, "VAE", "train", latent_dim=10)
    assert level.x == (0.3, math.inf)
    np.testing.assert_allclose(level.mean, [1.5, 1.5])
    np.testing.assert_allclose(level.high, [2, 2])
    # With several dim(z), it has its place there.
    wider = (arms[0], Arm(model=LcVae(width=8), over={"latent_dim": grid(2, 10), "c": grid(0.3, math.inf)}))
    results = make_results(pretended_study(arms=wider))
    against_dim, against_c = panels(results, values_of(results))
    assert not any(c.level for panel in (against_dim, against_c) for c in panel.curves)
    assert {c.arm for c in against_dim.curves} == {"vae", "lc_vae"}


def test_one_model_alone_is_a_point_against_dim(make_results: Callable[..., Results]) -> None:
    results = make_results(pretended_study(arms=(Arm(model=LcVae(width=8)),)))
    (panel,) = panels(results, values_of(results))
    assert (panel.axis, panel.values) == ("latent_dim", (10,))


def test_seeds_without_a_value_leave_a_gap(shared_results: Results) -> None:
    trials = [trial for trial in shared_results.trials if trial.arm == "vae" and trial.latent_dim == 2]
    values = [
        Value(trials[0], "samples", math.nan, 20, censored=1.0),
        Value(trials[1], "samples", 3.0, 20, censored=0.5),
    ]
    (panel,) = panels(shared_results, values)
    (only,) = panel.curves
    assert only.mean.tolist() == [3.0]
    assert only.seeds.tolist() == [1]
    assert only.censored.tolist() == [pytest.approx(0.75)]
