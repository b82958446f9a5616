"""What is known of launches: the result of one, and the rows of a batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sixsv_lut.campaign.points import canonical
from sixsv_lut.sixsv.report import QUANTITY_NAMES, Status

# A row nothing is known of yet; never written to a file.
PENDING = -1


@dataclass(frozen=True)
class KnownResults:
    """What one file of the store knows.

    Attributes
    ----------
    values : ndarray of float64, shape (n, 8)
        The points.
    status : ndarray of int8, shape (n,)
        A `sixsv_lut.sixsv.report.Status` for each.
    launches : ndarray of int32, shape (n,)
        How often 6SV was launched for the point.
    seconds : ndarray of float64, shape (n,)
        Elapsed time of the last launch.
    quantities : ndarray of float64, shape (n, m)
        The m numbers of `sixsv_lut.sixsv.report.QUANTITIES`; NaN where there is none.
    reasons : sequence of str or None
        Why a launch failed.
    """

    values: npt.NDArray[np.float64]
    status: npt.NDArray[np.int8]
    launches: npt.NDArray[np.int32]
    seconds: npt.NDArray[np.float64]
    quantities: npt.NDArray[np.float64]
    reasons: Sequence[str | None]


@dataclass(frozen=True)
class Result:
    """The end of one launch.

    Attributes
    ----------
    status : Status
        How it ended.
    launches : int
        How often 6SV was launched, retries included.
    seconds : float
        Elapsed time of the last launch.
    quantities : tuple of float
        The numbers of `sixsv_lut.sixsv.report.QUANTITIES`, or empty.
    reason : str
        Why it failed, or empty.
    """

    status: Status
    launches: int
    seconds: float
    quantities: tuple[float, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Attempt:
    """What one process did for a batch.

    Attributes
    ----------
    host : str
        Where it ran.
    threads : int
        Launches that it ran at a time.
    started, ended : float
        Seconds since 1970-01-01 UTC.
    points : int
        Points whose launch ended.
    launches : int
        Launches of these points, retries included.
    launch_seconds : float
        Elapsed time of the last launch of each point, summed.
    """

    host: str
    threads: int
    started: float
    ended: float
    points: int = 0
    launches: int = 0
    launch_seconds: float = 0.0

    @property
    def elapsed_seconds(self) -> float:
        """Time from start to end."""
        return max(0.0, self.ended - self.started)

    @property
    def core_seconds(self) -> float:
        """Time for which cores were taken, summed over the cores."""
        return self.elapsed_seconds * self.threads


class Records:
    """What is known of the launches of one batch, row by row.

    Parameters
    ----------
    values : ndarray of float64, shape (n, 8)
        The points of the batch, each once.

    Attributes
    ----------
    status, launches, seconds, quantities
        As in `KnownResults`; the status of a row that nothing is known of is `PENDING`.
    reasons : list of str or None
        Why a launch failed, for each row.
    """

    def __init__(self, values: npt.NDArray[np.float64]) -> None:
        rows = len(values)
        self.values = canonical(values)
        self.status = np.full(rows, PENDING, dtype=np.int8)
        self.launches = np.zeros(rows, dtype=np.int32)
        self.seconds = np.zeros(rows, dtype=np.float64)
        self.quantities = np.full((rows, len(QUANTITY_NAMES)), np.nan, dtype=np.float64)
        self.reasons: list[str | None] = [None] * rows
        self._row_of = {point.tobytes(): row for row, point in enumerate(self.values)}

    @property
    def to_run(self) -> npt.NDArray[np.int64]:
        """Rows that have no good result: those never run, and those that failed."""
        return np.flatnonzero(self.status != Status.OK)

    def only(self, rows: Sequence[int]) -> Records:
        """Give what is known of some of the rows, in this order."""
        chosen = Records(self.values[rows])
        for name in ("status", "launches", "seconds", "quantities"):
            getattr(chosen, name)[:] = getattr(self, name)[rows]
        chosen.reasons = [self.reasons[row] for row in rows]
        return chosen

    def wants(self, points: npt.NDArray[np.float64]) -> bool:
        """Tell whether one of these points is in the batch and has no good result."""
        rows = (self._row_of.get(point.tobytes()) for point in canonical(points))
        return any(row is not None and self.status[row] != Status.OK for row in rows)

    def enter(self, row: int, result: Result) -> None:
        """Enter the end of one launch."""
        self.status[row] = result.status
        self.launches[row] += result.launches
        self.seconds[row] = result.seconds
        self.quantities[row] = result.quantities or np.nan
        self.reasons[row] = result.reason or None

    def add(self, known: KnownResults) -> int:
        """Add what a file knows of these points; a good result is never replaced.

        Returns
        -------
        int
            How many rows were filled with a good result.
        """
        filled = 0
        for i, point in enumerate(canonical(known.values)):
            row = self._row_of.get(point.tobytes())
            if row is None or self.status[row] == Status.OK:
                continue
            self.status[row] = known.status[i]
            self.launches[row] += known.launches[i]
            self.seconds[row] = known.seconds[i]
            self.quantities[row] = known.quantities[i]
            self.reasons[row] = known.reasons[i] or None
            filled += self.status[row] == Status.OK
        return filled


def quantities_in_order(
    names: Sequence[str], column: Callable[[str], npt.NDArray[np.float64]], rows: int
) -> npt.NDArray[np.float64]:
    """Arrange the numbers of a file: another version may have another order, or fewer of them.

    Parameters
    ----------
    names : sequence of str
        Names of what the file holds.
    column : callable
        Gives the numbers of a name, shape (rows,).
    rows : int
        Number of rows.

    Returns
    -------
    ndarray of float64, shape (rows, m)
        The m numbers of `sixsv_lut.sixsv.report.QUANTITIES`; NaN where the file has none.
    """
    present = set(names)
    nothing = np.full(rows, np.nan)
    return np.stack(
        [column(name) if name in present else nothing for name in QUANTITY_NAMES], axis=1
    )
