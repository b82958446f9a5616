"""Small look-up tables for tests of the reader, of numbers that tests choose."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

NODES: dict[str, list[float]] = {
    "uo3": [0.25, 0.3, 0.45],
    "uw": [0.5, 3.0],
    "aot550": [0.0, 0.1, 0.2, 0.5, 1.0],
    "psurf": [900.0, 1013.0],
    "alti": [0.0],
    "phi": [0.0, 30.0, 90.0, 180.0],
    "thetas": [0.0, 20.0, 50.0, 70.0],
    "thetav": [0.0, 10.0, 40.0],
}
AXES = tuple(NODES)
QUANTITIES = ("Tdown", "Tup", "Ttotal", "rho_atm", "S")
ATTRIBUTES: dict[str, Any] = {
    "Conventions": "CF-1.8",
    "lut_format_version": 1,
    "campaign": "made-up",
    "satellite": "S3A",
    "instrument": "OLCI",
    "band": "Oa08",
    "aerosol_name": "desert",
    "aerosol_model": 5,
    "compatibility": "none",
    "deck_version": 1,
    "executable_sha256": "e" * 64,
    "fingerprint": "f" * 64,
}


def random_lut(nodes: dict[str, list[float]] = NODES, seed: int = 0) -> xr.Dataset:
    """Make a table whose numbers have nothing to do with each other."""
    rng = np.random.default_rng(seed)
    shape = tuple(map(len, nodes.values()))
    data: dict[str, Any] = {
        name: (AXES, rng.uniform(0.1, 0.9, shape).astype(np.float32), {"units": "1"})
        for name in QUANTITIES
    }
    data["status"] = (AXES, np.zeros(shape, np.int8))
    coordinates: dict[str, Any] = {
        **nodes,
        "band_wavelength": 665.0 + seed,
        "response_centre": 664.9 + seed,
    }
    return xr.Dataset(data, coordinates, ATTRIBUTES)


def lut_of(function: Callable[..., Any], nodes: dict[str, list[float]] = NODES) -> xr.Dataset:
    """Make a table whose quantities all are a function of the 8 axes, in double precision."""
    lut = random_lut(nodes)
    values = function(*np.meshgrid(*nodes.values(), indexing="ij"))
    for name in QUANTITIES:
        lut[name] = (AXES, np.broadcast_to(values, lut[name].shape).copy())
    return lut


def random_pixels(shape: Any = 50, seed: int = 1) -> dict[str, Any]:
    """Choose values inside the grid."""
    rng = np.random.default_rng(seed)
    return {
        name: rng.uniform(axis[0], axis[-1], shape) for name, axis in NODES.items() if len(axis) > 1
    }


def state(**changes: Any) -> dict[str, Any]:
    """Give one state that is on no node."""
    values: dict[str, Any] = {
        "uo3": 0.33,
        "uw": 1.4,
        "aot550": 0.15,
        "psurf": 1000.0,
        "alti": 0.0,
        "phi": 50.0,
        "thetas": 33.0,
        "thetav": 12.0,
    }
    return values | changes


def write_lut(folder: Path, band: str = "Oa08", seed: int = 0, **attributes: Any) -> Path:
    """Write a table as the workflow names it."""
    path = folder / f"OUTLUT_S3A_OLCI_{band}.nc"
    random_lut(seed=seed).assign_attrs(ATTRIBUTES | {"band": band} | attributes).to_netcdf(path)
    return path
