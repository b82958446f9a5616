r"""The error between the nodes as a function of the nodes.

Along one axis, with all other values fixed, linear interpolation between the nodes l and r of a
function f errs at x, to the leading order, by

    f_linear(x) - f(x) = 1/2 f'' (x - l) (r - x),

whose maximum, in the middle, is f'' h^2 / 8 with h = r - l. Multilinear interpolation in a cell
errs by the sum of these over the axes: what is left has h^4, products of two of them. With their
signs: an axis along which f bends up and one along which it bends down cancel each other in part,
and two that bend alike give more than the square root of the sum of squares.

So with the curvature c_a = f''_aa / 2 of each axis at a point x,

    e(x) = sum over a of c_a (x_a - l_a) (r_a - x_a).

The nodes stand in it as the two neighbours l_a and r_a of x_a alone: with other nodes the same
formula tells the error of the other grid. A launch in the middle of an interval of width h, with
the other values on nodes, has the error m = c h^2 / 4, which gives c. For each random point and
axis, the curvature is that of the nearest midpoint of the same interval of that axis, nearest in
the other values, counted in nodes. Most random points that were drawn first have midpoints of their
own cell.

The root mean square of e over the random points is what the model says of a grid. It is not used by
itself: what is predicted is the measured root mean square times the ratio of what the model says of
the other grid and of this one, so an error of the model that both have in common cancels.

The formula assumes that the curvature is constant in an interval and that errors are well above the
digits that 6SV prints: 1e-5 of transmittances, and steps of 1e-4 that rho_atm has in aot550.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from sixsv_lut.accuracy.errors import interval_of, resampled_rows, rms
from sixsv_lut.accuracy.points import MIDPOINT, RANDOM
from sixsv_lut.accuracy.table import errors_of
from sixsv_lut.sixsv.axes import AXIS_NAMES

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Prediction:
    """A root mean square error that is expected.

    Attributes
    ----------
    rms : float
        The error.
    low, high : float
        95 % of what other draws of as many launches would have predicted lies between them.
    """

    rms: float
    low: float
    high: float


class ErrorModel:
    """The error of one quantity between the nodes of one band, linearly interpolated.

    Parameters
    ----------
    launches : pandas.DataFrame
        Table of launches (see `sixsv_lut.accuracy.table`).
    quantity : str
        Name of the quantity.
    axes : sequence of ndarray
        The nodes of the 8 axes.
    """

    def __init__(self, launches: pd.DataFrame, quantity: str, axes: Sequence[Floats]) -> None:
        random = launches[launches["kind"] == RANDOM]
        self.axes = tuple(np.asarray(axis, dtype=np.float64) for axis in axes)
        self.points = random[list(AXIS_NAMES)].to_numpy(dtype=np.float64)
        self.measured = errors_of(random, quantity, "linear")
        self.intervals = tuple(
            interval_at(axis, self.points[:, a]) for a, axis in enumerate(self.axes)
        )
        self._curvatures = self._nearest_curvatures(launches, quantity)

    def _nearest_curvatures(self, launches: pd.DataFrame, quantity: str) -> tuple[Floats, ...]:
        midpoints = launches[launches["kind"] == MIDPOINT]
        places, of_midpoints = (
            np.stack([place_on(axis, values[:, a]) for a, axis in enumerate(self.axes)], axis=1)
            for values in (self.points, midpoints[list(AXIS_NAMES)].to_numpy(dtype=np.float64))
        )
        errors = errors_of(midpoints, quantity, "linear")
        along = midpoints["axis"].to_numpy()
        interval_along = midpoints["interval"].to_numpy(dtype=np.int64)
        curvatures = []
        for a, axis in enumerate(self.axes):
            curvature = np.zeros(len(self.points))
            for interval, width in enumerate(np.diff(axis)):
                inside = self.intervals[a] == interval
                there = (along == AXIS_NAMES[a]) & (interval_along == interval)
                if not inside.any() or not there.any():
                    continue
                distances = places[inside, None, :] - of_midpoints[there]
                distances[..., a] = 0  # any place in the interval is as good
                nearest = np.square(distances).sum(axis=-1).argmin(axis=-1)
                curvature[inside] = errors[there][nearest] * 4 / width**2
            curvatures.append(curvature)
        return tuple(curvatures)

    def parts(self, axes: Sequence[Floats] | None = None) -> Floats:
        """Give what each axis adds to the error of each random point.

        Parameters
        ----------
        axes : sequence of ndarray, optional
            Other nodes of the 8 axes, with the same ends.

        Returns
        -------
        ndarray of float64, shape (8, random points)
            Errors with their signs.
        """
        return np.stack([self.part(a, axis) for a, axis in enumerate(axes or self.axes)])

    def part(self, a: int, axis: Floats) -> Floats:
        """Give what one axis, with these nodes, adds to the error of each random point."""
        if len(axis) == 1:
            return np.zeros(len(self.points))
        values = self.points[:, a]
        interval = interval_at(axis, values)
        left, right = axis[interval], axis[interval + 1]
        part: Floats = self._curvatures[a] * (values - left) * (right - values)
        return part

    def predict(self, errors: Floats) -> Prediction:
        """Predict the root mean square error of another grid.

        Parameters
        ----------
        errors : ndarray of float64, shape (random points,)
            What the model says of its errors: the sum of `parts`.

        Returns
        -------
        Prediction
            The measured error, times the ratio of what the model says of both grids.
        """
        rows = resampled_rows(len(self.points))
        now = np.maximum(rms(self.modelled[rows]), 1e-30)
        drawn = rms(self.measured[rows]) * rms(errors[rows]) / now
        return Prediction(self.predicted_rms(errors), *interval_of(drawn))

    def predicted_rms(self, errors: Floats) -> float:
        """Give the root mean square of a prediction; see `predict`."""
        now = rms(self.modelled)
        return float(rms(self.measured) * rms(errors) / now) if now else float(rms(self.measured))

    @cached_property
    def modelled(self) -> Floats:
        """What the model says of the errors at the random points, shape (random points,)."""
        errors: Floats = self.parts().sum(axis=0)
        return errors

    @property
    def correlation(self) -> float:
        """Correlation of the model's errors with the measured ones, at the random points."""
        if not self.modelled.std() or not self.measured.std():
            return float("nan")
        return float(np.corrcoef(self.modelled, self.measured)[0, 1])

    def shares(self) -> dict[str, list[float]]:
        """Give the share of each interval of each axis in the mean square error.

        The square of the sum of all parts is shared out: a part counts with its product with the
        sum. A share can be negative, where an axis cancels some of the error of others; all
        together are 1.

        Returns
        -------
        dict of str to list of float
            For each axis of more than one value, the shares of its intervals.
        """
        parts = self.parts()
        products = parts * parts.sum(axis=0)
        total = products.sum() or 1.0
        return {
            AXIS_NAMES[a]: [
                float(products[a][self.intervals[a] == interval].sum() / total)
                for interval in range(len(axis) - 1)
            ]
            for a, axis in enumerate(self.axes)
            if len(axis) > 1
        }


def interval_at(axis: Floats, values: Floats) -> npt.NDArray[np.int64]:
    """Give the interval of an axis in which each value lies; 0 on an axis of one value."""
    last = max(len(axis) - 2, 0)
    return np.clip(np.searchsorted(axis, values, side="right") - 1, 0, last).astype(np.int64)


def place_on(axis: Floats, values: Floats) -> Floats:
    """Give where on an axis each value lies, counted in nodes from 0."""
    return np.interp(values, axis, np.arange(len(axis)))
