"""Studies: which models are trained over which values, with which seeds, and what is measured on them."""

import itertools
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, NonNegativeInt, ValidationError, ValidationInfo, field_validator, model_validator

from raysweep.errors import UserError, choices
from raysweep.study.base import Frozen, Name, short_hash
from raysweep.study.data import DataFacts, DataSettings
from raysweep.study.measures import MeasureSettings, Shard
from raysweep.study.models import OTHER_BUDGET, FamilySettings, LatentSettings
from raysweep.study.models.lenet import LeNet

TRAINING_VERSION = 1
"""Raised whenever the same settings would train other weights, so that old results are not used for new ones."""

AxisValue = bool | int | float | str

AXIS_SYMBOLS = {"latent_dim": "d"}
"""Short names of axes in trial ids; other axes appear under their own names."""


def grid(*values: AxisValue) -> tuple[AxisValue, ...]:
    """The values of an axis, in the order in which they are tried."""
    return values


class Resources(Frozen):
    """The resources of one trial, or of one measure of it. Without GPUs in the cluster, `gpus` is ignored."""

    cpus: Annotated[int, Field(ge=1)] = 1
    """CPU cores, and torch threads."""
    gpus: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.0
    """GPUs. Below 1, trials share one: as many as their measured memory allows, and by this share until it is known."""


class Trial(Frozen):
    """One point of an arm, every value concrete, and its seed."""

    arm: Name
    model: FamilySettings
    data: DataSettings
    seed: int
    axes: tuple[str, ...] = ()
    """The settings by which it differs from other trials of its arm."""
    resources: Resources = Resources()

    @cached_property
    def id(self) -> str:
        """Readable and stable: arm, axes, seed, and a hash of everything that determines the trained weights."""
        content = [self.model.model_dump(mode="json"), self.data.model_dump(mode="json"), self.seed, TRAINING_VERSION]
        words = [self.arm, *(_word(name, value) for name, value in self.axis_values.items()), f"s{self.seed}"]
        return "-".join([*words, short_hash(content)])

    @property
    def axis_values(self) -> dict[str, AxisValue]:
        """The axes with this trial's values."""
        return {axis: getattr(self.model, axis) for axis in self.axes}

    @property
    def latent_dim(self) -> int | None:
        """dim(z), or None for a classifier."""
        return getattr(self.model, "latent_dim", None)


def _word(axis: str, value: AxisValue) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value).lower()
    return f"{AXIS_SYMBOLS.get(axis, axis)}{text}"


class Arm(Frozen):
    """A model family swept over the product of some of its settings' values."""

    model: LatentSettings
    over: dict[str, tuple[AxisValue, ...]] = Field(default_factory=dict)
    """Values by field of the model, for example `{"latent_dim": grid(2, 10)}`."""
    name: Name = Field(default="", validate_default=False)
    """By default the family's name."""
    resources: Resources = Resources()

    @field_validator("over")
    @classmethod
    def _check_axes(
        cls, over: dict[str, tuple[AxisValue, ...]], info: ValidationInfo
    ) -> dict[str, tuple[AxisValue, ...]]:
        """Each value goes through the model's own validation and comes out in its type (0 as 0.0, "Infinity" as ∞)."""
        model = info.data.get("model")
        if model is None:
            return over
        checked = {}
        for axis, values in over.items():
            if axis not in type(model).model_fields or axis == "family":
                allowed = [name for name in type(model).model_fields if name != "family"]
                raise ValueError(f"{axis!r} is not a setting of {model.family}; {choices(axis, allowed)}")
            if OTHER_BUDGET.get(axis) in over:
                raise ValueError(f"axes {axis!r} and {OTHER_BUDGET[axis]!r}: both set the budget; sweep one of them")
            if not values:
                raise ValueError(f"axis {axis!r} has no values")
            checked[axis] = tuple(getattr(replace_settings(model, {axis: value}), axis) for value in values)
            if len(set(checked[axis])) < len(values):
                raise ValueError(f"axis {axis!r} names a value twice, of {', '.join(map(str, values))}")
        return checked

    @model_validator(mode="after")
    def _default_name(self) -> Self:
        if not self.name:
            object.__setattr__(self, "name", self.model.family)
        return self

    def points(self) -> Iterator[LatentSettings]:
        """The concrete model of every combination of the axes' values."""
        for values in itertools.product(*self.over.values()):
            yield replace_settings(self.model, dict(zip(self.over, values, strict=True)))


def replace_settings(model: LatentSettings, fields: Mapping[str, AxisValue]) -> LatentSettings:
    """The model with some settings replaced, validated again; a budget replaces the other."""
    kept = {name: value for name, value in model.model_dump().items() if OTHER_BUDGET.get(name) not in fields}
    return type(model).model_validate({**kept, **fields})


class Study(Frozen):
    """A question, and everything that is computed to answer it.

    A field with a wrong name, type or range is an error at construction.
    """

    name: Name
    title: str
    question: str
    """What the study is to answer, as the report puts it."""
    reduction: str = ""
    """What is smaller in a reduced study than in the full one, in a sentence. The report shows it at its head."""
    data: DataSettings
    arms: Annotated[tuple[Arm, ...], Field(min_length=1)]
    seeds: Annotated[tuple[NonNegativeInt, ...], Field(min_length=1)] = (0,)
    measures: tuple[MeasureSettings, ...] = ()
    classifier: LeNet = LeNet()
    """The LeNet of the data set's classes, trained once if a measure needs it."""
    checkpoint_seconds: Annotated[float, Field(gt=0)] = 120.0
    """Seconds of work between two checkpoints of a trial, which a crash can cost at most."""
    estimated_device: str = "laptop-core"
    """The device for which `--plan` states hours, by its name in `raysweep.study.cost`."""

    @field_validator("arms", "measures", "seeds", mode="before")
    @classmethod
    def _several(cls, value: object, info: ValidationInfo) -> object:
        """Accepts one thing in place of a tuple: a missing comma in brackets is the likeliest slip in a study file."""
        if not isinstance(value, list | tuple):
            raise ValueError(f"{info.field_name} is a tuple, even of one: write {info.field_name}=(…,) with a comma")
        return value

    @model_validator(mode="after")
    def _unique_names(self) -> Self:
        for what, names in (
            ("arms", [arm.name for arm in self.arms]),
            ("measures", [measure.name for measure in self.measures]),
            ("seeds", [str(seed) for seed in self.seeds]),
        ):
            twice = sorted({name for name in names if names.count(name) > 1})
            remedy = "leave it out once" if what == "seeds" else "give it a name="
            if twice:
                raise ValueError(f"{what} must differ, but {', '.join(twice)} appears more than once; {remedy}")
        if "classifier" in {arm.name for arm in self.arms}:
            raise ValueError("an arm cannot be named 'classifier': the study's LeNet is")
        return self

    @model_validator(mode="after")
    def _measured_arms(self) -> Self:
        known = [arm.name for arm in self.arms]
        for measure in self.measures:
            for name in measure.arms:
                if name not in known:
                    raise ValueError(f"measure {measure.name} is of arm {name!r}: unknown; {choices(name, known)}")
        return self

    @model_validator(mode="after")
    def _followed_measures(self) -> Self:
        """Checks that the measure that another one follows exists, gives what it needs, and is not its follower."""
        by_name = {measure.name: measure for measure in self.measures}
        for measure in self.measures:
            chain = [measure.name]
            while (name := by_name[chain[-1]].follows) is not None:
                if name not in by_name:
                    others = [other for other in by_name if other != chain[-1]]
                    remedy = choices(name, others) if others else "add it"
                    raise ValueError(f"measure {chain[-1]} follows {name}, which the study does not have; {remedy}")
                chain.append(name)
                if name in chain[:-1]:
                    raise ValueError(f"measures follow each other in a circle: {' → '.join(chain)}")
            if measure.follows is not None:
                self._check_followed(measure, by_name[measure.follows])
        return self

    def _check_followed(self, measure: MeasureSettings, followed: MeasureSettings) -> None:
        try:
            measure.check_followed(followed)
        except ValueError as error:
            raise ValueError(f"measure {measure.name} follows {followed.name}, {error}") from error
        alone = [arm for arm in self.arms if measure.applies_to(arm.model)]
        if alone and not any(self.applies(measure, arm.name, arm.model) for arm in alone):
            arms = ", ".join(arm.name for arm in alone)
            raise ValueError(f"measure {measure.name} follows {followed.name}, which measures nothing on {arms}")

    def followed(self, measure: MeasureSettings) -> MeasureSettings | None:
        """The measure whose rows of the same trial `measure` needs."""
        return next((other for other in self.measures if other.name == measure.follows), None)

    def applies(self, measure: MeasureSettings, arm: str, model: FamilySettings) -> bool:
        """Whether `measure`, and the measure that it follows, measure a model of that arm."""
        followed = self.followed(measure)
        wanted = not measure.arms or arm in measure.arms
        return wanted and measure.applies_to(model) and (followed is None or self.applies(followed, arm, model))

    def measure_key(self, measure: MeasureSettings) -> str:
        """Names the measure with all that determines its rows but the trial: the same in every study that agrees."""
        classifier, followed = self.classifier_trial, self.followed(measure)
        return measure.key(classifier.id if classifier else "", *([self.measure_key(followed)] if followed else []))

    def shards_of(self, measure: MeasureSettings, trial: Trial, facts: DataFacts) -> tuple[Shard, ...]:
        """All shards of a measure of a trial, whether done or not; none if it does not apply to the trial."""
        return measure.shards(trial.model, facts) if self.applies(measure, trial.arm, trial.model) else ()

    def measurements(self, facts: DataFacts) -> Iterator[tuple[MeasureSettings, Trial, Shard]]:
        """Every shard of every measure of the study, whether done or not."""
        for measure in self.measures:
            for trial in self.trials:
                for shard in self.shards_of(measure, trial, facts):
                    yield measure, trial, shard

    @cached_property
    def classifier_trial(self) -> Trial | None:
        """The trial that trains the LeNet, if any measure needs one."""
        if not any(measure.needs_classifier for measure in self.measures):
            return None
        return Trial(arm="classifier", model=self.classifier, data=self.data, seed=0)

    @cached_property
    def trials(self) -> tuple[Trial, ...]:
        """Every trial, the classifier's first: arms in order, then their points, then seeds."""
        swept = [
            Trial(arm=arm.name, model=model, data=self.data, seed=seed, axes=tuple(arm.over), resources=arm.resources)
            for arm in self.arms
            for model in arm.points()
            for seed in self.seeds
        ]
        return ((self.classifier_trial,) if self.classifier_trial else ()) + tuple(swept)

    @property
    def data_sets(self) -> tuple[DataSettings, ...]:
        """The study's own data set, then the other ones that its measures need."""
        return tuple(dict.fromkeys([self.data, *(data for measure in self.measures for data in measure.other_data)]))

    def check_shapes(self, root: Path) -> None:
        """Checks that every model can be built for the data, and that every measure can be computed.

        Raises:
            UserError: a family cannot work on images of this shape, a classifier is needed without classes, or a
            measure needs something that the data do not have.
        """
        facts = self.data.facts(root)
        for trial in self.trials:
            try:
                trial.model.networks(facts)
            except ValueError as error:
                needing = ", ".join(measure.name for measure in self.measures if measure.needs_classifier)
                what = f"the classifier that {needing} needs" if trial == self.classifier_trial else f"arm {trial.arm}"
                raise UserError(f"study {self.name}, {what}: {error}") from error
        for measure in self.measures:
            if facts.points and measure.needs_images:
                raise UserError(
                    f"study {self.name}, measure {measure.name}: it is for images, and the data set {self.data.kind} "
                    "has points; leave it out"
                )
            measure.check(facts, root)


def describe_errors(error: ValidationError) -> str:
    """A validation error as one line per wrong field: its path, what was given, and what is allowed."""
    lines = []
    for item in error.errors(include_url=False):
        path = ".".join(str(part) for part in item["loc"]) or error.title
        whole = isinstance(item["input"], dict) or item["type"] == "json_invalid"
        given = "" if whole else f" (given: {item['input']!r})"
        lines.append(f"{path}: {describe_error(item)}{given}")
    return "; ".join(lines)


WORDS = {
    "missing": "must be given",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be finite",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "string_type": "must be text",
    "greater_than": "must be greater than {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than": "must be less than {lt:g}",
    "less_than_equal": "must be at most {le:g}",
    "too_short": "must have {min_length} at least",
    "literal_error": "must be {expected}",
    "tuple_type": "must be several values, even if it is one: grid(10), say",
    "union_tag_invalid": "must be one of {expected_tags}",
    "union_tag_not_found": "must be settings such as Vae(latent_dim=2): not the class Vae, nor a network",
    "model_type": "must be settings such as Digits(): not a name, nor the class Digits",
    "model_attributes_type": "must be settings such as Digits(): not a name, nor the class Digits",
    "dict_type": "must be names with values, in braces",
    "string_pattern_mismatch": "must be at most 40 lower-case letters, digits and underscores, a letter first",
}
"""The message for a wrong value, by pydantic's name of the error. The only pattern that settings have is `Name`'s."""


def describe_error(item: Mapping[str, Any]) -> str:
    """Says what is wrong with one value ("must be at least 2"), given as `ValidationError.errors` lists it."""
    if item["type"] not in WORDS:
        return str(item["msg"]).removeprefix("Value error, ")
    return WORDS[item["type"]].format(**item.get("ctx", {}))
