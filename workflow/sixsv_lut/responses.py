"""Spectral responses of bands, on the spectral grid of 6SV.

Three sources: the responses that come with the Py6S package, a table of text, and ESA's NetCDF
files of OLCI (mean) and SLSTR. A response that is not sampled on 6SV's grid (0.25 + 0.0025 n
micrometre) is interpolated linearly at its points; zeros at both ends are cut off, zeros inside
are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sixsv_lut.deck import GRID_START, GRID_STEP
from sixsv_lut.errors import CampaignError
from sixsv_lut.instruments import BANDS, BUILT_IN, Band, response_path

# Outside, 6SV 1.1 and 2.1 print wrong numbers or NaN (micrometre).
_LOWEST_WAVELENGTH, _HIGHEST_WAVELENGTH = 0.30, 3.9

# A response that is still above this part of its peak where the file ends was cut off.
_CUT_OFF = 0.1

# Noise around zero is set to zero; more than this part of the peak below zero is no response.
_NEGATIVE_NOISE = 1e-3


@dataclass(frozen=True)
class Response:
    """The spectral response of a band on 6SV's grid.

    Attributes
    ----------
    lowest_sample : int
        Number of the first sample on the grid 0.25 + 0.0025 n micrometre.
    values : tuple of float
        Response at the samples, from the first that is above 0 to the last.
    source : str
        Where it comes from.
    """

    lowest_sample: int
    values: tuple[float, ...]
    source: str

    @property
    def wavelengths(self) -> npt.NDArray[np.float64]:
        """Wavelengths of the samples, in micrometre."""
        samples = self.lowest_sample + np.arange(len(self.values), dtype=np.float64)
        return GRID_START + GRID_STEP * samples

    @property
    def centre(self) -> float:
        """Wavelength weighted by the response, in nm."""
        return float(np.average(self.wavelengths, weights=self.values) * 1000)


def read_response(source: str, satellite: str, instrument: str, band: Band) -> Response:
    """Read the spectral response of a band.

    Parameters
    ----------
    source : str
        ``built-in``, or the path of a file, in which ``{band}`` stands for the band's name. A file
        that ends in ``.nc`` is one of ESA's; any other is a table of text without header, its first
        column the wavelength in micrometre, then one column for each band of the instrument.
    satellite, instrument : str
        One of `sixsv_lut.instruments.SATELLITES` and `sixsv_lut.instruments.INSTRUMENTS`.
    band : Band
        The band.

    Returns
    -------
    Response
        The response on 6SV's grid.

    Raises
    ------
    CampaignError
        There is no such file, it cannot be read, or what it says is no response of this band.
    """
    if source == BUILT_IN:
        wavelengths, values, described = _from_py6s(satellite, instrument, band)
    else:
        path = response_path(source, band)
        described = str(path)
        try:
            if path.suffix == ".nc":
                wavelengths, values = _from_netcdf(path, band)
            else:
                wavelengths, values = _from_table(path, instrument, band)
        except (OSError, IndexError) as fault:  # netCDF4 calls what is not there an index
            raise CampaignError(f"spectral_response: {path} cannot be read: {fault}") from fault
    try:
        return resample(wavelengths, values, band, described)
    except ValueError as fault:
        raise CampaignError(f"spectral_response: {described}, band {band.name}: {fault}") from fault


def check_responses(source: str, satellite: str, instrument: str, bands: Sequence[Band]) -> None:
    """Read the responses of all bands, to refuse what cannot be used before anything runs.

    Raises
    ------
    CampaignError
        A response cannot be used; the message names every such band.
    """
    faults: list[str] = []
    for band in bands:
        try:
            read_response(source, satellite, instrument, band)
        except CampaignError as fault:
            if str(fault) not in faults:
                faults.append(str(fault))
    if faults:
        raise CampaignError("\n".join(faults))


def resample(
    wavelengths: npt.NDArray[np.float64],
    values: npt.NDArray[np.float64],
    band: Band,
    source: str,
) -> Response:
    """Put a response on 6SV's grid by linear interpolation, and cut off the zeros at its ends.

    Parameters
    ----------
    wavelengths : ndarray of float64, shape (n,)
        In micrometre, strictly increasing.
    values : ndarray of float64, shape (n,)
        Response at these wavelengths, in any unit.
    band : Band
        The band it should cover.
    source : str
        Where it comes from, for the products' metadata.

    Returns
    -------
    Response
        The response on 6SV's grid.

    Raises
    ------
    ValueError
        No sample is above 0, the wavelengths do not increase, the values are not finite or
        negative, or the response does not cover the band.
    """
    if not len(wavelengths):
        raise ValueError("has no samples")
    if (
        len(wavelengths) < 2
        or not np.all(np.isfinite(wavelengths))
        or np.any(np.diff(wavelengths) <= 0)
    ):
        raise ValueError("the wavelengths do not strictly increase")
    if not np.all(np.isfinite(values)):
        raise ValueError("a value of the response is not a finite number")
    peak = float(values.max())
    if peak <= 0:
        raise ValueError("no sample is above 0: it has no response")
    if values.min() < -_NEGATIVE_NOISE * peak:
        raise ValueError(
            f"the response is negative ({values.min():g}): 6SV would accept it silently"
        )
    values = np.clip(values, 0, None)
    if wavelengths[0] > 100:
        raise ValueError(
            f"the wavelengths start at {wavelengths[0]:g}: write them in micrometre, not in nm"
        )
    centre = band.wavelength / 1000
    if not wavelengths[0] <= centre <= wavelengths[-1]:
        raise ValueError(
            f"covers {wavelengths[0]:g} to {wavelengths[-1]:g} micrometre, "
            f"not the band's centre at {centre:g}"
        )
    if max(values[0], values[-1]) > _CUT_OFF * peak:
        raise ValueError(
            f"stops inside the band: at {wavelengths[0]:g} or {wavelengths[-1]:g} micrometre the "
            f"response is still above {_CUT_OFF:.0%} of its peak"
        )
    # A hair's breadth is granted for wavelengths that were written with few decimals.
    first = int(np.ceil((wavelengths[0] - GRID_START) / GRID_STEP - 1e-6))
    last = int(np.floor((wavelengths[-1] - GRID_START) / GRID_STEP + 1e-6))
    samples = np.arange(first, last + 1)
    # Rounded, or a zero at the end of the band becomes a sample of 1e-15.
    grid = np.round(GRID_START + GRID_STEP * samples, 4)
    on_grid = np.interp(grid, wavelengths, values)
    if len(grid) == len(wavelengths) and np.allclose(grid, wavelengths, rtol=0, atol=1e-7):
        on_grid = values  # already on the grid: every digit is kept
    above = np.flatnonzero(on_grid > 0)
    if not len(above):
        raise ValueError("no sample above 0 falls on 6SV's grid of 2.5 nm")
    start, stop = int(above[0]), int(above[-1]) + 1
    if grid[start] < _LOWEST_WAVELENGTH - 1e-9 or grid[stop - 1] > _HIGHEST_WAVELENGTH + 1e-9:
        raise ValueError(
            f"reaches from {grid[start]:g} to {grid[stop - 1]:g} micrometre; 6SV can be trusted "
            f"from {_LOWEST_WAVELENGTH:g} to {_HIGHEST_WAVELENGTH:g}"
        )
    response = Response(
        int(samples[start]), tuple(float(value) for value in on_grid[start:stop]), source
    )
    weighted = float(np.average(grid[start:stop], weights=on_grid[start:stop]))
    if not grid[start] - GRID_STEP <= centre <= grid[stop - 1] + GRID_STEP:
        raise ValueError(
            f"is centred at {weighted * 1000:.1f} nm, outside the band at {band.wavelength:g} nm"
        )
    return response


def _from_py6s(
    satellite: str, instrument: str, band: Band
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], str]:
    # Imported here: Py6S takes a second, and only this source needs it.
    from importlib.metadata import version

    from Py6S import PredefinedWavelengths

    name = f"{satellite}_{instrument}_{band.number:02d}"
    _, start, _, values = getattr(PredefinedWavelengths, name)
    first = round((start - GRID_START) / GRID_STEP)
    wavelengths = GRID_START + GRID_STEP * (first + np.arange(len(values)))
    return wavelengths, np.asarray(values, dtype=np.float64), f"Py6S {version('Py6S')}, {name}"


def _from_table(
    path: Path, instrument: str, band: Band
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    try:
        table = np.loadtxt(path, dtype=np.float64, ndmin=2)
    except ValueError as fault:
        raise CampaignError(
            f"spectral_response: {path} is not a table of numbers without header: {fault}"
        ) from fault
    columns = len(BANDS[instrument]) + 1
    if table.shape[1] != columns:
        raise CampaignError(
            f"spectral_response: {path} has {table.shape[1]} columns; expected {columns}: the "
            f"wavelength in micrometre and the {columns - 1} bands of {instrument}"
        )
    return table[:, 0], table[:, band.number]


def _from_netcdf(path: Path, band: Band) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    import netCDF4

    with netCDF4.Dataset(path) as file:
        # netCDF4 applies scale_factor and masks the fill value.
        if "mean_spectral_response_function" in file.variables:
            row = band.number - 1
            nanometres = file["mean_spectral_response_function_wavelength"][row, :]
            wavelengths = np.ma.asarray(nanometres, dtype=np.float64) / 1000
            values = np.ma.asarray(
                file["mean_spectral_response_function"][row, :], dtype=np.float64
            )
        elif "response" in file.variables and "wavelength" in file.variables:
            wavelengths = np.ma.asarray(file["wavelength"][:], dtype=np.float64)
            values = np.ma.asarray(file["response"][:], dtype=np.float64)
        else:
            raise CampaignError(
                f"spectral_response: {path} has neither mean_spectral_response_function "
                f"(OLCI) nor wavelength and response (SLSTR); found {', '.join(file.variables)}"
            )
    there = ~(np.ma.getmaskarray(wavelengths) | np.ma.getmaskarray(values))
    wavelengths, values = wavelengths[there], values[there]
    order = np.argsort(wavelengths, kind="stable")
    return wavelengths.data[order], values.data[order]
