"""The LUT at the points between its nodes, by the function with which its users interpolate it."""

from __future__ import annotations

import warnings
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import xarray as xr

from sixsv_lut.errors import CampaignError
from sixsv_lut.lut.quantities import LUT_NAMES
from sixsv_lut.sixsv.axes import AXIS_NAMES
from sixsv_reader import LutError, interpolate
from sixsv_reader.table import CUBIC

Method = Literal["linear", "cubic"]


def methods(lut: xr.Dataset) -> list[Method]:
    """Name the methods that can be used: cubic, where an axis has enough values for it."""
    is_cubic = any(lut.sizes[name] >= CUBIC for name in AXIS_NAMES)
    return ["linear", "cubic"] if is_cubic else ["linear"]


def interpolated(
    lut: xr.Dataset, points: npt.NDArray[np.float64], method: Method
) -> dict[str, npt.NDArray[np.float64]]:
    """Interpolate a LUT.

    Parameters
    ----------
    lut : xarray.Dataset
        The LUT, as `sixsv_lut.lut.open.open_lut` opens it.
    points : ndarray of float64, shape (n, 8)
        Points within the grid.
    method : {"linear", "cubic"}
        One of `methods`.

    Returns
    -------
    dict of str to ndarray of float64, each of shape (n,)
        Each quantity; NaN where a node that is needed has failed.

    Raises
    ------
    CampaignError
        The reader takes the LUT for no LUT, or the points for something else than they are.
    """
    coordinates: dict[str, Any] = {
        name: xr.DataArray(values, dims="launch")
        for name, values in zip(AXIS_NAMES, points.T, strict=True)
    }
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # what is NaN is counted by the caller
            found = interpolate(lut, variables=LUT_NAMES, method=method, **coordinates)
    except LutError as error:
        raise CampaignError(f"the LUT cannot be interpolated: {error}") from error
    return {name: found[name].to_numpy() for name in LUT_NAMES}
