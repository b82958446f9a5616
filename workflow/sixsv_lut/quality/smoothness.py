"""Jumps that a smooth field cannot have.

Along an axis, two things are compared with what they are next to them:

- the curvature at a node (the second divided difference over it and its neighbours), with the
  curvatures that its neighbours have without it: a single wrong value stands out;
- the slope of an interval, with the slopes of the intervals on both sides, and how much these
  change one interval further out: a step stands out.

Of a smooth field both lie between those beside them, or hardly outside. By how much they lie
outside, times the distances of the nodes, is a difference of the quantity. It is measured in units
of the same difference as it is beside the place, and of what 6SV's digits and own steps can make.
So nothing depends on units, on how nodes are spaced, or on how bright a band is.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sixsv_lut.lut.quantities import LUT_NAMES
from sixsv_lut.quality.checked_lut import REFLECTANCE, ROUNDING, Array, CheckedLut
from sixsv_lut.quality.findings import Findings, Outcome
from sixsv_lut.sixsv.axes import AXIS_NAMES

# Nodes that the comparison of curvatures needs; that of slopes needs one more.
_LEAST_NODES = 5

# 6SV's own was up to 2.0, in 8,400 places along lines through grids of 8 bands with aerosol models
# 0, 1, 2 and 5; some of the grids go to the ends of the axes' domains.
_LARGEST_JUMP = 10.0

# 6SV steps by 1e-4 along aot550 where rho_atm is 0.26: a share of 4e-4.
_OWN_STEPS = 1e-3


@np.errstate(invalid="ignore")  # of infinite numbers, which other checks name
def jumps(lut: CheckedLut) -> Outcome:
    """Measure how much curvatures and slopes differ from those beside them."""
    found = Findings(lut.shape, _LARGEST_JUMP)
    for name in LUT_NAMES:
        values = lut.values(name)
        for place, axis in enumerate(AXIS_NAMES):
            if lut.shape[place] < _LEAST_NODES:
                continue
            nodes = lut.axis(axis)
            planes = [values.take([node], place) for node in range(len(nodes))]
            for compare, before, after in ((_bend, 2, 2), (_step, 3, 2)):
                for node in range(before, len(nodes) - after):
                    beside = slice(node - before, node + after + 1)
                    noise = _noise(lut, name, planes[beside], place, node)
                    amounts = compare(nodes[beside], planes[beside], noise)
                    found.enter(f"{name} along {axis}", amounts, {axis: [node]})
    return found.outcome(
        "jumps",
        "Neighbours differ by no more than a smooth field does.",
        needs=f"an axis of {_LEAST_NODES} values",
    )


def _noise(
    lut: CheckedLut, name: str, planes: list[Array], place: int, index: int
) -> Array | float:
    """Give the difference that digits, derived values and 6SV's own steps can make."""
    if name != REFLECTANCE:
        return ROUNDING
    largest = np.abs(planes[0])
    for plane in planes[1:]:
        largest = np.fmax(largest, np.abs(plane))
    error = lut.reflectance_error
    if error.shape[place] > 1:
        error = error.take([index], place)
    return np.asarray(_OWN_STEPS * largest + error)


def _slope(nodes: npt.NDArray[np.float64], planes: list[Array], left: int, right: int) -> Array:
    return np.asarray((planes[right] - planes[left]) / (nodes[right] - nodes[left]))


def _bend(nodes: npt.NDArray[np.float64], planes: list[Array], noise: Array | float) -> Array:
    """Compare the curvature at the third of 5 nodes with those of the others."""

    def curvature(left: int, middle: int, right: int) -> Array:
        change = _slope(nodes, planes, middle, right) - _slope(nodes, planes, left, middle)
        return np.asarray(change / (nodes[right] - nodes[left]))

    there, before, after = curvature(1, 2, 3), curvature(0, 1, 3), curvature(1, 3, 4)
    distances = (nodes[2] - nodes[1]) * (nodes[3] - nodes[2])
    usual = np.maximum(np.abs(before), np.abs(after))
    return np.asarray(_outside(there, before, after) * distances / (usual * distances + noise))


def _step(nodes: npt.NDArray[np.float64], planes: list[Array], noise: Array | float) -> Array:
    """Compare the slope of the third of the 5 intervals of 6 nodes with those of the others."""
    slopes = [_slope(nodes, planes, node, node + 1) for node in range(5)]
    distance = nodes[3] - nodes[2]
    usual = np.maximum(np.abs(slopes[1] - slopes[0]), np.abs(slopes[3] - slopes[4]))
    return np.asarray(
        _outside(slopes[2], slopes[1], slopes[3]) * distance / (usual * distance + noise)
    )


def _outside(value: Array, one: Array, other: Array) -> Array:
    """Give by how much a value is outside the range between two others."""
    beyond = np.maximum(value - np.maximum(one, other), np.minimum(one, other) - value)
    return np.asarray(np.maximum(beyond, 0))
