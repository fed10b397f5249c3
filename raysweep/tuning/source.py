"""Settings as the Python that makes them: the text of a study file. No torch, no Ray."""

import json
import math
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from raysweep.study.base import Frozen
from raysweep.study.core import Study
from raysweep.study.models import FamilySettings

WIDTH, INDENT = 100, "    "


def study_source(study: Study, docstring: str) -> str:
    """The text of a file that defines this study, with all settings of its models, and of the rest those that are not
    at their defaults.

    `docstring` is put between three double quotes as it is.
    """
    names = sorted({(_module(cls), cls.__name__) for cls in _classes(study)})
    modules = dict.fromkeys(module for module, _ in names)
    imports = [f"from {each} import {', '.join(name for module, name in names if module == each)}" for each in modules]
    if _has_infinity(study):
        imports.insert(0, "from math import inf\n")
    return f'"""{docstring}"""\n\n' + "\n".join(imports) + f"\n\nSTUDY = {source(study)}\n"


def source(value: object, depth: int = 0) -> str:
    """An expression for settings or a value among them, broken into lines where it is long."""
    opening, parts, closing = _parts(value, depth + 1)
    flat = opening + ", ".join(parts) + closing
    if not parts or (len(flat) + len(INDENT) * depth <= WIDTH and "\n" not in flat):
        return flat
    margin = INDENT * (depth + 1)
    lines = "".join(f"{margin}{part.rstrip(',')},\n" for part in parts)
    return f"{opening}\n{lines}{INDENT * depth}{closing}"


def _parts(value: object, depth: int) -> tuple[str, list[str], str]:
    if isinstance(value, Frozen):
        named = [f"{name}={source(each, depth)}" for name, each in _told(value).items()]
        return f"{type(value).__name__}(", named, ")"
    if isinstance(value, Mapping):
        return "{", [f"{key!r}: {source(each, depth)}" for key, each in value.items()], "}"
    if isinstance(value, tuple):
        parts = [source(each, depth) for each in value]
        return "(", [f"{parts[0]},"] if len(parts) == 1 else parts, ")"
    if isinstance(value, str | Path):
        return json.dumps(str(value), ensure_ascii=False), [], ""  # in double quotes, as studies are written
    return repr(value), [], ""


def _told(settings: Frozen) -> dict[str, object]:
    """The settings that are not at their defaults; of a model all, so that what was searched is seen."""
    if isinstance(settings, FamilySettings):
        return {name: getattr(settings, name) for name in type(settings).model_fields if name != "family"}
    defaults = {
        name: field.get_default(call_default_factory=True, validated_data={})
        for name, field in type(settings).model_fields.items()
    }
    return {name: value for name, default in defaults.items() if (value := getattr(settings, name)) != default}


def _inner(value: object) -> Iterator[object]:
    """A value and all that it holds."""
    yield value
    held: Iterator[object] = iter(())
    if isinstance(value, Frozen):
        held = iter(_told(value).values())
    elif isinstance(value, Mapping):
        held = iter(value.values())
    elif isinstance(value, tuple):
        held = iter(value)
    for each in held:
        yield from _inner(each)


def _classes(study: Study) -> set[type[Frozen]]:
    return {type(each) for each in _inner(study) if isinstance(each, Frozen)}


def _has_infinity(study: Study) -> bool:
    return any(isinstance(each, float) and math.isinf(each) for each in _inner(study))


def _module(cls: type[Frozen]) -> str:
    """Where a study file imports it from: the vocabulary of studies, if it is there."""
    vocabulary = "raysweep.study"
    return vocabulary if getattr(sys.modules[vocabulary], cls.__name__, None) is cls else cls.__module__
