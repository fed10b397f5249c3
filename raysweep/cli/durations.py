"""How durations are written, from seconds."""


def clock(seconds: float) -> str:
    """Formats time that has passed in hours, minutes and seconds: 1:02:03, or 2:03."""
    hours, rest = divmod(round(seconds), 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def roughly(seconds: float) -> str:
    """Formats an estimate of the time left, in a suitable unit and rounded: 45 s, 2.5 min, 40 min, 3.5 h."""
    if seconds < 88:
        return f"{max(5 * round(seconds / 5), 5)} s"
    minutes = seconds / 60
    if minutes < 90:
        return f"{round(2 * minutes) / 2 if minutes < 10 else round(minutes):g} min"
    return f"{round(minutes / 6) / 10 if minutes < 600 else round(minutes / 60):g} h"


def in_unit(seconds: float) -> str:
    """Formats a cost with two digits or more in one unit: 0.013 s, 4.3 min, 1,234 h."""
    if 0 < seconds < 0.00095:
        return "< 0.001 s"
    for scale, unit in ((1, "s"), (60, "min")):
        if seconds / scale < 59.5:
            return f"{_digits(seconds / scale)} {unit}"
    return f"{_digits(seconds / 3600)} h"


def _digits(value: float) -> str:
    return f"{value:,.0f}" if value >= 9.95 else f"{value:.2g}"
