"""The record of a search in Optuna's storage, and the next draw.

Nothing is trained here. A configuration is recorded whole when it is drawn, and again when its scores are known. The
sampler is made anew for each draw, from the tuning's seed, the number of the configuration, and the results of
configurations that were drawn long enough before it. So a draw depends on nothing else, and a search that was killed
goes on as if it had not been.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial
from sqlalchemy.engine import URL

from raysweep.errors import UserError
from raysweep.results.names import SEARCH
from raysweep.results.store import StudyStore
from raysweep.seeding import derive_seed
from raysweep.study.models import LatentSettings
from raysweep.study.objectives import OBJECTIVES
from raysweep.training.course import Course, Limits
from raysweep.training.loop import EVALUATIONS
from raysweep.tuning.settings import Choice, Dimension, Nsga2, Tpe, Tuning, Values, Whole

RANGED = "ranged"
"""Suffix of Optuna's parameter that says whether a setting lies in its range or has its `otherwise` value."""
DRAWS = 20
"""How often a configuration is drawn at most, until it is a new one."""
STATES = {
    TrialState.RUNNING: "running",
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
}
"""Our names for Optuna's."""
STATE_OF = {name: state for state, name in STATES.items()}


@dataclass(frozen=True)
class Configuration:
    """One point of the space."""

    number: int
    arm: str
    model: LatentSettings
    state: str = "running"
    """running, complete, pruned or failed."""
    reason: str = ""
    """Why it was pruned or failed."""
    scores: Mapping[str, Sequence[float]] = field(default_factory=dict)
    """Each objective's value of every seed; empty unless complete."""
    limits: Mapping[int, Limits] = field(default_factory=dict)
    """By seed, the limits that its trials must not exceed; empty if nothing is pruned."""
    courses: Mapping[int, Course] = field(default_factory=dict)
    """By seed, the losses that were compared with limits; empty without a pruner, and before the configuration has
    ended."""


class Search:
    """The Optuna study of a tuning, in its results folder."""

    def __init__(self, tuning: Tuning, store: StudyStore) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.tuning = tuning
        self.directions = [OBJECTIVES[name].direction for name in tuning.objectives]
        self.storage = optuna.storages.RDBStorage(storage_url(store))
        self.record = optuna.create_study(
            storage=self.storage,
            study_name=tuning.search_name,
            directions=self.directions,
            sampler=optuna.samplers.RandomSampler(),
            load_if_exists=True,
        )

    def configurations(self) -> list[Configuration]:
        """All configurations that were drawn, in order."""
        return [self._configuration(trial) for trial in self.record.get_trials(deepcopy=False)]

    def draw(self) -> Configuration:
        """Draws the next configuration, and records it whole.

        Draws again if it was tried before, at most `DRAWS` times. The results of the last `Tuning.lag`
        configurations do not count, even if they are known.
        """
        drawn = self.record.get_trials(deepcopy=False)
        number = len(drawn)
        first = max(0, number - self.tuning.lag)
        known, hidden = drawn[:first], [_as_running(trial) for trial in drawn[first:]]
        assert all(trial.state.is_finished() for trial in known), "drawn before what it must know has ended"
        tried = {trial.user_attrs["settings"] for trial in drawn}
        names = list(self.tuning.baselines)
        for attempt in range(DRAWS):
            view = optuna.create_study(directions=self.directions, sampler=self._sampler(number, attempt))
            view.add_trials([*known, *hidden])
            if number < len(names):
                view.enqueue_trial(self._parameters(self.tuning.baseline_values(names[number])))
            # A sampler may insist on a configuration that it has found.
            elif self._is_random(known) or attempt >= DRAWS // 2:
                view.enqueue_trial(self._ranged(number, attempt))
            settings = self.tuning.model_at(self._suggest(view.ask())).model_dump_json()
            if number < len(names) or settings not in tried:
                break
        chosen = view.trials[-1]
        arm = names[number] if number < len(names) else f"c{number}"
        trial = create_trial(
            state=TrialState.RUNNING,
            params=chosen.params,
            distributions=chosen.distributions,
            system_attrs=chosen.system_attrs,
            user_attrs={"arm": arm, "settings": settings, "limits": _as_pairs(self._limits(known))},
        )
        self.record.add_trial(trial)
        trial.number = number
        return self._configuration(trial)

    def _limits(self, known: Sequence[FrozenTrial]) -> dict[int, Limits]:
        """By seed, the pruner's limits for a trial, given the configurations that are known."""
        pruner = self.tuning.pruner
        if pruner is None:
            return {}
        complete, pruned = (
            [_of_seeds(trial, "courses") for trial in known if trial.state is state]
            for state in (TrialState.COMPLETE, TrialState.PRUNED)
        )
        return {
            seed: pruner.limits([each[seed] for each in complete], [each[seed] for each in pruned], EVALUATIONS)
            for seed in self.tuning.seeds
        }

    def tell(self, configuration: Configuration) -> None:
        """Records how a configuration ended."""
        trial = self.record.get_trials(deepcopy=False)[configuration.number]
        if configuration.reason:
            self.storage.set_trial_user_attr(trial._trial_id, "reason", configuration.reason)
        self.storage.set_trial_user_attr(trial._trial_id, "courses", _as_pairs(configuration.courses))
        for progress, loss in _mean_course(configuration.courses).items():
            self.storage.set_trial_intermediate_value(trial._trial_id, progress, loss)
        if configuration.state == "complete":
            scores = {name: list(each) for name, each in configuration.scores.items()}
            self.storage.set_trial_user_attr(trial._trial_id, "scores", scores)
            self.record.tell(trial.number, [float(np.mean(scores[name])) for name in self.tuning.objectives])
        else:
            self.record.tell(trial.number, state=STATE_OF[configuration.state])

    def _configuration(self, trial: FrozenTrial) -> Configuration:
        state = STATES[trial.state]
        return Configuration(
            trial.number,
            trial.user_attrs["arm"],
            type(self.tuning.model).model_validate_json(trial.user_attrs["settings"]),
            state,
            trial.user_attrs.get("reason", ""),
            trial.user_attrs.get("scores", {}) if state == "complete" else {},
            _of_seeds(trial, "limits"),
            _of_seeds(trial, "courses"),
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

    def _is_random(self, known: Sequence[FrozenTrial]) -> bool:
        """Whether the sampler draws at random because it knows too little."""
        scored = sum(trial.state is not TrialState.FAIL for trial in known)
        return scored < self.tuning.sampler.random_draws

    def _ranged(self, number: int, attempt: int) -> dict[str, bool]:
        """Draws which settings lie in their range. Optuna would draw both possibilities equally often."""
        random = np.random.default_rng(derive_seed(self.tuning.search_seed, RANGED, number, attempt))
        return {
            f"{name} {RANGED}": bool(random.random() >= dimension.otherwise_share)
            for name, dimension in self.tuning.space.items()
            if dimension.otherwise is not None
        }

    def _suggest(self, trial: optuna.Trial) -> Values:
        """A value for each setting that matters; the other settings keep the model's own values."""
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


def storage_url(store: StudyStore) -> str:
    """The address of the record of a search, for Optuna and its dashboard.

    Raises:
        UserError: the results folder is not on a file system, which its database needs.
    """
    if store.folder.path is None:
        raise UserError(
            f"results folder {store.folder}: a tuning keeps its search in an SQLite database, which must lie on a file "
            "system; give --results a folder, which may be shared between machines"
        )
    # In a URL some signs of a path mean something else, such as `?` and `%`.
    return URL.create("sqlite", database=store.folder.locate(SEARCH)).render_as_string()


def distribution(dimension: Dimension) -> BaseDistribution:
    """Optuna's form of the range of a setting."""
    if isinstance(dimension, Choice):
        return CategoricalDistribution(dimension.values)
    if isinstance(dimension, Whole):
        return IntDistribution(dimension.low, dimension.high, log=dimension.log)
    return FloatDistribution(dimension.low, dimension.high, log=dimension.log)  # type: ignore[attr-defined]


def _as_running(trial: FrozenTrial) -> FrozenTrial:
    """The trial in the state that it had while it ran."""
    return create_trial(
        state=TrialState.RUNNING,
        params=trial.params,
        distributions=trial.distributions,
        system_attrs=trial.system_attrs,
    )


def _as_pairs(by_seed: Mapping[int, Mapping[int, float]]) -> list[tuple[int, list[tuple[int, float]]]]:
    """Converts to a form that JSON can hold, whose names are texts."""
    return [(seed, list(values.items())) for seed, values in by_seed.items()]


def _of_seeds(trial: FrozenTrial, name: str) -> dict[int, dict[int, float]]:
    return {seed: dict(pairs) for seed, pairs in trial.user_attrs.get(name, [])}


def _mean_course(courses: Mapping[int, Course]) -> dict[int, float]:
    """The mean over seeds, up to the progress that all of them reached."""
    if not courses:
        return {}
    common = set.intersection(*(set(course) for course in courses.values()))
    return {progress: float(np.mean([course[progress] for course in courses.values()])) for progress in sorted(common)}
