"""Which points of a batch are launched, and when: all of them, or what a search asks for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from sixsv_lut.campaign.batches import Batches, BlockBatches
from sixsv_lut.campaign.grid import Grid
from sixsv_lut.store.records import Records
from sixsv_lut.store.sealed import ReducedBatch


class Work(Protocol):
    """What tells which rows of a batch are launched."""

    def start(self) -> list[int]:
        """Give the rows to launch first: none if nothing is to be done."""

    def go_on(self, row: int) -> list[int]:
        """Give the rows to launch after the launch of a row has been entered in the records."""

    @property
    def rows(self) -> list[int]:
        """The rows that make up the batch, those that the store had too."""

    @property
    def reduced(self) -> ReducedBatch | None:
        """What the other points are derived from, once all is done; None if there are none."""


def work_of(
    grid: Grid, batches: Batches, batch: int, fingerprint: str
) -> Callable[[Records], Work]:
    """Give what tells which points of a batch are launched, once the store has been read.

    Parameters
    ----------
    grid : Grid
        The grid of the campaign.
    batches : Batches
        Its batches.
    batch : int
        Number of the batch.
    fingerprint : str
        Fingerprint of the band's recipe.

    Returns
    -------
    callable
        Takes what the store has, and gives the work.
    """
    if not isinstance(batches, BlockBatches):
        return AllRows
    # Imported here: batches in which all is launched start without it.
    from sixsv_lut.reduced.block import Block
    from sixsv_lut.simulate.searched_rows import SearchedRows

    blocks = [Block.of_grid(grid, *place) for place in batches.blocks(batch)]
    return lambda records: SearchedRows(
        records, blocks, batches.promise, fingerprint, batches.hold_out, batches.draw
    )


class AllRows:
    """Every row that has no good result, each once.

    Parameters
    ----------
    records : Records
        What the store has.
    """

    def __init__(self, records: Records) -> None:
        self._records = records

    def start(self) -> list[int]:
        """Give all of them."""
        return [int(row) for row in self._records.to_run]

    def go_on(self, row: int) -> list[int]:
        """Give none: all are under way."""
        return []

    @property
    def rows(self) -> list[int]:
        """All rows."""
        return list(range(len(self._records.values)))

    @property
    def reduced(self) -> None:
        """Nothing is derived."""
