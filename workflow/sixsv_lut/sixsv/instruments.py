"""The bands of the instruments, and where their spectral responses are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sixsv_lut.readable import shown
from sixsv_lut.sixsv.axes import DECIMAL_NUMBER

# The source of spectral responses that needs no file: the Py6S package.
BUILT_IN = "built-in"


@dataclass(frozen=True)
class Band:
    """One spectral band.

    Attributes
    ----------
    name : str
        Official name, such as ``Oa08``.
    number : int
        Position in the instrument, from 1.
    wavelength : float
        Nominal centre, in nm.
    also_called : int
        The whole number of nm by which users call it.
    """

    name: str
    number: int
    wavelength: float
    also_called: int


# Nominal centres: Sentinel-3 OLCI and SLSTR user guides (ESA), instrument band tables.
_OLCI = {
    400: 400, 412.5: 412, 442.5: 442, 490: 490, 510: 510, 560: 560, 620: 620, 665: 665,
    673.75: 674, 681.25: 681, 708.75: 709, 753.75: 754, 761.25: 761, 764.375: 764, 767.5: 768,
    778.75: 779, 865: 865, 885: 885, 900: 900, 940: 940, 1020: 1020,
}  # fmt: skip
_SLSTR = {554.27: 555, 659.47: 659, 868: 865, 1374.8: 1375, 1613.4: 1610, 2255.7: 2250}

BANDS: dict[str, tuple[Band, ...]] = {
    "OLCI": tuple(
        Band(f"Oa{n:02d}", n, wavelength, called)
        for n, (wavelength, called) in enumerate(_OLCI.items(), start=1)
    ),
    "SLSTR": tuple(
        Band(f"S{n}", n, wavelength, called)
        for n, (wavelength, called) in enumerate(_SLSTR.items(), start=1)
    ),
}

SATELLITES: tuple[str, ...] = ("S3A", "S3B")
INSTRUMENTS: tuple[str, ...] = tuple(BANDS)


def find_band(instrument: str, wanted: str | int | float) -> Band:
    """Find a band by its official name or its nominal wavelength.

    Parameters
    ----------
    instrument : str
        One of `INSTRUMENTS`.
    wanted : str, int or float
        Official name (``Oa08``), or nominal wavelength in nm (``665``, ``412.5`` or ``412``).

    Returns
    -------
    Band
        The band.

    Raises
    ------
    ValueError
        No band of the instrument has that name or wavelength.
    """
    for band in BANDS[instrument]:
        if str(wanted) == band.name:
            return band
    if not isinstance(wanted, bool) and DECIMAL_NUMBER.fullmatch(str(wanted)):
        wavelength = float(str(wanted))
        for band in BANDS[instrument]:
            if wavelength in (band.wavelength, band.also_called):
                return band
    raise ValueError(f"{shown(wanted)} is not a band of {instrument}")


def select_bands(instrument: str, wanted: Sequence[str | int | float]) -> tuple[Band, ...]:
    """Find several bands, in the order of the instrument.

    Parameters
    ----------
    instrument : str
        One of `INSTRUMENTS`.
    wanted : sequence of str, int or float
        Names or wavelengths (see `find_band`).

    Returns
    -------
    tuple of Band
        The bands, each once.

    Raises
    ------
    ValueError
        A band is unknown or named twice; the message names every such band.
    """
    found: dict[str, Band] = {}
    errors = []
    unknown = False
    for one in wanted:
        try:
            band = find_band(instrument, one)
        except ValueError as error:
            errors.append(str(error))
            unknown = True
            continue
        if band.name in found:
            errors.append(f"{shown(one)} names band {band.name} a second time: keep one")
        found[band.name] = band
    if unknown:
        known = ", ".join(f"{band.name} ({band.also_called})" for band in BANDS[instrument])
        errors.append(f"choose from {known}, or write all")
    if errors:
        raise ValueError("; ".join(errors))
    return tuple(sorted(found.values(), key=lambda band: band.number))


def response_path(source: str, band: Band) -> Path:
    """Give the response file of a band: the configured path with ``{band}`` filled in."""
    return Path(source.replace("{band}", band.name)).expanduser()
