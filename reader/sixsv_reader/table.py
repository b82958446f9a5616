"""The numbers of a table as the loops over pixels want them: what is needed, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from sixsv_reader.axes import AXIS_NAMES
from sixsv_reader.errors import LutError
from sixsv_reader.opening import STATUS

# Launched, and derived from launches; all others have failed.
_GOOD = (0, 6)

# Neighbours of a value along an axis.
LINEAR, CUBIC = 2, 4


def neighbours(length: int, method: str) -> int:
    """Tell how many values of an axis an interpolation uses.

    Parameters
    ----------
    length : int
        Number of values of the axis.
    method : {"linear", "cubic"}
        The method; an axis that is too short for cubic interpolation is interpolated linearly.
    """
    return CUBIC if method == "cubic" and length >= CUBIC else min(length, LINEAR)


def stencil(
    nodes: npt.NDArray[np.float64], value: float, method: str
) -> tuple[slice, npt.NDArray[np.float64]]:
    """Give the values of an axis from which one value is interpolated, and their weights.

    Parameters
    ----------
    nodes : ndarray of float64
        The values of the axis.
    value : float
        A value between its ends, or a rounding error outside.
    method : {"linear", "cubic"}
        Linear, or the polynomial of Lagrange through 4 neighbours.

    Returns
    -------
    slice
        Where the neighbours are: a single one, if the value is on it.
    ndarray of float64
        Their weights.
    """
    value = float(np.clip(value, nodes[0], nodes[-1]))
    cell = int(np.searchsorted(nodes, value, side="right")) - 1
    if nodes[cell] == value:
        return slice(cell, cell + 1), np.ones(1)
    start = _first_neighbour(nodes, cell, method)
    count = neighbours(len(nodes), method)
    used = nodes[start : start + count]
    weights = np.ones(count)
    for i in range(count):
        for j in range(count):
            if i != j:
                weights[i] *= (value - used[j]) / (used[i] - used[j])
    return slice(start, start + count), weights


def covering(nodes: npt.NDArray[np.float64], low: float, high: float, method: str) -> slice:
    """Give the values of an axis from which all values of a range are interpolated.

    The ends of the range count as values between nodes also where they are on one: what lies beside
    them within the range needs all its neighbours.
    """
    first = int(np.searchsorted(nodes, low, side="right")) - 1
    last = int(np.searchsorted(nodes, high, side="left")) - 1
    start, end = (_first_neighbour(nodes, cell, method) for cell in (first, max(first, last)))
    return slice(start, end + neighbours(len(nodes), method))


def _first_neighbour(nodes: npt.NDArray[np.float64], cell: int, method: str) -> int:
    count = neighbours(len(nodes), method)
    before = 1 if count == CUBIC else 0
    return max(0, min(cell - before, len(nodes) - count))


@dataclass(frozen=True)
class ReducedTable:
    """The part of a table that a scene needs, over the axes along which its pixels differ.

    Attributes
    ----------
    values : ndarray of float32 or float64, shape (lengths of the axes..., quantities)
        The numbers; NaN where a point failed that they are made of.
    nodes : tuple of ndarray of float64
        The values of these axes.
    neighbours : tuple of int
        Neighbours used along each.
    """

    values: npt.NDArray[np.floating[Any]]
    nodes: tuple[npt.NDArray[np.float64], ...]
    neighbours: tuple[int, ...]


def reduce_table(
    lut: xr.Dataset,
    variables: Sequence[str],
    fixed: Mapping[str, float],
    ranges: Mapping[str, tuple[float, float]],
    method: str,
) -> ReducedTable:
    """Read what a scene needs of the table of a band, and interpolate along axes of one value.

    Parameters
    ----------
    lut : xarray.Dataset
        The table of one band, the axes in their order.
    variables : sequence of str
        The quantities.
    fixed : mapping of str to float
        The value of each axis that is the same in the whole scene.
    ranges : mapping of str to tuple of float
        Lowest and highest value of each of the other axes.
    method : {"linear", "cubic"}
        The method.

    Returns
    -------
    ReducedTable
        The table over the other axes, in their order.
    """
    slices: dict[str, slice] = {}
    weights: dict[str, npt.NDArray[np.float64]] = {}
    nodes: list[npt.NDArray[np.float64]] = []
    used: list[int] = []
    for name in AXIS_NAMES:
        axis = lut.variables[name].values.astype(np.float64)
        if name in fixed:
            slices[name], weights[name] = stencil(axis, fixed[name], method)
        else:
            slices[name] = covering(axis, *ranges[name], method)
            nodes.append(axis[slices[name]])
            used.append(neighbours(len(nodes[-1]), method))
    values: npt.NDArray[np.floating[Any]] = _read(lut, slices, variables)
    # From the last axis on, so that the numbers of those before keep their places.
    for place in reversed(range(len(AXIS_NAMES))):
        along = weights.get(AXIS_NAMES[place])
        if along is None:
            continue
        if len(along) == 1:
            values = np.take(values, 0, axis=place)
        else:
            parts = np.moveaxis(values, place, 0)
            total = along[0] * parts[0].astype(np.float64)
            for weight, part in zip(along[1:], parts[1:], strict=True):
                total = total + weight * part
            values = total
    return ReducedTable(np.ascontiguousarray(values), tuple(nodes), tuple(used))


def _read(
    lut: xr.Dataset, slices: Mapping[str, slice], variables: Sequence[str]
) -> npt.NDArray[np.float32]:
    """Read quantities, side by side for each point, NaN where a launch failed."""

    def part(name: str) -> npt.NDArray[Any]:
        # Of the variable itself: a DataArray of each would cost more than reading a few points.
        variable = lut.variables[name]
        return np.asarray(variable[tuple(slices[str(axis)] for axis in variable.dims)].values)

    try:
        bad = ~np.isin(part(STATUS), _GOOD)
        values = np.empty((*bad.shape, len(variables)), np.float32)
        for i, name in enumerate(variables):
            values[..., i] = part(name)
    except (OSError, RuntimeError) as error:
        source = lut.encoding.get("source", "the table")
        raise LutError(
            f"{source} cannot be read: {error}\nIt may be damaged: copy it again, or have the "
            "workflow make it again"
        ) from error
    if bad.any():
        values[bad] = np.nan
    return values
