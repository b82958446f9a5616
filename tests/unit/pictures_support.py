"""Made-up LUTs and errors for pictures: smooth numbers that look like 6SV's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.lut.quantities import LUT_NAMES
from sixsv_lut.sixsv.axes import AXIS_NAMES
from sixsv_lut.sixsv.instruments import find_band
from sixsv_lut.sixsv.report import Status


def smooth_lut(
    campaign: Campaign, band: str, *, failed: Sequence[int] = (), derived: float = 0
) -> xr.Dataset:
    """Make a LUT of smooth functions, with failed points by number, and a part of all derived."""
    grid = campaign.grid
    at = {
        name: axis.astype(np.float32).reshape([-1 if i == place else 1 for i in range(8)])
        for place, (name, axis) in enumerate(zip(AXIS_NAMES, grid.axes, strict=True))
    }
    wavelength = find_band(campaign.configuration.instrument, band).wavelength / 550
    down = 1 / np.cos(np.radians(at["thetas"]))
    up = 1 / np.cos(np.radians(at["thetav"]))
    depth = 0.1 * wavelength**-4 * at["psurf"] / 1013 * np.exp(-at["alti"] / 8)
    depth = depth + 0.1 * at["aot550"]
    gas = 0.03 * at["uo3"] + 0.01 * np.sqrt(at["uw"]) * wavelength
    turned = np.radians(at["phi"]) + 0 * (at["thetas"] + at["thetav"])
    scattered = 1 + 0.5 * np.cos(turned) * np.sin(np.radians(at["thetav"]))
    numbers = {
        "Tdown": np.exp(-(depth + gas) * down),
        "Tup": np.exp(-(depth + gas) * up),
        "Ttotal": np.exp(-(depth + gas) * (down + up)),
        "rho_atm": 0.3 * depth * scattered * np.exp(-gas * (down + up)) * (down + up) / 2,
        "S": 0.6 * depth / (1 + depth),
    }
    status = np.zeros(grid.points, dtype=np.int8)
    if derived:
        chosen = np.random.default_rng(1).random(grid.points) < derived
        status[chosen] = Status.DERIVED
    status[list(failed)] = Status.TIMEOUT
    data = {}
    for name in LUT_NAMES:
        values = np.broadcast_to(numbers[name], grid.shape).astype(np.float32).ravel()
        values[list(failed)] = np.nan
        data[name] = (AXIS_NAMES, values.reshape(grid.shape))
    return xr.Dataset(
        data | {"status": (AXIS_NAMES, status.reshape(grid.shape))},
        dict(zip(AXIS_NAMES, grid.axes, strict=True)),
    )


def made_up_errors(campaign: Campaign) -> pd.DataFrame:
    """Make the table of errors of a band's accuracy: they grow along each axis."""
    rows = [
        {"method": "linear", "quantity": quantity, "kind": "random", "rms": 1e-3}
        for quantity in LUT_NAMES
    ]
    for place, (axis, values) in enumerate(zip(AXIS_NAMES, campaign.grid.axes, strict=True)):
        rows += [
            {
                "method": method,
                "quantity": quantity,
                "kind": "midpoint",
                "axis": axis,
                "interval": interval,
                "rms": 1e-5 * (place + 1) * (interval + 1) ** 2,
            }
            for method in ("linear", "cubic")
            for quantity in LUT_NAMES
            for interval in range(len(values) - 1)
        ]
    return pd.DataFrame(rows)


def made_up_launches(campaign: Campaign, number: int = 300) -> pd.DataFrame:
    """Make the table of launches of a band's accuracy: errors grow with the zenith angles."""
    rng = np.random.default_rng(2)
    table = pd.DataFrame(
        {
            name: rng.uniform(values[0], values[-1], number)
            for name, values in zip(AXIS_NAMES, campaign.grid.axes, strict=True)
        }
    )
    table.insert(0, "kind", np.where(np.arange(number) % 6 == 5, "midpoint", "random"))
    for name in LUT_NAMES:
        table[f"{name}_6sv"] = 0.5
        error = 1e-6 * rng.standard_normal(number) * (1 + table.thetas) * (1 + table.thetav)
        table[f"{name}_linear"] = 0.5 + error
    table.loc[0, [f"{name}_6sv" for name in LUT_NAMES]] = np.nan
    return table
