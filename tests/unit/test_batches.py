"""Every point is in exactly one batch, whichever way the points are split."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sixsv_lut.campaign.batches import Batches, BlockBatches, RangeBatches
from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.campaign.grid import Grid
from sixsv_lut.campaign.promise import Promise
from sixsv_lut.reduced.block import Block
from unit.support import configuration

_SHAPES = st.tuples(*[st.integers(1, 3)] * 6, st.integers(1, 5), st.integers(1, 5))
_PROMISE = Promise(1e-5)


def _grid(shape: tuple[int, ...]) -> Grid:
    return Grid(tuple(tuple(str(value) for value in range(length)) for length in shape))


@given(shape=_SHAPES, size=st.integers(1, 3000), in_blocks=st.booleans())
def test_every_point_is_in_exactly_one_batch(
    shape: tuple[int, ...], size: int, in_blocks: bool
) -> None:
    points = _grid(shape).points
    batches: Batches
    batches = BlockBatches(shape, size, _PROMISE) if in_blocks else RangeBatches(points, size)
    numbers = np.concatenate([batches.numbers(batch) for batch in range(len(batches))])
    assert np.array_equal(np.sort(numbers), np.arange(points))


@given(shape=_SHAPES, size=st.integers(1, 3000))
def test_a_batch_of_blocks_has_their_points_one_block_after_the_other(
    shape: tuple[int, ...], size: int
) -> None:
    grid, batches = _grid(shape), BlockBatches(shape, size, _PROMISE)
    for batch in range(len(batches)):
        blocks = [Block.of_grid(grid, *place).numbers(grid) for place in batches.blocks(batch)]
        assert np.array_equal(batches.numbers(batch), np.concatenate(blocks))


@given(shape=_SHAPES, size=st.integers(1, 3000))
def test_no_more_launches_are_expected_than_there_are_points(
    shape: tuple[int, ...], size: int
) -> None:
    batches = BlockBatches(shape, size, _PROMISE)
    in_batches = sum(batches.launches(batch) for batch in range(len(batches)))
    assert in_batches == batches.all_launches <= _grid(shape).points


@given(shape=_SHAPES, size=st.integers(1, 3000), in_blocks=st.booleans())
def test_the_largest_batch_has_as_many_points_as_said(
    shape: tuple[int, ...], size: int, in_blocks: bool
) -> None:
    points = _grid(shape).points
    batches: Batches
    batches = BlockBatches(shape, size, _PROMISE) if in_blocks else RangeBatches(points, size)
    sizes = [len(batches.numbers(batch)) for batch in range(len(batches))]
    assert max(sizes) == batches.largest


def test_a_full_size_band_has_169_blocks_and_each_needs_18_hold_out_points() -> None:
    batches = BlockBatches((4, 5, 7, 4, 3, 11, 13, 13), 4096, _PROMISE)
    assert (batches.number_of_blocks, batches.block_points) == (169, 18_480)
    assert batches.hold_out == 18
    assert len(batches) == 29


@pytest.mark.parametrize(
    "change", [{"launches": "reduced"}, {"launches": "reduced", "tolerance": "2e-5"}]
)
def test_batches_of_reduced_launches_have_paths_and_keys_of_their_own(
    change: dict[str, str],
) -> None:
    before, after = Campaign(configuration()), Campaign(configuration(**change))
    assert before.table != after.table
    assert before.batch_file("Oa08", 0) != after.batch_file("Oa08", 0)
    assert before.batches.name != after.batches.name


def test_a_tolerance_changes_nothing_where_all_points_are_launched() -> None:
    before, after = Campaign(configuration()), Campaign(configuration(tolerance="1 %"))
    assert before.batch_file("Oa08", 0) == after.batch_file("Oa08", 0)
