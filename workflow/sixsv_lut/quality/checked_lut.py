"""A LUT as its checks see it: arrays along the 8 axes, and how its numbers were made."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from sixsv_lut.campaign.promise import Promise
from sixsv_lut.lut.quantities import LUT_QUANTITIES, Kind
from sixsv_lut.sixsv.axes import AXIS_NAMES
from sixsv_lut.sixsv.convention import STANDARD, Convention
from sixsv_lut.sixsv.report import Status

Array = npt.NDArray[Any]

TRANSMITTANCES: tuple[str, ...] = tuple(
    quantity.name for quantity in LUT_QUANTITIES if quantity.kind is Kind.TRANSMITTANCE
)
REFLECTANCE = next(one.name for one in LUT_QUANTITIES if one.kind is Kind.REFLECTANCE)
ALBEDO = next(one.name for one in LUT_QUANTITIES if one.kind is Kind.ALBEDO)

# By how much two transmittances may differ that 6SV means to be the same: each is the product of
# two numbers that 6SV rounds to 5 decimals, an error of 1e-5, and `run6sv` cuts the product off.
ROUNDING = 3e-5


@dataclass(frozen=True)
class CheckedLut:
    """A LUT that is checked.

    Attributes
    ----------
    dataset : xarray.Dataset
        The 8 axes as dimensions, their values increasing; the quantities of every LUT, and
        ``status``.
    convention : Convention
        How its numbers were made.
    promise : Promise or None
        What is promised of derived values; None where all points were launched.
    """

    dataset: xr.Dataset
    convention: Convention = STANDARD
    promise: Promise | None = None

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Number of values of each axis, outermost first."""
        return tuple(self.dataset.sizes[name] for name in AXIS_NAMES)

    def values(self, name: str) -> Array:
        """Give a quantity along the 8 axes."""
        return np.asarray(self.dataset[name].transpose(*AXIS_NAMES).values)

    def axis(self, name: str) -> npt.NDArray[np.float64]:
        """Give the values of an axis."""
        return np.asarray(self.dataset[name].values, dtype=np.float64)

    @cached_property
    def good(self) -> npt.NDArray[np.bool_]:
        """Which points have a good result, launched or derived."""
        return np.isin(self.values("status"), (Status.OK, Status.DERIVED))

    @property
    def solar_path(self) -> str:
        """The axis of the zenith angle on which the downward transmittance depends."""
        return "thetav" if self.convention.angles_exchanged else "thetas"

    @property
    def view_path(self) -> str:
        """The axis of the zenith angle on which the upward transmittance depends."""
        return "thetas" if self.convention.angles_exchanged else "thetav"

    @property
    def reflectance_unit(self) -> float:
        """Unit of the last decimal of rho_atm."""
        return float(10.0**-self.convention.reflectance_decimals)

    @cached_property
    def reflectance_error(self) -> Array:
        """How far two rho_atm may be apart because of their decimals, and because one was derived.

        Of shape (1, 1, 1, 1, 1, 1, n, m), or of one value, to be broadcast.
        """
        unit = np.full((1,) * len(AXIS_NAMES), self.reflectance_unit)
        if self.promise is None:
            return unit
        largest = np.fmax.reduce(
            self.values(REFLECTANCE), axis=tuple(range(6)), keepdims=True, initial=0.0
        )
        return np.asarray(unit + 2 * np.vectorize(self.promise.absolute, otypes=[float])(largest))
