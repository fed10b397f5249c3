"""A search with Optuna, and the check of what it finds on fresh seeds. Training and measuring are the pipeline's.

The Optuna study in the results folder is the record: a configuration is written into it whole when it is drawn, and
once more when its numbers are known. The sampler is made anew for each draw, from the tuning's seed, the number of the
configuration, and what the search knew then. So a search that was killed goes on as if it had not been, and one that
is made longer is the longer one.
"""

import json
import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna
import pandas as pd
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial

from raysweep.pipeline import Backend, Progress, run_study, work
from raysweep.schema import HISTORY
from raysweep.seeding import derive_seed
from raysweep.store import StudyStore, measure_key
from raysweep.study.core import Study, Trial
from raysweep.study.data import DataFacts
from raysweep.study.models import AnyModel
from raysweep.study.objectives import OBJECTIVES, nondominated
from raysweep.study.recommendation import recommendation
from raysweep.study.tuning import Choice, Dimension, Nsga2, Tpe, Tuning, Values, Whole
from raysweep.tasks import Workplace

RANGED = "ranged"
"""Suffix of Optuna's parameter that says whether a setting lies in its range, and not at its `otherwise`."""
DRAWS = 20
"""How often a configuration is drawn until it is one that was not tried before."""


@dataclass(frozen=True)
class Configuration:
    """One point of the space."""

    number: int
    arm: str
    model: AnyModel
    state: str
    """running, complete or failed."""
    reason: str
    scores: Mapping[str, Sequence[float]]
    """Each objective's value of every seed; empty unless complete."""


class Search:
    """The Optuna study of a tuning, in its results folder."""

    def __init__(self, tuning: Tuning, store: StudyStore) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.tuning = tuning
        self.directions = [OBJECTIVES[name].direction for name in tuning.objectives]
        self.storage = optuna.storages.RDBStorage(store.optuna_url)
        self.record = optuna.create_study(
            storage=self.storage,
            study_name=tuning.search_name,
            directions=self.directions,
            sampler=optuna.samplers.RandomSampler(),
            load_if_exists=True,
        )

    def configurations(self) -> list[Configuration]:
        """All that were drawn, in order."""
        return [self._configuration(trial) for trial in self.record.trials]

    def draw(self) -> None:
        """Draws the next configuration, and records it whole.

        One that was tried before is drawn again, at most `DRAWS` times: where every setting has an `otherwise`, a
        large share of random draws has all of them.
        """
        known = self.record.trials
        number = len(known)
        first = number - number % self.tuning.parallel  # what is drawn with it does not count as known
        tried = {trial.user_attrs["settings"] for trial in known}
        names = list(self.tuning.baselines)
        for attempt in range(DRAWS):
            view = optuna.create_study(directions=self.directions, sampler=self._sampler(number, attempt))
            view.add_trials([*known[:first], *(_unknown(trial) for trial in known[first:])])
            if number < len(names):
                view.enqueue_trial(self._parameters(self.tuning.baseline_values(names[number])))
            settings = self.tuning.model_at(self._suggest(view.ask())).model_dump_json()
            drawn = view.trials[-1]
            if number < len(names) or settings not in tried:
                break
        arm = names[number] if number < len(names) else f"c{number}"
        self.record.add_trial(
            create_trial(
                state=TrialState.RUNNING,
                params=drawn.params,
                distributions=drawn.distributions,
                system_attrs=drawn.system_attrs,
                user_attrs={"arm": arm, "settings": settings},
            )
        )

    def tell(self, configuration: Configuration, scores: Mapping[str, Sequence[float]], reason: str) -> None:
        """Records the scores of a configuration over its seeds, or why it has none."""
        trial = self.record.trials[configuration.number]
        if reason:
            self.storage.set_trial_user_attr(trial._trial_id, "reason", reason)
            self.record.tell(trial.number, state=TrialState.FAIL)
            return
        self.storage.set_trial_user_attr(trial._trial_id, "scores", {name: list(each) for name, each in scores.items()})
        self.record.tell(trial.number, [float(np.mean(scores[name])) for name in self.tuning.objectives])

    def _configuration(self, trial: FrozenTrial) -> Configuration:
        states = {TrialState.COMPLETE: "complete", TrialState.FAIL: "failed"}
        state = states.get(trial.state, "running")
        model = type(self.tuning.model).model_validate_json(trial.user_attrs["settings"])
        scores = trial.user_attrs.get("scores", {}) if state == "complete" else {}
        return Configuration(
            trial.number, trial.user_attrs["arm"], model, state, trial.user_attrs.get("reason", ""), scores
        )

    def _sampler(self, number: int, attempt: int) -> optuna.samplers.BaseSampler:
        settings = self.tuning.sampler
        seed = derive_seed(self.tuning.search_seed, "sampler", number, attempt) % 2**32
        if isinstance(settings, Tpe):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
                return optuna.samplers.TPESampler(
                    n_startup_trials=settings.startup, multivariate=True, group=True, constant_liar=True, seed=seed
                )
        if isinstance(settings, Nsga2):
            return optuna.samplers.NSGAIISampler(population_size=settings.population, seed=seed)
        return optuna.samplers.RandomSampler(seed=seed)

    def _suggest(self, trial: optuna.Trial) -> Values:
        """A value for each setting that matters; the others keep the model's own."""
        values: Values = {}
        everything = isinstance(self.tuning.sampler, Nsga2)
        for name, dimension in self.tuning.space.items():
            other = dimension.only_with
            matters = other is None or values[other] != self.tuning.space[other].otherwise
            if not (matters or everything):
                continue
            ranged = dimension.otherwise is None or trial.suggest_categorical(f"{name} {RANGED}", [True, False])
            drawn = trial._suggest(name, distribution(dimension)) if ranged or everything else None
            if matters:
                values[name] = drawn if ranged else dimension.otherwise  # type: ignore[assignment]
        return values

    def _parameters(self, values: Values) -> dict[str, Any]:
        """Optuna's parameters of these settings."""
        found: dict[str, Any] = {}
        for name, dimension in self.tuning.space.items():
            ranged = dimension.otherwise is None or values[name] != dimension.otherwise
            if dimension.otherwise is not None:
                found[f"{name} {RANGED}"] = ranged
            if ranged:
                found[name] = values[name]
        return found


def distribution(dimension: Dimension) -> BaseDistribution:
    """Optuna's name for the range of a setting."""
    if isinstance(dimension, Choice):
        return CategoricalDistribution(dimension.values)
    if isinstance(dimension, Whole):
        return IntDistribution(dimension.low, dimension.high, log=dimension.log)
    return FloatDistribution(dimension.low, dimension.high, log=dimension.log)  # type: ignore[attr-defined]


def _unknown(trial: FrozenTrial) -> FrozenTrial:
    """The trial as it was while it ran."""
    return create_trial(
        state=TrialState.RUNNING,
        params=trial.params,
        distributions=trial.distributions,
        system_attrs=trial.system_attrs,
    )


def run_search(tuning: Tuning, workplace: Workplace, backend: Backend, progress: Progress) -> Search:
    """Draws, trains, measures and records configurations until there are as many as the tuning wants."""
    search = Search(tuning, workplace.store)
    facts = tuning.data.facts(workplace.data)
    while True:
        running = [each for each in search.configurations() if each.state == "running"]
        drawn = len(search.record.trials)
        # A batch is drawn whole before it is trained, so that a killed one is completed first.
        while drawn < tuning.configurations and (drawn % tuning.parallel or not running):
            search.draw()
            drawn += 1
            running = [each for each in search.configurations() if each.state == "running"]
        if not running:
            return search
        study = tuning.study({each.arm: each.model for each in running}, tuning.seeds)
        work(study, workplace, backend, progress, ("train", "measure"))
        for each in running:
            scores, reason = evaluate(tuning, study, each.arm, facts, workplace.store)
            search.tell(each, scores, reason)


def evaluate(
    tuning: Tuning, study: Study, arm: str, facts: DataFacts, store: StudyStore
) -> tuple[dict[str, list[float]], str]:
    """Every objective of an arm's trials, by seed; or why there are none, where a number is missing or not finite."""
    scores: dict[str, list[float]] = {name: [] for name in tuning.objectives}
    for trial in (trial for trial in study.trials if trial.arm == arm):
        record = store.trial_record(trial.id)
        if record is None or record.status != "finished":
            why = record.reason if record else store.trial_failure(trial.id)
            return {}, f"seed {trial.seed}: {record.status if record else 'failed'}: {why}"
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
    key = measure_key(study, wanted)
    missing = [s for s in wanted.shards(trial.model, facts) if s.key not in store.existing_shards(key, trial.id)]
    if missing:
        return pd.DataFrame(), f"was not measured: {store.shard_failure(key, trial.id, missing[0])}"
    return pd.DataFrame(store.shard_rows(objective.table, key, trial.id).to_pandas()), ""


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
