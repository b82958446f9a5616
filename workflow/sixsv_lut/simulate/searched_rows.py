"""What a batch of reduced launches is to launch: what the searches of its blocks ask for."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sixsv_lut.campaign.promise import Promise
from sixsv_lut.reduced.block import VALUES, Block
from sixsv_lut.reduced.search import Search, search
from sixsv_lut.reduced.skeleton import Skeleton
from sixsv_lut.sixsv.report import QUANTITY_NAMES, Status
from sixsv_lut.store.records import Records
from sixsv_lut.store.sealed import ReducedBatch

_COLUMNS = [QUANTITY_NAMES.index(name) for name in VALUES]


class SearchedRows:
    """The rows that the searches of some blocks ask for; the blocks go on side by side.

    Parameters
    ----------
    records : Records
        What the store has. The rows are the points of all blocks, one block after the other.
    blocks : sequence of Block
        The blocks.
    promise : Promise
        What the error of derived values must not exceed.
    fingerprint : str
        Fingerprint of the band's recipe.
    hold_out : int
        Number of hold-out points of each block.
    draw : int
        Which draw of hold-out points it is.
    """

    def __init__(
        self,
        records: Records,
        blocks: Sequence[Block],
        promise: Promise,
        fingerprint: str,
        hold_out: int,
        draw: int = 1,
    ) -> None:
        self._records = records
        self._searches = [
            _BlockSearch(search(block, promise, fingerprint, hold_out, draw=draw))
            for block in blocks
        ]
        ends = np.cumsum([block.points for block in blocks])
        self._first_rows = [0, *map(int, ends[:-1])]
        self._block_of: dict[int, int] = {}
        # A launch that failed is not tried again: the search does without it.
        self._tried: set[int] = set()

    def start(self) -> list[int]:
        """Give what all blocks ask for first and the store does not have."""
        return [row for block in range(len(self._searches)) for row in self._advance(block)]

    def go_on(self, row: int) -> list[int]:
        """Give what the row's block asks for next, if it was the last that it waited for."""
        block = self._block_of[row]
        waiting = self._searches[block].waiting
        waiting.discard(row)
        return [] if waiting else self._advance(block)

    def _advance(self, block: int) -> list[int]:
        one, first = self._searches[block], self._first_rows[block]
        while True:
            rows = [first + point for point in one.asked_last]
            one.go_on(self._values(rows) if rows else None)
            if one.skeleton is not None:
                return []
            missing = [
                row
                for row in (first + point for point in one.asked_last)
                if self._records.status[row] != Status.OK and row not in self._tried
            ]
            if missing:
                one.waiting = set(missing)
                self._tried.update(missing)
                self._block_of.update(dict.fromkeys(missing, block))
                return missing

    def _values(self, rows: list[int]) -> npt.NDArray[np.float64]:
        values = self._records.quantities[rows][:, _COLUMNS]
        values[self._records.status[rows] != Status.OK] = np.nan
        return values

    @property
    def rows(self) -> list[int]:
        """All that was asked for, in the order of the points."""
        return sorted(
            first + point
            for one, first in zip(self._searches, self._first_rows, strict=True)
            for point in one.asked
        )

    @property
    def reduced(self) -> ReducedBatch:
        """The skeletons of all blocks."""
        skeletons = [one.skeleton for one in self._searches]
        return ReducedBatch([json.loads(one.to_json()) for one in skeletons if one is not None])


class _BlockSearch:
    """The search of one block, and what it has asked for."""

    def __init__(self, steps: Search) -> None:
        self._steps = steps
        self.asked: list[int] = []
        self.asked_last: list[int] = []
        self.waiting: set[int] = set()
        self.skeleton: Skeleton | None = None

    def go_on(self, values: npt.NDArray[np.float64] | None) -> None:
        """Send what it has asked for last, nothing at first, and take what it asks for next."""
        try:
            self.asked_last = next(self._steps) if values is None else self._steps.send(values)
        except StopIteration as end:
            self.skeleton, self.asked_last = end.value, []
        self.asked += self.asked_last
