"""The one exception that is shown to a person instead of a traceback, and how it offers a remedy."""

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """Something the user gave cannot be used.

    The message names the thing, the value that was given, and what to do about it. The command line prints it
    alone and exits with code 2.
    """


def choices(given: str, allowed: Iterable[str]) -> str:
    """What to offer in place of a name that is not allowed: the one most like it, and all that are."""
    names = list(allowed)
    near = difflib.get_close_matches(given, names, n=1)
    if not names:
        return "none is allowed here"
    listed = ", ".join(names)
    return f"did you mean {near[0]!r}? Allowed: {listed}" if near else f"allowed: {listed}"
