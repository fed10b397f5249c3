"""What a search adds to its agenda, and how it looks for what is there."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import cycle
from pathlib import Path

import pytest

from raysweep.errors import UserError
from raysweep.execution import worker
from raysweep.execution.agenda import Agenda, extend, make_agenda
from raysweep.execution.pipeline import Progress
from raysweep.execution.plan import make_plan
from raysweep.execution.serial import SerialBackend
from raysweep.execution.tasks import TrainTask, Workplace, task_name
from raysweep.results.files import LocalFolder
from raysweep.results.names import shard_file
from raysweep.study import LcVae
from raysweep.tuning import Halving, MedianRule, Random, Tuning, log_uniform
from raysweep.tuning.agenda import SearchAgenda, run_search
from raysweep.tuning.run import choose_finalists
from raysweep.tuning.search import Configuration, Search
from support.runs import Recorder
from support.small_study import STUDY
from support.stored import finish
from support.tiny_tuning import PRUNED, TINY

FACTS = STUDY.data.facts(Path())


def ended_search(place: Workplace) -> SearchAgenda:
    """The agenda of a search of which nothing is left to do."""
    tuning = Tuning(
        name="tiny",
        title="Tiny",
        question="?",
        data=STUDY.data,
        model=LcVae(width=4),
        space={"lam": log_uniform(0.1, 10)},
        objectives=("held_out_loss",),
        configurations=1,
    )
    search = Search(tuning, place.store)
    return SearchAgenda(search, [replace(search.draw(), state="failed")], place, Recorder())


def test_the_agenda_of_a_search_finds_the_same_and_looks_at_no_other_trials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Workplace(tmp_path, tmp_path)
    names = {m.name: m for m in STUDY.measures}
    measure = names["samples"]
    study = STUDY.model_copy(update={"arms": STUDY.arms[2:4], "measures": (measure, names["weights"])})
    first, *_ = [trial for trial in study.trials if trial.arm == "vae"]
    finish(place.store, first)
    (shard,) = measure.shards(first.model, FACTS)
    place.store.folder.write(shard_file(study.measure_key(measure), first.id, shard), lambda file: file.write(b""))
    whole = make_agenda(make_plan(study, FACTS, place.store), place, ("train", "measure"))

    listed = []
    tree = LocalFolder.tree
    monkeypatch.setattr(LocalFolder, "tree", lambda folder, name: listed.append(name) or tree(folder, name))
    agenda = ended_search(place)
    extend(agenda, agenda.plan(study), ("train", "measure"))
    assert (agenda.pieces, agenda.already) == (whole.pieces, whole.already)
    assert agenda.already == {"train": 1, "prepare": 0, "measure": 1}
    assert {name.rpartition("/")[2] for name in listed} == {trial.id for trial in study.trials}


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
