"""What can start when."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raysweep.execution.agenda import Agenda, in_order, make_agenda
from raysweep.execution.plan import make_plan
from raysweep.execution.tasks import MeasureTask, PrepareTask, TrainTask, Workplace, task_name
from raysweep.study import Study
from support.small_study import STUDY
from support.stored import finish

FACTS = STUDY.data.facts(Path())
NAMES = {m.name: m for m in STUDY.measures}


def agenda_of(folder: Path, study: Study = STUDY, steps: tuple[str, ...] = ("train", "measure")) -> Agenda:
    place = Workplace(folder, folder)
    return make_agenda(make_plan(study, FACTS, place.store), place, steps)


def taken(agenda: Agenda) -> list[PrepareTask | MeasureTask]:
    return list(iter(agenda.take, None))


def test_nothing_can_start_before_a_model_is_there(tmp_path: Path) -> None:
    agenda = agenda_of(tmp_path)
    assert len(agenda.training) == len(STUDY.trials)
    assert taken(agenda) == []


def test_the_classifier_is_trained_first_then_a_model_of_every_arm_then_the_longest(tmp_path: Path) -> None:
    classifier, *others = agenda_of(tmp_path).training
    assert classifier.trial == STUDY.classifier_trial
    early, late = others[: len(STUDY.arms)], others[len(STUDY.arms) :]
    assert {task.trial.arm for task in early} == {arm.name for arm in STUDY.arms}
    for task in early:
        of_arm = [other.flop for other in others if other.trial.arm == task.trial.arm]
        assert task.flop == min(of_arm)
    assert late
    for tasks in (early, late):
        assert [task.flop for task in tasks] == sorted((task.flop for task in tasks), reverse=True)


def test_a_model_of_every_arm_is_measured_before_the_other_trials_start(tmp_path: Path) -> None:
    agenda = agenda_of(tmp_path)
    first = set(agenda.first)
    order = []
    while (task := agenda.take_next()) is not None:
        order.append(task)
        agenda.succeed(task_name(task))
    assert len(order) == len(agenda.pieces)
    later = [place for place, task in enumerate(order) if isinstance(task, TrainTask) and place > len(STUDY.arms)]
    early = [place for place, task in enumerate(order) if isinstance(task, MeasureTask) and task.trial.id in first]
    assert len(early) > len(STUDY.arms)
    assert max(early) < min(later)


def test_first_models_are_those_of_arms_that_have_work_left(tmp_path: Path) -> None:
    place = Workplace(tmp_path, tmp_path)
    before = make_plan(STUDY, FACTS, place.store).first_trials
    ended = [trial for trial in STUDY.trials if trial.arm == STUDY.arms[0].name]
    for trial in ended:
        finish(place.store, trial)
    after = make_plan(STUDY, FACTS, place.store).first_trials
    assert len(after) == len(STUDY.arms) - 1
    assert after < before


def test_a_model_can_be_measured_as_soon_as_it_is_there(tmp_path: Path) -> None:
    agenda = agenda_of(tmp_path)
    trial = STUDY.trials[1]
    agenda.succeed(trial.id)
    found = taken(agenda)
    assert found
    assert all(isinstance(task, MeasureTask) and task.trial == trial for task in found)
    assert not any(task.measure.needs_classifier or task.measure.follows for task in found)


def test_a_measure_of_classes_waits_for_the_classifier_and_its_reference(tmp_path: Path) -> None:
    agenda = agenda_of(tmp_path)
    for trial in STUDY.trials[1:]:
        agenda.succeed(trial.id)
    assert not any(task.measure.needs_classifier for task in taken(agenda))
    assert STUDY.classifier_trial is not None
    agenda.succeed(STUDY.classifier_trial.id)
    freed = taken(agenda)
    references = [task for task in freed if isinstance(task, PrepareTask)]
    assert references
    assert not any(isinstance(task, MeasureTask) and task.measure.needs_reference for task in freed)
    agenda.succeed(task_name(references[0]))
    assert {task.key for task in taken(agenda)} == {references[0].key}


def test_a_failure_gives_up_what_waits_for_it_and_nothing_else(tmp_path: Path) -> None:
    agenda = agenda_of(tmp_path)
    bad, *good = agenda.training[1:]
    agenda.succeed(agenda.training[0].trial.id)
    agenda.fail(bad.trial.id)
    for task in good:
        agenda.succeed(task.trial.id)
    names = run_out(agenda, failing=frozenset())
    left = set(agenda.pieces) - names - {task.trial.id for task in agenda.training}
    assert left
    assert all(f"/{bad.trial.id}/" in name for name in left)


def test_a_measure_that_follows_one_without_its_classifier_is_left_out(tmp_path: Path) -> None:
    agenda = agenda_of(tmp_path, steps=("measure",))
    assert agenda.pieces == {}
    store = Workplace(tmp_path, tmp_path).store
    finish(store, STUDY.trials[1])
    found = taken(agenda_of(tmp_path, steps=("measure",)))
    assert found
    assert not any(task.measure.needs_classifier for task in found)


def test_measures_come_after_those_that_they_follow() -> None:
    order = [m.name for m in in_order(STUDY)]
    assert sorted(order) == sorted(NAMES)
    for m in STUDY.measures:
        assert m.follows is None or order.index(m.follows) < order.index(m.name)


@given(st.data())
@pytest.mark.slow
def test_every_piece_starts_once_and_after_what_it_needs(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Whatever ends when, and whatever fails: what never starts waits for something that failed."""
    agenda = agenda_of(tmp_path_factory.getbasetemp())
    trials = [task.trial.id for task in agenda.training]
    failing = data.draw(st.frozensets(st.sampled_from(sorted(agenda.pieces)), max_size=5))
    for name in data.draw(st.permutations(trials)):
        (agenda.fail if name in failing else agenda.succeed)(name)
    started = run_out(agenda, failing)
    never = set(agenda.pieces) - started - set(trials)
    if not failing:
        assert never == set()
    assert all(needs_failed(name, failing, agenda) for name in never)


def run_out(agenda: Agenda, failing: frozenset[str]) -> set[str]:
    """Takes all that can be taken; the names, each of which must be new."""
    started: set[str] = set()
    while (task := agenda.take()) is not None:
        name = task_name(task)
        assert name not in started
        started.add(name)
        (agenda.fail if name in failing else agenda.succeed)(name)
    return started


def needs_failed(name: str, failing: frozenset[str], agenda: Agenda) -> bool:
    """Whether anything that the piece needs, directly or not, is among those that failed."""
    key, _, rest = name.partition("/")
    measure = next(m for m in STUDY.measures if key == STUDY.measure_key(m))
    trial = rest.partition("/")[0]
    followed = STUDY.followed(measure)
    needed = {trial, key}
    if measure.needs_classifier and STUDY.classifier_trial:
        needed.add(STUDY.classifier_trial.id)
    if followed:
        prefix = f"{STUDY.measure_key(followed)}/{trial}/"
        needed |= {other for other in agenda.pieces if other.startswith(prefix)}
    computed = [other for other in needed if "/" in other]
    return bool(failing & needed) or any(needs_failed(other, failing, agenda) for other in computed)
