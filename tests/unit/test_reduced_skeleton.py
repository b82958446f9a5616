"""Deriving the points of a block from its skeleton and its launches."""

from __future__ import annotations

import json

import numpy as np
import pytest

from sixsv_lut.reduced.block import RHO, Block
from sixsv_lut.reduced.search import search
from sixsv_lut.reduced.skeleton import Method, Skeleton, derive
from unit.reduced_reference import plain_interpolate
from unit.reduced_support import PROMISE, Values, block_of, find, printed, recorded, separable

BLOCK = block_of()
VALUES = printed(BLOCK, separable(BLOCK, 3))
VERTICAL = block_of(thetas=0.0, phi=3, aot550=7)


def test_a_skeleton_is_the_same_after_it_was_written_and_read() -> None:
    skeleton = find(BLOCK, VALUES).skeleton
    text = skeleton.to_json()
    assert Skeleton.from_json(text) == skeleton
    assert Skeleton.from_json(text).to_json() == text
    small = block_of(1, 1, 1, 1, 1, 3)
    skeleton = find(small, printed(small, separable(small, 1))).skeleton
    assert Skeleton.from_json(skeleton.to_json()) == skeleton


@pytest.mark.parametrize("text", ["[]", "{}", '{"method": "launched"}', "3"])
def test_what_is_no_skeleton_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not the skeleton of a block"):
        Skeleton.from_json(text)


def test_an_unknown_method_is_refused() -> None:
    content = json.loads(find(BLOCK, VALUES).skeleton.to_json()) | {"method": "guessed"}
    with pytest.raises(ValueError, match="guessed"):
        Skeleton.from_json(json.dumps(content))


@pytest.mark.parametrize(
    ("block", "values"),
    [
        (BLOCK, VALUES),
        (VERTICAL, printed(VERTICAL, separable(VERTICAL, 2))),
        recorded("Oa20"),
        recorded("Oa11"),
    ],
    ids=["made-up", "vertical", "Oa20", "Oa11"],
)
def test_every_bit_is_that_of_plain_python(block: Block, values: Values) -> None:
    found = find(block, values)
    assert found.skeleton.method is Method.INTERPOLATED
    known = np.where(found.launched[:, None], values, np.nan)
    expected = np.array(plain_interpolate(block, found.skeleton, known))
    derived = found.result.derived
    assert derived.any()
    np.testing.assert_array_equal(found.result.values[derived, RHO], expected[derived])


def test_what_is_derived_is_what_the_search_saw() -> None:
    # A wrong value at any point that was checked would have made the skeleton grow; the same
    # numbers come from the skeleton as it was written.
    found = find(BLOCK, VALUES)
    again = derive(BLOCK, Skeleton.from_json(found.skeleton.to_json()), found.launched, VALUES)
    np.testing.assert_array_equal(again.values, found.result.values)
    np.testing.assert_array_equal(again.hold_out_errors, found.result.hold_out_errors)
    np.testing.assert_array_equal(again.derived, ~found.launched)


def test_hold_out_errors_are_those_of_what_would_have_been_derived() -> None:
    found = find(BLOCK, VALUES)
    fewer = found.launched.copy()
    fewer[found.skeleton.hold_out] = False
    skeleton = Skeleton.from_json(found.skeleton.to_json())
    skeleton.hold_out = []
    without = derive(BLOCK, skeleton, fewer, VALUES)
    errors = np.abs(without.values[found.skeleton.hold_out] - VALUES[found.skeleton.hold_out])
    np.testing.assert_array_equal(found.result.hold_out_errors, errors[:, RHO])


def test_where_all_points_are_hold_out_points_nothing_is_derived_and_nothing_is_said() -> None:
    block = block_of(1, 1, 5, 3, 2, 7)
    values = printed(block, separable(block, 2))
    found = find(block, values, hold_out=block.points)
    assert found.launched.all()
    assert found.skeleton.hold_out
    assert len(found.result.hold_out_errors) == 0


def test_derived_values_are_no_source_of_others() -> None:
    found = find(BLOCK, VALUES)
    disturbed = VALUES.copy()
    disturbed[~found.launched] = 0.7
    again = derive(BLOCK, found.skeleton, found.launched, disturbed)
    np.testing.assert_array_equal(again.values, found.result.values)


def test_a_missing_launch_is_an_error() -> None:
    found = find(BLOCK, VALUES)
    aerosol, place, gases = found.skeleton.azimuth_seeds[0]
    missing = found.launched.copy()
    missing[BLOCK.point(gases, aerosol, place, 0)] = False
    with pytest.raises(ValueError, match="launches are missing"):
        derive(BLOCK, found.skeleton, missing, VALUES)


def test_a_missing_launch_of_a_block_that_was_launched_is_an_error() -> None:
    small = block_of(1, 1, 1, 1, 1, 30)
    values = printed(small, separable(small, 1))
    skeleton = find(small, values).skeleton
    with pytest.raises(ValueError, match="2 launches of the block are missing"):
        derive(small, skeleton, np.arange(30) >= 2, values)


def test_a_search_neither_reads_nor_keeps_anything_between_blocks() -> None:
    # Two searches that take turns ask for the same as one after the other.
    other_values = printed(BLOCK, separable(BLOCK, 2, seed=9))
    expected = [find(BLOCK, VALUES).requests, find(BLOCK, other_values).requests]
    searches = [search(BLOCK, PROMISE, "f", 20) for _ in range(2)]
    asked: list[list[list[int]]] = [[next(running)] for running in searches]
    ended = [False, False]
    while not all(ended):
        for number, values in enumerate((VALUES, other_values)):
            if not ended[number]:
                try:
                    asked[number].append(searches[number].send(values[asked[number][-1]]))
                except StopIteration:
                    ended[number] = True
    assert asked == expected
