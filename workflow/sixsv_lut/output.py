"""The printed report of 6SV (versions 1.1 and 2.1): every number of its integrated tables, by name.

The report is read by its labels and fixed columns, never by line number: lines move with the
altitude of the target, and columns can touch or overflow into asterisks.
Source of labels and widths: the FORMAT statements that close 6SV's main program.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the configuration imports this module, without NumPy
    import numpy as np
    import numpy.typing as npt


class Status(IntEnum):
    """How a launch ended.

    The numbers are stored in batches and LUTs: never change one, only add.
    """

    OK = 0
    TIMEOUT = 1
    CRASHED = 2
    UNREADABLE = 3
    NOT_FINITE = 4
    UNPHYSICAL = 5

    @property
    def meaning(self) -> str:
        """One word for CF's ``flag_meanings``."""
        return self.name.lower()


class ReportError(Exception):
    """A report that gives no trustworthy numbers.

    Parameters
    ----------
    status : Status
        What is wrong with it.
    reason : str
        What exactly, for people.
    """

    def __init__(self, status: Status, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@dataclass(frozen=True)
class Quantity:
    """One number of the report.

    Attributes
    ----------
    name : str
        Name in tables and products.
    long_name : str
        What it is.
    units : str
        Units in the notation of UDUNITS.
    """

    name: str
    long_name: str
    units: str = "1"


@dataclass(frozen=True)
class _Row:
    label: str
    quantities: tuple[Quantity, ...]


def _three(
    label: str, name: str, long_name: str, parts: Iterable[tuple[str, str]], units: str = "1"
) -> _Row:
    return _Row(
        label,
        tuple(Quantity(f"{name}_{part}", f"{long_name}, {words}", units) for part, words in parts),
    )


_PATHS = (("downward", "downward"), ("upward", "upward"), ("total", "downward times upward"))
_SCATTERERS = (
    ("rayleigh", "molecules only"),
    ("aerosol", "aerosols only"),
    ("total", "molecules and aerosols"),
)

# Tables in which a label at the start of the line is followed by three numbers.
_LABEL_COLUMNS = slice(7, 27)
_VALUE_COLUMNS = (slice(27, 39), slice(39, 54), slice(54, 69))
_LABELLED_ROWS = (
    _three("global gas. trans. :", "gas_transmittance", "transmittance of all gases", _PATHS),
    _three('water   "     "    :', "water_vapour_transmittance", "transmittance of water vapour", _PATHS),
    _three('ozone   "     "    :', "ozone_transmittance", "transmittance of ozone", _PATHS),
    _three('co2     "     "    :', "co2_transmittance", "transmittance of carbon dioxide", _PATHS),
    _three('oxyg    "     "    :', "oxygen_transmittance", "transmittance of oxygen", _PATHS),
    _three('no2     "     "    :', "no2_transmittance", "transmittance of nitrous oxide", _PATHS),
    _three('ch4     "     "    :', "ch4_transmittance", "transmittance of methane", _PATHS),
    _three('co      "     "    :', "co_transmittance", "transmittance of carbon monoxide", _PATHS),
    _three("rayl.  sca. trans. :", "rayleigh_scattering_transmittance", "scattering transmittance of molecules", _PATHS),
    _three('aeros. sca.   "    :', "aerosol_scattering_transmittance", "scattering transmittance of aerosols", _PATHS),
    _three('total  sca.   "    :', "scattering_transmittance", "scattering transmittance", _PATHS),
    _three("spherical albedo   :", "spherical_albedo", "spherical albedo", _SCATTERERS),
    _three("optical depth total:", "optical_depth", "optical depth of the whole atmosphere", _SCATTERERS),
    _three("optical depth plane:", "optical_depth_below_sensor", "optical depth below the sensor", _SCATTERERS),
    _three("reflectance I      :", "reflectance_i", "atmospheric reflectance, Stokes I", _SCATTERERS),
    _three("reflectance Q      :", "reflectance_q", "atmospheric reflectance, Stokes Q", _SCATTERERS),
    _three("reflectance U      :", "reflectance_u", "atmospheric reflectance, Stokes U", _SCATTERERS),
    _three("polarized reflect. :", "polarized_reflectance", "polarized reflectance", _SCATTERERS),
    _three("degree of polar.   :", "degree_of_polarization", "degree of polarization", _SCATTERERS, "percent"),
    _three("dir. plane polar.  :", "polarization_plane", "direction of the plane of polarization", _SCATTERERS, "degree"),
    _three("phase function I   :", "phase_function_i", "phase function, Stokes I", _SCATTERERS),
    _three("phase function Q   :", "phase_function_q", "phase function, Stokes Q", _SCATTERERS),
    _three("phase function U   :", "phase_function_u", "phase function, Stokes U", _SCATTERERS),
    _three("primary deg. of pol:", "primary_degree_of_polarization", "degree of polarization of single scattering", _SCATTERERS),
    _three("sing. scat. albedo :", "single_scattering_albedo", "single scattering albedo", _SCATTERERS),
)  # fmt: skip

# Numbers that follow their label in the line: label, width of the number, quantity.
_INLINE = (
    ("apparent reflectance", 11, Quantity("apparent_reflectance", "apparent reflectance at the top of the atmosphere")),
    ("appar. rad.(w/m2/sr/mic)", 9, Quantity("apparent_radiance", "apparent radiance", "W m-2 sr-1 um-1")),
    ("total gaseous transmittance", 7, Quantity("gaseous_transmittance_two_way", "total gaseous transmittance, three decimals")),
    ("wv above aerosol :", 8, Quantity("reflectance_water_vapour_above_aerosol", "apparent reflectance with the water vapour above the aerosol")),
    ("wv mixed with aerosol :", 8, Quantity("reflectance_water_vapour_mixed_with_aerosol", "apparent reflectance with the water vapour mixed with the aerosol")),
    ("wv under aerosol :", 8, Quantity("reflectance_water_vapour_under_aerosol", "apparent reflectance with the water vapour under the aerosol")),
    ("app. polarized refl.", 8, Quantity("apparent_polarized_reflectance", "apparent polarized reflectance")),
    ("app. pol. rad. (w/m2/sr/mic)", 9, Quantity("apparent_polarized_radiance", "apparent polarized radiance", "W m-2 sr-1 um-1")),
    ("direction of the plane of polarization", 6, Quantity("apparent_polarization_plane", "direction of the plane of polarization of the apparent radiance", "degree")),
    ("total polarization ratio", 10, Quantity("total_polarization_ratio", "total polarization ratio")),
)  # fmt: skip

# Numbers that stand in the line below their headings.
_BELOW = (
    ("% of direct  irr.", (slice(1, 21), slice(21, 41), slice(41, 61)), (
        Quantity("direct_irradiance_fraction", "fraction of direct irradiance at the ground"),
        Quantity("diffuse_irradiance_fraction", "fraction of diffuse irradiance at the ground"),
        Quantity("environment_irradiance_fraction", "fraction of environment irradiance at the ground"),
    )),
    ("atm. intrin. ref.", (slice(1, 21), slice(21, 41), slice(41, 61)), (
        Quantity("intrinsic_reflectance", "intrinsic reflectance of the atmosphere, three decimals"),
        Quantity("background_reflectance", "background reflectance at the sensor"),
        Quantity("pixel_reflectance", "pixel reflectance at the sensor"),
    )),
    ("direct solar irr.", (slice(1, 21), slice(21, 41), slice(41, 61)), (
        Quantity("direct_irradiance", "direct solar irradiance at the ground", "W m-2 um-1"),
        Quantity("diffuse_irradiance", "diffuse irradiance at the ground", "W m-2 um-1"),
        Quantity("environment_irradiance", "environment irradiance at the ground", "W m-2 um-1"),
    )),
    ("atm. intrin. rad.", (slice(1, 21), slice(21, 41), slice(41, 61)), (
        Quantity("intrinsic_radiance", "intrinsic radiance of the atmosphere", "W m-2 sr-1 um-1"),
        Quantity("background_radiance", "background radiance at the sensor", "W m-2 sr-1 um-1"),
        Quantity("pixel_radiance", "pixel radiance at the sensor", "W m-2 sr-1 um-1"),
    )),
    ("int. funct filter (in mic)", (slice(1, 24), slice(24, 63)), (
        Quantity("response_integral", "integral of the spectral response", "um"),
        Quantity("solar_irradiance_integral", "integral of the solar irradiance over the response", "W m-2"),
    )),
)  # fmt: skip

QUANTITIES: tuple[Quantity, ...] = (
    *(quantity for _, _, quantity in _INLINE),
    *(quantity for _, _, quantities in _BELOW for quantity in quantities),
    *(quantity for row in _LABELLED_ROWS for quantity in row.quantities),
)
QUANTITY_NAMES: tuple[str, ...] = tuple(quantity.name for quantity in QUANTITIES)
QUANTITY_BY_NAME: dict[str, Quantity] = {quantity.name: quantity for quantity in QUANTITIES}

# What the five quantities of a LUT are made of; these must be there, finite and physical.
TRANSMITTANCES: tuple[str, ...] = (
    *(f"gas_transmittance_{path}" for path, _ in _PATHS),
    *(f"scattering_transmittance_{path}" for path, _ in _PATHS),
)
SPHERICAL_ALBEDO = "spherical_albedo_total"
APPARENT_REFLECTANCE = "apparent_reflectance"
INTRINSIC_REFLECTANCE = "intrinsic_reflectance"

# A reflectance is the radiance over that of a white surface under the same sun. It may pass 1 where
# sun or view is low: a thick layer that scatters once gives P / (4 (cos thetas + cos thetav)), with
# the phase function P above 10 in the forward direction. The highest of some thousand launches
# inside the domains of the axes was 71.5, both zenith angles at 88.99 degrees.
_LARGEST_REFLECTANCE = 120.0
_BOUNDS: dict[str, tuple[float, float]] = {
    **dict.fromkeys((*TRANSMITTANCES, SPHERICAL_ALBEDO), (0.0, 1.0)),
    **dict.fromkeys((APPARENT_REFLECTANCE, INTRINSIC_REFLECTANCE), (0.0, _LARGEST_REFLECTANCE)),
}
REQUIRED: tuple[str, ...] = tuple(_BOUNDS)

# 6SV prints five decimals: a value may pass a bound by the rounding, not by more.
_TOLERANCE = 2e-5

_CLOSING_LINE = "*" * 79
_ROW_BY_LABEL = {row.label: row for row in _LABELLED_ROWS}

# The title of every report, and of the FORMAT statement inside the executable.
TITLE = re.compile(rb"6SV version +(\d[\w.]*)")


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def parse_report(report: str) -> dict[str, float]:
    """Read the numbers of a report.

    Parameters
    ----------
    report : str
        What 6SV printed.

    Returns
    -------
    dict of str to float
        Every quantity of `QUANTITIES`. One that 6SV printed as asterisks, NaN or infinity is NaN,
        if no quantity of the LUT depends on it.

    Raises
    ------
    ReportError
        The report is empty or truncated, a label is missing, or a quantity that the LUT needs is
        not finite or outside its physical range.
    """
    if not report.strip():
        raise ReportError(Status.UNREADABLE, "6SV printed nothing")
    texts: dict[str, str] = {}
    lines = report.splitlines()
    for number, line in enumerate(lines):
        row = _ROW_BY_LABEL.get(line[_LABEL_COLUMNS])
        if row is not None:
            for quantity, columns in zip(row.quantities, _VALUE_COLUMNS, strict=True):
                texts[quantity.name] = line[columns]
            continue
        for label, width, quantity in _INLINE:
            at = line.find(label)
            if at >= 0:
                texts[quantity.name] = line[at + len(label) : at + len(label) + width]
        for heading, slices, quantities in _BELOW:
            if heading in line and number + 1 < len(lines):
                for quantity, columns in zip(quantities, slices, strict=True):
                    texts[quantity.name] = lines[number + 1][columns]
    missing = [name for name in QUANTITY_NAMES if not texts.get(name, "").strip()]
    if len(missing) == len(QUANTITY_NAMES):
        first = next(line.strip() for line in lines if line.strip())
        raise ReportError(Status.UNREADABLE, f"what 6SV printed is no report: {first[:60]!r}")
    if missing:
        # The tables are printed in this order, so a report that stops lacks the last ones.
        what = "stops before" if missing[-1] == QUANTITY_NAMES[-1] else "lacks"
        raise ReportError(Status.UNREADABLE, f"the report {what} {_some(missing)}")
    if report.rstrip().rsplit("\n", 1)[-1] != _CLOSING_LINE:
        raise ReportError(Status.UNREADABLE, "the report is cut off after its last table")
    values = {name: _number(text) for name, text in texts.items()}
    _check(values, texts)
    return values


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _check(values: Mapping[str, float], texts: Mapping[str, str]) -> None:
    not_finite = [name for name in REQUIRED if not math.isfinite(values[name])]
    if not_finite:
        raise ReportError(
            Status.NOT_FINITE,
            "6SV printed "
            + ", ".join(f"{name} as {texts[name].strip()}" for name in not_finite[:3]),
        )
    faults = [
        f"{name} {values[name]:g} is outside [{low:g}, {high:g}]"
        for name, (low, high) in _BOUNDS.items()
        if not low - _TOLERANCE <= values[name] <= high + _TOLERANCE
    ]
    if faults:
        raise ReportError(Status.UNPHYSICAL, "; ".join(faults))


def good_rows(quantities: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Tell which rows of stored numbers a fresh report could have given.

    Parameters
    ----------
    quantities : ndarray of float64, shape (n, m)
        Numbers of n launches, in the order of `QUANTITY_NAMES`.

    Returns
    -------
    ndarray of bool, shape (n,)
        Whether all of `REQUIRED` are finite and physical, by the bounds of `parse_report`.
    """
    import numpy as np

    required = quantities[:, [QUANTITY_NAMES.index(name) for name in _BOUNDS]]
    low, high = np.array(list(_BOUNDS.values())).T
    # Comparisons with NaN are false.
    good = (required >= low - _TOLERANCE) & (required <= high + _TOLERANCE)
    return np.asarray(good.all(axis=1))
