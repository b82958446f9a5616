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
from enum import Enum, IntEnum
from typing import TYPE_CHECKING

from sixsv_lut.sixsv.deck import Inputs

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
    # In LUTs alone: the point was not launched, its values follow from other launches.
    DERIVED = 6

    @property
    def meaning(self) -> str:
        """One word for CF's ``flag_meanings``."""
        return self.name.lower()


# How a launch can end: what stands in the store.
OF_LAUNCHES: tuple[Status, ...] = tuple(one for one in Status if one is not Status.DERIVED)


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


class Exact(Enum):
    """On which axes a number of the report depends, where both zenith angles are given."""

    BY_GASES = "uo3, uw, psurf and alti"
    BY_SCATTERING = "aot550, psurf and alti"


# Numbers that 6SV prints alike at all points that differ in nothing but the other axes. Seen in
# 1,080 launches of five bands with aerosol models 1, 2, 5 and 6 and both versions, all points of
# small grids; whoever makes use of it compares what is launched.
EXACT_OUTPUTS: dict[str, Exact] = dict.fromkeys(
    (
        "gaseous_transmittance_two_way",
        *(
            f"{gas}_transmittance_{path}"
            for gas in ("gas", "water_vapour", "ozone", "co2", "oxygen", "no2", "ch4", "co")
            for path, _ in _PATHS
        ),
    ),
    Exact.BY_GASES,
) | dict.fromkeys(
    (
        "direct_irradiance_fraction",
        "diffuse_irradiance_fraction",
        *(
            f"{scattering}_{path}"
            for scattering in (
                "rayleigh_scattering_transmittance",
                "aerosol_scattering_transmittance",
                "scattering_transmittance",
            )
            for path, _ in _PATHS
        ),
        *(
            f"{number}_{scatterer}"
            for number in (
                "spherical_albedo",
                "optical_depth",
                "optical_depth_below_sensor",
                "single_scattering_albedo",
            )
            for scatterer, _ in _SCATTERERS
        ),
    ),
    Exact.BY_SCATTERING,
)

# A reflectance is the radiance over that of a white surface under the same sun, and passes 1 where
# sun and view are low. 4 (cos thetas + cos thetav) times the reflectance of a thick layer is the
# phase function P of the report, if light is scattered once. If it is scattered often, that adds
# less than P again, where it widens a forward peak, and what a layer gives that absorbs nothing: at
# most 8.5 for isotropic scatterers, H(1)^2 of Chandrasekhar (1950), Radiative Transfer, and a
# little more for molecules. Of some thousand launches inside the domains of the axes only a few
# with thick aerosol under a sun at 88 degrees or more pass this bound, and cannot be: 6SV 2.1
# gives 5.6 at the nadir where 1.1 gives 1.06.
_OFTEN_SCATTERED = 10.0
_ONCE_SCATTERED = 2.0
# Biomass-burning aerosol, 2 degrees from the forward direction.
_LARGEST_PHASE_FUNCTION = 30.0
# The same with both zenith angles at the end of their domain, 89 degrees, where cos is 0.01745.
_LARGEST_REFLECTANCE = 500.0
_BOUNDS: dict[str, tuple[float, float]] = {
    **dict.fromkeys((*TRANSMITTANCES, SPHERICAL_ALBEDO), (0.0, 1.0)),
    **dict.fromkeys((APPARENT_REFLECTANCE, INTRINSIC_REFLECTANCE), (0.0, _LARGEST_REFLECTANCE)),
}
REQUIRED: tuple[str, ...] = tuple(_BOUNDS)

# 6SV prints five decimals: a value may pass a bound by the rounding, not by more.
BOUND_TOLERANCE = 2e-5

# What a report says of its deck: label, width and decimals of the number, the input that it echoes.
_ECHOES = (
    ("   month:", 3, 0, "month"),
    (" day : ", 3, 0, "day"),
    (" solar zenith angle:  ", 6, 2, "solar_zenith"),
    (" solar azimuthal angle:      ", 6, 2, "solar_azimuth"),
    (" view zenith angle:   ", 6, 2, "view_zenith"),
    (" view azimuthal angle:       ", 6, 2, "view_azimuth"),
    (" opt. thick. 550 nm : ", 7, 4, "optical_thickness"),
    (" wl inf=", 6, 3, "lowest_wavelength"),
    (" wl sup=", 6, 3, "highest_wavelength"),
    (" constant reflectance over the spectra ", 6, 3, "surface_reflectance"),
    (" ground altitude  [km]", 6, 3, "target_altitude"),
)
_AEROSOL_NAMES = {
    0: "no aerosols computed",
    1: "Continental aerosol model",
    2: "Maritime aerosol model",
    3: "Urban aerosol model",
    5: "Desert aerosol model",
    6: "Biomass Burning aerosol model",
    7: "Stratospheric aerosol model",
}
# The profile, in E10.4: altitude, pressure, temperature, water vapour and ozone density. It begins
# at the target's altitude; the level at 100 km is kept as the deck gives it, if it is above.
_PROFILE_HEADING = "*altitude  *pressure "
_PROFILE_COLUMNS = (slice(13, 24), slice(24, 35), slice(46, 57), slice(57, 68))
_TOP_LEVEL = "\n*             0.1000E+03 "
_HIGHEST_TARGET = 99.0

# 6SV computes in single precision.
_SINGLE = 1e-6
_SMALLEST_SINGLE = 1e-37

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


def parse_report(report: str, inputs: Inputs | None = None) -> dict[str, float]:
    """Read the numbers of a report.

    Parameters
    ----------
    report : str
        What 6SV printed.
    inputs : Inputs, optional
        What the deck told 6SV: the report must echo it, to the digits that it prints. Without it, a
        report of any deck is taken.

    Returns
    -------
    dict of str to float
        Every quantity of `QUANTITIES`. One that 6SV printed as asterisks, NaN or infinity is NaN,
        if no quantity of the LUT depends on it.

    Raises
    ------
    ReportError
        The report is empty or truncated, a label is missing, the report is that of another deck
        (all ``UNREADABLE``), or a quantity that the LUT needs is not finite or outside its physical
        range.
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
    _check(values, texts, inputs)
    if inputs is not None:
        _check_echoes(report, values, inputs)
    return values


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _check_echoes(report: str, values: Mapping[str, float], inputs: Inputs) -> None:
    """Refuse the report of another deck."""
    differing: list[str] = []

    def compare(what: str, printed: str, told: float, half_a_digit: float) -> None:
        value = _number(printed)
        # 6SV 2.1 prints the altitude with either sign.
        value, told = (abs(value), abs(told)) if what == "target_altitude" else (value, told)
        # Not the other way round: NaN differs.
        if not abs(value - told) <= half_a_digit + _SINGLE * abs(told) + _SMALLEST_SINGLE:
            name = what.replace("_", " ")
            differing.append(f"{name} {printed.strip()} in place of {told:.7g}")

    for label, width, decimals, name in _ECHOES:
        told = getattr(inputs, name)
        if told is None:
            continue
        printed = _after(report, label, width)
        too_wide = len(f"{-abs(told):.{decimals}f}") > width
        if not (too_wide and printed == "*" * width):
            compare(name, printed, told, 0.5 * 10.0**-decimals)
    if inputs.target_altitude < _HIGHEST_TARGET:
        lowest = _after(report, _PROFILE_HEADING, 160).partition("\n")[2]
        top = _TOP_LEVEL[1:] + _after(report, _TOP_LEVEL, 60)
        levels = zip(
            ("target_altitude", "pressure_at_100_km", "water_vapour_at_100_km", "ozone_at_100_km"),
            (lowest, top, top, top),
            _PROFILE_COLUMNS,
            (inputs.target_altitude, *inputs.top_level),
            strict=True,
        )
        for name, line, columns, told in levels:
            compare(name, line[columns], told, _half_a_digit_of_e10_4(line[columns]))
    integral = inputs.response_integral
    # 7 decimals of a sum of up to 1460 samples.
    compare(
        "response_integral",
        f"{values['response_integral']:.7f}",
        integral,
        5e-8 + 1e-5 * abs(integral),
    )
    aerosol = _AEROSOL_NAMES[inputs.aerosol_model]
    if aerosol not in report:
        differing.append(f"no line {aerosol!r}")
    if differing:
        raise ReportError(
            Status.UNREADABLE, f"the report is that of another deck: {', '.join(differing[:3])}"
        )


def _after(report: str, label: str, width: int) -> str:
    at = report.find(label)
    if at < 0:
        raise ReportError(Status.UNREADABLE, f"the report lacks {label.strip(' *:=')!r}")
    return report[at + len(label) : at + len(label) + width]


def _half_a_digit_of_e10_4(printed: str) -> float:
    exponent = printed[-3:]
    return 0.5e-4 * 10.0 ** int(exponent) if exponent[1:].isdecimal() else 0.0


def _check(values: Mapping[str, float], texts: Mapping[str, str], inputs: Inputs | None) -> None:
    not_finite = [name for name in REQUIRED if not math.isfinite(values[name])]
    if not_finite:
        raise ReportError(
            Status.NOT_FINITE,
            "6SV printed "
            + ", ".join(f"{name} as {texts[name].strip()}" for name in not_finite[:3]),
        )
    errors = [
        f"{name} {values[name]:g} is outside [{low:g}, {high:g}]"
        for name, (low, high) in _BOUNDS.items()
        if not low - BOUND_TOLERANCE <= values[name] <= high + BOUND_TOLERANCE
    ]
    if inputs is not None:
        scattered = 4 * sum(
            math.cos(math.radians(angle)) for angle in (inputs.solar_zenith, inputs.view_zenith)
        )
        phase_function = values["phase_function_i_total"]
        if math.isnan(phase_function):
            phase_function = _LARGEST_PHASE_FUNCTION
        errors += [
            f"{name} {values[name]:g} is more than any atmosphere scatters at these angles"
            for name in (APPARENT_REFLECTANCE, INTRINSIC_REFLECTANCE)
            if values[name] * scattered > _ONCE_SCATTERED * phase_function + _OFTEN_SCATTERED
        ]
    if errors:
        raise ReportError(Status.UNPHYSICAL, "; ".join(errors))


def largest_reflectance(
    solar_zenith: npt.NDArray[np.float64], view_zenith: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Give the most that any atmosphere scatters, whatever its phase function.

    Parameters
    ----------
    solar_zenith, view_zenith : ndarray of float64
        Zenith angles in degrees, which are broadcast against each other.

    Returns
    -------
    ndarray of float64
        The bound of the apparent reflectance over a black surface, as `parse_report` has it.
    """
    import numpy as np

    cosines = np.cos(np.radians(solar_zenith)) + np.cos(np.radians(view_zenith))
    bound = (_ONCE_SCATTERED * _LARGEST_PHASE_FUNCTION + _OFTEN_SCATTERED) / (4 * cosines)
    return np.asarray(np.minimum(bound, _LARGEST_REFLECTANCE))


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
    good = (required >= low - BOUND_TOLERANCE) & (required <= high + BOUND_TOLERANCE)
    return np.asarray(good.all(axis=1))
