"""What all settings share: frozen, strict about names, and equal after a round trip through JSON."""

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from typing_extensions import override

from raysweep.errors import choices

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
"""Names become parts of paths and of trial ids: lower-case letters, digits and underscores, at most 40."""
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
"""A number above 0, and finite."""


class Frozen(BaseModel):
    """Settings: immutable, no unknown fields, infinities survive JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings", allow_inf_nan=True)

    @model_validator(mode="before")
    @classmethod
    def _known_fields(cls, fields: object) -> object:
        """An unknown name is answered with the known ones; pydantic would only forbid it."""
        for name in fields if isinstance(fields, dict) else ():
            if name not in cls.model_fields:
                raise ValueError(f"no setting {name!r}; {choices(str(name), cls.model_fields)}")
        return fields

    @override
    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """What was derived from the old values (a trial's id) is derived anew."""
        copy = super().model_copy(update=update, deep=deep)
        for name in set(copy.__dict__) - set(type(self).model_fields):
            del copy.__dict__[name]
        return copy

    def content_hash(self, *more: str) -> str:
        """Six hex digits of everything in these settings and in `more`; the same on every machine."""
        return short_hash([self.model_dump(mode="json"), *more])


def short_hash(content: object) -> str:
    """Six hex digits of `content`, which must be JSON-able."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:6]
