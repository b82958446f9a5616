"""Sealed files: whatever happens to their bytes, they give the numbers written, or none."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sixsv_lut.campaign.points import batch_key
from sixsv_lut.errors import CampaignError
from sixsv_lut.sixsv.report import QUANTITY_NAMES, SPHERICAL_ALBEDO, Status
from sixsv_lut.store.records import Records
from sixsv_lut.store.sealed import read_account, read_sealed, read_sealed_table, write_sealed
from unit.support import FINGERPRINT, failed_result, good_result, points

_METADATA = b"sixsv_lut"


def _sealed(folder: Path, rows: int = 4) -> Path:
    records = Records(points(rows))
    for row in range(rows):
        records.enter(row, good_result(row) if row else failed_result())
    path = folder / "sealed.parquet"
    write_sealed(path, FINGERPRINT, batch_key(records.values), records)
    return path


def _rewrite(path: Path, table: pa.Table) -> None:
    pq.write_table(
        table,
        path,
        compression="zstd",
        row_group_size=len(table),
        write_page_checksum=True,
        write_statistics=False,
    )


def _old(folder: Path) -> Path:
    """Make a sealed file as it was before there were digests."""
    path = _sealed(folder)
    table = pq.read_table(path)
    metadata = json.loads(table.schema.metadata[_METADATA])
    del metadata["metadata_sha256"]
    _rewrite(path, table.replace_schema_metadata({_METADATA: json.dumps(metadata)}))
    return path


def _footer(content: bytes) -> int:
    return len(content) - 8 - int.from_bytes(content[-8:-4], "little")


def test_every_changed_bit_of_the_footer_is_found(tmp_path: Path) -> None:
    path = _sealed(tmp_path)
    content = path.read_bytes()
    rng = random.Random(20261121)
    for at in rng.sample(range(_footer(content), len(content)), 400):
        changed = bytearray(content)
        changed[at] ^= 1 << rng.randrange(8)
        path.write_bytes(changed)
        with pytest.raises(CampaignError, match=str(path)):
            read_sealed(path, FINGERPRINT)


@pytest.mark.parametrize("sign", [b"sixsv_lut content sha256: ", b'"metadata_sha256"'])
def test_a_file_with_a_digest_never_passes_for_one_without(tmp_path: Path, sign: bytes) -> None:
    path = _sealed(tmp_path)
    content = path.read_bytes()
    for at in range(content.rindex(sign), content.rindex(sign) + len(sign)):
        path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        with pytest.raises(CampaignError, match="is damaged"):
            read_sealed(path, FINGERPRINT)


def test_a_file_with_a_digest_is_parquet_for_every_other_reader(tmp_path: Path) -> None:
    table = pq.read_table(_sealed(tmp_path))
    assert table["status"].to_pylist() == [Status.CRASHED, 0, 0, 0]
    assert _METADATA in table.schema.metadata


def test_a_file_of_before_there_were_digests_is_read(tmp_path: Path) -> None:
    path = _old(tmp_path)
    known = read_sealed(path, FINGERPRINT)
    assert np.array_equal(known.values, points(4))
    assert tuple(known.quantities[2]) == good_result(2).quantities
    assert read_account(path, FINGERPRINT).failed == 1


def test_a_changed_name_of_a_column_is_found_without_a_digest(tmp_path: Path) -> None:
    path = _old(tmp_path)
    content = path.read_bytes()
    for name in ("psurf", "apparent_reflectance", "reflectance_q_total", "seconds"):
        at = content.index(name.encode(), _footer(content))
        path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        with pytest.raises(CampaignError, match=f"{path} cannot be read as a batch"):
            read_sealed(path, FINGERPRINT)


def test_points_that_are_not_those_of_the_key_are_found_without_a_digest(tmp_path: Path) -> None:
    path = _old(tmp_path)
    table = pq.read_table(path)
    at = table.column_names.index("uw")
    other = pa.chunked_array([pa.array([9.0] * len(table))])
    _rewrite(path, table.set_column(at, "uw", other))
    with pytest.raises(CampaignError, match="its points are not those that were written"):
        read_sealed(path, FINGERPRINT)


@pytest.mark.parametrize("number", [1645144273.0, 1.5, -0.1, float("nan"), float("inf")])
@pytest.mark.parametrize("digest", ["with a digest", "without a digest"])
def test_a_good_row_has_numbers_that_6sv_can_have_given(
    tmp_path: Path, number: float, digest: str
) -> None:
    records = Records(points(4))
    for row in range(4):
        records.enter(row, good_result(row))
    records.quantities[2, QUANTITY_NAMES.index(SPHERICAL_ALBEDO)] = number
    path = tmp_path / "sealed.parquet"
    write_sealed(path, FINGERPRINT, batch_key(records.values), records)
    if digest == "without a digest":
        table = pq.read_table(path)
        metadata = json.loads(table.schema.metadata[_METADATA])
        del metadata["metadata_sha256"]
        _rewrite(path, table.replace_schema_metadata({_METADATA: json.dumps(metadata)}))
    for read in (
        lambda: read_sealed(path, FINGERPRINT),
        lambda: read_sealed_table(path, FINGERPRINT, ["launches"]),
    ):
        with pytest.raises(CampaignError, match="row 2 counts as good"):
            read()


def test_a_changed_account_is_found_although_no_row_is_read(tmp_path: Path) -> None:
    path = _sealed(tmp_path)
    content = path.read_bytes()
    at = content.index(b'"launches": 4') + len(b'"launches": ')
    path.write_bytes(content[:at] + b"7" + content[at + 1 :])
    with pytest.raises(CampaignError, match="its description is not what was written"):
        read_account(path, FINGERPRINT)


def test_the_account_of_another_batch_is_refused(tmp_path: Path) -> None:
    path = _sealed(tmp_path)
    assert read_account(path, FINGERPRINT, batch_key(points(4))).points == 4
    with pytest.raises(CampaignError, match="holds other points"):
        read_account(path, FINGERPRINT, batch_key(points(4, start=1)))
