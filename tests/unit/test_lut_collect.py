"""All launches of a band: complete and matching, or nothing; and the five quantities."""

from __future__ import annotations

import math
import shlex
from decimal import ROUND_DOWN, Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sixsv_lut.campaign.batches import RangeBatches
from sixsv_lut.campaign.grid import Grid
from sixsv_lut.errors import CampaignError
from sixsv_lut.lut.collect import (
    BandResults,
    collect,
    refuse_too_many_failures,
    truncated_product,
)
from sixsv_lut.lut.quantities import LUT_NAMES
from sixsv_lut.sixsv.convention import RUN6SV
from sixsv_lut.sixsv.report import QUANTITY_NAMES, Status
from sixsv_lut.store.batch_store import BatchStore
from sixsv_lut.store.records import Records, Result
from unit.support import FINGERPRINT, OTHER_FINGERPRINT

_GRID = Grid((("0.3",), ("1",), ("0.1",), ("1013",), ("0",), ("0",), ("10", "20"), tuple("01234")))
_SIZE = 4  # batches of 4, 4 and 2 points


def _numbers(point: int) -> tuple[float, ...]:
    """Give every quantity of a point a number with 5 decimals of its own."""
    return tuple(
        round(0.5 + point / 100 + i / 100_000, 5) for i in range(1, 1 + len(QUANTITY_NAMES))
    )


def _number(point: int, name: str) -> float:
    return _numbers(point)[QUANTITY_NAMES.index(name)]


def _batches(
    folder: Path, failing: tuple[int, ...] = (), fingerprint: str = FINGERPRINT
) -> list[Path]:
    files = []
    for batch, start in enumerate(range(0, _GRID.points, _SIZE)):
        stop = min(start + _SIZE, _GRID.points)
        store = BatchStore(folder / "store", fingerprint, _GRID.rows(start, stop))
        store.make_folder()
        records = Records(store.values)
        for row, point in enumerate(range(start, stop)):
            if point in failing:
                records.enter(row, Result(Status.TIMEOUT, 2, 9.0, reason=f"reason {point}"))
            else:
                records.enter(row, Result(Status.OK, 1, 0.5, _numbers(point)))
        store.seal(records)
        files.append(folder / "batches" / f"{batch:05d}.parquet")
        store.publish(files[-1])
    return files


def _collect(files: list[Path], **options: object) -> BandResults:
    return collect(_GRID, RangeBatches(_GRID.points, _SIZE), FINGERPRINT, files, **options)  # type: ignore[arg-type]


def test_every_point_is_there_in_order_with_its_products(tmp_path: Path) -> None:
    results = _collect(_batches(tmp_path))
    for point in range(10):
        for name, path in (("Tdown", "downward"), ("Tup", "upward"), ("Ttotal", "total")):
            expected = _number(point, f"gas_transmittance_{path}") * _number(
                point, f"scattering_transmittance_{path}"
            )
            assert results.quantities[name][point] == expected
        assert results.quantities["rho_atm"][point] == _number(point, "apparent_reflectance")
        assert results.quantities["S"][point] == _number(point, "spherical_albedo_total")
    assert results.status.tolist() == [Status.OK] * 10
    assert (results.launches, results.seconds, results.failures) == (10, 5.0, [])


def test_extra_outputs_are_kept_also_those_that_the_lut_is_made_of(tmp_path: Path) -> None:
    extras = ["optical_depth_total", "gas_transmittance_total", "spherical_albedo_total"]
    results = _collect(_batches(tmp_path), extra_outputs=extras)
    assert list(results.quantities) == [*LUT_NAMES, *extras]
    for name in extras:
        expected = np.array([_number(point, name) for point in range(10)], dtype=np.float32)
        assert results.quantities[name].tolist() == expected.tolist()


def test_the_older_tool_s_quantities_are_cut_off_and_the_printed_reflectance(
    tmp_path: Path,
) -> None:
    results = _collect(_batches(tmp_path), convention=RUN6SV)
    exact = Decimal(str(_number(3, "gas_transmittance_downward"))) * Decimal(
        str(_number(3, "scattering_transmittance_downward"))
    )
    cut = exact.quantize(Decimal("0.00001"), ROUND_DOWN)
    assert results.quantities["Tdown"][3] == float(cut)
    assert results.quantities["rho_atm"][3] == _number(3, "intrinsic_reflectance")


def test_failed_points_are_named_and_have_no_number(tmp_path: Path) -> None:
    results = _collect(_batches(tmp_path, (2, 9)), extra_outputs=["optical_depth_total"])
    assert [(f.point, f.status, f.reason, f.file.name) for f in results.failures] == [
        (2, Status.TIMEOUT, "reason 2", "00000.parquet"),
        (9, Status.TIMEOUT, "reason 9", "00002.parquet"),
    ]
    assert np.flatnonzero(results.status != Status.OK).tolist() == [2, 9]
    for values in results.quantities.values():
        assert np.flatnonzero(np.isnan(values)).tolist() == [2, 9]
    assert results.launches == 12


# ----- incomplete or mismatched batches


def _refusal(files: list[Path]) -> str:
    with pytest.raises(CampaignError) as refusal:
        _collect(files)
    return str(refusal.value)


def test_a_missing_batch_is_named_with_the_command_that_repairs_it(tmp_path: Path) -> None:
    files = _batches(tmp_path)
    files[1].unlink()
    message = _refusal(files)
    assert message.startswith("no LUT is made, because batch files cannot be used (1):")
    assert str(files[1]) in message
    assert str(files[0]) not in message
    assert "run the same snakemake command again" in message


def test_a_damaged_batch_is_named_with_the_command_that_repairs_it(tmp_path: Path) -> None:
    files = _batches(tmp_path)
    files[2].write_bytes(files[2].read_bytes()[:-20])
    lines = _refusal(files).splitlines()
    assert f"{files[2]} is damaged: its content is not what was written" in lines[1]
    assert lines[-1].strip() == f"rm -f {files[2]}"


def test_a_batch_of_another_fingerprint_is_refused(tmp_path: Path) -> None:
    files = _batches(tmp_path)
    foreign = _batches(tmp_path / "other", fingerprint=OTHER_FINGERPRINT)
    assert "was computed with another fingerprint" in _refusal([files[0], foreign[1], files[2]])


def test_a_batch_of_other_points_is_refused(tmp_path: Path) -> None:
    files = _batches(tmp_path)
    assert "holds other points" in _refusal([files[1], files[0], files[2]])
    assert "holds other points" in _refusal([files[0], files[0], files[2]])


@pytest.mark.parametrize("count", [2, 4])
def test_a_wrong_number_of_batches_is_refused(tmp_path: Path, count: int) -> None:
    files = _batches(tmp_path)
    assert "10 points in batches of 4" in _refusal((files * 2)[:count])


def test_a_file_that_is_no_batch_is_refused(tmp_path: Path) -> None:
    files = _batches(tmp_path)
    files[0].write_text("mine")
    assert "cannot be read as a batch" in _refusal(files)


def test_all_unusable_batches_are_named_in_one_command(tmp_path: Path) -> None:
    files = _batches(tmp_path)
    for file in files:
        file.write_text("mine")
    message = _refusal(files)
    assert message.startswith("no LUT is made, because batch files cannot be used (3):")
    assert message.splitlines()[-1].strip() == (
        f"(cd {files[0].parent} && rm -f 00000.parquet 00001.parquet 00002.parquet)"
    )


def test_the_command_that_repairs_is_safe_with_blanks_in_the_path(tmp_path: Path) -> None:
    folder = tmp_path / "my results"
    files = _batches(folder)
    files[0].write_text("mine")
    command = _refusal(files).splitlines()[-1].strip()
    assert str(files[0]) in shlex.split(command)


# ----- too many failures


def test_failures_are_refused_with_points_reasons_and_both_ways_out(tmp_path: Path) -> None:
    results = _collect(_batches(tmp_path, (2, 9)))
    with pytest.raises(CampaignError) as refusal:
        refuse_too_many_failures(results, _GRID, "Oa08", allowed=1)
    message = str(refusal.value)
    assert "band Oa08: 2 of 10 launches failed, 1 allowed; no LUT is made" in message
    assert _GRID.describe(2) + ": timeout: reason 2" in message
    assert _GRID.describe(9) + ": timeout: reason 9" in message
    assert f"(cd {tmp_path}/batches && rm -f 00000.parquet 00002.parquet)" in message
    assert "set allowed_failures to 2 or more" in message


@pytest.mark.parametrize("allowed", [2, 3])
def test_as_many_failures_as_allowed_are_taken(tmp_path: Path, allowed: int) -> None:
    refuse_too_many_failures(_collect(_batches(tmp_path, (2, 9))), _GRID, "Oa08", allowed)


def test_many_failures_are_named_in_part_and_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    grid = Grid((*_GRID.values[:6], tuple(map(str, range(50))), ("0",)))
    results = _collect(_batches(tmp_path, (2,)))
    many = BandResults(
        np.full(50, Status.TIMEOUT, dtype=np.int8), {}, results.failures * 30, 50, 1.0
    )
    with pytest.raises(CampaignError) as refusal:
        refuse_too_many_failures(many, grid, "Oa08", allowed=0)
    assert "and 10 more (all are in the log)" in str(refusal.value)
    assert sum("reason 2" in line for line in caplog.messages) == 30


# ----- the older tool's products


@given(
    st.lists(
        st.tuples(st.integers(-10_000, 110_000), st.integers(-10_000, 110_000)),
        min_size=1,
        max_size=50,
    )
)
def test_a_product_is_cut_off_after_5_decimals_as_in_decimal_arithmetic(
    pairs: list[tuple[int, int]],
) -> None:
    # Numbers as 6SV prints them, and Python reads them.
    first, second = ([f"{n / 100_000:.5f}" for n in column] for column in zip(*pairs, strict=True))
    product = truncated_product(np.array(first, dtype=float), np.array(second, dtype=float))
    exact = [
        (Decimal(a) * Decimal(b)).quantize(Decimal("0.00001"), ROUND_DOWN)
        for a, b in zip(first, second, strict=True)
    ]
    assert product.tolist() == [float(value) for value in exact]


def test_a_product_with_a_number_that_is_not_there_is_not_there() -> None:
    product = truncated_product(np.array([math.nan, 0.5]), np.array([0.5, math.nan]))
    assert np.isnan(product).all()


def test_a_failed_launch_of_which_no_reason_is_kept_is_a_failure_too(tmp_path: Path) -> None:
    store = BatchStore(tmp_path / "store", FINGERPRINT, _GRID.rows(0, _GRID.points))
    store.make_folder()
    records = Records(store.values)
    for point in range(_GRID.points):
        records.enter(point, Result(Status.OK, 1, 0.5, _numbers(point)))
    records.enter(1, Result(Status.CRASHED, 1, 0.5))
    store.seal(records)
    store.publish(tmp_path / "batch.parquet")
    batches = RangeBatches(_GRID.points, _GRID.points)
    (failure,) = collect(_GRID, batches, FINGERPRINT, [tmp_path / "batch.parquet"]).failures
    assert (failure.point, failure.status, failure.reason) == (1, Status.CRASHED, "")
