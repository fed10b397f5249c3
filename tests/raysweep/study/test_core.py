import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from raysweep.errors import UserError
from raysweep.study import (
    Arm,
    Autoencoder,
    CelebA,
    ClassRadius,
    Digits,
    FrechetDistance,
    LcVae,
    Mnist,
    Reconstruction,
    Samples,
    Study,
    Trial,
    WganGp,
    grid,
)
from raysweep.study.core import AxisValue, describe_errors
from raysweep.study.measures import MeasureSettings


def study(**changes: object) -> Study:
    fields: dict[str, object] = {
        "name": "small",
        "title": "Small",
        "question": "Does it work?",
        "data": Digits(),
        "arms": (Arm(model=WganGp(), over={"latent_dim": grid(2, 8)}),),
        "seeds": (0, 1),
    }
    return Study.model_validate({**fields, **changes})


def message(**changes: object) -> str:
    with pytest.raises(ValidationError) as caught:
        study(**changes)
    return describe_errors(caught.value)


def test_trials_are_the_product_of_axes_and_seeds() -> None:
    lc = Arm(model=LcVae(), over={"lam": grid(0, 30), "c": grid(0.3, math.inf), "latent_dim": grid(2, 10, 20)})
    trials = study(arms=(lc,), seeds=(0, 1, 2)).trials
    assert len(trials) == 2 * 2 * 3 * 3
    assert len({trial.id for trial in trials}) == len(trials)
    assert {(t.model.lam, t.model.c, t.model.latent_dim, t.seed) for t in trials} == {  # type: ignore[union-attr]
        (lam, c, d, s) for lam in (0, 30) for c in (0.3, math.inf) for d in (2, 10, 20) for s in (0, 1, 2)
    }


def test_ids_are_readable_and_stable() -> None:
    ids = [trial.id for trial in study().trials]
    assert [trial_id.rsplit("-", 1)[0] for trial_id in ids] == [
        "wgan_gp-d2-s0",
        "wgan_gp-d2-s1",
        "wgan_gp-d8-s0",
        "wgan_gp-d8-s1",
    ]
    assert ids == [trial.id for trial in Study.model_validate_json(study().model_dump_json()).trials]


# Hashes of default settings as version 0.1.0 made them: with others, finished work would not be taken up.
FAMILIES = {
    "autoencoder": "288ba6",
    "gan": "ffa68c",
    "glo": "89c05f",
    "lc_vae": "5c1df5",
    "lenet": "78f395",
    "pca": "731802",
    "polynomial": "f6622b",
    "toy": "6a60b0",
    "vae": "201951",
    "wgan_gp": "b6bc5a",
}
DATA = {
    "celeba": "30e66e",
    "cifar10": "061ce8",
    "digits": "b6bc5a",
    "fashion_mnist": "3b03d2",
    "grid2d": "ffafe7",
    "mnist": "48ab06",
}
MEASURES = {
    "birthday_test": "a5279d",
    "class_map": "bc5de1",
    "class_radius": "632c0f",
    "encodings": "0f40cd",
    "exact_radius": "df562e",
    "frechet": "669d71",
    "holes": "dd7d0c",
    "interpolant": "5308bc",
    "interpolation": "f6d386",
    "kernel_distance": "e5b1ab",
    "loss_surface": "30278a",
    "memorisation": "73e218",
    "modes": "f8d4ef",
    "omega": "534a1e",
    "precision_recall": "14d878",
    "reconstruction": "9bef04",
    "reconstruction_classifier": "79d83a",
    "samples": "b1ba5d",
    "weights": "1cdb12",
}
SOLVERS = {
    "automatic": "9bef04",
    "ball_lbfgs": "e70cc7",
    "levenberg_marquardt": "c351f5",
    "projected_adam": "d89d9b",
    "webster_lbfgs": "7b441e",
}


def test_ids_and_keys_are_those_of_earlier_versions() -> None:
    def trial(**settings: object) -> str:
        return Trial.model_validate({"arm": "a", "model": WganGp(), "data": Digits(), "seed": 0, **settings}).id[-6:]

    def key(settings: MeasureSettings, classifier: str) -> str:
        return settings.key(classifier)[-6:]

    assert {name: trial(model={"family": name}) for name in FAMILIES} == FAMILIES
    assert {name: trial(data={"kind": name}) for name in DATA} == DATA
    assert {name: key(MeasureSettings.kinds()[name].model_validate({}), "classifier") for name in MEASURES} == MEASURES
    assert {name: key(Reconstruction.model_validate({"solver": {"solver": name}}), "") for name in SOLVERS} == SOLVERS


@pytest.mark.parametrize(
    "change",
    [
        {"arms": (Arm(model=WganGp(learning_rate=2e-4), over={"latent_dim": grid(2, 8)}),)},
        {"data": Digits(limit=100)},
        {"data": Mnist()},
    ],
)
def test_what_changes_the_weights_changes_every_id(change: dict[str, object]) -> None:
    assert not {trial.id for trial in study().trials} & {trial.id for trial in study(**change).trials}


@pytest.mark.parametrize("change", [{"title": "Other"}, {"checkpoint_seconds": 5.0}, {"measures": (Reconstruction(),)}])
def test_what_does_not_change_the_weights_changes_no_id(change: dict[str, object]) -> None:
    assert {trial.id for trial in study().trials} == {trial.id for trial in study(**change).trials}


def test_a_larger_study_keeps_the_ids_of_the_smaller() -> None:
    larger = study(arms=(Arm(model=WganGp(), over={"latent_dim": grid(2, 4, 8)}),), seeds=(0, 1, 2))
    assert {trial.id for trial in study().trials} < {trial.id for trial in larger.trials}


@given(
    lam=st.lists(st.floats(0, 1e6), min_size=1, max_size=3, unique=True),
    c=st.lists(st.one_of(st.floats(1e-6, 1e3), st.just(math.inf)), min_size=1, max_size=3, unique=True),
    seeds=st.lists(st.integers(0, 2**40), min_size=1, max_size=3, unique=True),
)
def test_a_study_loads_back_equal(lam: list[float], c: list[float], seeds: list[int]) -> None:
    whole = study(arms=(Arm(model=LcVae(), over={"lam": tuple(lam), "c": tuple(c)}),), seeds=tuple(seeds))
    again = Study.model_validate_json(whole.model_dump_json())
    assert again == whole
    assert [trial.id for trial in again.trials] == [trial.id for trial in whole.trials]
    for trial in whole.trials:
        there_and_back = Trial.model_validate_json(trial.model_dump_json())
        assert there_and_back == trial
        assert there_and_back.id == trial.id


def test_one_classifier_is_trained_if_a_measure_needs_it() -> None:
    assert study(measures=(Reconstruction(),)).classifier_trial is None
    with_both = study(measures=(FrechetDistance(features="lenet"), ClassRadius()))
    assert [trial.arm for trial in with_both.trials].count("classifier") == 1
    assert study(measures=(FrechetDistance(features="inception"),)).classifier_trial is None


@pytest.mark.parametrize(
    ("over", "words"),
    [
        ({"latentdim": grid(2)}, ["'latentdim' is not a setting of wgan_gp", "latent_dim", "learning_rate"]),
        ({"latent_dim": grid(0)}, ["latent_dim", "greater than 0"]),
        ({"latent_dim": grid(2.5)}, ["latent_dim", "2.5"]),
        ({"latent_dim": grid("many")}, ["latent_dim", "many"]),
        ({"latent_dim": grid()}, ["latent_dim", "no values"]),
        ({"latent_dim": grid(2, 2.0)}, ["latent_dim", "twice"]),
        ({"family": grid("vae")}, ["'family' is not a setting"]),
    ],
)
def test_a_wrong_axis_is_named(over: dict[str, tuple[AxisValue, ...]], words: list[str]) -> None:
    with pytest.raises(ValidationError) as caught:
        Arm(model=WganGp(), over=over)
    text = describe_errors(caught.value)
    assert all(word in text for word in words), text


def test_wrong_fields_are_named() -> None:
    assert "seedz" in message(seedz=(1,))
    assert "seeds" in message(seeds=())
    assert "name" in message(name="../../etc")
    assert "name" in message(name="Über")
    assert "checkpoint_seconds" in message(checkpoint_seconds=0)
    assert "arms must differ, but wgan_gp appears more than once" in message(arms=(Arm(model=WganGp()),) * 2)
    assert "classifier" in message(arms=(Arm(model=WganGp(), name="classifier"),))


def test_one_thing_without_its_comma_is_answered_with_the_comma() -> None:
    assert "measures is a tuple, even of one: write measures=(…,) with a comma" in message(measures=Reconstruction())
    assert "arms is a tuple" in message(arms=Arm(model=WganGp()))
    assert "seeds is a tuple" in message(seeds=(0))


def test_a_seed_named_twice_is_to_be_left_out() -> None:
    assert "seeds must differ, but 3 appears more than once; leave it out once" in message(seeds=(3, 3))


def test_a_measure_that_needs_classes_is_refused_without_them() -> None:
    with pytest.raises(UserError, match="the classifier that class_radius needs: the data set has no classes"):
        study(data=CelebA(), measures=(ClassRadius(),)).check_shapes(Path())


def test_a_shape_that_a_family_cannot_use_is_refused() -> None:
    looser = study(arms=(Arm(model=LcVae()), Arm(model=Autoencoder())))
    looser.check_shapes(Path())


def test_a_copy_derives_its_ids_anew() -> None:
    first = study().trials[0]
    assert first.model_copy(update={"seed": 9}).id != first.id
    whole = study()
    assert len(whole.trials) == 4
    assert len(whole.model_copy(update={"seeds": (0, 1, 2)}).trials) == 6


def test_a_measure_may_be_of_some_arms_only_which_changes_none_of_its_rows() -> None:
    arms = (Arm(model=WganGp()), Arm(model=Autoencoder()))
    every, some = Reconstruction(), Reconstruction(arms=("autoencoder",))
    small = study(arms=arms, measures=(some,))
    assert {trial.arm for _, trial, _ in small.measurements(small.data.facts(Path()))} == {"autoencoder"}
    assert some.key("") == every.key("")


def test_an_arm_that_is_to_be_measured_must_be_there() -> None:
    with pytest.raises(ValidationError, match="measure reconstruction is of arm 'wgangp': unknown; did you mean 'wgan"):
        study(arms=(Arm(model=WganGp()),), measures=(Reconstruction(arms=("wgangp",)),))


def test_a_study_names_the_data_sets_that_it_needs() -> None:
    measures = (Reconstruction(foreign=Mnist()), Reconstruction(name="again", foreign=Mnist()), Samples())
    study = Study(name="mine", title="t", question="q", data=Digits(), arms=(Arm(model=WganGp()),), measures=measures)
    assert study.data_sets == (Digits(), Mnist())
