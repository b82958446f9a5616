"""Grids that advice speaks of: the nodes of a campaign with more of them, or with one less."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
import numpy.typing as npt

from sixsv_lut.accuracy.points import Nodes, middle, step_within
from sixsv_lut.sixsv.axes import AXIS_NAMES

# Into how many parts intervals are divided, by axis and interval; those that are not named stay.
Parts = Mapping[tuple[int, int], int]
Written = tuple[tuple[str, ...], ...]


def divided_values(lower: Decimal, upper: Decimal, parts: int) -> list[str]:
    """Give the values that divide an interval into equal parts, as they are written.

    Parameters
    ----------
    lower, upper : Decimal
        The ends of the interval.
    parts : int
        Number of parts.

    Returns
    -------
    list of str
        ``parts - 1`` values. The one in the middle is exact, because 6SV may have been launched
        there; others are rounded to a ten-thousandth of the interval or finer.
    """
    step = step_within(lower, upper)
    values = []
    for part in range(1, parts):
        if 2 * part == parts:
            value = middle(lower, upper)
        else:
            value = (lower + (upper - lower) * part / parts).quantize(step, ROUND_HALF_EVEN)
        values.append(written(value))
    return values


def written(value: Decimal) -> str:
    """Write a value without an exponent and without zeros at its end."""
    return format(value.normalize(), "f")


def with_parts(nodes: Nodes, parts: Parts) -> Written:
    """Give the nodes of a grid some of whose intervals are divided."""
    axes = []
    for a, values in enumerate(nodes.written):
        axis = [values[0]]
        for interval, value in enumerate(values[1:]):
            axis += divided_values(*nodes.ends(a, interval), parts.get((a, interval), 1))
            axis.append(value)
        axes.append(tuple(axis))
    return tuple(axes)


def without(nodes: Nodes, axis: int, node: int) -> Written:
    """Give the nodes of a grid without one."""
    return tuple(
        tuple(value for i, value in enumerate(values) if (a, i) != (axis, node))
        for a, values in enumerate(nodes.written)
    )


def numbers(axes: Sequence[Sequence[str]]) -> tuple[npt.NDArray[np.float64], ...]:
    """Give the values of axes as numbers."""
    return tuple(np.array([float(value) for value in axis]) for axis in axes)


def axes_yaml(axes: Sequence[Sequence[str]]) -> str:
    """Write nodes as the section ``axes`` of a configuration."""
    lines = ["axes:"]
    lines += [
        f"  {name}: [{', '.join(values)}]" for name, values in zip(AXIS_NAMES, axes, strict=True)
    ]
    return "\n".join(lines) + "\n"
