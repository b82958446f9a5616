"""Times, sizes and wrong values as people read them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

# Signs of a value in a message: what fits on a line with its key and its error.
_LONGEST_SHOWN = 60


def duration(seconds: float) -> str:
    """Write a time to two digits or so.

    Parameters
    ----------
    seconds : float
        The time; NaN if it is not known.

    Returns
    -------
    str
        Such as ``45 s``, ``12 min``, ``2 h 20 min``, ``15 h`` or ``3 days 4 h``; ``-`` if it is not
        known.
    """
    if math.isnan(seconds):
        return "-"
    if seconds < 100:
        return f"{math.ceil(seconds)} s"
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 10:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    hours = round(seconds / 3600)
    if hours < 48:
        return f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} days {hours} h" if hours and days < 10 else f"{days} days"


def size(number: float) -> str:
    """Write a number of bytes in kB, MB, GB or TB, powers of 1000, to three digits."""
    if number < 1000:
        return f"{number:.0f} B"
    number, unit = number / 1000, "kB"
    for larger in ("MB", "GB", "TB"):
        if number < 999.5:
            break
        number, unit = number / 1000, larger
    return f"{number:.3g} {unit}"


def hours(value: float) -> str:
    """Write a number of hours to three digits, or whole above a hundred."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def shown(value: object) -> str:
    """Write a value of a configuration for a message: as in a file, and not longer than a line.

    Parameters
    ----------
    value : object
        Text, a number, a list, a section or nothing.

    Returns
    -------
    str
        Text in quotes, with control characters as in YAML's double quotes.
    """
    if isinstance(value, str):
        short = value if len(value) <= _LONGEST_SHOWN else f"{value[: _LONGEST_SHOWN - 1]}…"
        if short.isprintable():
            return f"'{short}'"
        return json.dumps(short)
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        inner = ", ".join(str(key) for key in value)
        return _cut(f"{{{inner}}}")
    if isinstance(value, list | tuple):
        # Of a list that is too long anyway, not every value is written.
        return _cut(f"[{', '.join(shown(one) for one in value[:_LONGEST_SHOWN])}]")
    return _cut(str(value).removesuffix(".0"))


def _cut(text: str) -> str:
    if len(text) <= _LONGEST_SHOWN:
        return text
    return f"{text[: _LONGEST_SHOWN - 2]}…{text[-1]}"
