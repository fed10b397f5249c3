import math
from typing import Any

import pytest

from raysweep.cli.overriding import override
from raysweep.errors import UserError
from raysweep.study import BallLbfgs, Digits, LcVae, Mnist, Reconstruction, Study
from support.small_study import STUDY as SMALL


def models(study: Study) -> dict[str, Any]:
    return {arm.name: arm.model for arm in study.arms}


def test_a_setting_of_one_arm_changes_and_nothing_else() -> None:
    changed = override(SMALL, ["arms.wgan_gp.learning_rate=0.5"])
    assert models(changed)["wgan_gp"].learning_rate == 0.5
    assert override(changed, ["arms.wgan_gp.learning_rate=0.0001"]) == SMALL


def test_settings_change_one_after_the_other() -> None:
    assert override(SMALL, ["seeds=1", "seeds=2, 3"]).seeds == (2, 3)
    assert override(SMALL, []) == SMALL


def test_values_get_the_type_of_the_setting() -> None:
    changed = override(
        SMALL,
        [
            "arms.wgan_gp.betas=0.5,0.9",
            "arms.vae.encoder_norm=false",
            "arms.wgan_gp.over.latent_dim=3, 5",
            "arms.wgan_gp.resources.gpus=0.5",
            "arms.lc_vae.over.c=0.1,inf",
            "data.limit=100",
            "classifier.epochs=2",
            "checkpoint_seconds=30",
        ],
    )
    assert models(changed)["wgan_gp"].betas == (0.5, 0.9)
    assert models(changed)["vae"].encoder_norm is False
    assert changed.arms[0].over == {"latent_dim": (3, 5)}
    assert changed.arms[0].resources.gpus == 0.5
    assert changed.arms[3].over == {"c": (0.1, math.inf)}
    assert changed.data == Digits(limit=100)
    assert changed.classifier.epochs == 2
    assert changed.checkpoint_seconds == 30.0


def test_infinity_is_a_value_of_one_setting_and_not_of_another() -> None:
    study = override(SMALL, ["arms.lc_vae.over.c=inf"])
    assert [trial.model.c for trial in study.trials if isinstance(trial.model, LcVae)] == [math.inf]
    with pytest.raises(UserError, match=r"arms\.lc_vae\.lam=inf: .*finite"):
        override(SMALL, ["arms.lc_vae.lam=inf"])


def test_none_empties_what_may_be_empty() -> None:
    assert override(SMALL, ["data.limit=none"]).data == Digits()
    with pytest.raises(UserError, match=r"arms\.vae\.width=none"):
        override(SMALL, ["arms.vae.width=none"])


def test_one_budget_replaces_the_other() -> None:
    vae = models(override(SMALL, ["arms.vae.epochs=3"]))["vae"]
    assert (vae.steps, vae.epochs) == (None, 3)
    vae = models(override(SMALL, ["arms.vae.epochs=3", "arms.vae.steps=7"]))["vae"]
    assert (vae.steps, vae.epochs) == (7, None)


def test_a_star_stands_for_all_arms_or_measures_that_have_the_setting() -> None:
    changed = override(SMALL, ["arms.*.steps=5", "arms.*.lam=2", "arms.*.over.latent_dim=3", "measures.*.shard=7"])
    assert {model.steps for model in models(changed).values() if hasattr(model, "steps")} == {5}
    assert models(changed)["lc_vae"].lam == 2
    assert {arm.name: arm.over["latent_dim"] for arm in changed.arms if "latent_dim" in arm.over} == {
        "wgan_gp": (3,),
        "autoencoder": (3,),
    }
    sharded = [type(measure) for measure in SMALL.measures if hasattr(measure, "shard")]
    assert [type(measure) for measure in changed.measures if getattr(measure, "shard", None) == 7] == sharded
    assert {arm.resources.cpus for arm in override(SMALL, ["arms.*.resources.cpus=2"]).arms} == {2}


def test_nested_settings_of_a_measure() -> None:
    measure = override(SMALL, ["measures.reconstruction.solver.steps=100"]).measures[0]
    assert isinstance(measure, Reconstruction)
    assert measure.solver.steps == 100


def test_the_data_set_can_be_exchanged_for_another() -> None:
    assert override(SMALL, ["data.kind=mnist"]).data == Mnist(limit=200)
    assert override(SMALL, ["data=mnist"]).data == Mnist(limit=200)


@pytest.mark.parametrize("path", ["measures.reconstruction.solver", "measures.reconstruction.solver.solver"])
def test_the_solver_can_be_exchanged_for_another(path: str) -> None:
    """The constraint is kept; steps, of which another kind takes others, are not."""
    there = override(SMALL, ["measures.reconstruction.solver.feasible=everything", f"{path}=ball_lbfgs"]).measures[0]
    assert isinstance(there, Reconstruction)
    assert there.solver == BallLbfgs(feasible="everything")


def test_what_is_empty_can_be_filled_by_name_and_emptied_again() -> None:
    filled = override(SMALL, ["measures.reconstruction.foreign=mnist"])
    assert isinstance(filled.measures[0], Reconstruction)
    assert filled.measures[0].foreign == Mnist()
    assert override(filled, ["measures.reconstruction.foreign=none"]) == SMALL


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("arms.wgan_gp.stpes=3", "did you mean 'steps'? Allowed: steps, epochs, batch"),
        ("arms.wgangp.steps=3", "no arm is called 'wgangp'; did you mean 'wgan_gp'? Allowed: wgan_gp, autoencoder"),
        ("arms.wgan_gp.steps=abc", "steps=abc: must be a whole number"),
        ("arms.wgan_gp.steps=1.5", "must be a whole number"),
        ("arms.wgan_gp.steps=-1", "must be at least 0"),
        ("arms.wgan_gp.latent_dim=3", "is an axis of this arm (2, 4); set arms.wgan_gp.over.latent_dim instead"),
        ("arms.*.latent_dim=3", "set arms.wgan_gp.over.latent_dim instead"),
        ("arms.vae.over.latnt_dim=3", "'latnt_dim' is not a setting of vae; did you mean 'latent_dim'? Allowed: steps"),
        ("arms.wgan_gp.over.latent_dim=", "whole number"),
        ("arms.wgan_gp.over.latent_dim=2,2", "twice"),
        ("arms.wgan_gp.resources.gpu=1", "did you mean 'gpus'? Allowed: cpus, gpus"),
        ("arms.vae.likelihood=poisson", "'bernoulli' or 'gaussian'"),
        ("arms.*.colour=3", "no arm has the setting 'colour'; allowed: steps"),
        ("arms.*.stpes=3", "no arm has the setting 'stpes'; did you mean 'steps'?"),
        ("arms.*.over.latnt_dim=3", "no arm has the setting 'over.latnt_dim'; did you mean 'latent_dim'?"),
        ("measures.*.imges=3", "no measure has the setting 'imges'; did you mean 'images'?"),
        ("arms.wgan_gp.learning_rate=inf", "must be finite"),
        ("arms.wgan_gp.learning_rate=nan", "must be"),
        ("arms.vae=3", "write arms.<name>.<setting>=VALUE; the names are wgan_gp"),
        ("arms=3", "the names are wgan_gp"),
        ("measures.frechet.smaples=3", "did you mean 'samples'?"),
        ("measures.fid.samples=3", "no measure is called 'fid'"),
        ("measures.reconstruction.solver.step=3", "did you mean 'steps'?"),
        ("measures.reconstruction.sover.steps=3", "'sover' is not a group of settings; did you mean 'solver'?"),
        ("seed=3", "did you mean 'seeds'?"),
        ("seeds=0,0", "seeds must differ"),
        ("seeds=a", "whole number"),
        ("classifier=3", "'classifier' is a group of settings; go on with one of"),
        ("data.kind=minst", "no kind of data is called 'minst'; did you mean 'mnist'?"),
        ("data=minst", "did you mean 'mnist'?"),
        (
            "measures.reconstruction.solver=adam",
            "no kind of solver is called 'adam'; allowed: automatic, ball_lbfgs, levenberg_marquardt, projected_adam",
        ),
        ("data.limit=1", "must be at least 2"),
        ("classifer.epochs=3", "did you mean 'classifier'?"),
        ("title.x=3", "'title' is not a group of settings"),
        ("checkpoint_seconds=0", "must be greater than 0"),
        ("checkpoint_seconds", "has no value; write PATH=VALUE"),
    ],
)
def test_what_is_not_allowed_is_named_with_what_is(assignment: str, words: str) -> None:
    with pytest.raises(UserError) as caught:
        override(SMALL, [assignment])
    assert str(caught.value).startswith(f"setting {assignment}: ")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
