"""Advice on the nodes of a grid: a value to add, one that could go, and nodes that reach a target.

All of it is about linear interpolation. What is predicted follows from `sixsv_lut.accuracy.model`
for values that are added, and from `sixsv_lut.accuracy.removal` for one that goes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sixsv_lut.accuracy.model import ErrorModel, Prediction
from sixsv_lut.accuracy.nodes import Parts, Written, divided_values, numbers, with_parts, without
from sixsv_lut.accuracy.points import Nodes
from sixsv_lut.accuracy.removal import Loss, loss_of_node
from sixsv_lut.campaign.configuration import MOST_POINTS
from sixsv_lut.sixsv.axes import AXIS_NAMES

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Addition:
    """The value whose addition lowers the error of a quantity most.

    Attributes
    ----------
    quantity : str
        Name of the quantity.
    axis, value : str
        The axis and the value.
    rms : float
        The measured root mean square error.
    predicted : Prediction
        That with the value.
    axes : tuple of tuple of str
        All nodes, with the value.
    """

    quantity: str
    axis: str
    value: str
    rms: float
    predicted: Prediction
    axes: Written


@dataclass(frozen=True)
class Removal:
    """The value that could go with least harm.

    Attributes
    ----------
    axis, value : str
        The axis and the value.
    losses : dict of str to Loss
        What would be lost, by quantity.
    predicted_rms : dict of str to float
        The root mean square error without the value, by quantity.
    axes : tuple of tuple of str
        All nodes but this one.
    """

    axis: str
    value: str
    losses: dict[str, Loss]
    predicted_rms: dict[str, float]
    axes: Written


@dataclass(frozen=True)
class TargetNodes:
    """Nodes that reach a target.

    Attributes
    ----------
    reached : bool
        Whether the model says that they do; else it found none that do.
    parts : dict of (int, int) to int
        Into how many parts intervals are divided, by axis and interval.
    predicted : dict of str to Prediction
        The root mean square error of each quantity with a target.
    axes : tuple of tuple of str
        All nodes.
    """

    reached: bool
    parts: dict[tuple[int, int], int]
    predicted: dict[str, Prediction]
    axes: Written


def best_addition(nodes: Nodes, model: ErrorModel, quantity: str) -> Addition | None:
    """Find the value, in the middle of an interval, whose addition lowers the error most.

    Parameters
    ----------
    nodes : Nodes
        The nodes of the grid.
    model : ErrorModel
        The model of the quantity's error.
    quantity : str
        Its name.

    Returns
    -------
    Addition or None
        None where no value lowers it.
    """
    grid = _DividedGrid(nodes, {quantity: model})
    errors = {where: grid.rms_with({where: 2})[quantity] for where in grid.intervals}
    now = model.predicted_rms(model.modelled)
    axis, interval = min(errors, key=errors.__getitem__)
    if not errors[axis, interval] < now:
        return None
    parts = {(axis, interval): 2}
    [value] = divided_values(*nodes.ends(axis, interval), 2)
    return Addition(
        quantity,
        AXIS_NAMES[axis],
        value,
        now,
        grid.predictions(parts)[quantity],
        with_parts(nodes, parts),
    )


def best_removal(
    nodes: Nodes, values: Mapping[str, npt.NDArray[np.floating]], rms: Mapping[str, float]
) -> Removal | None:
    """Find the value that could go with least harm.

    Parameters
    ----------
    nodes : Nodes
        The nodes of the grid.
    values : mapping of str to ndarray, each of shape (n0, ..., n7)
        Quantities of the LUT; NaN where a launch failed.
    rms : mapping of str to float
        Their measured root mean square errors. The harm is that of the quantity which, measured by
        its own error, suffers most.

    Returns
    -------
    Removal or None
        None where no axis has three values. The ends of an axis stay.
    """
    axes = numbers(nodes.written)
    losses = {
        (a, node): {name: loss_of_node(table, axes, a, node) for name, table in values.items()}
        for a, axis in enumerate(axes)
        for node in range(1, len(axis) - 1)
    }

    def harm(where: tuple[int, int]) -> float:
        of_all = [
            loss.added_mean_square / max(rms[name], 1e-12) ** 2
            for name, loss in losses[where].items()
        ]
        return math.inf if any(map(math.isnan, of_all)) else max(of_all)

    if not losses:
        return None
    a, node = min(losses, key=harm)
    if math.isinf(harm((a, node))):
        return None
    return Removal(
        AXIS_NAMES[a],
        nodes.written[a][node],
        losses[a, node],
        {
            name: math.sqrt(rms[name] ** 2 + loss.added_mean_square)
            for name, loss in losses[a, node].items()
        },
        without(nodes, a, node),
    )


def nodes_for_target(
    nodes: Nodes, models: Mapping[str, ErrorModel], target: Mapping[str, float]
) -> TargetNodes:
    """Find the nodes that reach a target with few points.

    Intervals are divided into equal parts, one part more at a time: always that which, for the
    factor by which it makes the grid larger, brings the errors nearest to the target. In the end
    parts that turned out not to be needed are taken back. This is a greedy search; that no smaller
    grid reaches the target is not proven.

    Parameters
    ----------
    nodes : Nodes
        The nodes of the grid.
    models : mapping of str to ErrorModel
        The models of the errors of all quantities with a target.
    target : mapping of str to float
        The root mean square errors to be reached.

    Returns
    -------
    TargetNodes
        The nodes; or those from which the search did not come further.
    """
    grid = _DividedGrid(nodes, {name: models[name] for name in target})

    def missing(parts: Parts) -> float:
        errors = grid.rms_with(parts)
        # The logarithm: to halve an error is as good at any distance from the target.
        return sum(
            max(0.0, math.log(max(errors[name], 1e-30) / wanted)) for name, wanted in target.items()
        )

    parts: dict[tuple[int, int], int] = {}
    left = missing(parts)
    while left > 0:
        candidates = [parts | {where: parts.get(where, 1) + 1} for where in grid.intervals]
        after = [missing(candidate) for candidate in candidates]
        sizes = [math.log(grid.points(candidate) / grid.points(parts)) for candidate in candidates]
        gains = [(left - one) / size for one, size in zip(after, sizes, strict=True)]
        best = int(np.argmax(gains))
        if gains[best] <= 0 or grid.points(candidates[best]) > MOST_POINTS:
            break
        parts, left = candidates[best], after[best]
    reached = left <= 0
    if reached:
        parts = _pruned(parts, grid.points, lambda one: missing(one) <= 0)
    return TargetNodes(reached, parts, grid.predictions(parts), with_parts(nodes, parts))


def _pruned(
    parts: dict[tuple[int, int], int],
    points: Callable[[Parts], int],
    is_enough: Callable[[Parts], bool],
) -> dict[tuple[int, int], int]:
    while True:
        fewer = [
            {
                one: number
                for one, number in (parts | {where: parts[where] - 1}).items()
                if number > 1
            }
            for where in parts
        ]
        enough = [one for one in fewer if is_enough(one)]
        if not enough:
            return parts
        parts = min(enough, key=points)


class _DividedGrid:
    """What the models say of a grid some of whose intervals are divided."""

    def __init__(self, nodes: Nodes, models: Mapping[str, ErrorModel]) -> None:
        self._nodes = nodes
        self._models = models
        # Only where random points are do the models know something.
        some = next(iter(models.values()))
        self.intervals = [
            (a, int(interval)) for a in nodes.divided for interval in np.unique(some.intervals[a])
        ]
        self._known: dict[tuple[str, int, tuple[tuple[int, int], ...]], Floats] = {}

    def points(self, parts: Parts) -> int:
        """Give the number of points of the grid."""
        lengths = [len(values) for values in self._nodes.written]
        for (axis, _), number in parts.items():
            lengths[axis] += number - 1
        return math.prod(lengths)

    def rms_with(self, parts: Parts) -> dict[str, float]:
        """Give the root mean square errors."""
        return {
            name: model.predicted_rms(self._errors(name, parts))
            for name, model in self._models.items()
        }

    def predictions(self, parts: Parts) -> dict[str, Prediction]:
        """Give the root mean square errors with their uncertainty."""
        return {
            name: model.predict(self._errors(name, parts)) for name, model in self._models.items()
        }

    def _errors(self, name: str, parts: Parts) -> Floats:
        errors: Floats = sum(
            (self._part(name, a, parts) for a in self._nodes.divided),
            start=np.zeros(len(self._models[name].points)),
        )
        return errors

    def _part(self, name: str, a: int, parts: Parts) -> Floats:
        of_axis = tuple(sorted((i, number) for (axis, i), number in parts.items() if axis == a))
        key = (name, a, of_axis)
        if key not in self._known:
            axes = with_parts(self._nodes, {(a, i): number for i, number in of_axis})
            [axis] = numbers([axes[a]])
            self._known[key] = self._models[name].part(a, axis)
        return self._known[key]


def launches_beyond(
    axes: Sequence[Sequence[str]], now: Sequence[Sequence[str]], known: Floats
) -> int:
    """Count the launches of another grid that were not done.

    Parameters
    ----------
    axes : sequence of sequence of str
        Its nodes.
    now : sequence of sequence of str
        The nodes of the grid whose points are all launched.
    known : ndarray of float64, shape (n, 8)
        Points between its nodes that were launched.

    Returns
    -------
    int
        The number.
    """
    other, old = ([set(map(float, axis)) for axis in written] for written in (axes, now))
    points = math.prod(map(len, other))
    both = math.prod(len(one & two) for one, two in zip(other, old, strict=True))
    between = sum(
        all(value in axis for value, axis in zip(point, other, strict=True))
        for point in known.tolist()
    )
    return points - both - between
