"""The launches of a batch of reduced launches: blocks side by side, in whatever order they end."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sixsv_lut.campaign.promise import Promise
from sixsv_lut.reduced.block import VALUES, Block
from sixsv_lut.reduced.skeleton import Skeleton
from sixsv_lut.simulate.searched_rows import SearchedRows
from sixsv_lut.sixsv.report import QUANTITY_NAMES, Status
from sixsv_lut.store.records import Records, Result
from unit.reduced_support import Values, block_of, find, printed, separable

_PROMISE = Promise(1e-5)
_HOLD_OUT = 20
_COLUMNS = [QUANTITY_NAMES.index(name) for name in VALUES]

_BLOCKS = [block_of(thetas=angle) for angle in (20.0, 40.0, 60.0)]
_PRINTED = [printed(block, separable(block, 3, seed)) for seed, block in enumerate(_BLOCKS)]
_ROWS = np.concatenate(_PRINTED)


def _records() -> Records:
    # What stands in the columns of the points is no matter here, as long as no two are the same.
    return Records(np.arange(8.0 * len(_ROWS)).reshape(-1, 8))


def _work(records: Records) -> SearchedRows:
    return SearchedRows(records, _BLOCKS, _PROMISE, "f", _HOLD_OUT)


def _launch(records: Records, row: int, *, fails: bool = False) -> None:
    if fails:
        records.enter(row, Result(Status.CRASHED, 1, 0.1, reason="it crashed"))
        return
    quantities = np.full(len(QUANTITY_NAMES), 0.5)
    quantities[_COLUMNS] = _ROWS[row]
    records.enter(row, Result(Status.OK, 1, 0.1, tuple(quantities)))


def _run(records: Records, seed: int, most: int | None = None) -> tuple[SearchedRows, int]:
    """Launch in an order drawn by a seed, at most so many, and tell how many were launched."""
    rng = random.Random(seed)
    work = _work(records)
    waiting, launched = work.start(), 0
    while waiting and launched != most:
        row = waiting.pop(rng.randrange(len(waiting)))
        assert records.status[row] != Status.OK, "nothing that is known is launched again"
        _launch(records, row)
        launched += 1
        waiting += work.go_on(row)
    return work, launched


@pytest.fixture(scope="module")
def undisturbed() -> SearchedRows:
    """Give what is done without an interruption."""
    work, _ = _run(_records(), seed=0)
    return work


def test_each_block_is_searched_as_if_it_were_alone(undisturbed: SearchedRows) -> None:
    rows, skeletons, first = [], [], 0
    for block, values in zip(_BLOCKS, _PRINTED, strict=True):
        found = find(block, values, _PROMISE, hold_out=_HOLD_OUT)
        rows += [first + int(point) for point in np.flatnonzero(found.launched)]
        skeletons.append(found.skeleton)
        first += block.points
    assert undisturbed.rows == rows
    assert [Skeleton.of_content(one) for one in undisturbed.reduced.blocks] == skeletons


@given(seed=st.integers(0, 2**32))
@settings(max_examples=10, deadline=None, derandomize=True)
def test_the_order_in_which_launches_end_is_no_matter(seed: int) -> None:
    first, other = (_run(_records(), one)[0] for one in (0, seed))
    assert other.rows == first.rows
    assert other.reduced == first.reduced


@pytest.mark.parametrize("seed", range(5))
def test_an_interrupted_batch_launches_the_rest_and_nothing_twice(
    undisturbed: SearchedRows, seed: int
) -> None:
    records = _records()
    cuts = random.Random(seed).sample(range(1, 600), 3)
    launched = sum(_run(records, seed, most)[1] for most in cuts)
    work, rest = _run(records, seed)
    assert launched + rest == len(undisturbed.rows)
    assert (work.rows, work.reduced) == (undisturbed.rows, undisturbed.reduced)


def test_what_the_store_has_besides_changes_nothing(undisturbed: SearchedRows) -> None:
    records = _records()
    for row in range(0, len(_ROWS), 2):
        _launch(records, row)
    work, launched = _run(records, seed=1)
    assert launched == sum(row % 2 for row in undisturbed.rows)
    assert (work.rows, work.reduced) == (undisturbed.rows, undisturbed.reduced)


def test_a_failed_launch_is_asked_for_once_and_stays_failed() -> None:
    records = _records()
    work = _work(records)
    waiting, failing = work.start(), set()
    tried: list[int] = []
    rng = random.Random(3)
    while waiting:
        row = waiting.pop()
        tried.append(row)
        fails = rng.random() < 0.02
        _launch(records, row, fails=fails)
        failing |= {row} if fails else set()
        waiting += work.go_on(row)
    assert failing
    assert len(tried) == len(set(tried))
    assert failing <= set(work.rows)


def test_a_block_has_the_values_of_its_own_rows() -> None:
    block: Block = _BLOCKS[1]
    values: Values = _PRINTED[1]
    assert np.array_equal(_ROWS[block.points :][: block.points], values)
