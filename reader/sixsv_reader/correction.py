"""Between the reflectance at the top of the atmosphere and that of the surface.

Over a uniform Lambertian surface of reflectance rho_s (Vermote et al. 1997, IEEE Transactions on
Geoscience and Remote Sensing 35, 675-686, equation 1)::

    rho_toa = rho_atm + Ttotal rho_s / (1 - S rho_s)

where, as in the tables, ``rho_atm`` and ``Ttotal`` include the absorption of the gases.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from sixsv_reader.errors import LutError
from sixsv_reader.interpolation import Method, Outside, as_data_arrays, interpolate

Floats = npt.NDArray[np.float64]

_NEEDED = ("Ttotal", "rho_atm", "S")

# No scene has a median reflectance above this.
_LARGEST_MEDIAN = 2.0


def surface_reflectance(
    lut: xr.Dataset,
    toa_reflectance: Any,
    *,
    method: Method = "linear",
    outside: Outside = "raise",
    threads: int | None = None,
    **coordinates: Any,
) -> xr.DataArray:
    """Correct reflectances at the top of the atmosphere for the atmosphere.

    Parameters
    ----------
    lut : xarray.Dataset
        The table of one band or, with the dimension ``band``, of several.
    toa_reflectance : float, array_like or xarray.DataArray
        Reflectance at the top of the atmosphere, between 0 and 1: pi times radiance over solar
        irradiance times the cosine of the solar zenith angle. For a table of several bands, with
        the dimension ``band``.
    method, outside, threads, **coordinates
        As in `interpolate`.

    Returns
    -------
    xarray.DataArray
        Reflectance of the surface, taken as uniform and Lambertian. It can be negative where the
        atmosphere of the table is brighter than the pixel. NaN where an input or the interpolated
        table is NaN, nothing of the surface reaches the sensor, or the pixel is so much darker than
        the atmosphere that no surface gives it. With the attributes in which `interpolate` counts
        pixels, and two more that count those of all bands: ``pixels_with_nan_reflectance``, and
        ``pixels_without_solution`` for those that the formula alone makes NaN. Dask arrays are not
        counted.

    Raises
    ------
    LutError
        As of `interpolate`; or the values cannot be reflectances.
    """
    given, others = _separated("toa_reflectance", toa_reflectance, coordinates)
    if given.ndim and "band" in lut.dims and "band" not in given.dims:
        raise LutError(
            f"the table has {lut.sizes['band']} bands, but the reflectance has no dimension band "
            f"(it has {', '.join(map(str, given.dims))}), and would be taken for that of every "
            "band: give a DataArray with the dimension band, or select the band of the table with "
            "lut.sel(band=...)"
        )
    quantities = interpolate(
        lut, variables=_NEEDED, method=method, outside=outside, threads=threads, **others
    )
    return _applied(_to_surface, given, quantities, "surface_reflectance", "surface reflectance")


def toa_reflectance(
    lut: xr.Dataset,
    surface_reflectance: Any,
    *,
    method: Method = "linear",
    outside: Outside = "raise",
    threads: int | None = None,
    **coordinates: Any,
) -> xr.DataArray:
    """Give the reflectance at the top of the atmosphere over a surface.

    Parameters
    ----------
    lut : xarray.Dataset
        The table of one band or, with the dimension ``band``, of several.
    surface_reflectance : float, array_like or xarray.DataArray
        Reflectance of a uniform Lambertian surface, between 0 and 1. Without the dimension
        ``band`` it is that of all bands.
    method, outside, threads, **coordinates
        As in `interpolate`.

    Returns
    -------
    xarray.DataArray
        Reflectance at the top of the atmosphere, NaN also where 1 - S rho_s is not above 0. With
        the attributes of `surface_reflectance`.

    Raises
    ------
    LutError
        As of `interpolate`; or the values cannot be reflectances.
    """
    given, others = _separated("surface_reflectance", surface_reflectance, coordinates)
    quantities = interpolate(
        lut, variables=_NEEDED, method=method, outside=outside, threads=threads, **others
    )
    return _applied(
        _to_toa, given, quantities, "toa_reflectance", "reflectance at the top of the atmosphere"
    )


def _to_surface(toa: Floats, total: Floats, atmosphere: Floats, albedo: Floats) -> Floats:
    _refuse_no_reflectance(toa)
    with np.errstate(divide="ignore", invalid="ignore"):
        black_sky = (toa - atmosphere) / np.where(total > 0, total, np.nan)
        # This is 1 / (1 - S rho_s): at 0 and below, the formula would turn what is much too dark
        # into a surface brighter than any.
        coupling = 1.0 + albedo * black_sky
        return np.asarray(black_sky / np.where(coupling > 0, coupling, np.nan), np.float64)


def _to_toa(surface: Floats, total: Floats, atmosphere: Floats, albedo: Floats) -> Floats:
    _refuse_no_reflectance(surface)
    coupling = 1.0 - albedo * surface
    # At 0 and beyond, light between surface and atmosphere would never end.
    return np.asarray(
        atmosphere + total * surface / np.where(coupling > 0, coupling, np.nan), np.float64
    )


def _separated(
    name: str, reflectance: Any, coordinates: dict[str, Any]
) -> tuple[xr.DataArray, dict[str, Any]]:
    """Give the reflectance and the coordinates as DataArrays that fit together."""
    together: dict[str, Any] = {**as_data_arrays({name: reflectance, **coordinates})}
    return together.pop(name), together


def _applied(
    formula: Callable[[Floats, Floats, Floats, Floats], Floats],
    given: xr.DataArray,
    quantities: xr.Dataset,
    name: str,
    long_name: str,
) -> xr.DataArray:
    if "band" in given.dims and "band" not in quantities.dims:
        raise LutError(
            "the reflectance has the dimension band, but the table is that of a single band: open "
            "all of them with open_campaign, or select the band"
        )
    try:
        xr.align(given, quantities, join="exact", copy=False)
    except ValueError as error:
        raise LutError(
            f"the reflectance does not fit to the table and the other values: {error}\nGive "
            "dimensions of the same sizes and coordinates; bands in the order of the table"
        ) from error
    result = xr.apply_ufunc(
        formula,
        given,
        *(quantities[needed] for needed in _NEEDED),
        join="exact",
        dask="parallelized",
        output_dtypes=[np.float64],
    )
    dimensions = dict.fromkeys(("band", *given.dims, *quantities.dims))
    result = result.transpose(*(d for d in dimensions if d in result.dims))
    result.attrs = {"long_name": long_name, "units": "1", **quantities.attrs}
    if result.chunks is None:
        result.attrs |= _counts(result, given, quantities)
    named: xr.DataArray = result.rename(name)
    return named


def _counts(result: xr.DataArray, given: xr.DataArray, quantities: xr.Dataset) -> dict[str, int]:
    nan = result.isnull()
    if not nan.any():
        return {"pixels_with_nan_reflectance": 0, "pixels_without_solution": 0}
    without_table = quantities[list(_NEEDED)].isnull().to_array().any("variable")
    return {
        "pixels_with_nan_reflectance": int((nan & given.isnull()).sum()),
        "pixels_without_solution": int((nan & ~given.isnull() & ~without_table).sum()),
    }


def _refuse_no_reflectance(values: Floats) -> None:
    if not values.size or not (np.fmax.reduce(values, axis=None) > _LARGEST_MEDIAN):
        return
    middle = float(np.nanmedian(values))
    if middle > _LARGEST_MEDIAN:
        raise LutError(
            f"the values given as reflectance have the median {middle:g}, but reflectances are "
            "between 0 and about 1: divide percent by 100, scaled integers by their scale, and "
            "radiances by the solar irradiance (pi L / (E cos(thetas)))"
        )
