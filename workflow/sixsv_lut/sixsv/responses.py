"""Spectral responses of bands, on the spectral grid of 6SV.

Three sources: the responses that come with the Py6S package, a table of text, and ESA's NetCDF
files of OLCI (mean) and SLSTR. A response that is not sampled on 6SV's grid (0.25 + 0.0025 n
micrometre) is interpolated linearly at its points; zeros at both ends are cut off, zeros inside
are kept.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sixsv_lut.errors import CampaignError
from sixsv_lut.readable import shown
from sixsv_lut.sixsv.deck import GRID_START, GRID_STEP
from sixsv_lut.sixsv.instruments import BANDS, BUILT_IN, Band, response_path

# Outside, 6SV 1.1 and 2.1 print wrong numbers or NaN (micrometre).
LOWEST_WAVELENGTH, HIGHEST_WAVELENGTH = 0.30, 3.9

# No table goes on so far, if its wavelengths are in micrometre.
_LONGEST_WAVELENGTH = 100.0

# A response that is still above this part of its peak where the file ends was cut off.
_CUT_OFF = 0.1

# Noise around zero is set to zero; more than this part of the peak below zero is no response.
_NEGATIVE_NOISE = 1e-3

# A response is a part of 1, or percent. 6SV computes in single precision, in which the products and
# sums of far greater or smaller numbers end in infinity or nothing.
_LOWEST_PEAK, _HIGHEST_PEAK = 1e-6, 1e6

# Where the response rises and falls through half its peak, samples may lie this part of its width
# there apart. A bell curve whose samples lie so far apart is missed by a twentieth of its peak at
# most by straight lines; at twice the distance, by a sixth.
_COARSEST_STEP = 0.25


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
        One of `SATELLITES` and `INSTRUMENTS` in `sixsv_lut.sixsv.instruments`.
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
        except OSError as error:
            raise CampaignError(
                f"spectral_response: {path} cannot be read: {error.strerror or error}"
            ) from error
    try:
        return resample(wavelengths, values, band, described)
    except ValueError as error:
        raise CampaignError(f"spectral_response: {described}, band {band.name}: {error}") from error


def check_responses(source: str, satellite: str, instrument: str, bands: Sequence[Band]) -> None:
    """Read the responses of all bands, to refuse what cannot be used before anything runs.

    Raises
    ------
    CampaignError
        A response cannot be used; the message names every such band.
    """
    errors: list[str] = []
    for band in bands:
        try:
            read_response(source, satellite, instrument, band)
        except CampaignError as error:
            if str(error) not in errors:
                errors.append(str(error))
    if errors:
        raise CampaignError("\n".join(errors))


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
        No sample is above 0, the wavelengths do not increase, the values are not finite,
        negative, or far from any response, the response does not cover the band, or is sampled
        too coarsely to be interpolated.
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
    if not _LOWEST_PEAK <= peak <= _HIGHEST_PEAK:
        raise ValueError(
            f"the response peaks at {peak:g}: write it as parts of 1 or in percent (what peaks "
            f"from {_LOWEST_PEAK:g} to {_HIGHEST_PEAK:g} is taken)"
        )
    if values.min() < -_NEGATIVE_NOISE * peak:
        raise ValueError(
            f"the response is negative ({values.min():g}): 6SV would accept it silently"
        )
    values = np.clip(values, 0, None)
    if wavelengths[0] < 0 or wavelengths[-1] > _LONGEST_WAVELENGTH:
        raise ValueError(
            f"the wavelengths reach from {wavelengths[0]:g} to {wavelengths[-1]:g}: write them in "
            "micrometre, not in nm"
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
    _refuse_coarse_steps(wavelengths, values, peak)
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
    if grid[start] < LOWEST_WAVELENGTH - 1e-9 or grid[stop - 1] > HIGHEST_WAVELENGTH + 1e-9:
        raise ValueError(
            f"reaches from {grid[start]:g} to {grid[stop - 1]:g} micrometre; 6SV can be trusted "
            f"from {LOWEST_WAVELENGTH:g} to {HIGHEST_WAVELENGTH:g}"
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


def _refuse_coarse_steps(
    wavelengths: npt.NDArray[np.float64], values: npt.NDArray[np.float64], peak: float
) -> None:
    above = values >= peak / 2
    edges = np.flatnonzero(above[1:] != above[:-1])
    if not len(edges):
        return
    left, right = wavelengths[edges], wavelengths[edges + 1]
    low, high = values[edges], values[edges + 1]
    crossings = left + (peak / 2 - low) / (high - low) * (right - left)
    width = float(crossings[-1] - crossings[0])
    # What cannot be finer on 6SV's grid is fine enough, whatever the width.
    finest = max(GRID_STEP, _COARSEST_STEP * width)
    steps = right - left
    # A hair's breadth is granted for wavelengths that were written with few decimals.
    if steps.max() > finest * (1 + 1e-3):
        at = int(steps.argmax())
        raise ValueError(
            f"too few samples: between {left[at]:g} and {right[at]:g} micrometre, where the "
            f"response passes half its peak, there is none, and it is {width * 1000:.3g} nm wide: "
            f"give samples there at least every {finest * 1000:.3g} nm"
        )


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
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an empty file, which is refused below
            table = np.loadtxt(path, dtype=np.float64, ndmin=2)
    except ValueError:
        raise CampaignError(
            f"spectral_response: {path} is not a table of numbers without header: "
            f"{_what_is_no_table(path)}"
        ) from None
    if not table.size:
        raise CampaignError(f"spectral_response: {path} is empty")
    columns = len(BANDS[instrument]) + 1
    if table.shape[1] != columns:
        raise CampaignError(
            f"spectral_response: {path} has {table.shape[1]} columns; expected {columns}: the "
            f"wavelength in micrometre and the {columns - 1} bands of {instrument}"
        )
    return table[:, 0], table[:, band.number]


def _what_is_no_table(path: Path) -> str:
    columns = None
    for number, line in enumerate(path.read_bytes().decode(errors="replace").splitlines(), start=1):
        words = line.split("#")[0].split()
        for word in words:
            try:
                float(word)
            except ValueError:
                return f"{shown(word)} in line {number} is no number"
        if words and len(words) != (columns or len(words)):
            return f"line {number} has {len(words)} columns, the lines above have {columns}"
        columns = columns or len(words)
    return "it is no text"


def _from_netcdf(path: Path, band: Band) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    try:
        return _read_netcdf(path, band)
    # What is not there, or of another kind or shape, is called so differently.
    except (IndexError, ValueError, TypeError, RuntimeError, AttributeError) as error:
        raise CampaignError(
            f"spectral_response: {path} cannot be read as responses of {band.name}: {error}"
        ) from error


def _read_netcdf(path: Path, band: Band) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
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
    if wavelengths.ndim != 1 or wavelengths.shape != values.shape:
        raise ValueError("wavelengths and responses are not of the same number")
    valid = ~(np.ma.getmaskarray(wavelengths) | np.ma.getmaskarray(values))
    wavelengths, values = wavelengths[valid], values[valid]
    order = np.argsort(wavelengths, kind="stable")
    return wavelengths.data[order], values.data[order]
