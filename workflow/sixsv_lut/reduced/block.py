"""A block: all points of a grid with one pair of zenith angles."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from sixsv_lut.campaign.grid import Grid
from sixsv_lut.sixsv.axes import AXIS_NAMES
from sixsv_lut.sixsv.report import APPARENT_REFLECTANCE, SPHERICAL_ALBEDO, TRANSMITTANCES

# What a block is told of each launch, in this order.
VALUES: tuple[str, ...] = (APPARENT_REFLECTANCE, *TRANSMITTANCES, SPHERICAL_ALBEDO)
RHO = VALUES.index(APPARENT_REFLECTANCE)
# Numbers that 6SV prints alike at all points of a block with the same gases, pressure and altitude,
# and with the same aerosol, pressure and altitude.
GAS_VALUES = [i for i, name in enumerate(VALUES) if name.startswith("gas_transmittance")]
SCATTERING_VALUES = [i for i in range(len(VALUES)) if i not in (RHO, *GAS_VALUES)]

_ZENITH_AXES = ("thetas", "thetav")
# The axes of a block, in the order of the grid.
BLOCK_AXES: tuple[str, ...] = tuple(name for name in AXIS_NAMES if name not in _ZENITH_AXES)


@dataclass(frozen=True)
class Block:
    """All points of a grid with one pair of zenith angles.

    Its points are numbered from 0, in the order that they have in the grid. Seen as an array of
    shape `shape`, their indices are: the gases ``g``, the aerosol ``a``, pressure and altitude
    ``k``, the azimuth ``f``.

    Attributes
    ----------
    axes : tuple of tuple of float
        The values of uo3, uw, aot550, psurf, alti and phi, in any order, none twice.
    thetas, thetav : float
        The zenith angles, in degrees.
    """

    axes: tuple[tuple[float, ...], ...]
    thetas: float
    thetav: float

    @classmethod
    def of_grid(cls, grid: Grid, thetas: int, thetav: int) -> Block:
        """Give a block of a grid, by the positions of its zenith angles on their axes."""
        values = dict(zip(AXIS_NAMES, (axis.tolist() for axis in grid.axes), strict=True))
        return cls(
            tuple(tuple(values[name]) for name in BLOCK_AXES),
            values["thetas"][thetas],
            values["thetav"][thetav],
        )

    def numbers(self, grid: Grid) -> npt.NDArray[np.int64]:
        """Give the number in the grid of each point of the block.

        Parameters
        ----------
        grid : Grid
            The grid that the block is of.

        Returns
        -------
        ndarray of int64, shape (points,)
            Numbers of points of the grid, increasing.
        """
        everywhere = np.arange(self.points)
        at = dict(zip(BLOCK_AXES, np.unravel_index(everywhere, self._lengths), strict=True))
        for name, angle in zip(_ZENITH_AXES, (self.thetas, self.thetav), strict=True):
            axis = grid.axes[AXIS_NAMES.index(name)]
            at[name] = np.full(self.points, int(np.flatnonzero(axis == angle)[0]))
        return grid.point([at[name] for name in AXIS_NAMES])

    @cached_property
    def _lengths(self) -> tuple[int, ...]:
        return tuple(len(values) for values in self.axes)

    @cached_property
    def points(self) -> int:
        """Number of points."""
        return int(np.prod(self._lengths, dtype=np.int64))

    @cached_property
    def shape(self) -> tuple[int, int, int, int]:
        """Numbers of combinations of gases, of aerosols, of places, and of azimuths."""
        uo3, uw, aot550, psurf, alti, phi = self._lengths
        return uo3 * uw, aot550, psurf * alti, phi

    @cached_property
    def azimuths(self) -> list[int]:
        """The azimuths that differ: the first alone where the sun or the view is vertical."""
        return list(range(self.shape[3] if self.thetas and self.thetav else 1))

    def gases(self, uo3: int, uw: int) -> int:
        """Give the index of a combination of the gases."""
        return uo3 * self._lengths[1] + uw

    def pressure_and_altitude(self, psurf: int, alti: int) -> int:
        """Give the index of a combination of pressure and altitude."""
        return psurf * self._lengths[4] + alti

    def by_size(self, axis: str) -> list[int]:
        """Give the positions of the values of an axis, that of the smallest first."""
        values = self.axes[BLOCK_AXES.index(axis)]
        return sorted(range(len(values)), key=values.__getitem__)

    def point(self, gases: int, aerosol: int, place: int, azimuth: int) -> int:
        """Give the number of a point; `place` is its pressure and altitude."""
        _, aerosols, places, azimuths = self.shape
        return ((gases * aerosols + aerosol) * places + place) * azimuths + azimuth

    def indices(self, point: int) -> tuple[int, int, int, int]:
        """Give gases, aerosol, pressure and altitude, and azimuth of a point."""
        _, aerosols, places, azimuths = self.shape
        point, azimuth = divmod(point, azimuths)
        point, place = divmod(point, places)
        gases, aerosol = divmod(point, aerosols)
        return gases, aerosol, place, azimuth
