"""The 8 axes of a look-up table, and what is done to the values that are given for them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sixsv_reader.errors import LutError

Floats = npt.NDArray[np.floating[Any]]

# A value this far outside the grid, relative to the largest value of the axis, is on its end: that
# is what is lost where a value such as 0.3 was kept in single precision, and a little more.
_ROUNDING = 1e-6

_HALF_PI = 1.5708


@dataclass(frozen=True)
class OtherUnit:
    """A unit in which values of an axis are often kept, and which is not the axis's own.

    Attributes
    ----------
    name : str
        The unit, for people.
    spellings : tuple of str
        How the attribute ``units`` of a DataArray spells it, in lower case.
    conversion : str
        How to convert, for people.
    lowest, highest : float
        If most values lie strictly between these, and none of them is near the axis, they are
        certainly in this unit.
    """

    name: str
    spellings: tuple[str, ...]
    conversion: str
    lowest: float = np.inf
    highest: float = np.inf


@dataclass(frozen=True)
class Axis:
    """One axis.

    Attributes
    ----------
    name : str
        Name in the table.
    long_name : str
        What it is.
    units : str
        Its unit, for people.
    others : tuple of OtherUnit
        Units that are recognised as wrong.
    """

    name: str
    long_name: str
    units: str
    others: tuple[OtherUnit, ...] = ()


_RADIANS = OtherUnit("radians", ("rad", "radian", "radians"), "np.degrees(values)")
_KG_M2 = ("kg m-2", "kg m**-2", "kg m^-2", "kg/m2", "kg/m^2", "kg/m**2")

# Outermost first, as in the table. Beyond the limits there is no atmosphere and no ground: the
# ozone column is below 0.7 cm-atm, water vapour below 8 g cm-2, pressure below 1100 hPa, and the
# ground below 9 km.
AXES: tuple[Axis, ...] = (
    Axis(
        "uo3",
        "total ozone column",
        "cm-atm",
        (
            OtherUnit("Dobson units", ("du", "dobson", "dobson unit"), "values / 1000", 10),
            OtherUnit("kg m-2", _KG_M2, "values / 0.0214", 0.001, 0.02),
        ),
    ),
    Axis(
        "uw",
        "total water vapour column",
        "g cm-2",
        (OtherUnit("kg m-2", (*_KG_M2, "mm"), "values / 10", 10),),
    ),
    Axis("aot550", "aerosol optical thickness at 550 nm", "1"),
    Axis(
        "psurf",
        "surface pressure",
        "hPa",
        (
            OtherUnit("Pa", ("pa", "pascal"), "values / 100", 2000),
            OtherUnit("kPa", ("kpa",), "values * 10", 30, 110),
        ),
    ),
    Axis(
        "alti",
        "target altitude",
        "km",
        (OtherUnit("metres", ("m", "metre", "metres", "meter", "meters"), "values / 1000", 10),),
    ),
    Axis("phi", "relative azimuth angle", "degree", (_RADIANS,)),
    Axis("thetas", "solar zenith angle", "degree", (_RADIANS,)),
    Axis("thetav", "view zenith angle", "degree", (_RADIANS,)),
)

AXIS_NAMES: tuple[str, ...] = tuple(axis.name for axis in AXES)
AXIS_BY_NAME: dict[str, Axis] = {axis.name: axis for axis in AXES}


def fold_azimuth(phi: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Give the relative azimuth between 0 and 180 degrees that has the same atmosphere.

    The atmosphere is the same on both sides of the plane in which the sun stands, so that phi,
    -phi and phi + 360 are one; 6SV prints the same digits for them.

    Parameters
    ----------
    phi : array_like
        Angles in degrees, of any size and sign.

    Returns
    -------
    ndarray of float64
        Angles in [0, 180]. What was there already is not changed in any digit.
    """
    turned = np.fmod(np.abs(np.asarray(phi, np.float64)), 360.0)
    return np.where(turned > 180.0, 360.0 - turned, turned)


def fold_onto(phi: npt.ArrayLike, nodes: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Fold relative azimuths to where the table has them.

    Parameters
    ----------
    phi : array_like
        Angles in degrees.
    nodes : ndarray of float64
        Values of the axis, which may go on beyond 180 degrees.

    Returns
    -------
    ndarray of float64
        Angles in [0, 180]; in [180, 360] where the axis ends within these, and begins above what
        they are in [0, 180].
    """
    folded = fold_azimuth(phi)
    low, high = bounds(nodes)
    outside = (folded < low) | (folded > high)
    mirrored = 360.0 - folded
    return np.where(outside & (mirrored >= low) & (mirrored <= high), mirrored, folded)


def bounds(nodes: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Give the lowest and highest value that an axis takes: its ends, and their rounding."""
    rounding = _ROUNDING * float(np.abs(nodes).max())
    return float(nodes[0]) - rounding, float(nodes[-1]) + rounding


def refuse_named_unit(axis: Axis, units: object) -> None:
    """Refuse values that say themselves that they are in another unit than the axis.

    Parameters
    ----------
    axis : Axis
        The axis.
    units : object
        The attribute ``units`` of the values.

    Raises
    ------
    LutError
        It is a unit that is known, and another one.
    """
    if not isinstance(units, str):
        return
    for other in axis.others:
        if units.strip().lower() in other.spellings:
            raise LutError(
                f"{axis.name} is in {other.name} (its attribute units is {units!r}), but the "
                f"{axis.long_name} of a table is in {axis.units}: give {other.conversion}, "
                "with the attribute changed"
            )


def recognised_unit(axis: Axis, values: Floats, nodes: npt.NDArray[np.float64]) -> OtherUnit | None:
    """Tell in which other unit values certainly are.

    Parameters
    ----------
    axis : Axis
        The axis.
    values : ndarray
        Values, of which some are outside the axis.
    nodes : ndarray of float64
        Values of the axis.

    Returns
    -------
    OtherUnit or None
        The unit, if the median of the values lies outside the axis and where only that unit can
        be. The median, because a single wild value is no sign of a unit.
    """
    finite = values[np.isfinite(values)]
    if not finite.size:
        return None
    middle = float(np.median(finite))
    low, high = bounds(nodes)
    if low <= middle <= high:
        return None
    for other in axis.others:
        if other.lowest < middle < other.highest:
            return other
    return None


def look_for_radians(ranges: dict[str, tuple[float, float]], pixels: int) -> None:
    """Refuse angles that are in radians, as far as that can be told.

    Radians are small numbers of degrees too. A whole scene that has the sun and the sensor within
    1.57 degrees of the zenith, and each of them moving, is taken for radians. A scene that has only
    the sun there is warned of; a sensor that looks straight down is usual.

    Parameters
    ----------
    ranges : dict of str to tuple of float
        Lowest and highest value of each of the angles that were given.
    pixels : int
        Number of pixels.

    Raises
    ------
    LutError
        All angles look like radians.
    """
    small = [
        name
        for name in ("thetas", "thetav")
        if name in ranges and ranges[name][0] >= 0 and 0 < ranges[name][1] <= _HALF_PI
    ]
    if not small:
        return
    phi = ranges.get("phi", (np.inf, np.inf))
    moving = [name for name in small if ranges[name][0] < ranges[name][1]]
    if len(moving) == 2 and pixels > 1 and -4 * _HALF_PI <= phi[0] <= phi[1] <= 4 * _HALF_PI:
        raise LutError(
            f"thetas, thetav and phi of all {pixels} pixels are angles that fit into a circle of "
            "6.28: they are in radians, but those of a table are in degrees: give "
            "np.degrees(values)"
        )
    if "thetas" in small:
        low, high = ranges["thetas"]
        warnings.warn(
            f"thetas is between {low:g} and {high:g} in all pixels, and was taken for degrees; "
            "if these are radians, give np.degrees(values)",
            UserWarning,
            stacklevel=3,
        )
