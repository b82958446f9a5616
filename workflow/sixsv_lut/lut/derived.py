"""The points of a LUT that were not launched: computed from the launches of their block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sixsv_lut.arrow import numbers_of
from sixsv_lut.campaign.batches import BlockBatches
from sixsv_lut.campaign.grid import Grid
from sixsv_lut.campaign.hold_out import Statement, statement
from sixsv_lut.campaign.points import points_of
from sixsv_lut.errors import CampaignError
from sixsv_lut.reduced.block import VALUES, Block
from sixsv_lut.reduced.skeleton import Method, Skeleton, copy_exact_outputs, derive
from sixsv_lut.sixsv.axes import AXIS_NAMES
from sixsv_lut.sixsv.report import Status
from sixsv_lut.store.sealed import SealedBatch

# Columns of a batch from which the points that were not launched are derived.
NEEDED: tuple[str, ...] = (*AXIS_NAMES, "status", *VALUES)


@dataclass(frozen=True)
class DerivedBlock:
    """What is known of one block.

    Attributes
    ----------
    thetas, thetav : float
        Its zenith angles (degree).
    points, launched : int
        Its points, and those that were launched.
    skeleton : Skeleton
        What its other points were derived from.
    hold_out_errors : tuple of float
        By how much rho_atm of the hold-out points differs from what was derived for them.
    promised : float
        What that must not exceed.
    """

    thetas: float
    thetav: float
    points: int
    launched: int
    skeleton: Skeleton
    hold_out_errors: tuple[float, ...]
    promised: float

    @property
    def largest_error(self) -> float:
        """The largest error of its hold-out points; 0 where there are none."""
        return max(self.hold_out_errors, default=0.0)


@dataclass(frozen=True)
class DerivedResults:
    """What is known of the points of a band that were not launched.

    Attributes
    ----------
    blocks : tuple of DerivedBlock
        All blocks of the band.
    statement : Statement
        What hold-out launches say of the error of derived values.
    """

    blocks: tuple[DerivedBlock, ...]
    statement: Statement

    @property
    def points(self) -> int:
        """Number of points."""
        return sum(block.points for block in self.blocks)

    @property
    def launched(self) -> int:
        """Number of points that were launched."""
        return sum(block.launched for block in self.blocks)

    @property
    def ranks(self) -> tuple[int, ...]:
        """Largest ranks of the four steps of the interpolation."""
        ranks = [block.skeleton.ranks for block in self.blocks]
        return tuple(max(of_step) for of_step in zip(*ranks, strict=True))


class DerivedBlocks:
    """Reads batches of reduced launches, and derives what was not launched.

    Parameters
    ----------
    grid : Grid
        The grid of the campaign.
    batches : BlockBatches
        Its batches.
    """

    def __init__(self, grid: Grid, batches: BlockBatches) -> None:
        self._grid = grid
        self._batches = batches
        self._blocks: list[DerivedBlock] = []

    def read(
        self, batch: int, sealed: SealedBatch, table: pa.Table, columns: Sequence[str]
    ) -> dict[str, npt.NDArray[Any]]:
        """Give columns of a batch for all of its points, as if all had been launched.

        Parameters
        ----------
        batch : int
            Number of the batch.
        sealed : SealedBatch
            Its file.
        table : pyarrow.Table
            The rows of that file, with at least `NEEDED` and `columns`.
        columns : sequence of str
            Names of quantities of 6SV's report, each with an exact structure or rho_atm.

        Returns
        -------
        dict of str to ndarray, each of shape (n,)
            The columns, and ``status``, in the order of the points of the batch.

        Raises
        ------
        CampaignError
            The file does not hold what the points are derived from.
        """
        kept = sealed.reduced()
        blocks = self._batches.blocks(batch)
        if kept is None or len(kept.blocks) != len(blocks):
            raise CampaignError(f"{sealed.path} does not say how its points are derived")
        names = list(dict.fromkeys((*VALUES, *columns)))
        launched = self._grid.locate(points_of(table))
        status = numbers_of(table["status"])
        values = np.stack([numbers_of(table[name]) for name in names], axis=1)
        values[status != Status.OK] = np.nan
        numbers = self._batches.numbers(batch)
        parts: list[dict[str, npt.NDArray[Any]]] = []
        for place, content in enumerate(kept.blocks):
            of_block = numbers[place * self._batches.block_points :][: self._batches.block_points]
            rows = np.flatnonzero(np.isin(launched, of_block))
            points = np.searchsorted(of_block, launched[rows])
            try:
                part = self._read_block(
                    blocks[place], Skeleton.of_content(content), points, names, values[rows]
                )
            except (ValueError, IndexError, TypeError) as error:
                raise CampaignError(
                    f"{sealed.path} does not hold what its points are derived from ({error})"
                ) from error
            part["status"][points] = status[rows]
            parts.append(part)
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _read_block(
        self,
        place: tuple[int, int],
        skeleton: Skeleton,
        points: npt.NDArray[np.int64],
        names: list[str],
        values: npt.NDArray[np.float64],
    ) -> dict[str, npt.NDArray[Any]]:
        block = Block.of_grid(self._grid, *place)
        known = np.full((block.points, len(names)), np.nan)
        known[points] = values
        launched = np.zeros(block.points, dtype=bool)
        launched[points] = True
        derived = derive(block, skeleton, launched, known[:, : len(VALUES)])
        if skeleton.method is not Method.LAUNCHED:
            copy_exact_outputs(block, skeleton, launched, known, names)
        known[:, : len(VALUES)] = derived.values
        self._blocks.append(
            DerivedBlock(
                thetas=block.thetas,
                thetav=block.thetav,
                points=block.points,
                launched=int(np.count_nonzero(launched)),
                skeleton=skeleton,
                hold_out_errors=tuple(derived.hold_out_errors.tolist()),
                promised=self._batches.promise.absolute(skeleton.largest),
            )
        )
        part: dict[str, npt.NDArray[Any]] = {name: known[:, i] for i, name in enumerate(names)}
        part["status"] = np.full(block.points, Status.DERIVED, dtype=np.int8)
        return part

    def results(self) -> DerivedResults:
        """Give what is known of all blocks that were read."""
        promise = self._batches.promise
        # Where nothing is left to derive, there is no error to state.
        errors = [
            [error / promise.reference(block.skeleton.largest) for error in block.hold_out_errors]
            for block in self._blocks
            if block.launched < block.points
        ]
        least = promise.least_reference if promise.relative else None
        said = statement(errors, draw=self._batches.draw, least_reference=least)
        return DerivedResults(tuple(self._blocks), said)


def refuse_larger_errors(results: DerivedResults, band: str, draw: int) -> None:
    """Refuse derived values whose hold-out launches show a larger error than was promised.

    Parameters
    ----------
    results : DerivedResults
        The results of the band.
    band : str
        Name of the band.
    draw : int
        Which draw of hold-out points it was.

    Raises
    ------
    CampaignError
        The message names the blocks, and what to do.
    """
    worse = [block for block in results.blocks if block.largest_error > block.promised]
    if not worse:
        return
    lines = [
        f"band {band}: random launches differ from the derived rho_atm by more than the tolerance; "
        "no LUT is made. They are at:"
    ]
    lines += [
        f"  thetas {block.thetas:g}, thetav {block.thetav:g}: {block.largest_error:.2g}, "
        f"where {block.promised:.2g} is allowed"
        for block in worse
    ]
    lines += [
        f"Set hold_out_draw to {draw + 1}: launched values are then held to half of the tolerance "
        "that they were held to, and other points are drawn to state the error. Or set a larger "
        "tolerance. What is in the store is not launched again.",
    ]
    raise CampaignError("\n".join(lines))
