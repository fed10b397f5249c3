"""A search goes on as if it had not been interrupted, is the longer one if made longer, and never judges its choice."""

import contextlib
import math
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import cycle
from pathlib import Path

import numpy as np
import optuna
import pandas as pd
import psutil
import pytest
from filelock import FileLock
from pydantic import ValidationError

from raysweep.cli.loading import load_study
from raysweep.cli.options import DONE, REFUSED
from raysweep.cli.overriding import override
from raysweep.cli.plan import with_prefix
from raysweep.errors import UserError
from raysweep.execution import worker
from raysweep.execution.agenda import Agenda
from raysweep.execution.pipeline import Progress
from raysweep.execution.plan import make_plan
from raysweep.execution.serial import SerialBackend
from raysweep.execution.tasks import TrainTask, Workplace, task_name
from raysweep.results.names import RECOMMENDED
from raysweep.results.store import StudyStore
from raysweep.run import main
from raysweep.study import Digits, FrechetDistance, LcVae, Omega, Study, WganGp
from raysweep.study.objectives import OBJECTIVES, nondominated
from raysweep.tuning import Halving, MedianRule, Nsga2, Random, Tpe, Tuning, choice, log_uniform
from raysweep.tuning.agenda import run_search
from raysweep.tuning.run import choose_finalists, run_tuning
from raysweep.tuning.search import Configuration, Search
from support.processes import descendants, wait_for_work
from support.runs import TABLES, Recorder

TINY = Tuning(
    name="tiny",
    title="A tiny tuning",
    question="Does the whole way work?",
    data=Digits(limit=100),
    model=LcVae(width=4, steps=20, batch=16, latent_dim=2),
    space={
        "lam": log_uniform(0.1, 10, otherwise=0),
        "c": log_uniform(0.05, 0.3, otherwise=math.inf),
        "clamp": choice("weights", "weights_and_gains", only_with="c"),
    },
    objectives=("held_out_loss", "looseness"),
    measures=(Omega(pairs=20, jacobians=2),),
    baselines={"published": {"lam": 3, "c": 0.3}, "plain_vae": {"lam": 0, "c": math.inf}},
    twin="plain_vae",
    sampler=Tpe(startup=3),
    configurations=5,
    parallel=2,
    seeds=(0,),
    finalists=1,
    fresh_seeds=(100, 101),
)
SAMPLERS = pytest.mark.parametrize("sampler", [Tpe(startup=3), Nsga2(population=3), Random()], ids=lambda s: s.kind)


def workplace(folder: Path, settings: Tuning) -> Workplace:
    """A results folder in which a search can begin."""
    place = Workplace(folder, folder)
    place.store.save_study(settings.study({"model": settings.model}, (0,)), settings.data.facts(folder), {})
    return place


def pretend(search: Search, until: int) -> None:
    """Draws and scores configurations by a formula, `parallel` at a time, until there are so many."""
    running = [each for each in search.configurations() if each.state == "running"]
    count = len(search.configurations())
    while count < until or running:
        while count < until and len(running) < search.tuning.parallel:
            running.append(search.draw())
            count += 1
        search.tell(scored(running.pop(0)))


def scored(configuration: Configuration) -> Configuration:
    assert isinstance(configuration.model, LcVae)
    lam = configuration.model.lam
    scores = {"held_out_loss": [math.log1p(lam)], "looseness": [1 / (1 + lam)]}
    return replace(configuration, state="complete", scores=scores)


def drawn(folder: Path, settings: Tuning, *stops: int) -> list[LcVae]:
    """The configurations of a search that is opened anew, as after a kill, at every stop."""
    folder.mkdir()
    for stop in stops:
        search = Search(settings, StudyStore(folder))
        pretend(search, stop)
    return [each.model for each in search.configurations()]  # type: ignore[misc]


@SAMPLERS
@pytest.mark.slow
def test_a_search_goes_on_and_is_made_longer_as_if_it_had_been_one(tmp_path: Path, sampler: Tpe) -> None:
    settings = TINY.model_copy(update={"sampler": sampler})
    whole = drawn(tmp_path / "whole", settings, 9)
    assert len(set(whole)) > len(settings.baselines)
    assert drawn(tmp_path / "stopped", settings, 2, 4, 6, 8, 9) == whole
    assert [each.lam for each in whole[:2]] == [3, 0]


@SAMPLERS
@pytest.mark.slow
def test_what_is_drawn_lies_in_the_space_and_is_drawn_once(tmp_path: Path, sampler: Tpe) -> None:
    """Without a second draw, a quarter of the first ones would all be λ = 0 and c = ∞."""
    settings = TINY.model_copy(update={"sampler": sampler})
    models = drawn(tmp_path / "search", settings, 10)
    for model in models:
        for name, dimension in settings.space.items():
            assert dimension.contains(getattr(model, name))
        assert model.c < math.inf or model.clamp == "weights"
    assert len(set(models)) == len(models)


@SAMPLERS
@pytest.mark.slow
def test_what_is_drawn_does_not_depend_on_which_configuration_ends_first(tmp_path: Path, sampler: Tpe) -> None:
    settings = TINY.model_copy(update={"sampler": sampler, "parallel": 3})
    expected = drawn(tmp_path / "in_order", settings, 12)
    (tmp_path / "out_of_order").mkdir()
    search = Search(settings, StudyStore(tmp_path / "out_of_order"))
    running = [search.draw() for _ in range(3)]
    for number in range(3, 12):  # the newest ends first, unless an older one must be known by now
        oldest = running[0].number <= number - 1 - settings.unknown
        search.tell(scored(running.pop(0 if oldest else -1)))
        running.append(search.draw())
    assert [each.model for each in search.configurations()] == expected


def test_the_share_of_random_draws_at_otherwise_is_as_stated(tmp_path: Path) -> None:
    lam = log_uniform(0.1, 10, otherwise=0, otherwise_share=0.1)
    space = {"lam": lam, "learning_rate": log_uniform(1e-4, 1e-2)}  # the rate makes every draw another one
    plain = {"sampler": Random(), "baselines": {}, "twin": None}
    settings = Tuning.model_validate({**dict(TINY), **plain, "space": space, "parallel": 20})
    search = Search(settings, StudyStore(tmp_path))
    zero = sum(search._ranged(number, 0)["lam ranged"] is False for number in range(2_000))
    assert zero / 2_000 == pytest.approx(0.1, abs=0.03)
    models = [search.draw().model for _ in range(20)]
    assert [each.lam > 0 for each in models] == [search._ranged(n, 0)["lam ranged"] for n in range(20)]  # type: ignore[union-attr]


def test_where_all_was_tried_the_search_still_ends(tmp_path: Path) -> None:
    settings = TINY.model_copy(update={"space": {"clamp": choice("weights", "weights_and_gains")}, "baselines": {}})
    assert len(drawn(tmp_path / "search", settings, 4)) == 4


def test_a_few_censored_class_radii_count_as_the_largest_found() -> None:
    few = pd.DataFrame({"radius": [1.0] * 18 + [3.0, math.inf]})
    assert OBJECTIVES["class_radius"].value(few) == pytest.approx((18 + 3 + 3) / 20)
    assert OBJECTIVES["class_radius"].value(pd.DataFrame({"radius": [1.0, math.inf]})) == math.inf


@pytest.mark.slow
def test_the_whole_way_reports_only_fresh_seeds(tmp_path: Path) -> None:
    place = workplace(tmp_path, TINY)
    study = run_tuning(TINY, place, SerialBackend(), Recorder())
    store = place.store
    assert set(store.table("trials")["seed"]) == {100, 101}
    evaluations = store.table("evaluations")
    assert set(evaluations[evaluations["stage"] == "fresh"]["configuration"]) == {arm.name for arm in study.arms}
    assert len(evaluations[evaluations["stage"] == "search"]) == 5 * 2
    assert np.isfinite(evaluations["value"]).all()
    assert isinstance(load_study(store.folder.locate(RECOMMENDED)), Study)
    (name,) = optuna.get_all_study_names(store.optuna_url)
    assert {t.state.name for t in optuna.load_study(study_name=name, storage=store.optuna_url).trials} == {"COMPLETE"}
    recorder = Recorder()
    run_tuning(TINY, place, SerialBackend(), recorder)
    assert recorder.expected == set()


@dataclass
class Order:
    """A backend that does nothing, and ends the trials in an order of its own."""

    positions: Iterator[int]
    """Of the trials in work, from the oldest to the newest, which is the next to end."""
    in_work: list[int] = field(default_factory=list)
    """How many there were before each ended."""

    def run(self, agenda: Agenda, progress: Progress) -> None:
        trials: list[TrainTask] = []
        while True:
            trials += iter(agenda.take_trial, None)
            if not trials:
                return
            self.in_work.append(len(trials))
            agenda.fail(task_name(trials.pop(min(next(self.positions), len(trials) - 1))))


@pytest.mark.parametrize("positions", [[0], [2, 1, 0]], ids=["in order", "out of order"])
@pytest.mark.slow
def test_as_many_as_wanted_are_in_work_until_the_last_are_drawn(tmp_path: Path, positions: list[int]) -> None:
    """Everything fails here, and the search ends all the same."""
    settings = TINY.model_copy(update={"parallel": 3, "configurations": 8, "sampler": Random()})
    order = Order(cycle(positions))
    search = run_search(settings, Workplace(tmp_path, tmp_path), order, Recorder())
    assert order.in_work == [3, 3, 3, 3, 3, 3, 2, 1]
    assert {each.state for each in search.configurations()} == {"failed"}


@pytest.mark.slow
def test_a_failure_is_recorded_and_does_not_end_the_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = worker.start_training

    def start(task: TrainTask, *arguments: object) -> object:
        if task.trial.arm == "c3":
            raise UserError("this one fails")
        return real(task, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("raysweep.execution.worker.start_training", start)
    found = run_search(TINY, Workplace(tmp_path, tmp_path), SerialBackend(), Recorder()).configurations()
    assert [each.state for each in found] == ["complete"] * 3 + ["failed", "complete"]
    assert found[3].reason == "seed 0: failed: this one fails"
    assert "c3" not in {each.arm for each in choose_finalists(TINY, found)}


PRUNED = Tuning.model_validate(
    {
        **dict(TINY),
        "model": TINY.model.model_copy(update={"steps": 10}),
        "space": {"learning_rate": log_uniform(1e-5, 1e-1)},
        "objectives": ("held_out_loss",),
        "measures": (),
        "baselines": {},
        "twin": None,
        "pruner": MedianRule(startup=1, warmup=0.1),
        "sampler": Random(),
        "configurations": 6,
        "seeds": (0, 1),
    }
)


def interrupted_at_every_step(tuning_: Tuning, place: Workplace, monkeypatch: pytest.MonkeyPatch) -> Search:
    """A search that is ended before each record of a result, and in the midst of each trial's training."""
    real, seen = Search.tell, set[int]()

    def tell(search: Search, configuration: Configuration) -> None:
        if configuration.number not in seen:
            seen.add(configuration.number)
            raise KeyboardInterrupt
        real(search, configuration)

    monkeypatch.setattr(Search, "tell", tell)
    while True:
        with contextlib.suppress(KeyboardInterrupt):
            return run_search(tuning_, place, SerialBackend(), Recorder())


@pytest.mark.parametrize("pruner", [PRUNED.pruner, Halving(reduction=2)], ids=lambda each: each.kind)
@pytest.mark.slow
def test_pruning_is_the_same_whatever_the_interruptions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pruner: MedianRule | Halving
) -> None:
    settings = PRUNED.model_copy(update={"pruner": pruner})
    place, other = (Workplace(tmp_path / name, tmp_path) for name in ("undisturbed", "interrupted"))
    for each in (place, other):
        each.results.mkdir()
    search = run_search(settings, place, SerialBackend(), Recorder())
    found = search.configurations()
    states = [each.state for each in found]
    assert len(states) == settings.configurations
    assert states.count("pruned") > 0
    assert states.count("pruned") + states.count("complete") == len(states)
    assert [trial.state.name.lower() for trial in search.record.trials] == states
    assert interrupted_at_every_step(settings, other, monkeypatch).configurations() == found


@pytest.mark.slow
def test_pruned_trials_cost_less_and_are_not_taken_for_results(tmp_path: Path) -> None:
    place = workplace(tmp_path, PRUNED)
    study = run_tuning(PRUNED, place, SerialBackend(), Recorder())
    rows = place.store.table("configurations").set_index("configuration")
    pruned = [name for name, row in rows.iterrows() if row["state"] == "pruned"]
    assert pruned
    assert rows.loc[pruned, "reason"].str.contains("held-out loss .* above the limit of").all()
    assert not set(pruned) & {arm.name for arm in study.arms}
    assert not set(pruned) & set(place.store.table("evaluations")["configuration"])
    assert set(place.store.table("trials")["status"]) == {"finished"}
    run_tuning(PRUNED.model_copy(update={"pruner": None}), place, SerialBackend(), Recorder())
    assert set(place.store.table("configurations")["state"]) == {"complete"}  # what was pruned is trained to its end
    run_tuning(PRUNED.model_copy(update={"title": "Again"}), place, SerialBackend(), Recorder())
    pd.testing.assert_frame_equal(place.store.table("configurations").set_index("configuration"), rows)


def study_file(folder: Path, settings: Tuning = TINY) -> str:
    file = folder / "study_file.py"
    file.write_text(
        f"from raysweep.tuning import Tuning\nSTUDY = Tuning.model_validate_json({settings.model_dump_json()!r})\n"
    )
    return str(file)


SHORT = TINY.model_copy(update={"configurations": 4, "fresh_seeds": (100,)})


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> StudyStore:
    place = workplace(tmp_path_factory.mktemp("undisturbed"), SHORT)
    run_tuning(SHORT, place, SerialBackend(), Recorder())
    return place.store


@pytest.mark.slow
@pytest.mark.parametrize(
    ("backend", "kills"), [(["--serial"], 2), pytest.param([], 1, marks=pytest.mark.ray)], ids=["serial", "ray"]
)
def test_a_search_that_is_killed_at_random_moments_gives_the_same_tables(
    tmp_path: Path, undisturbed: StudyStore, backend: list[str], kills: int
) -> None:
    options = [study_file(tmp_path, SHORT), *backend, "--results", str(tmp_path)]
    command = [sys.executable, "-m", "raysweep.run", *options]
    moments, killed = random.Random(os.urandom(8)), 0
    orphans: list[psutil.Process] = []  # Ray's, some of which write on beside the next run: that must not matter
    try:
        for _ in range(int(os.environ.get("RAYSWEEP_KILLS", kills))):
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            wait_for_work(process, tmp_path)
            time.sleep(moments.uniform(0, 1))
            orphans += descendants(process, lambda child: True) if process.poll() is None else []
            process.kill()
            killed += process.wait() == -signal.SIGKILL
        assert killed > 0
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    finally:
        for orphan in orphans:
            with contextlib.suppress(psutil.NoSuchProcess):
                orphan.kill()
    found = StudyStore(tmp_path / SHORT.name)
    for name in TABLES:
        pd.testing.assert_frame_equal(found.table(name), undisturbed.table(name), check_exact=True)
    assert len(Search(SHORT, found).configurations()) == SHORT.configurations


def test_two_runs_do_not_search_in_one_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "results" / TINY.name
    folder.mkdir(parents=True)
    with FileLock(folder / ".tuning.lock"):
        assert main([study_file(tmp_path), "--serial", "--results", str(folder.parent)]) == REFUSED
    assert "another run is searching in it; wait until it has ended" in capsys.readouterr().err


def test_the_plan_says_what_the_search_costs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each configuration costs what one more arm does; the classifier is trained once, and not for each."""
    settings = TINY.model_copy(update={"measures": (*TINY.measures, FrechetDistance(features="lenet", samples=100))})

    def flop(*arms: str) -> float:
        study = settings.study(dict.fromkeys(arms, settings.model), settings.seeds)
        return make_plan(study, settings.data.facts(tmp_path), None).flop

    assert main([study_file(tmp_path, settings), "--plan", "--results", str(tmp_path)]) == DONE
    lines = {line.split(":")[0]: line for line in capsys.readouterr().out.splitlines()}
    cost = settings.configurations * (flop("one", "two") - flop("one"))
    assert f"; {with_prefix(cost, 'FLOP')}, " in lines["Search"]
    assert lines["Finalists"].startswith("Finalists: at most 1 with a twin each, on 2 fresh seeds; at most ")


def test_the_front_is_what_nothing_dominates() -> None:
    values = np.array([[0.0, 3.0], [1.0, 1.0], [1.0, 2.0], [3.0, 0.0], [1.0, 1.0]])
    assert nondominated(values).tolist() == [True, True, False, True, True]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"space": {"lamb": log_uniform(1, 2)}}, "'lamb' is not a setting of lc_vae; did you mean 'lam'"),
        ({"objectives": ("frechet",)}, "give exactly one measure"),
        ({"objectives": ("loss",)}, "objective 'loss': unknown"),
        ({"fresh_seeds": (0, 1)}, "0 is among the seeds that choose the finalists"),
        ({"baselines": {"far": {"lam": 11}}, "twin": None}, "far: lam = 11.0 lies outside of the space"),
        ({"pruner": MedianRule()}, "this search has 2 objectives; name one, or set pruner to None"),
        ({"pruner": MedianRule(), "objectives": ("looseness",)}, "looseness is not known before a trial has ended"),
        ({"twin": "plain"}, "twin 'plain' is not a baseline; did you mean 'plain_vae'"),
    ],
)
def test_what_cannot_be_searched_is_named(fields: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words.replace("(", r"\(")):
        Tuning.model_validate({**{name: getattr(TINY, name) for name in type(TINY).model_fields}, **fields})


def test_settings_are_changed_and_more_configurations_are_the_same_search() -> None:
    longer = override(TINY, ["configurations=9"])
    assert (longer.configurations, longer.search_name) == (9, TINY.search_name)
    assert override(TINY, ["sampler=random"]).search_name != TINY.search_name
    assert override(TINY, ["model.width=6"]).model.width == 6  # type: ignore[union-attr]


def test_any_family_can_be_tuned() -> None:
    gan = Tuning(
        name="gan",
        title="t",
        question="q?",
        data=Digits(),
        model=WganGp(width=4),
        space={"learning_rate": log_uniform(1e-5, 1e-2)},
        objectives=("frechet",),
        measures=(FrechetDistance(samples=100),),
    )
    gan.check_shapes(Path())
