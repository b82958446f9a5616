"""Times and sizes as people read them."""

from __future__ import annotations

import math


def duration(seconds: float) -> str:
    """Write a time in s, min, h or days; ``-`` where it is not known."""
    if math.isnan(seconds):
        return "-"
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 6000:
        return f"{seconds / 60:.0f} min"
    if seconds < 100 * 3600:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 86400:.1f} days"


def size(octets: float) -> str:
    """Write a size in B, kB, MB or GB, powers of 1000."""
    for unit in ("B", "kB", "MB"):
        if octets < 1000:
            return f"{octets:.0f} {unit}" if unit == "B" else f"{octets:.1f} {unit}"
        octets /= 1000
    return f"{octets:.1f} GB"


def hours(value: float) -> str:
    """Write a number of hours with three digits, or whole above a hundred."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
