"""How the points of a campaign are split into batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Batches:
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

    def __len__(self) -> int:
        return -(-self.points // self.size)

    def __getitem__(self, batch: int) -> tuple[int, int]:
        """Give the first point of a batch, and the one after its last."""
        start = batch * self.size
        return start, min(start + self.size, self.points)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return (self[batch] for batch in range(len(self)))
