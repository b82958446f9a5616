"""The parameter table: the grid, in row groups equal to batches."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from sixsv_lut.campaign.batches import RangeBatches
from sixsv_lut.campaign.grid import Grid
from sixsv_lut.campaign.points import batch_key
from sixsv_lut.campaign.table import describe_table, read_batch, read_batch_keys, write_table
from sixsv_lut.errors import CampaignError
from sixsv_lut.sixsv.axes import AXIS_NAMES

_GRID = Grid(
    (
        ("0.25", "0.30"),
        ("1", "2"),
        ("0.1",),
        ("950", "1013.25"),
        ("0",),
        ("0", "90", "180"),
        ("10", "20"),
        ("5", "15"),
    )
)
_BATCHES = RangeBatches(_GRID.points, 36)
_SIZES = [1, 7, 32, 96, 1000]


@pytest.mark.parametrize("size", _SIZES)
def test_row_groups_are_batches(tmp_path: Path, size: int) -> None:
    write_table(_GRID, RangeBatches(_GRID.points, size), tmp_path / "table.parquet")
    file = pq.ParquetFile(tmp_path / "table.parquet")
    rows = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
    assert rows == [min(size, 96 - start) for start in range(0, 96, size)]


@pytest.mark.parametrize("size", _SIZES)
def test_the_table_holds_the_grid_whatever_the_batch_size(tmp_path: Path, size: int) -> None:
    write_table(_GRID, RangeBatches(_GRID.points, size), tmp_path / "table.parquet")
    table = pq.read_table(tmp_path / "table.parquet")
    assert table.column_names == ["point", *AXIS_NAMES]
    assert table["point"].to_pylist() == list(range(96))
    read = np.stack([table[name].to_numpy() for name in AXIS_NAMES], axis=1)
    assert np.array_equal(read, _GRID.rows(0, 96))


def test_a_batch_is_read_with_its_points_and_the_keys_of_all_batches(tmp_path: Path) -> None:
    write_table(_GRID, _BATCHES, tmp_path / "table.parquet")
    for batch, (start, stop) in enumerate([(0, 36), (36, 72), (72, 96)]):
        values, keys = read_batch(tmp_path / "table.parquet", batch, _GRID, _BATCHES)
        assert np.array_equal(values, _GRID.rows(start, stop))
        assert batch_key(values) in keys
        assert len(keys) == 3


def test_a_batch_beyond_the_last_is_refused(tmp_path: Path) -> None:
    write_table(_GRID, _BATCHES, tmp_path / "table.parquet")
    with pytest.raises(CampaignError, match=r"delete it .* and run again"):
        read_batch(tmp_path / "table.parquet", 3, _GRID, _BATCHES)


@pytest.mark.parametrize("length", [0, 4, 100, -1])
def test_a_damaged_table_is_refused_with_the_remedy(tmp_path: Path, length: int) -> None:
    path = tmp_path / "table.parquet"
    write_table(_GRID, _BATCHES, path)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(CampaignError, match=r"cannot be read as a parameter table .*: delete it"):
        read_batch(path, 0, _GRID, _BATCHES)


def test_a_parquet_file_of_something_else_is_refused(tmp_path: Path) -> None:
    import pyarrow as pa

    pq.write_table(pa.table({"a": [1]}), tmp_path / "table.parquet")
    with pytest.raises(CampaignError, match="cannot be read as a parameter table"):
        read_batch(tmp_path / "table.parquet", 0, _GRID, _BATCHES)


@pytest.mark.parametrize("size", [36, 12])
def test_a_table_of_other_points_is_refused_by_its_name(tmp_path: Path, size: int) -> None:
    path = tmp_path / "table.parquet"
    other = Grid((("0.25", "0.31"), *_GRID.values[1:]))
    made = other if size == 36 else _GRID
    write_table(made, RangeBatches(made.points, size), path)
    with pytest.raises(CampaignError) as refusal:
        read_batch(path, 2, _GRID, _BATCHES)
    assert f"{path} holds other points for batch 2" in str(refusal.value)
    assert f"delete it (rm -f {path}) and run again" in str(refusal.value)


def test_a_table_whose_keys_were_changed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    write_table(_GRID, _BATCHES, path)
    table = pq.read_table(path)
    keys = table.schema.metadata[b"batch_keys"].replace(
        batch_key(_GRID.rows(0, 36)).encode(), b"0" * 40
    )
    changed = table.replace_schema_metadata({"batch_keys": keys})
    pq.write_table(changed, path, row_group_size=36)
    with pytest.raises(CampaignError, match=f"rm -f {path}"):
        read_batch(path, 0, _GRID, _BATCHES)


def test_a_full_size_table_is_made_in_seconds(tmp_path: Path) -> None:
    shape = (4, 5, 7, 4, 3, 11, 13, 13)
    grid = Grid(tuple(tuple(str(i) for i in range(length)) for length in shape))
    begin = time.process_time()
    write_table(grid, RangeBatches(grid.points, 4096), tmp_path / "table.parquet")
    assert time.process_time() - begin < 30
    assert pq.ParquetFile(tmp_path / "table.parquet").metadata.num_rows == 3_123_120


def test_the_text_shows_counts_axes_and_the_first_points_as_written() -> None:
    text = describe_table(_GRID, _BATCHES)
    lines = text.splitlines()
    assert lines[0].split() == ["points", "96"]
    assert lines[1] == "batches     3 of 36 points"
    assert any(line.split() == ["uo3", "cm", "2", "values", "0.25", "0.30"] for line in lines)
    assert any(
        line.split() == ["3", "0.25", "1", "0.1", "950", "0", "0", "20", "15"] for line in lines
    )
    assert "first 20 points" in lines


def test_a_long_axis_is_shown_by_its_ends() -> None:
    angles = tuple(str(i) for i in range(80))
    text = describe_table(Grid((("1",),) * 7 + (angles,)), RangeBatches(80, 10))
    assert "80 values  0 1 2 3 4 5 ... 74 75 76 77 78 79" in text


def test_keys_are_read_from_the_table_of_these_batches_and_computed_without_it(
    tmp_path: Path,
) -> None:
    path = tmp_path / "table.parquet"
    computed = read_batch_keys(path, _GRID, _BATCHES)
    assert computed == [batch_key(_GRID.rows(*_BATCHES[batch])) for batch in range(len(_BATCHES))]
    write_table(_GRID, _BATCHES, path)
    # Keys in the middle are not compared with the grid: that these come back shows who gave them.
    table = pq.read_table(path)
    metadata = {
        name: value.replace(computed[1].encode(), b"0" * 40)
        for name, value in table.schema.metadata.items()
    }
    pq.write_table(table.replace_schema_metadata(metadata), path)
    assert "0" * 40 in read_batch_keys(path, _GRID, _BATCHES)


@pytest.mark.parametrize("damage", ["other batches", "other points", "no table", "cut"])
def test_keys_of_another_table_are_never_taken(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "table.parquet"
    other = Grid((("0.25", "0.31"), *_GRID.values[1:]))
    size = 12 if damage == "other batches" else 36
    write_table(other if damage == "other points" else _GRID, RangeBatches(96, size), path)
    if damage == "no table":
        path.write_text("this is no table")
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:-20])
    expected = [batch_key(_GRID.rows(*_BATCHES[batch])) for batch in range(len(_BATCHES))]
    assert read_batch_keys(path, _GRID, _BATCHES) == expected
