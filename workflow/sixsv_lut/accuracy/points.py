"""Where 6SV is launched between the nodes of a grid.

Random points are spread evenly over the volume of the grid, which is the same when nodes are added:
so the errors of two grids with the same ends can be compared. Midpoints lie between two
neighbouring nodes of one axis, with all other values on nodes. Those of one point are the midpoints
of the cell around it, one for each axis, at the corner that is nearest to the point: they tell how
large each axis' part of the error is there, with its sign.

All values are short decimals, and the draw is SHA-256: the points are the same everywhere and for
ever. A midpoint is the value by which advice divides an interval, so a launch there is one of the
grid with that value.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cached_property

from sixsv_lut.reduced.draws import Draws
from sixsv_lut.sixsv.axes import AXIS_NAMES

RANDOM, MIDPOINT = "random", "midpoint"

# Midpoints of every interval, at least, if there are as many.
_LEAST_MIDPOINTS = 3

# A random value is one of so many of its axis, at least.
_STEPS_OF_AXIS = 4

# What an axis takes (see `sixsv_lut.sixsv.axes`).
_SIGNIFICANT_DIGITS = 15

_DRAW = "accuracy 1"


@dataclass(frozen=True)
class AccuracyPoint:
    """A point between the nodes.

    Attributes
    ----------
    kind : str
        `RANDOM` or `MIDPOINT`.
    values : tuple of float
        The 8 values.
    axis : str
        Of a midpoint, the axis along which it lies between two nodes; else empty.
    interval : int or None
        Of a midpoint, the interval of that axis, from 0.
    """

    kind: str
    values: tuple[float, ...]
    axis: str = ""
    interval: int | None = None


@dataclass(frozen=True)
class Nodes:
    """The nodes of a grid, as exact decimals.

    Attributes
    ----------
    written : tuple of tuple of str
        The values of each axis as written.
    """

    written: tuple[tuple[str, ...], ...]

    @cached_property
    def axes(self) -> tuple[tuple[Decimal, ...], ...]:
        """The values of each axis."""
        return tuple(tuple(map(Decimal, values)) for values in self.written)

    @property
    def divided(self) -> list[int]:
        """Positions of the axes that have intervals."""
        return [i for i, values in enumerate(self.written) if len(values) > 1]

    def interval(self, axis: int, value: Decimal) -> int:
        """Give the interval of an axis in which a value lies."""
        values = self.axes[axis]
        return min(max(bisect_right(values, value) - 1, 0), len(values) - 2)

    def nearest(self, axis: int, value: Decimal) -> Decimal:
        """Give the node of an axis that is nearest to a value."""
        return min(self.axes[axis], key=lambda node: abs(node - value))

    def ends(self, axis: int, interval: int) -> tuple[Decimal, Decimal]:
        """Give the two nodes between which an interval lies."""
        values = self.axes[axis]
        return values[interval], values[interval + 1]


def middle(lower: Decimal, upper: Decimal) -> Decimal:
    """Give the value in the middle of two, in no more digits than an axis takes."""
    exact = (lower + upper) / 2
    if len(exact.normalize().as_tuple().digits) <= _SIGNIFICANT_DIGITS:
        return exact
    step = Decimal(1).scaleb(exact.adjusted() - _SIGNIFICANT_DIGITS + 1)
    return exact.quantize(step, ROUND_HALF_EVEN)


def step_within(lower: Decimal, upper: Decimal) -> Decimal:
    """Give a power of ten of which the distance between two values has 10,000 at least."""
    return Decimal(1).scaleb((upper - lower).adjusted() - _STEPS_OF_AXIS)


def draw_points(written: Sequence[Sequence[str]], launches: int) -> tuple[AccuracyPoint, ...]:
    """Draw the points at which the error of a grid is measured.

    Parameters
    ----------
    written : sequence of sequence of str
        The values of each axis as written.
    launches : int
        Number of random points.

    Returns
    -------
    tuple of AccuracyPoint
        The random points, then about as many midpoints: those of the cells of the first random
        points, and more where an interval has few. No two are the same.

    Raises
    ------
    ValueError
        Every axis has one value.
    """
    nodes = Nodes(tuple(tuple(values) for values in written))
    if not nodes.divided:
        raise ValueError("there is nothing between the nodes of axes of one value")
    # Spelling is no matter: the same nodes give the same points.
    seed = ["/".join(format(value.normalize(), "f") for value in axis) for axis in nodes.axes]
    random = _random_points(nodes, launches, Draws(_DRAW, RANDOM, *seed))
    midpoints = dict.fromkeys(_midpoints(nodes, random, Draws(_DRAW, MIDPOINT, *seed)))
    points = [AccuracyPoint(RANDOM, tuple(map(float, values))) for values in random]
    points += [
        AccuracyPoint(
            MIDPOINT,
            tuple(
                float(middle(*nodes.ends(a, interval)) if a == axis else value)
                for a, value in enumerate(corner)
            ),
            AXIS_NAMES[axis],
            interval,
        )
        for axis, interval, corner in midpoints
    ]
    return tuple(points)


# An axis, an interval of it, and the 8 values of a node of which that of the axis does not count.
_Midpoint = tuple[int, int, tuple[Decimal, ...]]


def _random_points(nodes: Nodes, number: int, draws: Draws) -> list[tuple[Decimal, ...]]:
    points: dict[tuple[Decimal, ...], None] = {}
    while len(points) < number:
        points[tuple(_random_value(values, draws) for values in nodes.axes)] = None
    return list(points)


def _random_value(values: tuple[Decimal, ...], draws: Draws) -> Decimal:
    if len(values) == 1:
        return values[0]
    step = step_within(values[0], values[-1])
    steps = int((values[-1] - values[0]) / step)
    while True:
        value = values[0] + step * draws.below(steps)
        if value not in values:
            return value


def _corner(nodes: Nodes, axis: int, point: Sequence[Decimal]) -> tuple[Decimal, ...]:
    return tuple(
        nodes.axes[a][0] if a == axis else nodes.nearest(a, value) for a, value in enumerate(point)
    )


def _midpoints(
    nodes: Nodes, points: Sequence[tuple[Decimal, ...]], draws: Draws
) -> Iterator[_Midpoint]:
    found: dict[tuple[int, int], set[tuple[Decimal, ...]]] = {
        (axis, interval): set()
        for axis in nodes.divided
        for interval in range(len(nodes.axes[axis]) - 1)
    }
    cells = math.ceil(len(points) / len(nodes.divided))
    for point in points[:cells]:
        for axis in nodes.divided:
            interval = nodes.interval(axis, point[axis])
            corner = _corner(nodes, axis, point)
            found[axis, interval].add(corner)
            yield axis, interval, corner
    least = max(1, min(_LEAST_MIDPOINTS, len(points) // len(found)))
    for (axis, interval), corners in found.items():
        others = math.prod(len(values) for a, values in enumerate(nodes.axes) if a != axis)
        while len(corners) < min(least, others):
            drawn = [values[draws.below(len(values))] for values in nodes.axes]
            corner = _corner(nodes, axis, drawn)
            if corner not in corners:
                corners.add(corner)
                yield axis, interval, corner
