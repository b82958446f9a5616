"""How the points of a campaign are split into batches.

Where all points are launched, a batch is a contiguous range of points. Where launches are reduced,
it is some blocks, each with all points of one pair of zenith angles.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from sixsv_lut.campaign.hold_out import points_of_block
from sixsv_lut.campaign.promise import Promise

if TYPE_CHECKING:  # read whenever Snakemake parses the Snakefile
    import numpy as np
    import numpy.typing as npt


class Batches(Protocol):
    """The batches of a band."""

    @property
    def size(self) -> int:
        """The configured size of a batch, in launches."""

    @property
    def name(self) -> str:
        """What tells these batches from others of the same points; empty for ranges of points."""

    def __len__(self) -> int:
        """Give the number of batches."""

    @property
    def largest(self) -> int:
        """Points of the largest batch."""

    def numbers(self, batch: int) -> npt.NDArray[np.int64]:
        """Give the numbers of the points of a batch, in the order in which it keeps them."""

    def launches(self, batch: int) -> int:
        """Give how many launches a batch is expected to take."""

    @property
    def all_launches(self) -> int:
        """How many launches all batches together are expected to take."""


@dataclass(frozen=True)
class RangeBatches:
    """Contiguous ranges of points, all of one size but the last, which may be smaller.

    Attributes
    ----------
    points : int
        Number of points.
    size : int
        Points of a batch.
    """

    points: int
    size: int

    name = ""

    @property
    def largest(self) -> int:
        """Points of the largest batch."""
        return min(self.size, self.points)

    def __len__(self) -> int:
        return -(-self.points // self.size)

    def __getitem__(self, batch: int) -> tuple[int, int]:
        """Give the first point of a batch, and the one after its last."""
        start = batch * self.size
        return start, min(start + self.size, self.points)

    def numbers(self, batch: int) -> npt.NDArray[np.int64]:
        """Give the numbers of the points of a batch, increasing."""
        import numpy as np

        return np.arange(*self[batch], dtype=np.int64)

    def launches(self, batch: int) -> int:
        """Give the number of points of a batch."""
        start, stop = self[batch]
        return stop - start

    @property
    def all_launches(self) -> int:
        """The number of points."""
        return self.points


@dataclass(frozen=True)
class BlockBatches:
    """Blocks of all points with one pair of zenith angles; some blocks make a batch.

    Attributes
    ----------
    shape : tuple of int
        Number of values of each axis, thetas and thetav last.
    size : int
        Launches of a batch, about.
    promise : Promise
        What is promised of the error of derived values.
    draw : int
        Which draw of hold-out points it is.
    """

    shape: tuple[int, ...]
    size: int
    promise: Promise
    draw: int = 1

    @property
    def name(self) -> str:
        """What tells these batches from others of the same points."""
        return f"reduced {float(self.promise.error).hex()} {self.promise.relative} {self.draw}"

    @property
    def block_points(self) -> int:
        """Points of a block."""
        return math.prod(self.shape[:-2])

    @property
    def number_of_blocks(self) -> int:
        """Blocks of a band."""
        return math.prod(self.shape[-2:])

    @property
    def largest(self) -> int:
        """Points of the largest batch."""
        return self.block_points * min(self.blocks_of_batch, self.number_of_blocks)

    @property
    def hold_out(self) -> int:
        """Hold-out points of a block."""
        return points_of_block(self.number_of_blocks, self.draw)

    @property
    def block_launches(self) -> int:
        """Launches that a block is expected to take if all gases act.

        Batches and walltimes follow from it. It was fitted to blocks of five OLCI bands of the
        full-size campaign, with aerosol model 5, whose numbers of launches it gives to a quarter;
        `sixsv_lut.report.expected_launches` gives the range.
        """
        ozones, waters, aerosols, pressures, altitudes, azimuths, *_ = self.shape
        places = pressures * altitudes
        seeds = 5 * azimuths + 20 * aerosols + 16 * places + round(0.6 * ozones * waters * places)
        checks = aerosols * places + 20 + self.hold_out
        return min(self.block_points, seeds + checks)

    @property
    def blocks_of_batch(self) -> int:
        """Blocks of a batch; the last one may have fewer."""
        return max(1, self.size // self.block_launches)

    def __len__(self) -> int:
        return -(-self.number_of_blocks // self.blocks_of_batch)

    def blocks(self, batch: int) -> list[tuple[int, int]]:
        """Give the blocks of a batch: positions on the axes of thetas and thetav."""
        first = batch * self.blocks_of_batch
        last = min(first + self.blocks_of_batch, self.number_of_blocks)
        return [divmod(block, self.shape[-1]) for block in range(first, last)]

    def numbers(self, batch: int) -> npt.NDArray[np.int64]:
        """Give the numbers of the points of a batch, one block after the other."""
        import numpy as np

        # The zenith angles are the innermost axes.
        offsets = [thetas * self.shape[-1] + thetav for thetas, thetav in self.blocks(batch)]
        states = np.arange(self.block_points, dtype=np.int64) * self.number_of_blocks
        return np.concatenate([states + offset for offset in offsets])

    def launches(self, batch: int) -> int:
        """Give how many launches a batch is expected to take."""
        return len(self.blocks(batch)) * self.block_launches

    @property
    def all_launches(self) -> int:
        """How many launches all blocks are expected to take."""
        return self.number_of_blocks * self.block_launches
