"""The grid: numbering of the points, and back."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sixsv_lut.campaign.grid import Grid

SHAPES = st.lists(st.integers(1, 6), min_size=8, max_size=8)


def _grid(shape: list[int]) -> Grid:
    return Grid(tuple(tuple(str(i) for i in range(length)) for length in shape))


@given(SHAPES, st.data())
def test_every_point_number_has_one_place_and_every_place_one_number(
    shape: list[int], data: st.DataObject
) -> None:
    grid = _grid(shape)
    numbers = data.draw(st.lists(st.integers(0, grid.points - 1), min_size=1, max_size=50))
    indices = grid.indices(numbers)
    assert all((i >= 0).all() and (i < n).all() for i, n in zip(indices, shape, strict=True))
    assert grid.point(indices).tolist() == numbers


@given(st.lists(st.integers(1, 3), min_size=8, max_size=8))
def test_points_are_numbered_with_the_last_axis_fastest(shape: list[int]) -> None:
    grid = _grid(shape)
    expected = list(itertools.product(*(range(length) for length in shape)))
    assert grid.points == len(expected)
    assert np.array_equal(grid.rows(0, grid.points), np.array(expected, dtype=np.float64))


@given(SHAPES, st.data())
def test_a_range_of_rows_is_a_part_of_all_rows(shape: list[int], data: st.DataObject) -> None:
    grid = _grid(shape)
    start = data.draw(st.integers(0, grid.points - 1))
    stop = data.draw(st.integers(start + 1, min(grid.points, start + 100)))
    rows = grid.rows(start, stop)
    singly = [grid.rows(point, point + 1)[0] for point in range(start, stop)]
    assert np.array_equal(rows, np.array(singly))


def test_a_full_size_grid_has_3123120_points() -> None:
    grid = _grid([4, 5, 7, 4, 3, 11, 13, 13])
    assert grid.points == 3_123_120
    assert grid.rows(3_123_119, 3_123_120).tolist() == [[3, 4, 6, 3, 2, 10, 12, 12]]


def test_a_point_outside_the_grid_has_no_place() -> None:
    with pytest.raises(ValueError):
        _grid([2] * 8).indices([256])


def test_a_point_is_described_with_its_values_as_written() -> None:
    grid = Grid((("0.30",), ("1",), ("0.1",), ("1e3",), ("0",), ("0",), ("10", "20"), ("5",)))
    assert grid.describe(1) == (
        "point 1 (uo3=0.30, uw=1, aot550=0.1, psurf=1e3, alti=0, phi=0, thetas=20, thetav=5)"
    )
