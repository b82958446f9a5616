"""How many launches of a band are done, and how many there are in all."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sixsv_lut.arrow import numbers_of
from sixsv_lut.campaign.batches import Batches, BlockBatches
from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.campaign.points import points_of
from sixsv_lut.sixsv.report import Status
from sixsv_lut.store.records import PENDING, Attempt, KnownResults
from sixsv_lut.store.sealed import Account


@dataclass(frozen=True)
class Counts:
    """Numbers of launches of a band.

    Attributes
    ----------
    points : int
        Points to launch; with reduced launches, about.
    finished, failed : int
        Points whose launch has ended, and those of them without a good result.
    blocks, finished_blocks : int
        With reduced launches, number of blocks, and of those in complete batches; else 0.
    launches_of_finished_blocks : int
        Points of these that were launched.
    """

    points: int
    finished: int
    failed: int
    blocks: int = 0
    finished_blocks: int = 0
    launches_of_finished_blocks: int = 0


class Finished(Protocol):
    """Counts launches as files of the store are read."""

    def enter_sealed(
        self, batch: int | None, account: Account, read: Callable[[], pa.Table]
    ) -> None:
        """Count a sealed batch: one of this campaign, by its number, or of another."""

    def enter_journal(self, known: KnownResults) -> None:
        """Count records of a journal that are new."""

    def counts(self, accounts: Mapping[int, Account], running: Collection[Attempt]) -> Counts:
        """Give the counts.

        Parameters
        ----------
        accounts : mapping of int to Account
            The complete batches of this campaign, by their numbers.
        running : collection of Attempt
            Attempts at batches that are not complete.
        """


def finished_of(campaign: Campaign) -> Finished:
    """Give what counts the launches of a band of a campaign."""
    batches = campaign.batches
    if isinstance(batches, BlockBatches):
        return FinishedBlocks(batches)
    return FinishedPoints(campaign, batches)


class FinishedPoints:
    """Counts the points of a band, whichever campaign has launched them.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    batches : Batches
        Its batches.
    """

    def __init__(self, campaign: Campaign, batches: Batches) -> None:
        self._grid = campaign.grid
        self._batches = batches
        self._status = np.full(self._grid.points, PENDING, dtype=np.int8)

    def enter_sealed(
        self, batch: int | None, account: Account, read: Callable[[], pa.Table]
    ) -> None:
        """Count a sealed batch."""
        if batch is not None and not account.failed:
            self._status[self._batches.numbers(batch)] = Status.OK
        else:
            table = read()
            self._enter(points_of(table), numbers_of(table["status"]))

    def enter_journal(self, known: KnownResults) -> None:
        """Count records of a journal that are new."""
        self._enter(known.values, known.status)

    def _enter(self, values: npt.NDArray[np.float64], status: npt.NDArray[np.int8]) -> None:
        points = self._grid.locate(values)
        # No failure counts against a good result of the same point, whichever came first.
        for result in np.unique(status[points >= 0]):
            at = points[(points >= 0) & (status == result)]
            self._status[at[self._status[at] != Status.OK]] = result

    def counts(self, accounts: Mapping[int, Account], running: Collection[Attempt]) -> Counts:
        """Give the counts."""
        return Counts(
            points=self._grid.points,
            finished=int(np.count_nonzero(self._status != PENDING)),
            failed=int(np.count_nonzero(self._status > Status.OK)),
        )


class FinishedBlocks:
    """Counts the launches of the batches of this campaign.

    Which points are launched is known only when a batch is complete.

    Parameters
    ----------
    batches : BlockBatches
        The batches of the campaign.
    """

    def __init__(self, batches: BlockBatches) -> None:
        self._batches = batches

    def enter_sealed(
        self, batch: int | None, account: Account, read: Callable[[], pa.Table]
    ) -> None:
        """Do nothing: the account has the numbers."""

    def enter_journal(self, known: KnownResults) -> None:
        """Do nothing: the attempts have the numbers."""

    def counts(self, accounts: Mapping[int, Account], running: Collection[Attempt]) -> Counts:
        """Give the counts; blocks that are not finished are expected to be like the others."""
        in_sealed = sum(account.points for account in accounts.values())
        finished = in_sealed + sum(attempt.points for attempt in running)
        blocks = sum(len(self._batches.blocks(batch)) for batch in accounts)
        of_block = in_sealed / blocks if blocks else self._batches.block_launches
        left = self._batches.number_of_blocks - blocks
        return Counts(
            points=max(finished, in_sealed + round(left * of_block)) if left else finished,
            finished=finished,
            failed=sum(account.failed for account in accounts.values()),
            blocks=self._batches.number_of_blocks,
            finished_blocks=blocks,
            launches_of_finished_blocks=in_sealed,
        )
