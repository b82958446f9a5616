"""The table of launches between the nodes: what 6SV gave there, and what the LUT gives.

Columns: ``kind`` (``random`` or ``midpoint``), ``axis`` and ``interval`` (of a midpoint), the 8
axes, and of each quantity Q of a LUT ``Q_6sv`` and ``Q_linear``, and ``Q_cubic`` where the grid has
enough nodes. A row for each launch that did not fail and where the LUT has values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from sixsv_lut.accuracy.interpolation import Method, interpolated, methods
from sixsv_lut.accuracy.points import AccuracyPoint
from sixsv_lut.lut.quantities import LUT_NAMES
from sixsv_lut.sixsv.axes import AXIS_NAMES

LAUNCHED = "6sv"


def launches_table(
    lut: xr.Dataset,
    points: Sequence[AccuracyPoint],
    launched: Mapping[str, npt.NDArray[np.float64]],
) -> pd.DataFrame:
    """Make the table of launches.

    Parameters
    ----------
    lut : xarray.Dataset
        The LUT, as `sixsv_lut.lut.open.open_lut` opens it.
    points : sequence of AccuracyPoint
        The n points.
    launched : mapping of str to ndarray of float64, each of shape (n,)
        What 6SV gave there, by the name of the quantity; NaN where the launch failed.

    Returns
    -------
    pandas.DataFrame
        One row for each launch in the order of the points; those are left out that failed, and
        those in a cell with a failed node.
    """
    values = np.array([point.values for point in points])
    columns: dict[str, object] = {
        "kind": [point.kind for point in points],
        "axis": [point.axis for point in points],
        "interval": pd.array([point.interval for point in points], dtype="Int64"),
        **dict(zip(AXIS_NAMES, values.T, strict=True)),
    }
    from_lut = {method: interpolated(lut, values, method) for method in methods(lut)}
    for name in LUT_NAMES:
        columns[f"{name}_{LAUNCHED}"] = launched[name]
        columns |= {f"{name}_{method}": found[name] for method, found in from_lut.items()}
    table = pd.DataFrame(columns)
    numbers = [f"{name}_{kind}" for name in LUT_NAMES for kind in (LAUNCHED, "linear")]
    return table[table[numbers].notna().all(axis="columns")].reset_index(drop=True)


def methods_of(table: pd.DataFrame) -> list[str]:
    """Name the methods of interpolation that a table of launches has."""
    return [method for method in get_args(Method) if f"{LUT_NAMES[0]}_{method}" in table]


def errors_of(table: pd.DataFrame, quantity: str, method: str) -> npt.NDArray[np.float64]:
    """Give interpolated minus launched, for each row of a table of launches."""
    errors: npt.NDArray[np.float64] = (
        table[f"{quantity}_{method}"] - table[f"{quantity}_{LAUNCHED}"]
    ).to_numpy(dtype=np.float64)
    return errors
