"""The store: nothing that was finished is lost, and nothing else is believed."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sixsv_lut.campaign.points import batch_key
from sixsv_lut.errors import CampaignError
from sixsv_lut.files import NotAFileError
from sixsv_lut.sixsv.report import QUANTITY_NAMES, SPHERICAL_ALBEDO, Status
from sixsv_lut.store import sealed
from sixsv_lut.store.batch_store import BatchStore
from sixsv_lut.store.journal import JournalReader
from sixsv_lut.store.records import PENDING, Records, Result
from sixsv_lut.store.sealed import read_sealed, read_sealed_table
from unit.support import (
    FINGERPRINT,
    OTHER_FINGERPRINT,
    failed_result,
    good_result,
    make_special,
    points,
)


def _store(folder: Path, values: np.ndarray, fingerprint: str = FINGERPRINT) -> BatchStore:
    made = BatchStore(folder / "store", fingerprint, values)
    made.make_folder()
    return made


def _keep(store: BatchStore, rows: range, number: Callable[[int], float] = float) -> Path:
    """Put good results of some rows into a journal of a batch."""
    journal = store.open_journal()
    for row in rows:
        journal.append(store.values[row], good_result(number(row)))
    journal.close()
    return journal.path


def _seal(store: BatchStore, number: Callable[[int], float] = float) -> Records:
    records = Records(store.values)
    for row in range(len(store.values)):
        records.enter(row, good_result(number(row)))
    store.seal(records)
    return records


def test_an_empty_store_knows_nothing(tmp_path: Path) -> None:
    records = _store(tmp_path, points(4)).recover()
    assert records.to_run.tolist() == [0, 1, 2, 3]
    assert (records.status == PENDING).all()


def test_the_journals_of_all_attempts_add_up(tmp_path: Path) -> None:
    store = _store(tmp_path, points(6))
    _keep(store, range(0, 2))
    _keep(store, range(3, 5))
    records = store.recover()
    assert records.to_run.tolist() == [2, 5]
    assert records.quantities[3, 0] == 3


def test_a_failed_launch_is_known_and_run_again(tmp_path: Path) -> None:
    store = _store(tmp_path, points(2))
    journal = store.open_journal()
    journal.append(store.values[0], failed_result("no luck", launches=2))
    journal.append(store.values[1], good_result(1))
    journal.close()
    records = store.recover()
    assert records.to_run.tolist() == [0]
    assert (records.reasons[0], records.launches[0]) == ("no luck", 2)


@pytest.mark.parametrize("order", ["good first", "failed first"])
def test_a_good_result_is_never_replaced_by_a_failure(tmp_path: Path, order: str) -> None:
    store = _store(tmp_path, points(1))
    results = [good_result(7), failed_result()]
    journal = store.open_journal()
    for result in results if order == "good first" else reversed(results):
        journal.append(store.values[0], result)
    journal.close()
    records = store.recover()
    assert records.status[0] == Status.OK
    assert records.quantities[0, 0] == 7


def test_points_are_known_by_value_wherever_they_were_computed(tmp_path: Path) -> None:
    # An axis got another value, and the batches another size.
    _keep(_store(tmp_path, points(4)), range(4), lambda row: 100 + row)
    _seal(_store(tmp_path, points(4, start=6)), lambda row: 50 + row)
    records = _store(tmp_path, points(8, start=1)).recover()
    assert records.to_run.tolist() == [3, 4]
    assert records.quantities[:, 0].tolist()[:3] == [101, 102, 103]
    assert records.quantities[:, 0].tolist()[5:] == [50, 51, 52]


def test_negative_zero_is_the_same_point_as_zero(tmp_path: Path) -> None:
    values = points(2)
    _keep(_store(tmp_path, values), range(2))
    assert not len(_store(tmp_path, values * [1, 1, 1, 1, -1, 1, 1, 1]).recover().to_run)


def test_batches_of_the_same_campaign_are_not_read(tmp_path: Path) -> None:
    other = _store(tmp_path, points(4))
    _seal(other)
    store = _store(tmp_path, points(4, start=2))
    assert store.recover({other.key}).to_run.tolist() == [0, 1, 2, 3]
    assert store.recover().to_run.tolist() == [2, 3]


def test_results_of_another_fingerprint_are_not_taken(tmp_path: Path) -> None:
    _seal(_store(tmp_path, points(2), OTHER_FINGERPRINT))
    store = _store(tmp_path, points(2))
    assert len(store.recover().to_run) == 2
    # Not even when somebody puts the file into the folder.
    other = BatchStore(tmp_path / "store", OTHER_FINGERPRINT, points(2))
    store.sealed.write_bytes(other.sealed.read_bytes())
    assert len(store.recover().to_run) == 2


def test_foreign_files_in_the_store_are_left_alone(tmp_path: Path) -> None:
    store = _store(tmp_path, points(3))
    _keep(store, range(1))
    foreign = {
        "notes.txt": b"mine",
        "x.journal": b"mine",
        "x.parquet": b"mine",
        ".hidden": b"",
        f"{store.key}.journal.bak": b"mine",
    }
    for name, content in foreign.items():
        (store.folder / name).write_bytes(content)
    (store.folder / "folder.parquet").mkdir()
    assert store.recover().to_run.tolist() == [1, 2]
    _seal(store)
    assert {name: (store.folder / name).read_bytes() for name in foreign} == foreign


# ----- sealing


def test_a_sealed_batch_gives_back_what_was_entered(tmp_path: Path) -> None:
    store = _store(tmp_path, points(3))
    records = Records(store.values)
    records.enter(0, good_result(5, launches=2))
    records.enter(1, failed_result("no luck"))
    records.enter(2, good_result(7))
    store.seal(records)
    known = read_sealed(store.sealed, FINGERPRINT)
    assert np.array_equal(known.values, store.values)
    assert known.status.tolist() == [0, 2, 0]
    assert known.launches.tolist() == [2, 1, 1]
    assert list(known.reasons) == [None, "no luck", None]
    assert tuple(known.quantities[2]) == good_result(7).quantities
    assert np.isnan(known.quantities[1]).all()


def test_sealing_replaces_all_journals_of_the_batch_and_no_others(tmp_path: Path) -> None:
    other = _keep(_store(tmp_path, points(2, start=50)), range(1))
    store = _store(tmp_path, points(2))
    _keep(store, range(1))
    records = store.recover()
    journal = store.open_journal()
    records.enter(1, good_result(1))
    journal.append(store.values[1], good_result(1))
    journal.close()
    store.seal(records, journal)
    assert sorted(store.folder.iterdir()) == sorted([store.sealed, other])


def test_a_journal_that_began_after_the_recovery_outlives_the_sealing(tmp_path: Path) -> None:
    # Another process is at the same batch.
    store = _store(tmp_path, points(1))
    records = store.recover()
    other = _keep(_store(tmp_path, points(1)), range(1))
    records.enter(0, good_result(0))
    store.seal(records)
    assert other.exists()


def test_a_batch_with_rows_that_were_never_run_is_not_sealed(tmp_path: Path) -> None:
    store = _store(tmp_path, points(2))
    with pytest.raises(ValueError, match="never run"):
        store.seal(Records(store.values))
    assert not store.sealed.exists()


def test_the_same_results_seal_to_the_same_bytes(tmp_path: Path) -> None:
    contents = []
    for name in ("one", "other"):
        store = _store(tmp_path / name, points(9))
        _seal(store)
        contents.append(store.sealed.read_bytes())
    assert contents[0] == contents[1]


@given(data=st.data())
def test_a_sealed_file_that_was_cut_is_never_believed(tmp_path: Path, data: st.DataObject) -> None:
    store = _store(tmp_path, points(3))
    _seal(store)
    content = store.sealed.read_bytes()
    cut = data.draw(st.integers(0, len(content) - 1))
    store.sealed.write_bytes(content[:cut])
    with pytest.raises(CampaignError, match=str(store.sealed)):
        read_sealed(store.sealed, FINGERPRINT)


@given(data=st.data())
def test_a_sealed_file_with_a_changed_byte_gives_the_same_numbers_or_none(
    tmp_path: Path, data: st.DataObject
) -> None:
    store = _store(tmp_path, points(3))
    records = _seal(store)
    content = store.sealed.read_bytes()
    at = data.draw(st.integers(0, len(content) - 1))
    flipped = bytes([content[at] ^ data.draw(st.integers(1, 255))])
    store.sealed.write_bytes(content[:at] + flipped + content[at + 1 :])
    try:
        known = read_sealed(store.sealed, FINGERPRINT)
    except CampaignError:
        return
    assert np.array_equal(known.values, records.values)
    assert np.array_equal(known.status, records.status)
    assert np.array_equal(known.quantities, records.quantities)


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "foreign"])
def test_a_damaged_sealed_file_is_put_aside_and_its_batch_run_again(
    tmp_path: Path, damage: str
) -> None:
    store = _store(tmp_path, points(3))
    _seal(store)
    content = bytearray(store.sealed.read_bytes())
    at = content.index(b"PAR1", 4) if b"PAR1" in content[4:] else len(content)
    content[at // 4] ^= 0xFF
    damaged = {
        "cut": bytes(content[: len(content) // 2]),
        "flipped": bytes(content),
        "empty": b"",
        "foreign": b"PAR1 is how these files begin",
    }[damage]
    store.sealed.write_bytes(damaged)
    assert store.recover().to_run.tolist() == [0, 1, 2]
    assert not store.sealed.exists()
    (renamed,) = store.folder.iterdir()
    assert renamed.name.startswith(f"{store.key}.damaged-")
    assert renamed.read_bytes() == damaged
    assert store.recover().to_run.tolist() == [0, 1, 2]


@pytest.mark.parametrize("number", [errno.EIO, errno.EACCES, errno.ESTALE])
def test_a_sealed_file_that_cannot_be_read_just_now_is_not_put_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    # A short outage of the file system is no damage: nothing may be computed again for it.
    store = _store(tmp_path, points(3))
    _seal(store)

    def fails(*_args: object, **_kwargs: object) -> None:
        raise OSError(number, os.strerror(number), str(store.sealed))

    monkeypatch.setattr(sealed, "open_regular", fails)
    with pytest.raises(OSError, match=os.strerror(number)):
        store.recover()
    assert store.sealed.exists()


@pytest.mark.parametrize("number", [errno.EIO, errno.EACCES, errno.ESTALE])
@pytest.mark.parametrize("own", [True, False])
def test_a_journal_that_cannot_be_read_just_now_is_kept_and_its_launches_are_not_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, *, own: bool
) -> None:
    store = _store(tmp_path, points(3))
    other = store if own else _store(tmp_path, points(2))
    journal = other.open_journal()
    journal.append(other.values[0], good_result(0))
    journal.close()

    def fails(_journal: JournalReader) -> None:
        raise OSError(number, os.strerror(number), str(journal.path))

    with monkeypatch.context() as patched:
        patched.setattr(JournalReader, "read", fails)
        with pytest.raises(OSError, match=os.strerror(number)):
            store.recover()
    assert journal.path.exists()
    assert len(store.recover().to_run) == 2


def test_a_journal_that_another_attempt_has_just_replaced_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = _store(tmp_path, points(3))
    store.open_journal().close()

    def vanished(_journal: JournalReader) -> None:
        raise FileNotFoundError(errno.ENOENT, "No such file or directory")

    monkeypatch.setattr(JournalReader, "read", vanished)
    assert len(store.recover().to_run) == 3


def test_columns_of_a_sealed_batch_are_read_alone(tmp_path: Path) -> None:
    store = _store(tmp_path, points(3))
    _seal(store)
    table = read_sealed_table(store.sealed, FINGERPRINT, ["status", "reason"], key=store.key)
    assert table.column_names == ["status", "reason"]


@pytest.mark.parametrize(
    ("fingerprint", "key", "said"),
    [
        (OTHER_FINGERPRINT, None, "was computed with another fingerprint"),
        (FINGERPRINT, "0" * 40, "holds other points than this batch has"),
    ],
)
def test_a_sealed_batch_of_something_else_is_refused(
    tmp_path: Path, fingerprint: str, key: str | None, said: str
) -> None:
    store = _store(tmp_path, points(3))
    _seal(store)
    with pytest.raises(CampaignError, match=f"{store.sealed} {said}"):
        read_sealed_table(store.sealed, fingerprint, key=key)


# ----- what is no file, and what no launch can have given


@pytest.mark.parametrize("kind", ["pipe", "socket", "folder", "device"])
def test_what_is_no_file_is_passed_over(
    tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    store = _store(tmp_path, points(3))
    _keep(store, range(1))
    names = (f"{'a' * 40}.parquet", f"{'b' * 40}.h.1.x.journal", f"{store.key}.h.1.x.journal")
    for name in names:
        make_special(store.folder / name, kind)
    assert store.recover().to_run.tolist() == [1, 2]
    for name in names:
        assert f"{store.folder / name} is a {kind}, where a file should be" in caplog.text


@pytest.mark.parametrize("kind", ["pipe", "folder"])
def test_a_batch_whose_sealed_file_is_no_file_is_refused_with_the_remedy(
    tmp_path: Path, kind: str
) -> None:
    store = _store(tmp_path, points(3))
    make_special(store.sealed, kind)
    with pytest.raises(NotAFileError, match=rf"remove it \(rm -r {store.sealed}\)"):
        store.recover()


def test_a_sealed_file_of_another_batch_is_put_aside(tmp_path: Path) -> None:
    store, other = _store(tmp_path, points(3)), _store(tmp_path, points(3, start=3))
    _seal(other)
    store.sealed.write_bytes(other.sealed.read_bytes())
    assert store.recover({store.key, other.key}).to_run.tolist() == [0, 1, 2]
    assert not store.sealed.exists()


@pytest.mark.parametrize("where", ["journal", "sealed", "sealed file of another batch"])
def test_a_good_row_that_6sv_cannot_have_given_is_run_again(tmp_path: Path, where: str) -> None:
    store = _store(tmp_path, points(3))
    numbers = list(good_result(1).quantities)
    numbers[QUANTITY_NAMES.index(SPHERICAL_ALBEDO)] = 1645144273.0
    impossible = Result(Status.OK, 1, 0.25, tuple(numbers))
    if where == "journal":
        journal = store.open_journal()
        journal.append(store.values[0], good_result(0))
        journal.append(store.values[1], impossible)
        journal.close()
        assert store.recover().to_run.tolist() == [1, 2]
        return
    records = Records(store.values)
    for row, result in enumerate((good_result(0), impossible, good_result(2))):
        records.enter(row, result)
    store.seal(records)
    values = points(3) if where == "sealed" else points(2)
    assert len(_store(tmp_path, values).recover().to_run) == len(values)


# ----- publishing


def test_the_output_of_a_batch_is_a_hard_link(tmp_path: Path) -> None:
    store = _store(tmp_path, points(3))
    _seal(store)
    output = tmp_path / "results" / "00000.parquet"
    store.publish(output)
    assert output.samefile(store.sealed)
    assert output.stat().st_nlink == 2


def test_the_output_of_a_batch_is_a_copy_where_links_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object) -> None:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    store = _store(tmp_path, points(3))
    _seal(store)
    monkeypatch.setattr(os, "link", refuse)
    store.publish(tmp_path / "out.parquet")
    assert not (tmp_path / "out.parquet").samefile(store.sealed)
    assert (tmp_path / "out.parquet").read_bytes() == store.sealed.read_bytes()


def test_an_output_that_snakemake_deleted_is_made_again_from_the_store(tmp_path: Path) -> None:
    store = _store(tmp_path, points(3))
    _seal(store)
    output = tmp_path / "out.parquet"
    for _ in range(2):
        store.publish(output)
        output.unlink()
    assert store.sealed.exists()
    store.publish(output)
    assert len(read_sealed(output, FINGERPRINT).status) == 3


@pytest.mark.parametrize("before", ["the same link", "another file"])
def test_an_output_that_is_there_is_replaced(tmp_path: Path, before: str) -> None:
    store = _store(tmp_path, points(3))
    _seal(store)
    output = tmp_path / "out.parquet"
    if before == "another file":
        output.write_text("old")
    else:
        store.publish(output)
    store.publish(output)
    assert output.samefile(store.sealed)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["out.parquet", "store"]


def test_publishing_leaves_the_time_of_the_stored_file_alone(tmp_path: Path) -> None:
    # It may be linked into another campaign, whose LUT would look out of date.
    store = _store(tmp_path, points(3))
    _seal(store)
    os.utime(store.sealed, (1, 1))
    store.publish(tmp_path / "out.parquet")
    assert store.sealed.stat().st_mtime == 1


# ----- keys


def test_the_key_of_a_batch_is_that_of_its_content() -> None:
    assert batch_key(points(5)) == batch_key(np.asfortranarray(points(5)))
    keys = {batch_key(points(n, start)) for n in range(1, 6) for start in range(4)}
    assert len(keys) == 20
    assert batch_key(points(5)) != batch_key(points(5)[::-1])


def test_negative_zero_does_not_change_the_key() -> None:
    assert batch_key(points(5, alti=-0.0)) == batch_key(points(5, alti=0.0))
