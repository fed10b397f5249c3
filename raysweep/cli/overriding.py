"""Changing single settings of a study from the command line: `--set PATH=VALUE`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar, cast, get_args

from pydantic import ValidationError

from raysweep.errors import UserError, choices
from raysweep.study.base import Frozen, Kind
from raysweep.study.core import Arm, Study, describe_error
from raysweep.study.models import OTHER_BUDGET
from raysweep.tuning.settings import Tuning

AnyStudy = TypeVar("AnyStudy", bound=Study | Tuning)


def override(study: AnyStudy, assignments: Iterable[str]) -> AnyStudy:
    """The study with settings changed by `PATH=VALUE` assignments, one after the other, each checked.

    Paths are `arms.<arm>.<setting of its model>`, `arms.<arm>.over.<axis>`, `arms.<arm>.resources.<setting>`,
    `measures.<measure>.<setting>`, of a tuning `model.<setting>`, or a setting of the study itself: `seeds`,
    `data.limit`, `classifier.epochs`,
    `checkpoint_seconds`. `*` stands for all arms or measures that have the setting. Several values are separated by
    commas, `inf` is infinity, and `none` empties a setting that may be empty.

    Raises:
        UserError: a path or a value is not allowed. Names the assignment, and what is.
    """
    for assignment in assignments:
        try:
            study = _assign(study, assignment)
        except ValidationError as error:
            raise UserError(f"setting {assignment}: {describe_error(error.errors(include_url=False)[0])}") from error
        except UserError as error:
            raise UserError(f"setting {assignment}: {error}") from error
    return study


def _assign(study: AnyStudy, assignment: str) -> AnyStudy:
    path, equals, text = assignment.partition("=")
    if not equals:
        raise UserError("has no value; write PATH=VALUE, for example arms.wgan_gp.steps=200")
    content = study.model_dump()
    match path.strip().split("."):
        case ["arms", name, *rest] if rest and isinstance(study, Study):
            for index in _selected("arm", name, rest, study.arms):
                _put_arm(study.arms[index], content["arms"][index], rest, text.strip())
        case ["measures", name, *rest] if rest:
            for index in _selected("measure", name, rest, study.measures):
                _put(study.measures[index], content["measures"][index], rest, text.strip())
        case ["arms" | "measures" as group, *_] if group in content:
            names = ", ".join(member.name for member in getattr(study, group))
            raise UserError(f"write {group}.<name>.<setting>=VALUE; the names are {names or '(there are none)'}")
        case parts:
            _put(study, content, parts, text.strip())
    return cast("AnyStudy", type(study).model_validate(content))


def _selected(what: str, name: str, rest: Sequence[str], members: Sequence[Any]) -> list[int]:
    """Positions of the arm or measure of that name; for `*`, of all arms or measures that have the setting."""
    if name == "*":
        found = [index for index, member in enumerate(members) if _has(member, rest)]
        if not found:
            known = dict.fromkeys(name for member in members for name in _names(member, rest))
            raise UserError(f"no {what} has the setting {'.'.join(rest)!r}; {choices(rest[-1], known)}")
        return found
    names = [member.name for member in members]
    if name not in names:
        raise UserError(f"no {what} is called {name!r}; {choices(name, names)}")
    return [names.index(name)]


def _has(member: Arm | Frozen, rest: Sequence[str]) -> bool:
    """Whether an arm or a measure has the setting, or an arm the axis, that `rest` names."""
    match rest:
        case ["over", axis] if isinstance(member, Arm):
            return axis in member.over
        case ["resources", *_] if isinstance(member, Arm):
            return True
        case _:
            settings = member.model if isinstance(member, Arm) else member
            return rest[0] in type(settings).model_fields


def _names(member: Arm | Frozen, rest: Sequence[str]) -> Iterable[str]:
    """Names that are allowed in place of `rest`: axes of an arm after "over", else settings."""
    if isinstance(member, Arm):
        return member.over if rest[0] == "over" else type(member.model).model_fields
    return type(member).model_fields


def _put_arm(arm: Arm, content: dict[str, Any], path: Sequence[str], text: str) -> None:
    match path:
        case ["over", axis]:
            content["over"][axis] = tuple(part.strip() for part in text.split(","))
        case ["resources", *rest] if rest:
            _put(arm.resources, content["resources"], rest, text)
        case [axis] if axis in arm.over:
            values = ", ".join(f"{value}" for value in arm.over[axis])
            raise UserError(f"is an axis of this arm ({values}); set arms.{arm.name}.over.{axis} instead")
        case _:
            _put(arm.model, content["model"], path, text)


def _put(settings: Frozen, content: dict[str, Any], path: Sequence[str], text: str) -> None:
    """Writes the text at `path` into `content`, the dump of `settings`; validation turns it into the setting's type.

    A group that is one of several kinds, such as a solver, is replaced by another kind if its name is given.
    """
    group, *rest = path
    kinds = _kinds(settings, group)
    fields = type(settings).model_fields
    current = getattr(settings, group, None)
    if kinds and rest == [_tag(kinds)]:
        rest = []
    if rest:
        if not isinstance(current, Frozen):
            held = [name for name in fields if isinstance(getattr(settings, name), Frozen)]
            raise UserError(f"{group!r} is not a group of settings; {choices(group, held)}")
        _put(current, content[group], rest, text)
    elif group not in fields:
        raise UserError(f"{type(settings).__name__} has no setting {group!r}; {choices(group, fields)}")
    elif text.lower() == "none" and type(None) in get_args(fields[group].annotation):
        content[group] = None
    elif kinds:
        _exchange(content, group, kinds, text)
    elif isinstance(current, Frozen):
        raise UserError(f"{group!r} is a group of settings; go on with one of {', '.join(type(current).model_fields)}")
    else:
        content[group] = tuple(part.strip() for part in text.split(",")) if isinstance(current, tuple) else text
        content.pop(OTHER_BUDGET.get(group, ""), None)


def _kinds(settings: Frozen, name: str) -> dict[str, type[Frozen]]:
    """The kinds that a setting chooses among, by name; empty if it is not a group of one of several kinds."""
    field = type(settings).model_fields.get(name)
    classes = list(_classes(field.annotation)) if field else []
    return {cls.model_fields[cls.tag].default: cls for cls in classes} if len(classes) > 1 else {}


def _classes(annotation: Any) -> Iterator[type[Frozen]]:
    if isinstance(annotation, type) and issubclass(annotation, Frozen):
        yield from annotation.kinds().values() if issubclass(annotation, Kind) else (annotation,)
    for part in get_args(annotation):
        yield from _classes(part)


def _tag(kinds: Mapping[str, type[Frozen]]) -> str:
    """The name of the setting that tells the kinds apart."""
    return next(iter(kinds.values())).tag


def _exchange(content: dict[str, Any], name: str, kinds: Mapping[str, type[Frozen]], text: str) -> None:
    """Replaces a kind by the one called `text`: settings that all kinds share are kept, the others get their defaults.

    A setting that only two kinds share is not kept: 10,000 steps of one solver are too many for another.
    """
    if text not in kinds:
        raise UserError(f"no kind of {name} is called {text!r}; {choices(text, kinds)}")
    shared = set.intersection(*(set(kind.model_fields) for kind in kinds.values()))
    kept = {field: value for field, value in (content[name] or {}).items() if field in shared}
    content[name] = {**kept, _tag(kinds): text}
