"""LUTs of known functions, and launches of them in place of 6SV."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from sixsv_lut.accuracy.model import ErrorModel
from sixsv_lut.accuracy.nodes import numbers
from sixsv_lut.accuracy.points import Nodes, draw_points
from sixsv_lut.accuracy.table import launches_table
from sixsv_lut.lut.quantities import LUT_NAMES
from sixsv_lut.sixsv.axes import AXIS_NAMES

Floats = npt.NDArray[np.float64]

# Takes points, shape (n, 8), and gives a value for each.
Function = Callable[[Floats], Floats]

ONE_VALUE = {
    "uo3": ["0.3"],
    "uw": ["1.5"],
    "aot550": ["0.2"],
    "psurf": ["1013"],
    "alti": ["0"],
    "phi": ["90"],
    "thetas": ["30"],
    "thetav": ["20"],
}


def nodes_of(**axes: Sequence[str]) -> Nodes:
    """Make nodes; axes that are not named have one value."""
    return Nodes(tuple(tuple(axes.get(name, ONE_VALUE[name])) for name in AXIS_NAMES))


def lut_of(function: Function, nodes: Nodes, *, failed: int | None = None) -> xr.Dataset:
    """Make the LUT of a function: all quantities are the same."""
    axes = numbers(nodes.written)
    shape = tuple(map(len, axes))
    points = np.stack([one.ravel() for one in np.meshgrid(*axes, indexing="ij")], axis=1)
    values, status = function(points), np.zeros(len(points), dtype=np.int8)
    if failed is not None:
        values[failed], status[failed] = np.nan, 2
    data = {name: (AXIS_NAMES, values.reshape(shape)) for name in LUT_NAMES}
    coordinates = dict(zip(AXIS_NAMES, axes, strict=True))
    return xr.Dataset(data | {"status": (AXIS_NAMES, status.reshape(shape))}, coordinates)


def launches_of(
    function: Function, nodes: Nodes, launches: int = 100, lut: xr.Dataset | None = None
) -> pd.DataFrame:
    """Make the table of launches of a function."""
    points = draw_points(nodes.written, launches)
    values = function(np.array([point.values for point in points]))
    return launches_table(
        lut_of(function, nodes) if lut is None else lut, points, dict.fromkeys(LUT_NAMES, values)
    )


def model_of(function: Function, nodes: Nodes, launches: int = 100) -> ErrorModel:
    """Make the model of the error between the nodes of a function's LUT."""
    return ErrorModel(launches_of(function, nodes, launches), "S", numbers(nodes.written))


def sum_of(functions: Mapping[str, Callable[[Floats], Floats]]) -> Function:
    """Make a function that is a sum of functions of one axis each."""
    places = {AXIS_NAMES.index(name): one for name, one in functions.items()}
    return lambda points: np.asarray(sum(one(points[:, place]) for place, one in places.items()))


def rms_of(function: Function, nodes: Nodes, points: Floats) -> float:
    """Give the root mean square error of a function's LUT at some points."""
    from sixsv_lut.accuracy.interpolation import interpolated

    found = interpolated(lut_of(function, nodes), points, "linear")["S"]
    return float(np.sqrt(np.mean(np.square(found - function(points)))))
