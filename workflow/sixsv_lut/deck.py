"""The deck: the text that 6SV reads from standard input for one launch.

Sources: 6SV manual (Vermote et al. 2006, "Second Simulation of a Satellite Signal in the Solar
Spectrum - Vector (6SV)", parts 1 and 2: input and output), and for the atmospheric profile
McClatchey et al. 1972, "Optical Properties of the Atmosphere (Third Edition)", AFCRL-72-0497:
the US 1962 standard, as 6SV carries it for its atmospheric model 6.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

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


def _profile(psurf: float, uw: float, uo3: float, write: Callable[[float], str]) -> list[str]:
    # The factor of the lowest pressure is exactly 1, so that psurf itself stands in the deck.
    return [
        "  ".join(
            (
                str(altitude),
                write(psurf * (pressure / US62_PRESSURE)),
                write(temperature),
                write(uw * (water / US62_WATER_VAPOUR)),
                write(uo3 * (ozone / US62_OZONE)),
            )
        )
        for altitude, pressure, temperature, water, ozone in US62
    ]


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
    run6sv : bool
        Write the deck as the older shell tool did: sun and view zenith angle exchanged, profile in
        ``E10.4``, surface reflectance 0.3.
    """

    def __init__(
        self,
        aerosol_model: int,
        lowest_sample: int,
        response: Sequence[float],
        *,
        run6sv: bool = False,
    ) -> None:
        self._aerosol_model = aerosol_model
        self._run6sv = run6sv
        lowest = GRID_START + GRID_STEP * lowest_sample
        highest = GRID_START + GRID_STEP * (lowest_sample + len(response) - 1)
        # With a surface reflectance of 0 the apparent reflectance, printed with 7 decimals, is the
        # intrinsic atmospheric reflectance, which 6SV prints with 3.
        reflectance = "0.3" if run6sv else "0"
        self._tail = "\n".join(
            [
                "-1000",
                "1",
                f"{lowest:.4f} {highest:.4f}",
                *(_shortest(value) for value in response),
                *("0", "0", "0", reflectance, "-1", ""),
            ]
        )

    def write(self, point: Sequence[float]) -> str:
        """Write the deck of one point.

        Parameters
        ----------
        point : sequence of float, shape (8,)
            Values in the order of `sixsv_lut.axes.AXES`.

        Returns
        -------
        str
            The deck, ending in a newline.
        """
        uo3, uw, aot550, psurf, alti, phi, thetas, thetav = (float(value) for value in point)
        if not all(map(math.isfinite, point)):
            raise ValueError(
                f"a point with a value that is not a number has no deck: {list(point)}"
            )
        sun, view = (thetav, thetas) if self._run6sv else (thetas, thetav)
        # Model 0 reads a single line, -1, in place of the optical thickness.
        aerosol = (
            ["0", "-1"]
            if self._aerosol_model == 0
            else [str(self._aerosol_model), "0", _shortest(aot550)]
        )
        return "\n".join(
            [
                "0",
                f"{_shortest(sun)} {_shortest(phi)} {_shortest(view)} 0 1 1",
                "7",
                *_profile(psurf, uw, uo3, fortran_e10_4 if self._run6sv else _shortest),
                *aerosol,
                _shortest(-alti) if alti else "0",
                self._tail,
            ]
        )
