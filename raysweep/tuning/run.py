"""A search with Optuna, and the check of what it finds on fresh seeds. Training and measuring are the pipeline's."""

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np
import pandas as pd

from raysweep.execution.agenda import Agenda, extend
from raysweep.execution.pipeline import Backend, Progress, run_study
from raysweep.execution.tasks import MeasureTask, PrepareTask, TrainTask, Workplace, task_name
from raysweep.results.store import StudyStore, done_shards, measure_key
from raysweep.results.tables import HISTORY
from raysweep.study.core import Study, Trial
from raysweep.study.data import DataFacts
from raysweep.study.objectives import OBJECTIVES, nondominated
from raysweep.training.loop import EVALUATIONS
from raysweep.tuning.pruners import Course, course_of, limits_key, pruned_at, pruning_words
from raysweep.tuning.recommendation import recommendation
from raysweep.tuning.search import Configuration, Search
from raysweep.tuning.settings import Tuning


class SearchAgenda(Agenda):
    """The work of a search: `parallel` configurations, and one more whenever one of them has ended.

    An ended configuration is judged and told to the search at once.
    """

    grows = True

    def __init__(
        self, search: Search, known: Sequence[Configuration], workplace: Workplace, progress: Progress
    ) -> None:
        super().__init__(workplace)
        self.search = search
        self.tuning = search.tuning
        self.progress = progress
        self.facts = search.tuning.data.facts(workplace.data)
        self._drawn = len(known)
        self._ended = {each.number for each in known if each.state != "running"}
        self._in_work: dict[str, Configuration] = {}
        """By arm."""
        self._left: Counter[str] = Counter()
        """Of each arm in work, how many pieces have not ended."""
        self._owners: dict[str, str] = {}
        """Of each piece, the arm in work."""
        self._adding = False
        self._go_on([each for each in known if each.state == "running"])

    def train(self, task: TrainTask) -> None:
        """See `Agenda`."""
        self._own(task, task.trial)
        super().train(task)

    def compute(self, task: PrepareTask | MeasureTask, condition: str, needs: Iterable[str]) -> None:
        """See `Agenda`."""
        if isinstance(task, MeasureTask):
            self._own(task, task.trial)
        super().compute(task, condition, needs)

    def succeed(self, name: str) -> None:
        """See `Agenda`."""
        super().succeed(name)
        self._end(name)

    def fail(self, name: str) -> None:
        """See `Agenda`."""
        super().fail(name)
        self._end(name)

    def _own(self, task: TrainTask | MeasureTask, trial: Trial) -> None:
        if trial.arm in self._in_work:  # which the classifier's is not
            self._owners[task_name(task)] = trial.arm
            self._left[trial.arm] += 1

    def _end(self, name: str) -> None:
        arm = self._owners.pop(name, None)
        if arm is not None:
            self._left[arm] -= 1
        if not self._adding:  # of what is being added, not all is counted yet
            self._go_on()

    def _go_on(self, drawn: Sequence[Configuration] = ()) -> None:
        """Adds what was drawn, tells what has ended, and draws others in its place."""
        while True:
            if drawn:
                self._add(drawn)
            for arm in [arm for arm in self._in_work if not self._left[arm]]:
                self._tell(self._in_work.pop(arm))
            drawn = self._draw()
            if not drawn:
                return

    def _draw(self) -> list[Configuration]:
        """As many as there is room for, and as can be drawn before more has ended."""
        drawn: list[Configuration] = []
        while (
            self._drawn < self.tuning.configurations
            and len(self._in_work) + len(drawn) < self.tuning.parallel
            and self._ended.issuperset(range(self._drawn - self.tuning.unknown))
        ):
            drawn.append(self.search.draw())
            self._drawn += 1
        return drawn

    def _add(self, configurations: Sequence[Configuration]) -> None:
        """Puts on the agenda what is missing of these."""
        self._in_work |= {each.arm: each for each in configurations}
        study = self._study(configurations)
        limits = {t.id: each.limits[t.seed] for each in configurations if each.limits for t in _trials(study, each.arm)}
        before = len(self.pieces)
        self._adding = True
        extend(self, study, self.facts, ("train", "measure"), limits)
        self._adding = False
        more = self._drawn < self.tuning.configurations
        self.progress.grow(dict(islice(self.pieces.items(), before, None)), more)

    def _tell(self, configuration: Configuration) -> None:
        found = judge(self.tuning, self._study([configuration]), configuration, self.facts, self.workplace.store)
        self.search.tell(found)
        self._ended.add(found.number)
        self.progress.note(f"{found.arm}: {_words(found)} ({len(self._ended)} of {self.tuning.configurations})")

    def _study(self, configurations: Sequence[Configuration]) -> Study:
        return self.tuning.study({each.arm: each.model for each in configurations}, self.tuning.seeds)


def _words(configuration: Configuration) -> str:
    """How it ended."""
    if configuration.state != "complete":
        return f"{configuration.state}: {configuration.reason}"
    return ", ".join(f"{OBJECTIVES[name].words} {np.mean(each):.4g}" for name, each in configuration.scores.items())


def run_search(tuning: Tuning, workplace: Workplace, backend: Backend, progress: Progress) -> Search:
    """Draws, trains, measures and records configurations until there are as many as the tuning wants."""
    search = Search(tuning, workplace.store)
    known = search.configurations()
    if len(known) < tuning.configurations or any(each.state == "running" for each in known):
        progress.start({}, {}, more=True)
        backend.run(SearchAgenda(search, known, workplace, progress), progress)
        progress.finish()
    return search


def judge(
    tuning: Tuning, study: Study, configuration: Configuration, facts: DataFacts, store: StudyStore
) -> Configuration:
    """The configuration as its trials ended: failed if one did, else pruned if one was, else scored."""
    courses: dict[int, Course] = {}
    reasons: list[str] = []
    for trial in _trials(study, configuration.arm) if tuning.pruner else ():
        limits = configuration.limits[trial.seed]
        pruned = store.pruned_trial(trial.id, limits_key(limits))
        if pruned is not None:
            course = pruned[1]
        elif reason := _failure(store, trial):
            return replace(configuration, state="failed", reason=reason)
        else:
            course = course_of(store.history(trial.id).to_pandas(), trial.model.total_steps(facts), EVALUATIONS)
        progress = pruned_at(course, limits)  # also of what another search has trained to its end
        if progress is not None:
            course = {each: loss for each, loss in course.items() if each <= progress}
            reasons.append(f"seed {trial.seed}: {pruning_words(course, limits, progress, EVALUATIONS)}")
        courses[trial.seed] = course
    if reasons:
        return replace(configuration, state="pruned", reason="; ".join(reasons), courses=courses)
    scores, reason = evaluate(tuning, study, configuration.arm, facts, store)
    if reason:
        return replace(configuration, state="failed", reason=reason)
    return replace(configuration, state="complete", scores=scores, courses=courses)


def evaluate(
    tuning: Tuning, study: Study, arm: str, facts: DataFacts, store: StudyStore
) -> tuple[dict[str, list[float]], str]:
    """Every objective of an arm's trials, by seed; or why there are none, where a number is missing or not finite."""
    scores: dict[str, list[float]] = {name: [] for name in tuning.objectives}
    for trial in _trials(study, arm):
        if reason := _failure(store, trial):
            return {}, reason
        for name in tuning.objectives:
            rows, reason = _rows(tuning, study, trial, name, facts, store)
            value = math.nan if reason else OBJECTIVES[name].value(rows)
            if not math.isfinite(value):
                return {}, f"seed {trial.seed}: {name} {reason or f'is {value}'}"
            scores[name].append(value)
    return scores, ""


def _rows(
    tuning: Tuning, study: Study, trial: Trial, name: str, facts: DataFacts, store: StudyStore
) -> tuple[pd.DataFrame, str]:
    objective = OBJECTIVES[name]
    if objective.table is HISTORY:
        return pd.DataFrame(store.history(trial.id).to_pandas()), ""
    wanted = tuning.measure_of(objective)
    assert wanted is not None, "a tuning checks that its objectives are measured"
    key, shards = measure_key(study, wanted), wanted.shards(trial.model, facts)
    try:
        return pd.DataFrame(store.shard_rows(objective.table, key, trial.id, shards).to_pandas()), ""
    except FileNotFoundError:
        done = done_shards(store.shard_files(key, trial.id), key, trial.id, shards)
    missing = next(shard for shard in shards if shard not in done)
    return pd.DataFrame(), f"was not measured: {store.shard_failure(key, trial.id, missing)}"


def _trials(study: Study, arm: str) -> list[Trial]:
    return [trial for trial in study.trials if trial.arm == arm]


def _failure(store: StudyStore, trial: Trial) -> str:
    """Why the trial left no model; empty if it did."""
    record = store.trial_record(trial.id)
    if record is not None and record.status == "finished":
        return ""
    why = record.reason if record else store.trial_failure(trial.id)
    return f"seed {trial.seed}: {record.status if record else 'failed'}: {why}"


def choose_finalists(tuning: Tuning, configurations: Sequence[Configuration]) -> list[Configuration]:
    """Those that no other dominates in its means over seeds, by the sum of their ranks; at most `finalists`."""
    complete = [each for each in configurations if each.state == "complete"]
    if not complete:
        return []
    means = pd.DataFrame(
        [[OBJECTIVES[name].sign * float(np.mean(each.scores[name])) for name in tuning.objectives] for each in complete]
    )
    ranks = means.rank().sum(axis=1)
    front = nondominated(means.to_numpy())
    candidates = [i for i in np.flatnonzero(front) if complete[i].arm not in tuning.baselines]
    return [complete[i] for i in sorted(candidates, key=lambda i: (ranks[i], i))[: tuning.finalists]]


def final_study(tuning: Tuning, configurations: Sequence[Configuration]) -> Study:
    """Baselines, finalists and their twins on fresh seeds."""
    models = {name: tuning.model_at(tuning.baseline_values(name)) for name in tuning.baselines}
    for each in choose_finalists(tuning, configurations):
        models[each.arm] = each.model
        if tuning.twin is not None:
            kept = {name: getattr(each.model, name) for name in tuning.space}
            models[f"{each.arm}_{tuning.twin}"[:40]] = tuning.model_at({**kept, **tuning.baselines[tuning.twin]})
    return tuning.study(models, tuning.fresh_seeds, final=True)


def run_tuning(tuning: Tuning, workplace: Workplace, backend: Backend, progress: Progress) -> Study:
    """The search, then its finalists and baselines on fresh seeds; returns their study."""
    search = run_search(tuning, workplace, backend, progress)
    configurations = search.configurations()
    study = final_study(tuning, configurations)
    facts = tuning.data.facts(workplace.data)
    workplace.store.save_study(study, facts, workplace.store.load_environment())
    run_study(study, workplace, backend, progress, ("train", "measure"))
    fresh = {arm.name: evaluate(tuning, study, arm.name, facts, workplace.store) for arm in study.arms}
    _save_tables(tuning, workplace.store, configurations, fresh, study)
    return study


def _save_tables(
    tuning: Tuning,
    store: StudyStore,
    configurations: Sequence[Configuration],
    fresh: Mapping[str, tuple[Mapping[str, Sequence[float]], str]],
    study: Study,
) -> None:
    searched = [(each.arm, "search", each.scores, tuning.seeds) for each in configurations]
    checked = [(arm, "fresh", scores, tuning.fresh_seeds) for arm, (scores, _) in fresh.items()]
    evaluations = [
        {"configuration": arm, "stage": stage, "objective": name, "seed": seed, "value": value}
        for arm, stage, scores, seeds in (*searched, *checked)
        for name, each in scores.items()
        for seed, value in zip(seeds, each, strict=True)
    ]
    models = {each.arm: each.model for each in configurations} | {arm.name: arm.model for arm in study.arms}
    by_arm = {each.arm: each for each in configurations}
    rows: list[dict[str, object]] = [
        {
            "configuration": arm,
            "state": by_arm[arm].state if arm in by_arm else "twin",
            "reason": by_arm[arm].reason if arm in by_arm else "",
            "fresh": int(arm in fresh),
            "values": json.dumps({name: getattr(model, name) for name in tuning.space}),
        }
        for arm, model in models.items()
    ]
    store.save_search(rows, evaluations)
    store.save_recommended(recommendation(tuning, study, {arm: scores for arm, (scores, _) in fresh.items()}))
