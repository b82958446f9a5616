"""Times and sizes as people read them."""

from __future__ import annotations

import math


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
