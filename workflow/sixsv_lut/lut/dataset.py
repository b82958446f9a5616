"""The LUT as a labelled array: NetCDF-4 and Zarr, described by the CF conventions."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import xarray as xr

from sixsv_lut.campaign.formats import Format
from sixsv_lut.campaign.grid import Grid
from sixsv_lut.files import atomic_write
from sixsv_lut.lut.collect import BandResults
from sixsv_lut.lut.quantities import LUT_QUANTITIES
from sixsv_lut.sixsv.axes import AXES, AXIS_NAMES
from sixsv_lut.sixsv.convention import STANDARD, Convention
from sixsv_lut.sixsv.report import OF_LAUNCHES, QUANTITY_BY_NAME, Status

# Raise it when readers of today would take the variables of a LUT for something else: they refuse
# what they do not know. LUTs without it are of version 1.
LUT_FORMAT_VERSION = 1

_FILL_VALUE = np.float32(netCDF4.default_fillvals["f4"])

# A chunk holds whole geometries, of as many neighbouring states as bring it to this size. Zarr
# makes a file of each chunk, so its chunks are larger.
_NETCDF_CHUNK_BYTES = 64 * 1024
_ZARR_CHUNK_BYTES = 1024 * 1024

# The axes, and the three wavelengths of `build_dataset`: one chunk each.
_ZARR_COORDINATES = len(AXIS_NAMES) + 3


def build_dataset(
    grid: Grid,
    results: BandResults,
    attributes: Mapping[str, Any],
    *,
    band_wavelength: float,
    response_centre: float,
    convention: Convention = STANDARD,
) -> xr.Dataset:
    """Make the labelled array of a band.

    Parameters
    ----------
    grid : Grid
        The grid of the campaign.
    results : BandResults
        The results of the band.
    attributes : mapping
        Global attributes.
    band_wavelength : float
        Nominal centre of the band, in nm.
    response_centre : float
        Centre of its spectral response, in nm.
    convention : Convention
        How the numbers were made.

    Returns
    -------
    xarray.Dataset
        The 8 axes as dimensions, outermost first; the quantities and the status as variables.
    """
    data: dict[str, Any] = {}
    lut_quantities = {quantity.name: quantity for quantity in LUT_QUANTITIES}
    for name, values in results.quantities.items():
        if name in lut_quantities:
            described = lut_quantities[name].described(convention)
        else:
            quantity = QUANTITY_BY_NAME[name]
            described = {"long_name": quantity.long_name, "units": quantity.units}
        described["ancillary_variables"] = "status"
        data[name] = (AXIS_NAMES, values.astype(np.float32).reshape(grid.shape), described)
    statuses = OF_LAUNCHES if results.derived is None else tuple(Status)
    data["status"] = (
        AXIS_NAMES,
        results.status.reshape(grid.shape),
        {
            "long_name": "how the launch of 6SV ended",
            "standard_name": "status_flag",
            "flag_values": np.array(statuses, dtype=np.int8),
            "flag_meanings": " ".join(status.meaning for status in statuses),
        },
    )
    coordinates: dict[str, Any] = {}
    for axis, values in zip(AXES, grid.axes, strict=True):
        described = {
            "long_name": axis.long_name,
            "standard_name": axis.standard_name,
            "units": axis.units,
        }
        if axis.comment:
            described["comment"] = axis.comment
        if convention.angles_exchanged and axis.name in ("thetas", "thetav"):
            described["comment"] = (
                "the deck exchanged solar and view zenith angle, as the older shell tool did"
            )
        coordinates[axis.name] = (axis.name, values, described)
    coordinates["radiation_wavelength"] = (
        (),
        np.float64(550),
        {
            "long_name": "wavelength of the aerosol optical thickness aot550",
            "standard_name": "radiation_wavelength",
            "units": "nm",
        },
    )
    coordinates["band_wavelength"] = (
        (),
        np.float64(band_wavelength),
        {
            "long_name": "nominal centre of the band",
            "standard_name": "sensor_band_central_radiation_wavelength",
            "units": "nm",
        },
    )
    coordinates["response_centre"] = (
        (),
        np.float64(response_centre),
        {"long_name": "centre of the spectral response as 6SV sampled it", "units": "nm"},
    )
    return xr.Dataset(data, coordinates, dict(attributes))


def chunk_shape(shape: tuple[int, ...], least_bytes: int) -> tuple[int, ...]:
    """Give the shape of the chunks.

    Parameters
    ----------
    shape : tuple of int
        Length of each axis, outermost first; the last three are the geometry.
    least_bytes : int
        Size from which a chunk of float32 grows no further.

    Returns
    -------
    tuple of int
        The whole geometry, and as much of the next outer axes as reaches that size.
    """
    chunk = [1] * len(shape)
    cells = 1
    for axis in reversed(range(len(shape))):
        if axis < len(shape) - 3 and cells * 4 >= least_bytes:
            break
        chunk[axis] = shape[axis]
        cells *= shape[axis]
    return tuple(chunk)


def write_netcdf(dataset: xr.Dataset, path: Path) -> None:
    """Write the labelled array as NetCDF-4."""
    encoding: dict[str, dict[str, Any]] = {}
    for name, variable in dataset.variables.items():
        if variable.dims == AXIS_NAMES:
            encoding[str(name)] = {
                "zlib": True,
                "complevel": 4,
                "shuffle": True,
                "chunksizes": chunk_shape(variable.shape, _NETCDF_CHUNK_BYTES),
            }
    _set_fill_values(dataset, encoding)
    with atomic_write(path) as temporary:
        dataset.to_netcdf(temporary, format="NETCDF4", engine="netcdf4", encoding=encoding)


def write_zarr(dataset: xr.Dataset, path: Path) -> None:
    """Write the labelled array as a Zarr store of format 2, which every reader of Zarr knows."""
    encoding: dict[str, dict[str, Any]] = {}
    for name, variable in dataset.variables.items():
        if variable.dims == AXIS_NAMES:
            encoding[str(name)] = {"chunks": chunk_shape(variable.shape, _ZARR_CHUNK_BYTES)}
    _set_fill_values(dataset, encoding)
    with atomic_write(path) as temporary:
        dataset.to_zarr(temporary, mode="w", zarr_format=2, consolidated=True, encoding=encoding)


DATASET_WRITERS: dict[Format, Callable[[xr.Dataset, Path], None]] = {
    "netcdf": write_netcdf,
    "zarr": write_zarr,
}


def zarr_files(shape: tuple[int, ...], quantities: int) -> int:
    """Count the files of a LUT as Zarr.

    Parameters
    ----------
    shape : tuple of int
        Length of each axis.
    quantities : int
        Number of quantities, without the status.

    Returns
    -------
    int
        The chunks, and two files of metadata for each variable and three for all.
    """
    chunks = zip(shape, chunk_shape(shape, _ZARR_CHUNK_BYTES), strict=True)
    per_variable = math.prod(-(-length // chunk) for length, chunk in chunks)
    return (quantities + 1) * (per_variable + 2) + _ZARR_COORDINATES * 3 + 3


def _set_fill_values(dataset: xr.Dataset, encoding: dict[str, dict[str, Any]]) -> None:
    for name, variable in dataset.variables.items():
        measured = name in dataset.data_vars and name != "status"
        encoding.setdefault(str(name), {})["_FillValue"] = _FILL_VALUE if measured else None
        assert measured == (variable.dtype == np.float32)
