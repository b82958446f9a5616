"""What a check of a LUT has found: how far it was missed, how often, and at which points."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from sixsv_lut.sixsv.axes import AXIS_NAMES

Verdict = Literal["passed", "violated", "not applicable"]

# Violations that are named, the worst of them.
SHOWN = 20


@dataclass(frozen=True)
class Violation:
    """A point at which a check is not met.

    Attributes
    ----------
    amount : float
        What was measured there.
    point : int
        Number of the point.
    subject : str
        What was measured: a quantity, and an axis where there is one.
    """

    amount: float
    point: int
    subject: str


@dataclass(frozen=True)
class Outcome:
    """What came out of a check.

    Attributes
    ----------
    name : str
        Name of the check.
    title : str
        What holds where it passes, in a sentence.
    limit : float
        The largest amount that passes.
    worst : float or None
        The largest amount that was measured; None where nothing could be.
    violations : int
        How many amounts are above the limit: a point counts once for each quantity and axis.
    worst_violations : tuple of Violation
        At most `SHOWN` of them, the worst first.
    reason : str
        Why the check could not be applied, or what else is to be said.
    measures : mapping of str to float
        Further numbers by name.
    """

    name: str
    title: str
    limit: float
    worst: float | None
    violations: int
    worst_violations: tuple[Violation, ...]
    reason: str
    measures: Mapping[str, float]

    @property
    def verdict(self) -> Verdict:
        """Whether the check is met."""
        if self.worst is None:
            return "not applicable"
        return "violated" if self.violations else "passed"


class Findings:
    """Collects what a check measures.

    Parameters
    ----------
    shape : sequence of int
        Number of values of each axis, outermost first.
    limit : float
        The largest amount that passes.
    """

    def __init__(self, shape: Sequence[int], limit: float) -> None:
        self._shape = tuple(shape)
        self._limit = limit
        self._worst: float | None = None
        self._violations = 0
        self._named: list[Violation] = []

    def enter(
        self,
        subject: str,
        amounts: npt.NDArray[Any],
        at: Mapping[str, Sequence[int] | npt.NDArray[np.int64]] | None = None,
    ) -> None:
        """Enter what was measured.

        Parameters
        ----------
        subject : str
            What was measured: a quantity, and an axis where there is one.
        amounts : ndarray, 8 axes
            How far the points are from what should be; NaN where that cannot be told.
        at : mapping of str to sequence of int, optional
            On axes of which `amounts` has not all values, or not in order: which ones it has.
        """
        # Not nanmax, which warns where there is nothing but NaN.
        worst = float(np.fmax.reduce(amounts, axis=None, initial=-np.inf, dtype=np.float64))
        if worst == -np.inf:
            return
        # Below 0 is inside what is asked for, by however much.
        self._worst = max(worst, self._worst or 0.0)
        if worst <= self._limit:
            return
        beyond = np.flatnonzero(amounts > self._limit)
        self._violations += len(beyond)
        sizes = amounts.ravel()[beyond]
        named = np.argsort(-sizes, kind="stable")[:SHOWN]
        indices = [
            index if at is None or name not in at else np.asarray(at[name])[index]
            for name, index in zip(
                AXIS_NAMES, np.unravel_index(beyond[named], amounts.shape), strict=True
            )
        ]
        points = np.ravel_multi_index(indices, self._shape)
        new = [
            Violation(float(amount), int(point), subject)
            for amount, point in zip(sizes[named], points, strict=True)
        ]
        self._named = heapq.nsmallest(
            SHOWN, [*self._named, *new], key=lambda one: (-one.amount, one.point)
        )

    def outcome(
        self,
        name: str,
        title: str,
        *,
        needs: str = "",
        reason: str = "",
        measures: Mapping[str, float] | None = None,
    ) -> Outcome:
        """Give what came out.

        Parameters
        ----------
        name, title, reason, measures
            As `Outcome` has them.
        needs : str
            What the check needs: the reason, where nothing could be measured.
        """
        return Outcome(
            name=name,
            title=title,
            limit=self._limit,
            worst=self._worst,
            violations=self._violations,
            worst_violations=tuple(self._named),
            reason=reason if self._worst is not None else f"needs {needs}",
            measures=measures or {},
        )
