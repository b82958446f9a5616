"""The quantities of a LUT: what they are made of, what they are called, how they are written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from sixsv_lut.sixsv.convention import Convention
from sixsv_lut.sixsv.report import SPHERICAL_ALBEDO


class Kind(Enum):
    """What sort of number a quantity is."""

    TRANSMITTANCE = "transmittance"
    REFLECTANCE = "intrinsic reflectance of the atmosphere"
    ALBEDO = "spherical albedo"


@dataclass(frozen=True)
class LutQuantity:
    """A quantity that every LUT has.

    Attributes
    ----------
    name : str
        Its name in all products.
    kind : Kind
        What sort of number it is.
    path : str
        Of a transmittance, the path that light takes, as names of 6SV's report end.
    attributes : mapping of str to str
        Attributes of the variable in NetCDF and Zarr.
    """

    name: str
    kind: Kind
    attributes: Mapping[str, str] = field(default_factory=dict)
    path: str = ""

    def factors(self, convention: Convention) -> tuple[str, ...]:
        """Name the quantities of 6SV's report whose product it is."""
        match self.kind:
            case Kind.TRANSMITTANCE:
                return (
                    f"gas_transmittance_{self.path}",
                    f"scattering_transmittance_{self.path}",
                )
            case Kind.REFLECTANCE:
                return (convention.reflectance,)
            case Kind.ALBEDO:
                return (SPHERICAL_ALBEDO,)

    def decimals(self, convention: Convention) -> int:
        """Give the number of decimals that it has in the text."""
        match self.kind:
            case Kind.TRANSMITTANCE:
                return convention.transmittance_decimals
            case Kind.REFLECTANCE:
                return convention.reflectance_decimals
            case Kind.ALBEDO:
                return 5  # as 6SV prints it

    def has_bare_decimal_point(self, convention: Convention) -> bool:
        """Tell whether the text has no zero before the decimal point."""
        return convention.bare_decimal_point and self.kind is Kind.TRANSMITTANCE

    def written_bytes(self, convention: Convention) -> int:
        """Give the length of a usual value in the text."""
        point = "." if self.has_bare_decimal_point(convention) else "0."
        return len(point) + self.decimals(convention)

    def described(self, convention: Convention) -> dict[str, str]:
        """Give the attributes of the variable in NetCDF and Zarr."""
        attributes = {**self.attributes, "units": "1"}
        if self.kind is Kind.REFLECTANCE and convention.reflectance_comment:
            attributes["long_name"] = f"{self.kind.value}, as printed by 6SV"
            attributes["comment"] = convention.reflectance_comment
        return attributes


# In the order of the columns of the text.
LUT_QUANTITIES: tuple[LutQuantity, ...] = (
    LutQuantity(
        "Tdown",
        Kind.TRANSMITTANCE,
        {"long_name": "downward transmittance, sun to target: gases times scattering"},
        path="downward",
    ),
    LutQuantity(
        "Tup",
        Kind.TRANSMITTANCE,
        {"long_name": "upward transmittance, target to sensor: gases times scattering"},
        path="upward",
    ),
    LutQuantity(
        "Ttotal",
        Kind.TRANSMITTANCE,
        {"long_name": "two-way transmittance, sun to target to sensor: gases times scattering"},
        path="total",
    ),
    LutQuantity(
        "rho_atm",
        Kind.REFLECTANCE,
        {
            "long_name": f"{Kind.REFLECTANCE.value}, gas absorption included",
            "standard_name": "toa_bidirectional_reflectance",
            "comment": "apparent reflectance at the top of the atmosphere over a black surface",
        },
    ),
    LutQuantity("S", Kind.ALBEDO, {"long_name": f"{Kind.ALBEDO.value} of the atmosphere"}),
)

# Their names, in the same order.
LUT_NAMES: tuple[str, ...] = tuple(quantity.name for quantity in LUT_QUANTITIES)
