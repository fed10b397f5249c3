"""Messages to the user: the one exception that is shown without a traceback, in encodings that may lack some
characters.
"""

import codecs
import difflib
import io
from collections.abc import Iterable
from typing import TextIO

PLAIN = {
    **{"λ": "lambda", "ω": "omega", "Σ": "Sigma", "χ": "chi", "ρ": "rho", "β": "beta", "∞": "inf", "∝": "~", "∈": "in"},
    **{"×": "x", "−": "-", "–": "-", "—": "-", "…": "...", "‖": "|", "√": "sqrt ", "½": "1/2", "·": "*", "≥": ">="},
    **{"≤": "<=", "±": "+-", "’": "'", "‘": "'", "“": '"', "”": '"', "é": "e", "\u00a0": " ", "²": "^2", "⌀": "mean "},
}
"""Replacements for characters that an encoding lacks; any other such character becomes a question mark."""


class UserError(Exception):
    """Something the user gave cannot be used.

    The message names the thing, the value that was given, and what to do about it. The command line prints it
    alone and exits with code 2.
    """


def choices(given: str, allowed: Iterable[str]) -> str:
    """Suggests names in place of one that is not allowed: the most similar one, and all that are allowed."""
    names = list(allowed)
    near = difflib.get_close_matches(given, names, n=1)
    if not names:
        return "none is allowed here"
    listed = ", ".join(names)
    return f"did you mean {near[0]!r}? Allowed: {listed}" if near else f"allowed: {listed}"


def encodable(*streams: TextIO) -> None:
    """Makes streams of any encoding (cp1252, latin-1, ASCII) write every text, with words for characters they lack."""
    codecs.register_error("raysweep.plain", _in_plain_signs)
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="raysweep.plain")


def _in_plain_signs(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    return "".join(PLAIN.get(sign, "?") for sign in error.object[error.start : error.end]), error.end
