r"""What a LUT would lose with one of its nodes: told by the LUT itself, without a launch.

Without a node, the LUT gives there what lies between its two neighbours, which differs by d from
what it has now. With the curvature c = d / (h1 h2), h1 and h2 the widths of the two intervals, the
error is c (x - l) (r - x) in an interval (see `sixsv_lut.accuracy.model`), and the mean of its
square c^2 h^4 / 30. So the mean square error of the whole axis of length H grows by

    c^2 / 30 ((h1 + h2)^5 - h1^5 - h2^5) / H

on the average over all other nodes. What the other axes add to the error is not looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Loss:
    """What a LUT would lose in one quantity with one of its nodes.

    Attributes
    ----------
    rms, largest : float
        Error at the points that would go: root mean square and largest. NaN where none can be told.
    added_mean_square : float
        By how much the mean square error between all nodes would grow.
    """

    rms: float
    largest: float
    added_mean_square: float


def loss_of_node(
    values: npt.NDArray[np.floating], axes: Sequence[Floats], a: int, node: int
) -> Loss:
    """Tell what a LUT would lose with a node.

    Parameters
    ----------
    values : ndarray, shape (n0, ..., n7)
        A quantity of the LUT; NaN where a launch failed.
    axes : sequence of ndarray
        The nodes of the 8 axes.
    a, node : int
        The axis, and the position of the node on it, which is not at an end.

    Returns
    -------
    Loss
        The loss.
    """
    axis = axes[a]
    before, after = axis[node] - axis[node - 1], axis[node + 1] - axis[node]
    both = before + after
    left, here, right = (np.take(values, node + step, axis=a) for step in (-1, 0, 1))
    errors = (left * (after / both) + right * (before / both) - here).astype(np.float64)
    weights = np.ones(errors.shape)
    for place, other in enumerate(axis for i, axis in enumerate(axes) if i != a):
        shape = [1] * errors.ndim
        shape[place] = len(other)
        weights *= _weights(other).reshape(shape)
    known = np.isfinite(errors)
    if not known.any():
        return Loss(np.nan, np.nan, np.nan)
    mean_square = float(np.average(np.square(errors[known]), weights=weights[known]))
    growth = (both**5 - before**5 - after**5) / (axis[-1] - axis[0])
    return Loss(
        rms=float(np.sqrt(mean_square)),
        largest=float(np.abs(errors[known]).max()),
        added_mean_square=mean_square / (before * after) ** 2 / 30 * growth,
    )


def _weights(axis: Floats) -> Floats:
    # How much of the axis is nearest to each node.
    if len(axis) == 1:
        return np.ones(1)
    widths = np.diff(axis)
    weights: Floats = np.concatenate([[0], widths]) + np.concatenate([widths, [0]])
    return weights
