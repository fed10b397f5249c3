"""Tunings: which settings of a model are searched, for what, and how. No torch, no Optuna."""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from typing_extensions import override

from raysweep.errors import choices
from raysweep.study.base import Frozen, Name, short_hash
from raysweep.study.core import Arm, AxisValue, Resources, Study, describe_errors, replace_settings
from raysweep.study.data import DataSettings
from raysweep.study.measures import MeasureSettings
from raysweep.study.models import LatentSettings
from raysweep.study.models.lenet import LeNet
from raysweep.study.objectives import OBJECTIVES, Objective
from raysweep.study.table import HISTORY
from raysweep.tuning.pruners import AnyPruner

SEARCH_VERSION = 3
"""Raised whenever the same tuning would search differently, so that an old search is not continued."""

Values = dict[str, AxisValue]
"""A value for each setting that is searched."""


class Dimension(Frozen):
    """The values of one setting that are searched.

    `otherwise` is one more value outside of the range: c = ∞ for no clamp, λ = 0 for no regulariser. With `only_with`,
    the setting matters and is searched only if that other setting does not have its own `otherwise` value.
    """

    otherwise: AxisValue | None = None
    otherwise_share: Annotated[float, Field(gt=0, lt=1)] = 0.25
    """Probability of `otherwise` while the sampler draws at random, before it has learnt anything. It is less than a
    half, so that few draws have every setting at its `otherwise`, which a baseline mostly tries anyway."""
    only_with: str | None = None

    @property
    def ends(self) -> tuple[AxisValue, ...]:
        """The ends of the range, and `otherwise`."""
        raise NotImplementedError

    def checked(self, check: Callable[[AxisValue], AxisValue]) -> Self:
        """The same range with its ends as `check` returns them."""
        raise NotImplementedError

    def contains(self, value: AxisValue) -> bool:
        """Whether the search can find that value."""
        raise NotImplementedError


class Real(Dimension):
    """A real number between two ends, on a linear or logarithmic scale."""

    kind: Literal["real"] = "real"
    low: float
    high: float
    log: bool = False

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise ValueError(
                f"low is {self.low:g} and high {self.high:g}: give two finite numbers, the lower one first"
            )
        if self.log and self.low <= 0:
            raise ValueError(f"low is {self.low:g}, which a logarithmic scale cannot show: give a positive number")
        return self

    @property
    @override
    def ends(self) -> tuple[AxisValue, ...]:
        return (self.low, self.high, *(() if self.otherwise is None else (self.otherwise,)))

    @override
    def checked(self, check: Callable[[AxisValue], AxisValue]) -> Self:
        check(self.low), check(self.high)
        return self if self.otherwise is None else self.model_copy(update={"otherwise": check(self.otherwise)})

    @override
    def contains(self, value: AxisValue) -> bool:
        return value == self.otherwise or (isinstance(value, int | float) and self.low <= value <= self.high)


class Whole(Real):
    """A whole number between two ends, both included."""

    kind: Literal["whole"] = "whole"  # type: ignore[assignment]
    low: int
    high: int


class Choice(Dimension):
    """One of several values, without an order."""

    kind: Literal["choice"] = "choice"
    values: Annotated[tuple[AxisValue, ...], Field(min_length=2)]

    @model_validator(mode="after")
    def _no_otherwise(self) -> Self:
        if self.otherwise is not None:
            raise ValueError("a choice takes no `otherwise`: put that value among its values")
        return self

    @property
    @override
    def ends(self) -> tuple[AxisValue, ...]:
        """All of them."""
        return self.values

    @override
    def checked(self, check: Callable[[AxisValue], AxisValue]) -> Self:
        return self.model_copy(update={"values": tuple(check(value) for value in self.values)})

    @override
    def contains(self, value: AxisValue) -> bool:
        return value in self.values


AnyDimension = Annotated[Real | Whole | Choice, Field(discriminator="kind")]


def log_uniform(low: float, high: float, **more: AxisValue) -> Real:
    """A real number on a logarithmic scale."""
    return Real.model_validate({"low": low, "high": high, "log": True, **more})


def uniform(low: float, high: float, **more: AxisValue) -> Real:
    """A real number on a linear scale."""
    return Real.model_validate({"low": low, "high": high, **more})


def integers(low: int, high: int, **more: AxisValue) -> Whole:
    """A whole number, the ends included; with `log=True` on a logarithmic scale."""
    return Whole.model_validate({"low": low, "high": high, **more})


def choice(*values: AxisValue, **more: str) -> Choice:
    """One of several values, without an order."""
    return Choice.model_validate({"values": values, **more})


def _checked(model: LatentSettings, setting: str, value: AxisValue) -> AxisValue:
    """The value as the model takes it.

    Raises:
        ValueError: the model does not take it.
    """
    try:
        taken: AxisValue = getattr(replace_settings(model, {setting: value}), setting)
    except ValidationError as error:
        raise ValueError(describe_errors(error)) from error
    return taken


class Tpe(Frozen):
    """Tree-structured Parzen estimator over all settings at once, groups of conditional ones apart.

    Configurations that are still running count as bad ones, so that not all searches look in one place.

    Source: Bergstra et al. (2011); Falkner, Klein and Hutter (2018) for the multivariate form.
    """

    kind: Literal["tpe"] = "tpe"
    startup: Annotated[int, Field(ge=1)] = 10
    """Configurations drawn at random before the estimator takes over, baselines included."""

    @property
    def random_draws(self) -> float:
        """It draws at random while it knows fewer scored configurations than this."""
        return self.startup


class Nsga2(Frozen):
    """Genetic algorithm with nondominated sorting.

    Settings that `only_with` rules out are searched all the same, without effect, since it breeds only settings that
    all configurations have.

    Source: Deb et al. (2002).
    """

    kind: Literal["nsga2"] = "nsga2"
    population: Annotated[int, Field(ge=2)] = 20

    @property
    def random_draws(self) -> float:
        """See `Tpe`."""
        return self.population


class Random(Frozen):
    """Independent draws: the baseline that a search must beat."""

    kind: Literal["random"] = "random"

    @property
    def random_draws(self) -> float:
        """See `Tpe`."""
        return math.inf


AnySampler = Annotated[Tpe | Nsga2 | Random, Field(discriminator="kind")]


class Tuning(Frozen):
    """A search for settings of one model, and the check of what it finds on fresh seeds.

    A configuration is scored by its mean over `seeds`. The best `finalists` and the `baselines` are trained again on
    `fresh_seeds`, which took no part in choosing them; only these results are reported as theirs.
    """

    name: Name
    title: str
    question: str
    """What the search is to answer, as the report puts it."""
    reduction: str = ""
    """What is smaller in a reduced tuning than in the full one, in a sentence."""
    data: DataSettings
    model: LatentSettings
    """The model whose values hold for the settings that are not searched."""
    space: Annotated[dict[str, AnyDimension], Field(min_length=1)]
    """The ranges that are searched, by field of the model."""
    objectives: Annotated[tuple[str, ...], Field(min_length=1)]
    """The objectives by which a configuration is good, by name in `raysweep.study.objectives`. Several are weighed
    against each other: a configuration is dominated if another is no worse in any and better in one."""
    measures: tuple[MeasureSettings, ...] = ()
    """Measures of every trained model, at least those from which the objectives are computed."""
    final_measures: tuple[MeasureSettings, ...] = ()
    """Further measures of finalists and baselines."""
    baselines: dict[Name, Values] = Field(default_factory=dict)
    """Known settings by name, which are tried first, and trained on fresh seeds whatever they score in the search.
    Settings that a baseline does not name are as in `model`."""
    twin: str | None = None
    """A baseline whose settings, put into each finalist, make its twin. Trained on the same fresh seeds, the twin shows
    what the finalist owes to these settings and not to the others."""
    sampler: AnySampler = Tpe()
    configurations: PositiveInt = 50
    """How many configurations are tried, including baselines. A larger number continues a search that has ended."""
    pruner: AnyPruner | None = None
    """Ends bad trials early, in a search for one objective that is known during training."""
    parallel: PositiveInt = 4
    """Configurations in work at a time. The draws depend on it: see `lag`."""
    seeds: Annotated[tuple[NonNegativeInt, ...], Field(min_length=1)] = (0, 1)
    finalists: PositiveInt = 4
    fresh_seeds: Annotated[tuple[NonNegativeInt, ...], Field(min_length=1)] = (100, 101, 102, 103, 104)
    search_seed: int = 0
    """Seed of the sampler."""
    classifier: LeNet = LeNet()
    resources: Resources = Resources()
    checkpoint_seconds: PositiveFloat = 120.0
    estimated_device: str = "laptop-core"

    @field_validator("space")
    @classmethod
    def _known_settings(cls, space: dict[str, AnyDimension], info: ValidationInfo) -> dict[str, AnyDimension]:
        """Each end goes through the model's own validation and comes out in its type (0 as 0.0, "Infinity" as ∞)."""
        model = info.data.get("model")
        if model is None:
            return space
        allowed = [field for field in type(model).model_fields if field != "family"]
        for name, dimension in space.items():
            if name not in allowed:
                raise ValueError(f"{name!r} is not a setting of {model.family}; {choices(name, allowed)}")
            other = dimension.only_with
            if other is not None and (other not in space or space[other].otherwise is None):
                raise ValueError(f"{name} is only_with {other!r}, which has no `otherwise` in the space")
        return {name: dimension.checked(partial(_checked, model, name)) for name, dimension in space.items()}

    @field_validator("baselines")
    @classmethod
    def _known_baselines(cls, baselines: dict[str, Values], info: ValidationInfo) -> dict[str, Values]:
        model, space = info.data.get("model"), info.data.get("space")
        if model is None or space is None:
            return baselines
        found: dict[str, Values] = {}
        for name, values in baselines.items():
            for setting in values:
                if setting not in space:
                    raise ValueError(f"{name}: {setting!r} is not searched; {choices(setting, space)}")
            found[name] = {setting: _checked(model, setting, value) for setting, value in values.items()}
            for setting, dimension in space.items():
                value = found[name].get(setting, getattr(model, setting))
                if not dimension.contains(value):
                    raise ValueError(f"{name}: {setting} = {value} lies outside of the space; widen it")
        return found

    @model_validator(mode="after")
    def _enough_configurations(self) -> Self:
        if self.twin is not None and self.twin not in self.baselines:
            raise ValueError(f"twin {self.twin!r} is not a baseline; {choices(self.twin, self.baselines)}")
        if len(self.baselines) > self.configurations:
            raise ValueError(f"configurations is {self.configurations}, fewer than there are baselines")
        return self

    @model_validator(mode="after")
    def _separate_seeds(self) -> Self:
        if common := set(self.seeds) & set(self.fresh_seeds):
            raise ValueError(f"fresh_seeds: {min(common)} is among the seeds that choose the finalists; give others")
        return self

    @model_validator(mode="after")
    def _known_objectives(self) -> Self:
        for name in self.objectives:
            if name not in OBJECTIVES:
                raise ValueError(f"objective {name!r}: unknown; {choices(name, OBJECTIVES)}")
            objective = OBJECTIVES[name]
            if not objective.applies_to(self.model):
                raise ValueError(f"objective {name}: {self.model.family} has no such number; choose another")
            if objective.table is not HISTORY and self.measure_of(objective) is None:
                raise ValueError(
                    f"objective {name} is computed from the table {objective.table.name}: give exactly one measure "
                    "that writes it and applies to the family"
                )
        if len(set(self.objectives)) < len(self.objectives):
            raise ValueError("objectives must differ")
        return self

    @model_validator(mode="after")
    def _what_can_be_pruned(self) -> Self:
        if self.pruner is None:
            return self
        if len(self.objectives) > 1:
            raise ValueError(
                f"pruner: a trial is ended early by one number, and this search has {len(self.objectives)} objectives; "
                "name one, or set pruner to None"
            )
        known = [name for name, objective in OBJECTIVES.items() if objective.table is HISTORY]
        if self.objectives[0] not in known:
            raise ValueError(
                f"pruner: {self.objectives[0]} is not known before a trial has ended; search for {' or '.join(known)}, "
                "or set pruner to None"
            )
        return self

    @model_validator(mode="after")
    def _whole_studies(self) -> Self:
        """Refuses what a study refuses: names that appear twice, measures that follow none."""
        self.study({"model": self.model}, self.seeds, final=True)
        return self

    @property
    def lag(self) -> int:
        """The number of previous configurations whose results a draw does not use.

        It is fixed, so that a draw does not depend on which configuration happens to end first: the search is the same
        on any number of workers. It is larger than the `parallel` − 1 others in work, so that a slow one does not keep
        the next ones waiting.
        """
        return 2 * (self.parallel - 1)

    def measure_of(self, objective: Objective) -> MeasureSettings | None:
        """The measure from which an objective is computed; None for objectives of the history."""
        found = [m for m in self.measures if m.table is objective.table and m.applies_to(self.model)]
        return found[0] if len(found) == 1 else None

    def model_at(self, values: Mapping[str, AxisValue]) -> LatentSettings:
        """The model with these settings put in."""
        return replace_settings(self.model, values)

    def baseline_values(self, name: str) -> Values:
        """Every searched setting of a baseline."""
        return {setting: self.baselines[name].get(setting, getattr(self.model, setting)) for setting in self.space}

    def study(self, models: Mapping[str, LatentSettings], seeds: tuple[int, ...], *, final: bool = False) -> Study:
        """A study of these models, by the names of their arms; `final` adds the further measures."""
        return Study(
            name=self.name,
            title=self.title,
            question=self.question,
            reduction=self.reduction,
            data=self.data,
            arms=tuple(Arm(name=name, model=model, resources=self.resources) for name, model in models.items()),
            seeds=seeds,
            measures=(*self.measures, *(self.final_measures if final else ())),
            classifier=self.classifier,
            checkpoint_seconds=self.checkpoint_seconds,
            estimated_device=self.estimated_device,
        )

    def corners(self) -> Iterator[LatentSettings]:
        """The model with every combination of the ends of the ranges: no other model is smaller or larger."""
        ends = [dimension.ends for dimension in self.space.values()]
        for values in itertools.product(*ends):
            yield self.model_at(dict(zip(self.space, values, strict=True)))

    def check_shapes(self, root: Path) -> None:
        """See `Study`, for every corner of the space.

        Raises:
            UserError: see `Study`.
        """
        models = {f"corner_{index}": model for index, model in enumerate(dict.fromkeys(self.corners()))}
        self.study(models, self.seeds, final=True).check_shapes(root)

    @property
    def data_sets(self) -> tuple[DataSettings, ...]:
        """See `Study`."""
        return self.study({"model": self.model}, self.seeds, final=True).data_sets

    @cached_property
    def search_name(self) -> str:
        """The name of the search in Optuna's storage: the tuning's, and a hash of all that determines its course.

        The number of configurations is not in it, nor what is done with them afterwards.
        """
        later = {"title", "question", "reduction", "final_measures", "twin", "configurations", "finalists"}
        later |= {"fresh_seeds", "checkpoint_seconds", "estimated_device"}
        return f"{self.name}-{short_hash([self.model_dump(mode='json', exclude=later), SEARCH_VERSION])}"
