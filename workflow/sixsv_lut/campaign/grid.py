"""The grid of points: which 8 values belong to which point number, and back.

Points are numbered from 0 with the last axis fastest, as NumPy numbers the cells of a C-ordered
array.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from sixsv_lut.sixsv.axes import AXIS_NAMES


@dataclass(frozen=True)
class Grid:
    """The full grid over the 8 axes.

    Attributes
    ----------
    values : tuple of tuple of str
        The values of each axis as written, in the order of `sixsv_lut.sixsv.axes.AXES`.
    """

    values: tuple[tuple[str, ...], ...]

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Number of values of each axis."""
        return tuple(len(values) for values in self.values)

    @cached_property
    def points(self) -> int:
        """Number of points."""
        return int(np.prod(self.shape, dtype=np.int64))

    @cached_property
    def axes(self) -> tuple[npt.NDArray[np.float64], ...]:
        """The values of each axis as numbers."""
        return tuple(
            np.array([float(v) for v in values], dtype=np.float64) for values in self.values
        )

    def indices(self, points: npt.ArrayLike) -> tuple[npt.NDArray[np.int64], ...]:
        """Give the position on each axis of some points.

        Parameters
        ----------
        points : array_like of int, shape (n,)
            Point numbers.

        Returns
        -------
        tuple of ndarray of int, each of shape (n,)
            One array for each axis.
        """
        return tuple(np.unravel_index(np.asarray(points, dtype=np.int64), self.shape))

    def point(self, indices: Sequence[npt.ArrayLike]) -> npt.NDArray[np.int64]:
        """Give the numbers of the points at some positions; the inverse of `indices`."""
        return np.ravel_multi_index(tuple(np.asarray(i) for i in indices), self.shape)

    def rows(self, start: int, stop: int) -> npt.NDArray[np.float64]:
        """Give the 8 values of a contiguous range of points.

        Parameters
        ----------
        start, stop : int
            First point, and the one after the last.

        Returns
        -------
        ndarray of float64, shape (stop - start, 8)
            One row for each point, one column for each axis.
        """
        return self.values_of(np.arange(start, stop, dtype=np.int64))

    def values_of(self, points: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Give the 8 values of some points.

        Parameters
        ----------
        points : array_like of int, shape (n,)
            Point numbers.

        Returns
        -------
        ndarray of float64, shape (n, 8)
            One row for each point, one column for each axis.
        """
        indices = self.indices(points)
        return np.stack([axis[i] for axis, i in zip(self.axes, indices, strict=True)], axis=1)

    def locate(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
        """Give the numbers of the points that have these values; the inverse of `rows`.

        Parameters
        ----------
        values : ndarray of float64, shape (n, 8)
            The 8 values of each point.

        Returns
        -------
        ndarray of int64, shape (n,)
            Point numbers; -1 where the grid has no such point.
        """
        numbers = np.zeros(len(values), dtype=np.int64)
        found = np.ones(len(values), dtype=bool)
        for axis, column in zip(self.axes, values.T, strict=True):
            order = np.argsort(axis, kind="stable")
            place = np.minimum(np.searchsorted(axis, column, sorter=order), len(axis) - 1)
            index = order[place]
            found &= axis[index] == column
            numbers = numbers * len(axis) + index
        return np.where(found, numbers, -1)

    def describe(self, point: int) -> str:
        """Write a point with its number and values, for messages."""
        at = self.indices([point])
        values = (
            f"{n}={v[int(i[0])]}" for n, v, i in zip(AXIS_NAMES, self.values, at, strict=True)
        )
        return f"point {point} ({', '.join(values)})"
