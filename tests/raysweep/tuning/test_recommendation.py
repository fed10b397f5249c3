"""The recommended settings are those of a stated rule, and a study that runs as it is."""

import math
from pathlib import Path

import pytest

from raysweep.cli.loading import load_study
from raysweep.results.names import RECOMMENDED
from raysweep.results.store import StudyStore
from raysweep.run import main
from raysweep.study import Digits, LcVae, Mnist, Omega, Samples, Study
from raysweep.tuning import Tuning, log_uniform
from raysweep.tuning.recommendation import recommended_arm, recommended_study

TUNING = Tuning(
    name="tiny",
    title='A "tiny" tuning',
    question="Which λ?",
    data=Digits(limit=100),
    model=LcVae(width=4, steps=20, batch=16, latent_dim=2),
    space={"lam": log_uniform(0.1, 10, otherwise=0), "c": log_uniform(0.003, 0.3, otherwise=math.inf)},
    objectives=("held_out_loss", "looseness"),
    measures=(Omega(pairs=20, jacobians=2),),
    final_measures=(Samples(count=16),),
    baselines={"plain_vae": {"lam": 0, "c": math.inf}},
    seeds=(0, 200),
    fresh_seeds=(100, 101),
)
MODELS = {
    "plain_vae": TUNING.model_at({"lam": 0, "c": math.inf}),
    "c3": TUNING.model_at({"lam": 0.1 + 0.2, "c": math.inf}),
}
STUDY = TUNING.study(MODELS, TUNING.fresh_seeds, final=True)
SCORES = {
    "plain_vae": {"held_out_loss": [2.0, 4.0], "looseness": [0.8, 0.8]},
    "c3": {"held_out_loss": [2.0, 3.0], "looseness": [0.3, 0.5]},
}


def test_the_file_runs_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAYSWEEP_DATA", raising=False)
    store = StudyStore(tmp_path / TUNING.name)
    recommended = recommended_study(TUNING, STUDY, SCORES)
    store.save_recommended(recommended)
    file = store.folder.locate(RECOMMENDED)
    study = load_study(file)
    assert study == recommended
    assert isinstance(study, Study)
    assert [arm.model for arm in study.arms] == [MODELS["c3"]]
    assert study.seeds == (201, 202)
    assert [measure.name for measure in study.measures] == ["omega", "samples"]
    assert study.name != TUNING.name
    assert main([file, "--plan", "--results", str(tmp_path)]) == 0


def test_the_rule_is_the_sum_of_ranks_on_fresh_seeds() -> None:
    tuning = TUNING.model_copy(update={"objectives": ("held_out_loss", "collision_entropy", "frechet")})
    scores = {
        "a": {"held_out_loss": [1.0], "collision_entropy": [0.1], "frechet": [3.0]},  # 1 + 3 + 3
        "b": {"held_out_loss": [2.0], "collision_entropy": [0.9], "frechet": [1.5]},  # 2 + 1 + 1.5
        "c": {"held_out_loss": [3.0], "collision_entropy": [0.5], "frechet": [1.5]},  # 3 + 2 + 1.5
    }
    assert recommended_arm(tuning, scores) == "b"
    assert recommended_arm(tuning, {name: scores[name] for name in "ac"}) == "c"


def test_a_baseline_that_nothing_beats_is_recommended() -> None:
    equal = {"plain_vae": SCORES["c3"], "c3": SCORES["c3"]}
    assert recommended_arm(TUNING, equal) == "plain_vae"


def test_what_failed_on_fresh_seeds_is_not_recommended() -> None:
    assert recommended_arm(TUNING, {"plain_vae": SCORES["plain_vae"], "c3": {}}) == "plain_vae"
    assert recommended_study(TUNING, STUDY, {"plain_vae": {}, "c3": {}}) is None


def test_long_names_are_cut() -> None:
    tuning = TUNING.model_copy(update={"name": "t" * 40, "data": Mnist()})
    study = recommended_study(tuning, STUDY, SCORES)
    assert study is not None
    assert len(study.name) == 40
