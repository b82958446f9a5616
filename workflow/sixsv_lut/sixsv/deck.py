"""The deck: the text that 6SV reads from standard input for one launch.

Sources: 6SV manual (Vermote et al. 2006, "Second Simulation of a Satellite Signal in the Solar
Spectrum - Vector (6SV)", parts 1 and 2: input and output), and for the atmospheric profile
McClatchey et al. 1972, "Optical Properties of the Atmosphere (Third Edition)", AFCRL-72-0497:
the US 1962 standard, as 6SV carries it for its atmospheric model 6.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sixsv_lut.sixsv.convention import STANDARD, Convention

# Aerosol models that need no further line, with 6SV's own names.
AEROSOL_MODELS: dict[int, str] = {
    0: "none",
    1: "continental",
    2: "maritime",
    3: "urban",
    5: "desert",
    6: "biomass-burning",
    7: "stratospheric",
}

# Why the others are refused.
REFUSED_AEROSOL_MODELS: dict[int, str] = {
    4: "needs the fractions of four components",
    8: "needs a size distribution",
    9: "needs a size distribution",
    10: "needs a size distribution",
    11: "needs sun photometer measurements",
    12: "needs a file of Mie results",
}

# 6SV's spectral grid, in micrometre: samples at 0.25 + 0.0025 n.
GRID_START = 0.25
GRID_STEP = 0.0025

# US 1962 standard atmosphere: altitude (km), pressure (hPa), temperature (K), water vapour density
# (g m-3), ozone density (g m-3).
US62: tuple[tuple[int, float, float, float, float], ...] = (
    (0, 1013.0, 288.1, 5.9, 5.4e-05),
    (1, 898.6, 281.6, 4.2, 5.4e-05),
    (2, 795.0, 275.1, 2.9, 5.4e-05),
    (3, 701.2, 268.7, 1.8, 5.0e-05),
    (4, 616.6, 262.2, 1.1, 4.6e-05),
    (5, 540.5, 255.7, 0.64, 4.6e-05),
    (6, 472.2, 249.2, 0.38, 4.5e-05),
    (7, 411.1, 242.7, 0.21, 4.9e-05),
    (8, 356.5, 236.2, 0.12, 5.2e-05),
    (9, 308.0, 229.7, 0.046, 7.1e-05),
    (10, 265.0, 223.2, 0.018, 9.0e-05),
    (11, 227.0, 216.8, 0.0082, 1.3e-04),
    (12, 194.0, 216.6, 0.0037, 1.6e-04),
    (13, 165.8, 216.6, 0.0018, 1.7e-04),
    (14, 141.7, 216.6, 0.00084, 1.9e-04),
    (15, 121.1, 216.6, 0.00072, 2.1e-04),
    (16, 103.5, 216.6, 0.00061, 2.4e-04),
    (17, 88.5, 216.6, 0.00052, 2.8e-04),
    (18, 75.65, 216.6, 0.00044, 3.2e-04),
    (19, 64.67, 216.6, 0.00044, 3.5e-04),
    (20, 55.29, 216.6, 0.00044, 3.8e-04),
    (21, 47.29, 217.6, 0.00048, 3.8e-04),
    (22, 40.47, 218.6, 0.00052, 3.9e-04),
    (23, 34.67, 219.6, 0.00057, 3.8e-04),
    (24, 29.72, 220.6, 0.00061, 3.6e-04),
    (25, 25.49, 221.6, 0.00066, 3.4e-04),
    (30, 11.97, 226.5, 0.00038, 2.0e-04),
    (35, 5.746, 236.5, 0.00016, 1.1e-04),
    (40, 2.871, 253.4, 6.7e-05, 4.9e-05),
    (45, 1.491, 264.2, 3.2e-05, 1.7e-05),
    (50, 0.7978, 270.6, 1.2e-05, 4.0e-06),
    (70, 0.0552, 219.7, 1.5e-07, 8.6e-08),
    (100, 0.0003008, 210.0, 1.0e-09, 4.3e-11),
    (99999, 0.0, 210.0, 0.0, 0.0),
)

# The highest level below the end of the atmosphere: 6SV keeps it whatever the target's altitude.
_TOP_LEVEL = -2

# What the profile above holds: surface pressure (hPa), water vapour (g cm-2), ozone (cm-atm).
US62_PRESSURE = 1013.0
US62_WATER_VAPOUR = 1.424
US62_OZONE = 0.344


def fortran_e10_4(value: float) -> str:
    """Write a number as Fortran's edit descriptor ``E10.4`` does.

    Parameters
    ----------
    value : float
        Any finite number that is not negative.

    Returns
    -------
    str
        Ten characters, such as ``0.1013E+04``.
    """
    if value == 0:
        return "0.0000E+00"
    digits, exponent = f"{value:.3e}".split("e")
    return f"0.{digits.replace('.', '')}E{int(exponent) + 1:+03d}"


def _shortest(value: float) -> str:
    # The shortest text that reads back as the same float64: different values, different text.
    return repr(float(value)).removesuffix(".0")


def _single(value: float) -> float:
    """Round to single precision."""
    return float(struct.unpack("f", struct.pack("f", value))[0])


def _scaled(value: float, wanted: float, column: float) -> float:
    # The factor of the lowest pressure is exactly 1, so that psurf itself stands in the deck.
    return wanted * (value / column)


def _scaled_in_single_precision(value: float, wanted: float, column: float) -> float:
    # In the order in which the profile program of the older shell tool computes.
    return _single(_single(_single(value) * _single(wanted)) / _single(column))


@dataclass(frozen=True)
class Inputs:
    """What one deck tells 6SV, as numbers; the report of the launch echoes them.

    Attributes
    ----------
    month, day : int
        The date.
    solar_zenith, solar_azimuth, view_zenith, view_azimuth : float
        The angles (degree), as they stand in the deck.
    top_level : tuple of float
        Pressure (hPa), water vapour density (g m-3) and ozone density (g m-3) of the profile's
        level at 100 km.
    aerosol_model : int
        6SV's number of the aerosol model.
    optical_thickness : float or None
        Aerosol optical thickness at 550 nm, if there is an aerosol.
    target_altitude : float
        Altitude of the target (km).
    lowest_wavelength, highest_wavelength : float
        Limits of the band (micrometre).
    response_integral : float
        Integral of the spectral response (micrometre) by the trapezoidal rule, as 6SV takes it.
    surface_reflectance : float
        Reflectance of the ground.
    """

    month: int
    day: int
    solar_zenith: float
    solar_azimuth: float
    view_zenith: float
    view_azimuth: float
    top_level: tuple[float, float, float]
    aerosol_model: int
    optical_thickness: float | None
    target_altitude: float
    lowest_wavelength: float
    highest_wavelength: float
    response_integral: float
    surface_reflectance: float


@dataclass(frozen=True)
class Deck:
    """One deck.

    Attributes
    ----------
    text : str
        What 6SV reads, ending in a newline.
    inputs : Inputs
        The same as numbers.
    """

    text: str
    inputs: Inputs


class DeckWriter:
    """Writes the decks of one band.

    Parameters
    ----------
    aerosol_model : int
        One of `AEROSOL_MODELS`.
    lowest_sample : int
        Number of the band's first sample on 6SV's spectral grid.
    response : sequence of float, shape (n,)
        Spectral response at the band's samples.
    convention : Convention
        How decks are written.
    """

    def __init__(
        self,
        aerosol_model: int,
        lowest_sample: int,
        response: Sequence[float],
        convention: Convention = STANDARD,
    ) -> None:
        self._aerosol_model = aerosol_model
        self._convention = convention
        self._lowest = GRID_START + GRID_STEP * lowest_sample
        self._highest = GRID_START + GRID_STEP * (lowest_sample + len(response) - 1)
        ends = math.fsum({0: response[0], len(response) - 1: response[-1]}.values())
        self._integral = GRID_STEP * (math.fsum(response) - ends / 2)
        self._tail = "\n".join(
            [
                "-1000",
                "1",
                f"{self._lowest:.4f} {self._highest:.4f}",
                *(_shortest(value) for value in response),
                *("0", "0", "0", _shortest(convention.surface_reflectance), "-1", ""),
            ]
        )

    def deck(self, point: Iterable[float]) -> Deck:
        """Write the deck of one point.

        Parameters
        ----------
        point : iterable of float, shape (8,)
            Values in the order of `sixsv_lut.sixsv.axes.AXES`.

        Returns
        -------
        Deck
            The text, and the numbers that 6SV's report must echo.
        """
        values = [float(value) for value in point]
        if not all(map(math.isfinite, values)):
            raise ValueError(f"a point with a value that is not a number has no deck: {values}")
        uo3, uw, aot550, psurf, alti, phi, thetas, thetav = values
        sun, view = (thetav, thetas) if self._convention.angles_exchanged else (thetas, thetav)
        levels = [self._level(level, psurf, uw, uo3) for level in US62]
        _, pressure, _, water, ozone = levels[_TOP_LEVEL]
        inputs = Inputs(
            month=1,
            day=1,
            solar_zenith=sun,
            solar_azimuth=phi,
            view_zenith=view,
            view_azimuth=0.0,
            top_level=(pressure, water, ozone),
            aerosol_model=self._aerosol_model,
            optical_thickness=aot550 if self._aerosol_model else None,
            target_altitude=alti,
            lowest_wavelength=self._lowest,
            highest_wavelength=self._highest,
            response_integral=self._integral,
            surface_reflectance=self._convention.surface_reflectance,
        )
        angles = (
            inputs.solar_zenith,
            inputs.solar_azimuth,
            inputs.view_zenith,
            inputs.view_azimuth,
        )
        # Model 0 reads a single line, -1, in place of the optical thickness.
        aerosol = (
            ["-1"]
            if inputs.optical_thickness is None
            else ["0", _shortest(inputs.optical_thickness)]
        )
        text = "\n".join(
            [
                "0",
                f"{' '.join(map(_shortest, angles))} {inputs.month} {inputs.day}",
                "7",
                *map(self._line, levels),
                str(inputs.aerosol_model),
                *aerosol,
                _shortest(-inputs.target_altitude) if inputs.target_altitude else "0",
                self._tail,
            ]
        )
        return Deck(text, inputs)

    def _level(
        self, level: tuple[int, float, float, float, float], psurf: float, uw: float, uo3: float
    ) -> tuple[int, float, float, float, float]:
        single = self._convention.profile_in_single_precision
        scaled = _scaled_in_single_precision if single else _scaled
        altitude, pressure, temperature, water, ozone = level
        return (
            altitude,
            scaled(pressure, psurf, US62_PRESSURE),
            temperature,
            scaled(water, uw, US62_WATER_VAPOUR),
            scaled(ozone, uo3, US62_OZONE),
        )

    def _line(self, level: tuple[int, float, float, float, float]) -> str:
        single = self._convention.profile_in_single_precision
        write = fortran_e10_4 if single else _shortest
        return "  ".join(map(write, level))
