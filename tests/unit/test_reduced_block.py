"""A block and its points."""

from __future__ import annotations

import numpy as np
import pytest

from sixsv_lut.campaign.grid import Grid
from sixsv_lut.reduced.block import Block

GRID = Grid(
    (
        ("0.3", "0.2"),
        ("0.5", "2.5", "1.5"),
        ("0.1",),
        ("950", "750"),
        ("1", "0", "3"),
        ("0", "90", "180"),
        ("40", "0", "20"),
        ("30", "0"),
    )
)


@pytest.mark.parametrize(("thetas", "thetav"), [(0, 0), (1, 0), (2, 1)])
def test_the_points_of_a_block_are_those_of_the_grid_with_its_angles(
    thetas: int, thetav: int
) -> None:
    block = Block.of_grid(GRID, thetas, thetav)
    rows = GRID.rows(0, GRID.points)
    angles = (GRID.axes[6][thetas], GRID.axes[7][thetav])
    expected = np.flatnonzero((rows[:, 6] == angles[0]) & (rows[:, 7] == angles[1]))
    assert (block.thetas, block.thetav) == angles
    assert block.numbers(GRID).tolist() == expected.tolist()
    assert block.points == len(expected)


def test_all_blocks_together_are_the_grid() -> None:
    numbers = [Block.of_grid(GRID, s, v).numbers(GRID) for s in range(3) for v in range(2)]
    assert sorted(np.concatenate(numbers).tolist()) == list(range(GRID.points))


def test_indices_and_numbers_belong_together() -> None:
    block = Block.of_grid(GRID, 0, 0)
    assert block.shape == (6, 1, 6, 3)
    for point in range(block.points):
        assert block.point(*block.indices(point)) == point
        gases, aerosol, place, azimuth = block.indices(point)
        assert np.ravel_multi_index((gases, aerosol, place, azimuth), block.shape) == point


def test_values_need_not_be_sorted() -> None:
    block = Block.of_grid(GRID, 0, 0)
    assert block.by_size("uw") == [0, 2, 1]
    assert block.by_size("psurf") == [1, 0]
    assert block.by_size("alti") == [1, 0, 2]


@pytest.mark.parametrize(("thetas", "thetav", "azimuths"), [(0, 0, 3), (1, 0, 1), (0, 1, 1)])
def test_the_azimuth_makes_no_difference_where_an_angle_is_0(
    thetas: int, thetav: int, azimuths: int
) -> None:
    assert Block.of_grid(GRID, thetas, thetav).azimuths == list(range(azimuths))
