"""Opening look-up tables: one file, or all bands of a campaign as one dataset."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from sixsv_reader.axes import AXIS_NAMES
from sixsv_reader.errors import LutError
from sixsv_reader.stacked import stacked

QUANTITIES: tuple[str, ...] = ("Tdown", "Tup", "Ttotal", "rho_atm", "S")
STATUS = "status"

# Tables that say nothing have the first format.
_KNOWN_FORMATS = (1,)

_SUFFIXES = (".nc", ".zarr")

# What must be the same in all bands of a campaign.
_OF_A_CAMPAIGN = (
    "campaign",
    "satellite",
    "instrument",
    "aerosol_name",
    "aerosol_model",
    "compatibility",
    "deck_version",
    "executable_sha256",
)
# What differs from band to band, and becomes a coordinate along them.
_OF_A_BAND = ("band_wavelength", "response_centre")


def open_lut(path: str | Path, *, chunks: Any = None) -> xr.Dataset:
    """Open the look-up table of one band, lazily.

    Parameters
    ----------
    path : str or Path
        The file ``.nc`` or the folder ``.zarr`` of a band.
    chunks : optional
        As xarray's ``open_dataset`` takes them: with any, the variables are Dask arrays. Without,
        they are read from the file when they are needed; ``lut.load()`` keeps them in memory.

    Returns
    -------
    xarray.Dataset
        The 8 axes as dimensions, outermost first: ``uo3`` (cm-atm), ``uw`` (g cm-2), ``aot550``
        (1), ``psurf`` (hPa), ``alti`` (km), ``phi``, ``thetas``, ``thetav`` (degree). Its variables
        are ``Tdown``, ``Tup``, ``Ttotal``, ``rho_atm`` and ``S`` (dimensionless), ``status``, and
        the extra outputs of the campaign.

    Raises
    ------
    LutError
        It is not there, cannot be read, or is no look-up table that this reader knows.
    """
    path = Path(path)
    _refuse_what_is_no_table(path)
    engine = "zarr" if path.suffix == ".zarr" else "netcdf4"
    if engine == "zarr":
        _refuse_missing_zarr(path)
    try:
        lut = xr.open_dataset(path, engine=engine, chunks=chunks)
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        raise LutError(
            f"{path} cannot be read: {error}\nIf it was copied, copy it again: it may be "
            "truncated. Otherwise have the workflow make it again."
        ) from error
    try:
        return checked(lut, str(path))
    except LutError:
        lut.close()
        raise


def open_campaign(
    folder: str | Path, *, bands: Sequence[str] | None = None, chunks: Any = None
) -> xr.Dataset:
    """Open all bands of a campaign as one dataset, lazily.

    Parameters
    ----------
    folder : str or Path
        The results folder of the campaign, such as ``results/olci-small``.
    bands : sequence of str, optional
        Names of the bands to open, in the order wanted; all by default, in the order of their
        names.
    chunks : optional
        As for `open_lut`.

    Returns
    -------
    xarray.Dataset
        As from `open_lut`, with the dimension ``band`` before the axes, and the wavelengths of the
        bands along it. Values are read when they are needed, from the file of their band alone.

    Raises
    ------
    LutError
        The folder has no such tables, or they do not belong together: other axes, aerosols,
        instruments, executables or variables.
    """
    folder = Path(folder)
    files = _files_of_bands(folder, bands)
    luts = {path: open_lut(path) for path in files}
    by_band: dict[str, xr.Dataset] = {}
    for path, lut in luts.items():
        band = str(lut.attrs.get("band", path.stem))
        if band in by_band:
            raise LutError(f"{folder} has two tables of band {band}: {', '.join(map(str, files))}")
        by_band[band] = lut
    if bands is None:
        bands = sorted(by_band, key=_with_numbers)
    first_path, first = next(iter(luts.items()))
    for path, lut in luts.items():
        differences = _differences(first, lut)
        if differences:
            raise LutError(
                f"{path} and {first_path} do not belong together: {'; '.join(differences)}. Open "
                "those that do with bands=[...], or remove tables of an earlier configuration"
            )
    together = stacked({band: by_band[band] for band in bands}, _OF_A_BAND)
    return together if chunks is None else together.chunk(chunks)


def checked(lut: xr.Dataset, what: str) -> xr.Dataset:
    """Give a dataset back if it is a look-up table.

    Parameters
    ----------
    lut : xarray.Dataset
        What was opened.
    what : str
        The file, for messages.

    Returns
    -------
    xarray.Dataset
        The same, with the axes in their order.

    Raises
    ------
    LutError
        It is none, or of a format that this reader does not know.
    """
    version = lut.attrs.get("lut_format_version", 1)
    if version not in _KNOWN_FORMATS:
        raise LutError(
            f"{what} is a look-up table of format {version}; this reader knows "
            f"{', '.join(map(str, _KNOWN_FORMATS))}: install the reader that came with the "
            "workflow that made it"
        )
    missing = [name for name in AXIS_NAMES if name not in lut.dims]
    if missing:
        found = ", ".join(map(str, lut.dims)) or "none"
        raise LutError(
            f"{what} is no 6SV look-up table: it lacks the dimensions {', '.join(missing)}; "
            f"it has: {found}"
        )
    _check_axes(lut, what)
    expected = {*AXIS_NAMES, *(["band"] if "band" in lut.dims else [])}
    needed = (*QUANTITIES, STATUS)
    missing = [name for name in needed if name not in lut.variables]
    if missing:
        raise LutError(
            f"{what} lacks the variables {', '.join(missing)}: it was cut down or is no table of "
            "this workflow; make it again, or keep these variables"
        )
    for name in needed:
        dimensions = lut.variables[name].dims
        if set(dimensions) != expected:
            raise LutError(
                f"{what}: {name} has the dimensions ({', '.join(map(str, dimensions))}) in "
                f"place of ({', '.join(AXIS_NAMES)}): keep an axis of one value as a dimension, "
                "as lut.isel(uo3=[0]) does"
            )
    if lut.attrs.get("compatibility") == "run6sv":
        warnings.warn(
            f"{what} was made as the older tool run6sv did: solar and view zenith angle are "
            "exchanged, and rho_atm has 3 decimals",
            UserWarning,
            stacklevel=3,
        )
    in_order = ("band", *AXIS_NAMES) if "band" in lut.dims else AXIS_NAMES
    if all(lut.variables[name].dims == in_order for name in (*quantities_of(lut), STATUS)):
        return lut
    return lut.transpose(*in_order, ...)


def quantities_of(lut: xr.Dataset) -> tuple[str, ...]:
    """Name all variables of a table that can be interpolated."""
    return tuple(
        str(name)
        for name, variable in lut.variables.items()
        if name != STATUS and set(AXIS_NAMES) <= set(variable.dims)
    )


def _check_axes(lut: xr.Dataset, what: str) -> None:
    for name in AXIS_NAMES:
        if name not in lut.coords:
            raise LutError(f"{what}: the axis {name} has no values")
        values = np.asarray(lut.variables[name].values)
        if not np.issubdtype(values.dtype, np.number) or not np.isfinite(values).all():
            raise LutError(f"{what}: the axis {name} has values that are no numbers: {values}")
        if not values.size:
            raise LutError(f"{what}: the axis {name} is empty")
        if (np.diff(values) <= 0).any():
            raise LutError(
                f"{what}: the values of the axis {name} do not increase: "
                f"{', '.join(f'{value:g}' for value in values)}; lut.sortby({name!r}) sorts them"
            )


def _refuse_what_is_no_table(path: Path) -> None:
    if not path.exists():
        raise LutError(f"{path} is not there: check the path, or run the workflow to make it")
    if path.is_dir() and path.suffix != ".zarr":
        raise LutError(
            f"{path} is a folder: open all bands of a campaign with open_campaign, or one of its "
            "files OUTLUT_*.nc"
        )
    if path.suffix not in _SUFFIXES:
        raise LutError(
            f"{path} is neither NetCDF (.nc) nor Zarr (.zarr), which this reader opens: add "
            "netcdf to the formats of the configuration; the launches are not run again"
        )


def _refuse_missing_zarr(path: Path) -> None:
    try:
        import zarr  # noqa: F401
    except ImportError:
        raise LutError(f"{path} needs the package zarr: pip install 'sixsv-reader[zarr]'") from None


def _files_of_bands(folder: Path, bands: Sequence[str] | None) -> list[Path]:
    if not folder.is_dir():
        hint = "open a single table with open_lut" if folder.exists() else "check the path"
        raise LutError(f"{folder} is no folder of a campaign: {hint}")
    found: dict[str, Path] = {}
    for suffix in _SUFFIXES:
        for path in sorted(folder.glob(f"OUTLUT_*{suffix}")):
            found.setdefault(path.stem, path)
    if not found:
        text = any(folder.glob("OUTLUT_*.csv"))
        raise LutError(
            f"{folder} has no look-up tables OUTLUT_*.nc or OUTLUT_*.zarr: "
            + (
                "only text; add netcdf to the formats of the configuration"
                if text
                else "give the folder of a campaign, such as results/olci-small, after its run"
            )
        )
    if bands is None:
        return list(found.values())
    by_band = {stem.rsplit("_", 1)[-1]: path for stem, path in found.items()}
    missing = [band for band in bands if band not in by_band]
    if missing or not bands:
        there = ", ".join(sorted(by_band, key=_with_numbers))
        raise LutError(f"{folder} has no band {', '.join(missing) or 'asked for'}: it has {there}")
    return [by_band[band] for band in bands]


def _with_numbers(name: str) -> list[tuple[int, str]]:
    # Band 2 comes before band 10.
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]


def _differences(one: xr.Dataset, other: xr.Dataset) -> list[str]:
    differences = [
        f"{name} is {_short(other.attrs.get(name))}, not {_short(one.attrs.get(name))}"
        for name in _OF_A_CAMPAIGN
        if other.attrs.get(name) != one.attrs.get(name)
    ]
    differences += [
        f"the axis {name} is {_values(other, name)}, not {_values(one, name)}"
        for name in AXIS_NAMES
        if not np.array_equal(one[name].values, other[name].values)
    ]
    if only := _names(one) ^ _names(other):
        differences.append(f"only one of them has {', '.join(sorted(only))}")
    return differences


def _names(lut: xr.Dataset) -> set[str]:
    return {str(name) for name in lut.data_vars}


def _values(lut: xr.Dataset, name: str) -> str:
    return f"[{', '.join(f'{value:g}' for value in lut[name].values)}]"


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 20 else f"{text[:12]}..."
