"""Random streams that depend on what is computed, never on when, where or after what.

A stream is named by the values that it belongs to (a trial's seed, a purpose, a step), so nothing about random
numbers needs to be stored in a checkpoint, and a result is the same whatever the schedule.
"""

import hashlib
import json


def derive_seed(*parts: str | int | float) -> int:
    """A seed in [0, 2⁶³) for the stream that `parts` name: equal parts give equal seeds on every machine."""
    text = json.dumps(parts, separators=(",", ":"))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
