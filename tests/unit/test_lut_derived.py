"""From batches of reduced launches to the numbers of a LUT."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sixsv_lut.campaign.batches import BlockBatches
from sixsv_lut.campaign.grid import Grid
from sixsv_lut.campaign.promise import Promise
from sixsv_lut.errors import CampaignError
from sixsv_lut.lut.collect import BandResults, collect
from sixsv_lut.lut.derived import refuse_larger_errors
from sixsv_lut.reduced.block import RHO, VALUES, Block
from sixsv_lut.reduced.skeleton import Skeleton
from sixsv_lut.simulate.work import work_of
from sixsv_lut.sixsv.report import QUANTITY_NAMES, Status
from sixsv_lut.store.batch_store import BatchStore
from sixsv_lut.store.records import Result
from sixsv_lut.store.sealed import ReducedBatch
from unit.reduced_support import Values, printed, separable

_LENGTHS = (2, 3, 5, 3, 2, 7, 5, 5)
_GRID = Grid(tuple(tuple(str(10 + value) for value in range(length)) for length in _LENGTHS))
# Of the 25 blocks with 1,260 points each, a batch has about a dozen.
_BATCHES = BlockBatches(_LENGTHS, 4096, Promise(1e-5))
_FINGERPRINT = "f" * 64


def _printed() -> Values:
    """Give what 6SV would print at every point of the grid."""
    values = np.empty((_GRID.points, len(VALUES)))
    for thetas in range(5):
        for thetav in range(5):
            block = Block.of_grid(_GRID, thetas, thetav)
            rho = separable(block, 3, seed=10 * thetas + thetav)
            values[block.numbers(_GRID)] = printed(block, rho, seed=10 * thetas + thetav)
    return values


_PRINTED = _printed()


def _quantities(point: int) -> tuple[float, ...]:
    quantities = np.full(len(QUANTITY_NAMES), 0.5)
    quantities[[QUANTITY_NAMES.index(name) for name in VALUES]] = _PRINTED[point]
    return tuple(quantities)


def _make(folder: Path, failing: frozenset[int] = frozenset()) -> list[Path]:
    """Make all batches of a band."""
    files = []
    for batch in range(len(_BATCHES)):
        numbers = _BATCHES.numbers(batch)
        store = BatchStore(folder / "store", _FINGERPRINT, _GRID.values_of(numbers), _BATCHES.name)
        store.make_folder()
        records = store.recover()
        work = work_of(_GRID, _BATCHES, batch, _FINGERPRINT)(records)
        waiting = work.start()
        while waiting:
            row = waiting.pop()
            point = int(numbers[row])
            if point in failing:
                records.enter(row, Result(Status.CRASHED, 1, 0.1, reason="it crashed"))
            else:
                records.enter(row, Result(Status.OK, 1, 0.1, _quantities(point)))
            waiting += work.go_on(row)
        store.seal(records.only(work.rows), reduced=work.reduced)
        files.append(folder / f"{batch:05d}.parquet")
        store.publish(files[-1])
    return files


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Give the files of all batches."""
    return _make(tmp_path_factory.mktemp("batches"))


def _collect(files: list[Path]) -> BandResults:
    return collect(_GRID, _BATCHES, _FINGERPRINT, files, extra_outputs=["gas_transmittance_total"])


def test_every_point_has_its_numbers_and_says_whether_it_was_launched(files: list[Path]) -> None:
    results = _collect(files)
    assert results.derived is not None
    launched = results.status == Status.OK
    assert set(np.unique(results.status)) == {Status.OK, Status.DERIVED}
    assert results.launches == results.derived.launched == np.count_nonzero(launched)
    assert np.array_equal(results.quantities["rho_atm"][launched], _PRINTED[launched, RHO])
    assert np.abs(results.quantities["rho_atm"] - _PRINTED[:, RHO]).max() < 1e-5
    gas, scattering, albedo = (
        VALUES.index(name)
        for name in (
            "gas_transmittance_total",
            "scattering_transmittance_total",
            "spherical_albedo_total",
        )
    )
    assert np.array_equal(results.quantities["Ttotal"], _PRINTED[:, gas] * _PRINTED[:, scattering])
    assert np.array_equal(results.quantities["S"], _PRINTED[:, albedo])
    extra = results.quantities["gas_transmittance_total"]
    assert np.array_equal(extra, _PRINTED[:, gas].astype(np.float32))


def test_the_statement_rests_on_hold_out_points_of_every_block(files: list[Path]) -> None:
    derived = _collect(files).derived
    assert derived is not None
    assert len(derived.blocks) == 25
    assert {len(block.hold_out_errors) for block in derived.blocks} == {_BATCHES.hold_out}
    assert derived.statement.points == 25 * _BATCHES.hold_out >= 2995
    errors = [error for block in derived.blocks for error in block.hold_out_errors]
    assert derived.statement.largest == max(errors)


def test_a_failed_launch_is_a_failure_of_its_point_alone(tmp_path: Path) -> None:
    whole = _collect(_make(tmp_path / "whole"))
    launched = np.flatnonzero(whole.status == Status.OK)
    failing = frozenset(map(int, launched[[100, 2000, 5000]]))
    results = _collect(_make(tmp_path / "failing", failing))
    assert {failure.point for failure in results.failures} <= failing
    for failure in results.failures:
        assert results.status[failure.point] == Status.CRASHED
        assert np.isnan(results.quantities["rho_atm"][failure.point])
    others = np.setdiff1d(np.arange(_GRID.points), [one.point for one in results.failures])
    assert np.abs(results.quantities["rho_atm"][others] - _PRINTED[others, RHO]).max() < 1e-5


def test_a_larger_error_than_promised_is_refused_with_the_blocks_and_what_to_do(
    files: list[Path],
) -> None:
    derived = _collect(files).derived
    assert derived is not None
    refuse_larger_errors(derived, "Oa08", 1)
    worse = replace(derived.blocks[7], hold_out_errors=(2e-5, 1e-6))
    blocks = (*derived.blocks[:7], worse, *derived.blocks[8:])
    with pytest.raises(CampaignError) as refusal:
        refuse_larger_errors(replace(derived, blocks=blocks), "Oa08", 1)
    said = str(refusal.value)
    assert "band Oa08: random launches differ from the derived rho_atm" in said
    assert (
        f"thetas {worse.thetas:g}, thetav {worse.thetav:g}: 2e-05, where 1e-05 is allowed" in said
    )
    assert "Set hold_out_draw to 2" in said


@pytest.mark.parametrize("missing", ["a pivot", "a hold-out point"])
def test_a_batch_that_lacks_a_launch_is_refused_with_its_name(tmp_path: Path, missing: str) -> None:
    files = _make(tmp_path)
    numbers = _BATCHES.numbers(0)
    values = _GRID.values_of(numbers)
    store = BatchStore(tmp_path / "other", _FINGERPRINT, values, _BATCHES.name)
    store.make_folder()
    kept = BatchStore(tmp_path / "store", _FINGERPRINT, values, _BATCHES.name).recover()
    work = work_of(_GRID, _BATCHES, 0, _FINGERPRINT)(kept)
    assert work.start() == []
    assert work.reduced is not None
    skeleton = Skeleton.of_content(work.reduced.blocks[0])
    if missing == "a pivot":
        azimuth, aerosol = skeleton.aerosol_pivots[0]
        block = Block.of_grid(_GRID, *_BATCHES.blocks(0)[0])
        point = block.point(skeleton.gases[0], aerosol, 0, azimuth)
    else:
        point = skeleton.hold_out[0]
    assert point in work.rows
    rows = [row for row in work.rows if row != point]
    store.seal(kept.only(rows), reduced=work.reduced)
    store.publish(files[0])
    with pytest.raises(CampaignError, match="does not hold what its points are derived from"):
        _collect(files)


@pytest.mark.parametrize("reduced", [None, ReducedBatch([])], ids=["nothing", "no blocks"])
def test_a_batch_that_does_not_say_how_points_are_derived_is_refused(
    tmp_path: Path, reduced: ReducedBatch | None
) -> None:
    files = _make(tmp_path)
    values = _GRID.values_of(_BATCHES.numbers(0))
    kept = BatchStore(tmp_path / "store", _FINGERPRINT, values, _BATCHES.name).recover()
    rows = [int(row) for row in np.flatnonzero(kept.status == Status.OK)]
    store = BatchStore(tmp_path / "other", _FINGERPRINT, values, _BATCHES.name)
    store.make_folder()
    store.seal(kept.only(rows), reduced=reduced)
    store.publish(files[0])
    with pytest.raises(CampaignError, match="does not say how its points are derived"):
        _collect(files)
