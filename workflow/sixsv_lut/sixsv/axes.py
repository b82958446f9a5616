"""The 8 axes of a LUT: their names, units and domains, and how their values are written.

The values of an axis are kept as they were written in the configuration, because the text LUT
shows them so; arithmetic on them is decimal, so that ``start/stop/step`` gives ``0.3`` and not
``0.30000000000000004``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from sixsv_lut.readable import shown

# A decimal number without the traps of YAML 1.1: no octal (010), no underscore (1_000), no
# sexagesimal (1:30), no infinity.
DECIMAL_NUMBER = re.compile(r"[+-]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")

# float64 tells any two decimals of 15 significant digits apart, also after they are scaled into
# the atmospheric profile of a deck.
_SIGNIFICANT_DIGITS = 15

_LARGEST_EXPONENT = 30

# Zeros before and after the significant digits, too.
_LONGEST_NUMBER = 60

_LONGEST_AXIS = 10_000

# Faults of an axis in one message.
_MOST_NAMED = 10


@dataclass(frozen=True)
class AxisDefinition:
    """One of the 8 parameters of a launch.

    Attributes
    ----------
    name : str
        Name in the configuration, the tables and the products.
    units : str
        Units in the notation of UDUNITS.
    long_name : str
        What it is, for people.
    standard_name : str
        Name in the CF standard name table.
    lowest, highest : float
        Domain in which 6SV gives numbers to trust.
    includes_lowest, includes_highest : bool
        Whether the ends belong to the domain.
    comment : str
        What a reader of a product must know besides, or empty.
    """

    name: str
    units: str
    long_name: str
    standard_name: str
    lowest: float
    highest: float
    includes_lowest: bool = True
    includes_highest: bool = True
    comment: str = ""

    @property
    def domain(self) -> str:
        """The domain as an interval, such as ``[0, 89)``."""
        return (
            f"{'[' if self.includes_lowest else '('}{self.lowest:g}, "
            f"{self.highest:g}{']' if self.includes_highest else ')'}"
        )

    def contains(self, value: float) -> bool:
        """Tell whether 6SV can be trusted at this value."""
        above = value >= self.lowest if self.includes_lowest else value > self.lowest
        below = value <= self.highest if self.includes_highest else value < self.highest
        return above and below


# Outermost first: this order numbers the points. The domains are where 6SV 1.1 and 2.1 were seen
# to give finite and physical numbers.
AXES: tuple[AxisDefinition, ...] = (
    AxisDefinition(
        "uo3",
        "cm",
        "total ozone column (cm-atm)",
        "equivalent_thickness_at_stp_of_atmosphere_ozone_content",
        0,
        2,
    ),
    AxisDefinition(
        "uw",
        "g cm-2",
        "total water vapour column",
        "atmosphere_mass_content_of_water_vapor",
        0,
        20,
    ),
    AxisDefinition(
        "aot550",
        "1",
        "aerosol optical thickness at 550 nm",
        "atmosphere_optical_thickness_due_to_ambient_aerosol_particles",
        0,
        20,
    ),
    AxisDefinition(
        "psurf",
        "hPa",
        "surface pressure",
        "surface_air_pressure",
        0.1,
        1100,
        includes_lowest=False,
        comment="pressure of the lowest level of the profile, at sea level; with alti above 0, "
        "6SV cuts the profile at that altitude",
    ),
    AxisDefinition("alti", "km", "target altitude", "surface_altitude", 0, 60),
    AxisDefinition(
        "phi",
        "degree",
        "relative azimuth angle",
        "angle_of_rotation_from_solar_azimuth_to_platform_azimuth",
        0,
        360,
        comment="solar azimuth minus view azimuth, as 6SV reads them; 0 is backscattering",
    ),
    AxisDefinition(
        "thetas",
        "degree",
        "solar zenith angle",
        "solar_zenith_angle",
        0,
        89,
        includes_highest=False,
    ),
    AxisDefinition(
        "thetav",
        "degree",
        "view zenith angle",
        "sensor_zenith_angle",
        0,
        89,
        includes_highest=False,
    ),
)

AXIS_NAMES: tuple[str, ...] = tuple(axis.name for axis in AXES)
AXIS_BY_NAME: dict[str, AxisDefinition] = {axis.name: axis for axis in AXES}


def _decimal(value: object, what: str) -> Decimal:
    written = str(value).strip()
    # Where nothing or a list stands, str() makes text of it.
    is_number = isinstance(value, str | int | float) and not isinstance(value, bool)
    if not is_number or not DECIMAL_NUMBER.fullmatch(written):
        raise ValueError(f"{what} {shown(value)} is not a number: write it like 0.25, 10 or 1e-3")
    if len(written) > _LONGEST_NUMBER:
        raise ValueError(f"{what} {shown(value)} has too many digits: round it")
    number = Decimal(written)
    if number and abs(number.adjusted()) > _LARGEST_EXPONENT:
        raise ValueError(f"{what} {shown(value)} is beyond any number that 6SV takes")
    if len(number.as_tuple().digits) > _SIGNIFICANT_DIGITS:
        raise ValueError(
            f"{what} {shown(value)} has more than {_SIGNIFICANT_DIGITS} digits: round it"
        )
    return number


def _decimals(*numbers: Decimal) -> int:
    return max(0, *(-int(number.as_tuple().exponent) for number in numbers))


def _from_range(entry: Mapping[str, object]) -> tuple[str, ...]:
    keys = set(entry)
    if keys not in ({"start", "stop", "step"}, {"start", "stop", "number"}):
        raise ValueError(
            "a range has the keys start, stop and step, or start, stop and number; "
            f"found {shown(', '.join(sorted(map(str, keys)))) if keys else 'nothing'}"
        )
    start, stop = _decimal(entry["start"], "start"), _decimal(entry["stop"], "stop")
    if stop <= start:
        raise ValueError(f"stop ({stop}) must be greater than start ({start})")
    if "step" in keys:
        step = _decimal(entry["step"], "step")
        if step <= 0:
            raise ValueError(f"step ({step}) must be greater than 0")
        steps = int((stop - start) / step)
        if steps >= _LONGEST_AXIS:
            raise ValueError(f"step {step} gives more than {_LONGEST_AXIS} values")
        last = start + steps * step
        if last != stop:
            raise ValueError(
                f"steps of {step} from {start} do not arrive at {stop}: "
                f"write stop: {last} or stop: {last + step}"
            )
        decimals = _decimals(start, step)
        return tuple(f"{start + i * step:.{decimals}f}" for i in range(steps + 1))
    number = entry["number"]
    if (
        not isinstance(number, str | int)
        or isinstance(number, bool)
        or not re.fullmatch(r"[1-9][0-9]{0,9}", str(number))
        or int(number) < 2
    ):
        raise ValueError(f"number {shown(number)} must be a whole number of at least 2")
    count = int(number)
    if count > _LONGEST_AXIS:
        raise ValueError(f"number {count} is more than {_LONGEST_AXIS} values")
    # Six decimals beyond those written: finer than any axis needs, and the same on every machine.
    decimals = _decimals(start, stop) + 6
    values = (start + (stop - start) * i / (count - 1) for i in range(count))
    return tuple(_without_trailing_zeros(f"{value:.{decimals}f}") for value in values)


def _without_trailing_zeros(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def values_as_written(name: str, entry: object, *, any_value: bool = False) -> tuple[str, ...]:
    """Give the ordered values of an axis, as text.

    Parameters
    ----------
    name : str
        Name of the axis, one of `AXIS_NAMES`.
    entry : object
        What the configuration says: a list of numbers, or a mapping with ``start``, ``stop`` and
        ``step`` (or ``number``, the number of values). Numbers may be text, which is kept.
    any_value : bool
        Take values outside the domain of 6SV too.

    Returns
    -------
    tuple of str
        The values, strictly increasing. Of a list, as written; of a range with a step, with as
        many decimals as start and step have.

    Raises
    ------
    ValueError
        The entry is malformed, empty, not strictly increasing, or outside the domain; the message
        says all that is wrong with it.
    """
    if isinstance(entry, Mapping):
        written = _from_range(entry)
    elif isinstance(entry, Sequence) and not isinstance(entry, str):
        written = tuple(str(value).strip() for value in entry)
        errors = []
        for value in entry:
            try:
                _decimal(value, "value")
            except ValueError as error:
                errors.append(str(error))
        if errors:
            raise ValueError(_joined(errors))
    else:
        raise ValueError(  # noqa: TRY004 -- pydantic collects ValueErrors
            f"{shown(entry)} is neither a list of numbers nor a range: write one value in "
            "brackets, like [0.3]"
        )
    if not written:
        raise ValueError("is empty: an axis has at least one value")
    if len(written) > _LONGEST_AXIS:
        raise ValueError(f"has {len(written)} values: {_LONGEST_AXIS} is the most")
    axis = AXIS_BY_NAME[name]
    errors = []
    for before, after in pairwise(written):
        if float(after) == float(before):
            errors.append(f"{after} is there twice: keep one")
        elif float(after) < float(before):
            errors.append(f"{after} comes after {before}: write the values in increasing order")
    if not any_value:
        outside = [value for value in written if not axis.contains(float(value))]
        if outside:
            some = ", ".join(outside[:_MOST_NAMED]) + (", ..." if outside[_MOST_NAMED:] else "")
            errors.append(
                f"{some} outside {axis.domain} {axis.units}, where 6SV is to trust "
                "(any_value: true takes them all the same)"
            )
    if errors:
        raise ValueError(_joined(errors))
    return written


def _joined(errors: Sequence[str]) -> str:
    more = len(errors) - _MOST_NAMED
    return "; ".join(errors[:_MOST_NAMED]) + (f"; and {more} more" if more > 0 else "")
