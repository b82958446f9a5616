"""The LUT at the points between its nodes, as its users interpolate it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy.interpolate import interpn

from sixsv_lut.lut.quantities import LUT_NAMES
from sixsv_lut.sixsv.axes import AXIS_NAMES


def interpolated(
    lut: xr.Dataset, points: npt.NDArray[np.float64], method: str
) -> dict[str, npt.NDArray[np.float64]]:
    """Interpolate a LUT (stand-in)."""
    divided = [i for i, name in enumerate(AXIS_NAMES) if lut.sizes[name] > 1]
    axes = [lut[AXIS_NAMES[i]].to_numpy() for i in divided]
    return {
        name: interpn(
            axes, lut[name].to_numpy().squeeze().astype(np.float64), points[:, divided], "linear"
        )
        for name in LUT_NAMES
    }


def methods(lut: xr.Dataset) -> list[str]:
    """Name the methods that can be used (stand-in)."""
    return ["linear"]
