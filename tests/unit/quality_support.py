"""Real tables for the checks of LUTs, and ways to damage them."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from sixsv_lut.lut.quantities import LUT_NAMES
from sixsv_lut.reduced.block import VALUES
from sixsv_lut.sixsv.axes import AXIS_NAMES
from unit.reduced_support import recorded
from unit.support import DATA


def dataset(
    axes: dict[str, npt.NDArray[np.float64]], quantities: dict[str, npt.NDArray[Any]]
) -> xr.Dataset:
    """Make a LUT in which every launch was good."""
    shape = tuple(len(axes[name]) for name in AXIS_NAMES)
    data = {
        name: (AXIS_NAMES, values.astype(np.float32).reshape(shape))
        for name, values in quantities.items()
    }
    status = {"status": (AXIS_NAMES, np.zeros(shape, dtype=np.int8))}
    return xr.Dataset(data | status, axes)


@cache
def _without_aerosol() -> xr.Dataset:
    with np.load(DATA / "luts" / "Oa11.npz") as file:
        return dataset(
            {name: file[name] for name in AXIS_NAMES}, {name: file[name] for name in LUT_NAMES}
        )


def lut_without_aerosol() -> xr.Dataset:
    """Give a LUT of Oa11 as 6SV made it: all axes but aot550 have values."""
    return _without_aerosol().copy(deep=True)


def lut_with_aerosol(band: str) -> xr.Dataset:
    """Give a LUT of one pair of zenith angles as 6SV made it, for desert aerosol."""
    block, values = recorded(band)
    printed = dict(zip(VALUES, values.T, strict=True))
    paths = {"Tdown": "downward", "Tup": "upward", "Ttotal": "total"}
    quantities = {
        name: printed[f"gas_transmittance_{path}"] * printed[f"scattering_transmittance_{path}"]
        for name, path in paths.items()
    }
    quantities |= {
        "rho_atm": printed["apparent_reflectance"],
        "S": printed["spherical_albedo_total"],
    }
    values_of_axes = (*block.axes, (block.thetas,), (block.thetav,))
    return dataset(
        {n: np.array(v, dtype=float) for n, v in zip(AXIS_NAMES, values_of_axes, strict=True)},
        quantities,
    )


def reversed_along(lut: xr.Dataset, axis: str) -> xr.Dataset:
    """Give a LUT with all numbers in the wrong order along an axis."""
    return lut.isel({axis: slice(None, None, -1)}).assign_coords({axis: lut[axis].values})
