"""What pictures show of a campaign's grid: which nodes stay fixed, which values become curves.

All of it follows from the configuration, without NumPy, because captions are made whenever the
Snakefile is parsed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.sixsv.axes import AXES, AXIS_BY_NAME, AXIS_NAMES
from sixsv_lut.sixsv.deck import US62_OZONE, US62_PRESSURE, US62_WATER_VAPOUR

# Where an axis does not vary in a picture, the node nearest to this value is shown: the US standard
# atmosphere of 1962 over a target at sea level, with some aerosol, sun and sensor well above the
# horizon, and the sensor aside of the plane of the sun.
TYPICAL: dict[str, float] = {
    "uo3": US62_OZONE,
    "uw": US62_WATER_VAPOUR,
    "aot550": 0.2,
    "psurf": US62_PRESSURE,
    "alti": 0.0,
    "phi": 90.0,
    "thetas": 30.0,
    "thetav": 30.0,
}

# Which axis becomes the curves of a panel: the first of these that is not the panel's own and has
# more than one value. Only axes on which the quantity depends.
_CURVES: dict[str, tuple[str, ...]] = {
    "Tdown": ("aot550", "thetas", "uw", "psurf", "alti", "uo3"),
    "Tup": ("aot550", "thetav", "uw", "psurf", "alti", "uo3"),
    "Ttotal": ("aot550", "thetas", "thetav", "uw", "psurf", "alti", "uo3"),
    "rho_atm": ("aot550", "thetas", "thetav", "phi", "psurf", "alti", "uw", "uo3"),
    "S": ("aot550", "psurf", "alti"),
}

# More are not told apart in a panel.
MOST_CURVES = 5
MOST_SUNS = 3

# Units as they are written for people, where that differs from UDUNITS.
_WRITTEN_UNITS: dict[str, str] = {"g cm-2": "g cm\u207b\u00b2", "1": "dimensionless", "degree": "°"}
_WRITTEN_UNITS_OF_AXES: dict[str, str] = {"uo3": "cm-atm"}


@dataclass(frozen=True)
class Varied:
    """An axis of which a picture shows several values.

    Attributes
    ----------
    axis : str
        Its name.
    nodes : tuple of int
        Positions of the values on the axis, in increasing order.
    """

    axis: str
    nodes: tuple[int, ...]


def units(axis: str) -> str:
    """Give the units of an axis as people write them."""
    written = AXIS_BY_NAME[axis].units
    return _WRITTEN_UNITS_OF_AXES.get(axis, _WRITTEN_UNITS.get(written, written))


def label(axis: str) -> str:
    """Give the label of an axis: what it is, its name and its units."""
    return " ".join(label_lines(axis))


def label_lines(axis: str) -> tuple[str, str]:
    """Give the label of an axis as two lines: what it is; its name and its units."""
    what = AXIS_BY_NAME[axis].long_name.removesuffix(" (cm-atm)")
    return what, f"{axis} ({units(axis)})"


def value(axis: str, number: float) -> str:
    """Give the name, value and units of a value of an axis, such as ``psurf 1013 hPa``."""
    return _with_units(axis, f"{number:g}")


def _with_units(axis: str, numbers: str) -> str:
    match units(axis):
        case "dimensionless":
            return f"{axis} {numbers}"
        case "°":
            return f"{axis} {numbers}°"
        case written:
            return f"{axis} {numbers} {written}"


def values(campaign: Campaign, varied: Varied) -> str:
    """Give the name, values and units of an axis of which several values are shown."""
    numbers = [f"{numbers_of(campaign, varied.axis)[node]:g}" for node in varied.nodes]
    listed = " and ".join(filter(None, [", ".join(numbers[:-1]), numbers[-1]]))
    return _with_units(varied.axis, listed)


def numbers_of(campaign: Campaign, axis: str) -> tuple[float, ...]:
    """Give the values of an axis as numbers."""
    return tuple(map(float, campaign.configuration.axes.written()[AXIS_NAMES.index(axis)]))


def varying(campaign: Campaign) -> tuple[str, ...]:
    """Name the axes that have more than one value, in their order."""
    written = campaign.configuration.axes.written()
    return tuple(axis.name for axis, of in zip(AXES, written, strict=True) if len(of) > 1)


def typical_node(campaign: Campaign, axis: str) -> int:
    """Give the position of the node that is nearest to `TYPICAL`; of two, the lower one."""
    numbers = numbers_of(campaign, axis)
    return min(range(len(numbers)), key=lambda node: abs(numbers[node] - TYPICAL[axis]))


def fixed(campaign: Campaign, free: Collection[str]) -> dict[str, int]:
    """Give the nodes of all axes that a picture does not vary.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    free : collection of str
        Names of the axes that it varies.

    Returns
    -------
    dict of str to int
        Position of the fixed node, by the axis's name.
    """
    return {name: typical_node(campaign, name) for name in AXIS_NAMES if name not in free}


def fixed_values(campaign: Campaign, free: Collection[str] = ()) -> str:
    """Say at which values the other axes are fixed."""
    nodes: Mapping[str, int] = fixed(campaign, free)
    return ", ".join(value(axis, numbers_of(campaign, axis)[node]) for axis, node in nodes.items())


def spread(number: int, most: int) -> tuple[int, ...]:
    """Choose positions from the first to the last of an axis, evenly.

    Parameters
    ----------
    number : int
        Number of values of the axis.
    most : int
        How many to choose at most; at least 2.

    Returns
    -------
    tuple of int
        The positions, in increasing order.
    """
    if number <= most:
        return tuple(range(number))
    return tuple(round(i * (number - 1) / (most - 1)) for i in range(most))


def spread_over(campaign: Campaign, axis: str, most: int) -> Varied:
    """Choose values of an axis, from the first to the last."""
    return Varied(axis, spread(len(numbers_of(campaign, axis)), most))


def curves(campaign: Campaign, quantity: str, axis: str) -> Varied | None:
    """Choose what the curves of a panel stand for.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    quantity : str
        Name of the quantity of the LUT.
    axis : str
        The axis that the panel varies.

    Returns
    -------
    Varied or None
        The second axis, with the values that are drawn; None where there is one curve.
    """
    for second in _CURVES[quantity]:
        if second != axis and second in varying(campaign):
            return spread_over(campaign, second, MOST_CURVES)
    return None


def typical_point(campaign: Campaign) -> list[float]:
    """Give the 8 values of the point that is nearest to `TYPICAL`, in the order of the axes."""
    return [numbers_of(campaign, axis)[typical_node(campaign, axis)] for axis in AXIS_NAMES]
