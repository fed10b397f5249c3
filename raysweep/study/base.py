"""The base of all settings: frozen, strict about names, equal after a round trip through JSON, found by their kind."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import Annotated, Any, ClassVar, Self, Union

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, StringConstraints, TypeAdapter, model_validator
from pydantic_core import CoreSchema, core_schema
from typing_extensions import override

from raysweep.errors import UserError, choices

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
"""Names become parts of paths and of trial ids: lower-case letters, digits and underscores, at most 40."""
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
"""A number above 0, and finite."""


class Frozen(BaseModel):
    """Settings: immutable, no undeclared fields, infinities survive JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings", allow_inf_nan=True)

    tag: ClassVar[str] = "kind"
    """The field that tells the kinds of such settings apart, if there are several."""

    @model_validator(mode="before")
    @classmethod
    def _known_fields(cls, fields: object) -> object:
        """Reports a wrong name with the allowed ones, which pydantic would not list."""
        for name in fields if isinstance(fields, dict) else ():
            if name not in cls.model_fields:
                raise ValueError(f"no setting {name!r}; {choices(str(name), cls.model_fields)}")
        return fields

    @override
    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Values that were derived from the old ones (a trial's id) are derived again."""
        copy = super().model_copy(update=update, deep=deep)
        for name in set(copy.__dict__) - set(type(self).model_fields):
            del copy.__dict__[name]
        return copy

    def content_hash(self, *more: str) -> str:
        """Six hex digits of everything in these settings and in `more`; the same on every machine.

        The versions of the kinds among them count too, where they are not the first.
        """
        return short_hash([self.model_dump(mode="json"), *more, *self._later_versions()])

    def _later_versions(self) -> Iterator[str]:
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, Frozen):
                yield from value._later_versions()


class Kind(Frozen):
    """Settings of which there are several kinds: of a data set, a model family, a measure, a solver.

    A class that gives the field `tag` a default is a kind, known by that name from its definition on. Where the type of
    a field is a class above kinds, the field takes any of them: as an object, or as a mapping whose `tag` names it.
    """

    code: ClassVar[str] = ""
    """The code that runs it: "module", or "module:name". It is a string, since settings are read without torch."""
    version: ClassVar[int] = 1
    """Raised when the same settings would give other results, so that results of an earlier version are not used."""
    label: ClassVar[str] = ""
    """Its name as the report writes it; by default the name of the kind, with spaces."""
    _known: ClassVar[dict[str, type["Kind"]]]

    @classmethod
    @override
    def __pydantic_init_subclass__(cls, **options: Any) -> None:
        """Makes a kind known.

        Raises:
            UserError: another class has its name.
        """
        if Kind in cls.__bases__:
            cls._known = {}
        if not (name := cls._name()):
            return
        if "label" not in vars(cls):
            cls.label = name.replace("_", " ")
        other = cls._known.setdefault(name, cls)
        if (other.__module__, other.__qualname__) != (cls.__module__, cls.__qualname__):
            classes = " and ".join(f"{each.__module__}.{each.__qualname__}" for each in (other, cls))
            raise UserError(f"{cls.tag} {name!r}: {classes} both have this name; give one of them another")
        cls._known[name] = cls

    @override
    def _later_versions(self) -> Iterator[str]:
        if self.version > 1:
            yield f"{self._name()} {self.version}"
        yield from super()._later_versions()

    @classmethod
    def kinds(cls) -> dict[str, type[Self]]:
        """The kinds at or below this class, by name."""
        return {name: kind for name, kind in sorted(cls._known.items()) if issubclass(kind, cls)}

    @classmethod
    def implementation(cls) -> Any:
        """The object that `code` names, imported on demand."""
        module, _, name = cls.code.partition(":")
        imported = import_module(module)
        return getattr(imported, name) if name else imported

    @classmethod
    def _name(cls) -> str:
        """The name of the kind; empty for a class above kinds."""
        field = cls.model_fields.get(cls.tag)
        return field.default if field and isinstance(field.default, str) else ""

    @classmethod
    @override
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """A class above kinds chooses among those that are known when a value is checked, not when it was defined."""
        if cls._name():
            return handler(source)
        return core_schema.no_info_plain_validator_function(
            cls._chosen, serialization=core_schema.simple_ser_schema("any")
        )

    @classmethod
    def _chosen(cls, value: object) -> object:
        if isinstance(value, cls):
            return value
        return _adapter(cls.tag, tuple(cls.kinds().values())).validate_python(value)


@cache
def _adapter(tag: str, kinds: tuple[type[Kind], ...]) -> TypeAdapter[Any]:
    union: Any = Annotated[Union[kinds], Field(discriminator=tag)]  # noqa: UP007 - of a tuple
    return TypeAdapter(union)


def short_hash(content: object) -> str:
    """Six hex digits of `content`, which must be JSON-able."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:6]
