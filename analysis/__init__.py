"""Figures, claims and the report of a results folder. Reads its tables; no torch, no Ray."""

import contextlib
import os
import sys

if "matplotlib" not in sys.modules:
    # A notebook sets its own matplotlib backend for every command that it starts, and matplotlib cannot be imported if
    # that backend is not installed. The report opens no window, so it needs none.
    _named = os.environ.pop("MPLBACKEND", None)
    import matplotlib as _matplotlib

    if _named is not None:
        os.environ["MPLBACKEND"] = _named
        with contextlib.suppress(ValueError):
            _matplotlib.rcParams["backend"] = _named
