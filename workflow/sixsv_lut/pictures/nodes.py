"""Values of a LUT at nodes, with what failed as missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from sixsv_lut.sixsv.report import Status


def at_nodes(
    lut: xr.Dataset, quantity: str, nodes: Mapping[str, int | Sequence[int]]
) -> xr.DataArray:
    """Read a quantity at some nodes.

    Parameters
    ----------
    lut : xarray.Dataset
        The LUT of a band.
    quantity : str
        Name of the quantity.
    nodes : mapping of str to int or sequence of int
        Positions on the axes: of one, the axis is no dimension of the result; of several, or where
        none is given, it is.

    Returns
    -------
    xarray.DataArray
        The values; NaN where 6SV failed.
    """
    chosen = {
        axis: position if isinstance(position, int) else list(position)
        for axis, position in nodes.items()
    }
    values = lut[quantity].isel(chosen).load()
    return values.where(is_good(lut["status"].isel(chosen).load()))


def is_good(status: xr.DataArray) -> xr.DataArray:
    """Tell where values were launched with success, or derived."""
    return status.isin([Status.OK, Status.DERIVED])


def failures(lut: xr.Dataset) -> str:
    """Say how many points of a LUT failed."""
    status = lut["status"]
    failed = int(np.count_nonzero(~is_good(status).values))
    return f"{failed:,} of {status.size:,} points failed"
