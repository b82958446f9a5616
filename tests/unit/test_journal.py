"""Journals: every whole record is recovered, whatever was cut or damaged, and nothing else."""

from __future__ import annotations

import errno
import os
import secrets
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sixsv_lut.store.journal
from sixsv_lut.campaign.points import batch_key
from sixsv_lut.sixsv.report import QUANTITY_NAMES, Status
from sixsv_lut.store.folder import StoreFolder
from sixsv_lut.store.journal import JournalReader, JournalWriter, read_journal
from sixsv_lut.store.records import KnownResults, Result
from unit.support import (
    FINGERPRINT,
    OTHER_FINGERPRINT,
    failed_result,
    good_result,
    points,
)

_ROWS = 5


def _path(folder: Path, key: str = "key") -> Path:
    """Give the path of a new journal."""
    return StoreFolder(folder.parent, folder.name).new_journal(key)


def _journal(folder: Path, rows: int = _ROWS, fingerprint: str = FINGERPRINT) -> Path:
    folder.mkdir(exist_ok=True)
    values = points(rows)
    writer = JournalWriter(_path(folder, batch_key(values)), fingerprint)
    for row in range(rows):
        writer.append(values[row], good_result(row) if row != 1 else failed_result("ä" * 200))
    writer.close()
    return writer.path


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Give the content of a whole journal."""
    return _journal(tmp_path_factory.mktemp("journal")).read_bytes()


def _header_and_record(content: bytes) -> tuple[int, int]:
    """Tell how long the header and a record of a journal of all rows are."""
    magic = content.index(b"\n") + 1
    header = magic + 8 + int.from_bytes(content[magic : magic + 4], "little")
    assert (len(content) - header) % _ROWS == 0
    return header, (len(content) - header) // _ROWS


def _check_rows(known: KnownResults, rows: list[int]) -> None:
    """Check that exactly these rows of the journal were recovered, unchanged."""
    assert np.array_equal(known.values, points(_ROWS)[rows])
    for i, row in enumerate(rows):
        if row == 1:
            assert known.status[i] == Status.CRASHED
            assert np.isnan(known.quantities[i]).all()
            assert known.reasons[i] == "ä" * 120  # as much as there is room for
        else:
            assert known.status[i] == Status.OK
            assert tuple(known.quantities[i]) == good_result(row).quantities
            assert known.reasons[i] == ""


def test_a_journal_gives_back_what_was_appended(tmp_path: Path) -> None:
    known = read_journal(_journal(tmp_path), FINGERPRINT)
    assert known is not None
    _check_rows(known, [0, 1, 2, 3, 4])
    assert known.launches.tolist() == [1] * 5
    assert known.seconds.tolist() == [0.25, 0.5, 0.25, 0.25, 0.25]


@given(data=st.data())
def test_whatever_byte_a_journal_is_cut_at_every_whole_record_is_recovered(
    whole: bytes, tmp_path: Path, data: st.DataObject
) -> None:
    header, record = _header_and_record(whole)
    near = [header + i * record + d for i in range(_ROWS + 1) for d in (-1, 0, 1)]
    cut = data.draw(st.one_of(st.sampled_from(near[:-1]), st.integers(0, len(whole))))
    path = tmp_path / "cut.journal"
    path.write_bytes(whole[:cut])
    known = read_journal(path, FINGERPRINT)
    if cut < header:
        assert known is None
    else:
        assert known is not None
        _check_rows(known, list(range((cut - header) // record)))


@given(data=st.data())
def test_whichever_byte_of_a_record_changes_all_other_records_are_recovered(
    whole: bytes, tmp_path: Path, data: st.DataObject
) -> None:
    header, record = _header_and_record(whole)
    at = data.draw(st.integers(header, len(whole) - 1))
    change = data.draw(st.integers(1, 255))
    path = tmp_path / "flipped.journal"
    path.write_bytes(whole[:at] + bytes([whole[at] ^ change]) + whole[at + 1 :])
    known = read_journal(path, FINGERPRINT)
    assert known is not None
    _check_rows(known, [row for row in range(_ROWS) if row != (at - header) // record])


@given(data=st.data())
def test_a_journal_whose_header_is_damaged_gives_nothing(
    whole: bytes, tmp_path: Path, data: st.DataObject
) -> None:
    # What its numbers are can no longer be told.
    header, _ = _header_and_record(whole)
    at, change = data.draw(st.tuples(st.integers(0, header - 1), st.integers(1, 255)))
    path = tmp_path / "flipped.journal"
    path.write_bytes(whole[:at] + bytes([whole[at] ^ change]) + whole[at + 1 :])
    assert read_journal(path, FINGERPRINT) is None


@given(tail=st.one_of(st.binary(max_size=5000), st.integers(1, 5000).map(bytes)))
def test_a_torn_tail_of_a_journal_adds_nothing(whole: bytes, tmp_path: Path, tail: bytes) -> None:
    path = tmp_path / "torn.journal"
    path.write_bytes(whole + tail)
    known = read_journal(path, FINGERPRINT)
    assert known is not None
    _check_rows(known, [0, 1, 2, 3, 4])


@given(st.binary(max_size=200))
def test_a_foreign_file_is_no_journal(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "foreign.journal"
    path.write_bytes(content)
    assert read_journal(path, FINGERPRINT) is None


def test_a_journal_of_another_fingerprint_is_not_taken(tmp_path: Path) -> None:
    assert read_journal(_journal(tmp_path, fingerprint=OTHER_FINGERPRINT), FINGERPRINT) is None


def test_a_journal_of_another_version_gives_its_numbers_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = tuple(reversed(QUANTITY_NAMES[:-1]))
    monkeypatch.setattr(sixsv_lut.store.journal, "QUANTITY_NAMES", older)
    writer = JournalWriter(_path(tmp_path), FINGERPRINT)
    writer.append(
        points(1)[0], Result(Status.OK, 1, 0.1, tuple(i / 1000 for i in range(len(older))))
    )
    writer.close()
    monkeypatch.undo()
    known = read_journal(writer.path, FINGERPRINT)
    assert known is not None
    read = dict(zip(QUANTITY_NAMES, known.quantities[0], strict=True))
    assert np.isnan(read.pop(QUANTITY_NAMES[-1]))
    assert read == {name: i / 1000 for i, name in enumerate(older)}


def test_a_record_of_another_journal_is_not_taken(tmp_path: Path) -> None:
    # A block that the file system wrote to the wrong file has good checksums.
    one, other = (_journal(tmp_path, fingerprint=of) for of in (FINGERPRINT, OTHER_FINGERPRINT))
    content, foreign = bytearray(one.read_bytes()), other.read_bytes()
    header, record = _header_and_record(bytes(content))
    there = _header_and_record(foreign)[0]
    content[header : header + record] = foreign[there : there + record]
    one.write_bytes(content)
    known = read_journal(one, FINGERPRINT)
    assert known is not None
    assert len(known.status) == _ROWS - 1


def test_a_journal_of_before_its_checksums_had_a_seed_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secrets, "randbits", lambda _bits: 0)
    path = _journal(tmp_path)
    content = path.read_bytes()
    begin = content.index(b'{"fingerprint"')  # a checksum, which may be any bytes, is before it
    end = content.index(b"}", begin) + 1
    described = content[begin:end].replace(b'"seed": 0, ', b"")
    assert len(described) < end - begin
    length = struct.pack("<II", len(described), zlib.crc32(described))
    path.write_bytes(content[: begin - 8] + length + described + content[end:])
    known = read_journal(path, FINGERPRINT)
    assert known is not None
    assert len(known.status) == _ROWS


def test_a_journal_that_is_being_written_gives_each_record_once(tmp_path: Path) -> None:
    values = points(4)
    writer = JournalWriter(_path(tmp_path), FINGERPRINT, threads=3)
    reader = JournalReader(writer.path, FINGERPRINT)
    read = []
    for row in (0, 1):
        writer.append(values[row], good_result(row))
    read.append(reader.read())
    read.append(reader.read())
    writer.append(values[2], failed_result())
    writer.append(values[3], good_result(3))
    read.append(reader.read())
    writer.close()
    assert [list(known.status) if known else None for known in read] == [
        [Status.OK, Status.OK],
        [],
        [Status.CRASHED, Status.OK],
    ]
    attempt = reader.attempt
    assert attempt is not None
    assert (attempt.points, attempt.threads) == (4, 3)
    assert attempt.started <= attempt.ended


def test_a_record_that_is_half_written_is_read_when_it_is_whole(
    tmp_path: Path, whole: bytes
) -> None:
    _, record = _header_and_record(whole)
    path = tmp_path / "torn.journal"
    path.write_bytes(whole[: -record // 2])
    reader = JournalReader(path, FINGERPRINT)
    first = reader.read()
    path.write_bytes(whole)
    second = reader.read()
    assert first is not None
    assert second is not None
    assert (len(first.status), len(second.status)) == (_ROWS - 1, 1)


def test_writer_and_reader_of_a_journal_give_the_same_account(tmp_path: Path) -> None:
    writer = JournalWriter(_path(tmp_path), FINGERPRINT, threads=2)
    for row, result in enumerate((good_result(0), failed_result(), good_result(2))):
        writer.append(points(3)[row], result)
    written = writer.attempt()
    reader = JournalReader(writer.path, FINGERPRINT)
    reader.read()
    writer.close()
    read = reader.attempt
    assert read is not None
    assert (read.host, read.threads, read.started) == (written.host, 2, written.started)
    assert (read.points, read.launches) == (written.points, written.launches)
    assert read.launch_seconds == pytest.approx(written.launch_seconds, abs=1e-3)


def test_two_writers_never_share_a_file(tmp_path: Path) -> None:
    writers = [JournalWriter(_path(tmp_path), FINGERPRINT) for _ in range(50)]
    for writer in writers:
        writer.close()
    assert len({writer.path for writer in writers}) == 50


def test_a_journal_carries_batch_process_and_kind_in_its_name(tmp_path: Path) -> None:
    writer = JournalWriter(_path(tmp_path), FINGERPRINT)
    writer.close()
    key, host, pid, random, kind = writer.path.name.split(".")
    assert (key, pid, kind) == ("key", str(os.getpid()), "journal")
    assert host
    assert len(random) == 8


def test_an_appended_record_is_in_the_file_at_once(tmp_path: Path) -> None:
    # A process that is killed loses nothing that it appended.
    writer = JournalWriter(_path(tmp_path), FINGERPRINT)
    writer.append(points(1)[0], good_result(0))
    known = read_journal(writer.path, FINGERPRINT)
    writer.close()
    assert known is not None
    assert len(known.status) == 1


def test_a_record_that_was_written_in_part_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = JournalWriter(_path(tmp_path), FINGERPRINT)
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, content: write(file, content[:-1]))
    with pytest.raises(OSError) as failure:
        writer.append(points(1)[0], good_result(0))
    assert failure.value.errno == errno.ENOSPC
    monkeypatch.undo()
    writer.close()


def test_a_journal_of_which_a_crash_left_zeros_is_none(tmp_path: Path) -> None:
    path = _journal(tmp_path)
    content = path.read_bytes()
    start = content.index(b'{"fingerprint"') - 8
    path.write_bytes(content[:start] + bytes(len(content) - start))

    assert read_journal(path, FINGERPRINT) is None
