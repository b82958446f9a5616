"""A batch, with a fast stand-in for 6SV: what is launched, what is kept, what is said."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import sixsv_lut.simulate.batch
from sixsv_lut.campaign.recipe import Recipe
from sixsv_lut.errors import CampaignError
from sixsv_lut.simulate.batch import BatchSummary, run_batch
from sixsv_lut.sixsv.report import QUANTITY_NAMES, Status
from sixsv_lut.store.batch_store import BatchStore
from sixsv_lut.store.journal import read_journal
from sixsv_lut.store.records import KnownResults
from sixsv_lut.store.sealed import read_sealed
from unit.support import FakeSixSV, good_result, points, recipe_with, small_disk, write_script

_APPARENT = QUANTITY_NAMES.index("apparent_reflectance")


@pytest.fixture
def fake(tmp_path: Path) -> FakeSixSV:
    return FakeSixSV(tmp_path / "fake")


def _run(
    folder: Path, recipe: Recipe, values: npt.NDArray[np.float64], **changes: Any
) -> BatchSummary:
    options: dict[str, Any] = {"threads": 2, "timeout": 20.0, "retries": 0}
    return run_batch(
        values, recipe, folder / "store", folder / "out.parquet", **(options | changes)
    )


def _result(folder: Path, recipe: Recipe) -> KnownResults:
    return read_sealed(folder / "out.parquet", recipe.fingerprint)


def _put_in_journal(folder: Path, recipe: Recipe, values: Any, rows: range) -> Path:
    store = BatchStore(folder / "store", recipe.fingerprint, values)
    store.make_folder()
    journal = store.open_journal()
    for row in rows:
        journal.append(values[row], good_result(row))
    journal.close()
    return journal.path


@pytest.mark.parametrize("threads", [1, 4])
def test_every_point_is_launched_once_and_has_its_own_result(
    tmp_path: Path, fake: FakeSixSV, threads: int
) -> None:
    recipe, values = recipe_with(fake.path), points(12)
    summary = _run(tmp_path, recipe, values, threads=threads)
    assert summary == BatchSummary(rows=12, recovered=0, launched=12, failed=0)
    assert len(set(fake.launches)) == len(fake.launches) == 12
    known = _result(tmp_path, recipe)
    assert np.array_equal(known.values, values)
    assert known.status.tolist() == [Status.OK] * 12
    assert known.quantities[:, _APPARENT] == pytest.approx(values[:, -1] / 1000)


def test_the_same_numbers_are_sealed_whatever_the_threads_and_the_history(
    tmp_path: Path, fake: FakeSixSV
) -> None:
    recipe, values = recipe_with(fake.path), points(10)
    _run(tmp_path / "one", recipe, values, threads=1)
    fake.fail_at(1, 2, 3)
    _run(tmp_path / "other", recipe, values, threads=3)
    fake.fail_at()
    _run(tmp_path / "other", recipe, values, threads=3)
    one, other = (_result(tmp_path / name, recipe) for name in ("one", "other"))
    assert one.values.tobytes() == other.values.tobytes()
    assert one.quantities.tobytes() == other.quantities.tobytes()


def test_a_complete_batch_leaves_one_file_in_the_store(tmp_path: Path, fake: FakeSixSV) -> None:
    recipe, values = recipe_with(fake.path), points(4)
    _run(tmp_path, recipe, values)
    files = [path for path in (tmp_path / "store").rglob("*") if path.is_file()]
    assert files == [BatchStore(tmp_path / "store", recipe.fingerprint, values).sealed]
    assert files[0].samefile(tmp_path / "out.parquet")


def test_a_batch_file_that_was_deleted_is_made_again_without_a_launch(
    tmp_path: Path, fake: FakeSixSV
) -> None:
    recipe, values = recipe_with(fake.path), points(4)
    _run(tmp_path, recipe, values)
    (tmp_path / "out.parquet").unlink()
    assert _run(tmp_path, recipe, values) == BatchSummary(4, recovered=4, launched=0, failed=0)
    assert len(fake.launches) == 4
    assert len(_result(tmp_path, recipe).status) == 4


def test_only_what_is_not_in_a_journal_is_launched(tmp_path: Path, fake: FakeSixSV) -> None:
    recipe, values = recipe_with(fake.path), points(8)
    _put_in_journal(tmp_path, recipe, values, range(5))
    assert _run(tmp_path, recipe, values) == BatchSummary(8, recovered=5, launched=3, failed=0)
    assert sorted(fake.launches) == ["30 90 2.5 0 1 1", "30 90 3 0 1 1", "30 90 3.5 0 1 1"]
    known = _result(tmp_path, recipe)
    assert tuple(known.quantities[4]) == good_result(4).quantities


def test_a_batch_whose_journal_is_complete_is_sealed_without_a_launch(
    tmp_path: Path, fake: FakeSixSV
) -> None:
    recipe, values = recipe_with(fake.path), points(3)
    journal = _put_in_journal(tmp_path, recipe, values, range(3))
    assert _run(tmp_path, recipe, values).launched == 0
    assert fake.launches == []
    assert not journal.exists()
    assert len(_result(tmp_path, recipe).status) == 3


def test_journals_left_by_a_death_just_after_the_sealing_are_removed(
    tmp_path: Path, fake: FakeSixSV
) -> None:
    recipe, values = recipe_with(fake.path), points(3)
    _run(tmp_path, recipe, values)
    journal = _put_in_journal(tmp_path, recipe, values, range(3))
    _run(tmp_path, recipe, values)
    assert not journal.exists()


def test_a_batch_of_other_points_reuses_launches_by_value(tmp_path: Path, fake: FakeSixSV) -> None:
    recipe = recipe_with(fake.path)
    _run(tmp_path, recipe, points(6))
    summary = _run(tmp_path, recipe, points(6, start=2))
    assert summary == BatchSummary(6, recovered=4, launched=2, failed=0)
    assert Counter(fake.launches).most_common(1)[0][1] == 1


def test_results_of_another_recipe_are_not_used(tmp_path: Path, fake: FakeSixSV) -> None:
    values = points(3)
    _run(tmp_path, recipe_with(fake.path), values)
    assert _run(tmp_path, recipe_with(fake.path, aerosol_model=1), values).launched == 3


def test_failed_launches_are_recorded_with_their_reason_and_do_not_stop_the_batch(
    tmp_path: Path, fake: FakeSixSV
) -> None:
    recipe = recipe_with(fake.path)
    fake.fail_at(1, 2)
    assert _run(tmp_path, recipe, points(6)) == BatchSummary(6, 0, launched=6, failed=2)
    known = _result(tmp_path, recipe)
    assert [Status(status).name for status in known.status] == [
        "OK",
        "OK",
        "CRASHED",
        "OK",
        "CRASHED",
        "OK",
    ]
    assert known.reasons[2] == "6SV ended with exit code 3: no luck at 1"
    assert np.isnan(known.quantities[2]).all()


def test_a_failed_launch_is_tried_again_at_once(tmp_path: Path, fake: FakeSixSV) -> None:
    recipe = recipe_with(fake.path)
    fake.fail_at(1)
    assert _run(tmp_path, recipe, points(4), retries=2).launched == 6
    assert Counter(fake.launches)["30 90 1 0 1 1"] == 3
    assert _result(tmp_path, recipe).launches.tolist() == [1, 1, 3, 1]


def test_a_launch_that_succeeds_when_tried_again_is_good(tmp_path: Path) -> None:
    marker = tmp_path / "tried"
    fake = FakeSixSV(tmp_path / "fake", before=f"[ -e {marker} ] || {{ touch {marker}; exit 9; }}")
    recipe = recipe_with(fake.path)
    assert _run(tmp_path, recipe, points(1), retries=1) == BatchSummary(1, 0, launched=2, failed=0)


def test_only_the_failed_launches_of_a_sealed_batch_are_run_again(
    tmp_path: Path, fake: FakeSixSV
) -> None:
    recipe, values = recipe_with(fake.path), points(6)
    fake.fail_at(1, 2)
    _run(tmp_path, recipe, values)
    fake.fail_at(2)
    assert _run(tmp_path, recipe, values) == BatchSummary(6, recovered=4, launched=2, failed=1)
    known = _result(tmp_path, recipe)
    assert known.launches.tolist() == [1, 1, 2, 1, 2, 1]
    assert known.status.tolist() == [0, 0, 0, 0, Status.CRASHED, 0]


@pytest.mark.parametrize(
    ("script", "status", "said"),
    [
        ("exit 0", Status.UNREADABLE, "6SV printed nothing"),
        ("echo garbage", Status.UNREADABLE, "report"),
        ("head -c 9000 {report}", Status.UNREADABLE, "the report stops before"),
        ("cat {stars}", Status.NOT_FINITE, "as **********"),
        ("cat {nan}", Status.NOT_FINITE, "as NaN"),
        ("sed s/0.98050/1.98050/ {report}", Status.UNPHYSICAL, "1.9805 is outside [0, 1]"),
        ("kill -SEGV $$", Status.CRASHED, "SIGSEGV"),
        ("exec sleep 30", Status.TIMEOUT, "did not end within 0.3 s"),
    ],
)
def test_a_launch_without_trustworthy_numbers_is_a_failure_of_its_kind(
    tmp_path: Path, script: str, status: Status, said: str
) -> None:
    reports = Path(__file__).parent / "data" / "reports"
    command = script.format(
        report=reports / "desert-2.1.txt",
        stars=reports / "zenith-91-2.1.txt",
        nan=reports / "zenith-90-2.1.txt",
    )
    recipe = recipe_with(write_script(tmp_path / "6sv", f"#!/bin/sh\n{command}\n"))
    timeout = 0.3 if status is Status.TIMEOUT else 20.0
    assert _run(tmp_path, recipe, points(1), timeout=timeout).failed == 1
    known = _result(tmp_path, recipe)
    assert known.status.tolist() == [status]
    assert said in (known.reasons[0] or "")
    assert np.isnan(known.quantities).all()


def test_an_executable_that_changed_is_refused_before_a_launch(
    tmp_path: Path, fake: FakeSixSV
) -> None:
    recipe = recipe_with(fake.path)
    fake.path.write_text(fake.path.read_text() + "# rebuilt\n")
    with pytest.raises(CampaignError, match=r"has changed since .*: run snakemake again"):
        _run(tmp_path, recipe, points(2))
    assert fake.launches == []


def test_an_executable_that_is_gone_is_named(tmp_path: Path, fake: FakeSixSV) -> None:
    recipe = recipe_with(fake.path)
    fake.path.unlink()
    with pytest.raises(CampaignError) as refusal:
        _run(tmp_path, recipe, points(2))
    assert str(fake.path) in str(refusal.value)
    assert "store" not in str(refusal.value).split(str(fake.path))[0]


def test_a_complete_batch_does_not_need_the_executable(tmp_path: Path, fake: FakeSixSV) -> None:
    recipe = recipe_with(fake.path)
    _run(tmp_path, recipe, points(2))
    (tmp_path / "out.parquet").unlink()
    fake.path.unlink()
    assert _run(tmp_path, recipe, points(2)).recovered == 2


def test_an_executable_that_cannot_start_stops_the_batch_and_keeps_what_was_there(
    tmp_path: Path, fake: FakeSixSV
) -> None:
    recipe, values = recipe_with(fake.path), points(4)
    journal = _put_in_journal(tmp_path, recipe, values, range(2))
    fake.path.chmod(0o644)
    with pytest.raises(CampaignError, match="6SV cannot start"):
        _run(tmp_path, recipe, values)
    assert journal.exists()
    fake.path.chmod(0o755)
    assert _run(tmp_path, recipe, values).recovered == 2


@pytest.mark.parametrize(("flush_seconds", "least", "most"), [(0, 60, 10_000), (3600, 1, 1)])
def test_finished_launches_are_forced_to_disk_as_often_as_asked(
    tmp_path: Path,
    fake: FakeSixSV,
    monkeypatch: pytest.MonkeyPatch,
    flush_seconds: float,
    least: int,
    most: int,
) -> None:
    synced: list[None] = []
    sync = sixsv_lut.store.journal.JournalWriter.sync

    def noted(self: Any) -> None:
        synced.append(None)
        sync(self)

    monkeypatch.setattr(sixsv_lut.store.journal.JournalWriter, "sync", noted)
    _run(tmp_path, recipe_with(fake.path), points(60), flush_seconds=flush_seconds)
    assert least <= len(synced) <= most


def test_two_processes_at_the_same_batch_waste_work_and_corrupt_nothing(tmp_path: Path) -> None:
    fake = FakeSixSV(tmp_path / "fake")
    recipe, values = recipe_with(fake.path), points(20)
    ended: list[BatchSummary] = []

    def work() -> None:
        ended.append(_run(tmp_path, recipe, values, threads=1))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ended) == 3
    known = _result(tmp_path, recipe)
    assert known.status.tolist() == [Status.OK] * 20
    assert known.quantities[:, _APPARENT] == pytest.approx(values[:, -1] / 1000)
    assert not list((tmp_path / "store").rglob("*.damaged-*"))


_PROGRAM = """
import sys
from pathlib import Path
from sixsv_lut.simulate.batch import run_batch
from sixsv_lut.campaign.recipe import read_recipe
from sixsv_lut.host.script import running
from unit.support import points

folder = Path(sys.argv[1])
with running(str(folder / "batch.log")):
    run_batch(points(40), read_recipe(folder / "recipe.json"), folder / "store",
              folder / "out.parquet", threads=2, timeout=60, retries=1, flush_seconds=0.2)
"""


def _start(
    folder: Path, recipe: Recipe, program: str = _PROGRAM, **environment: str
) -> subprocess.Popen[str]:
    recipe.write(folder / "recipe.json")
    return subprocess.Popen(
        [sys.executable, "-c", program, str(folder)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        stderr=subprocess.PIPE,
        text=True,
    )


def _wait_for_launches(fake: FakeSixSV, count: int) -> None:
    end = time.monotonic() + 30
    while len(fake.launches) < count:
        assert time.monotonic() < end, "the batch never came so far"
        time.sleep(0.02)


def _recovered(folder: Path, recipe: Recipe) -> int:
    (journal,) = (folder / "store").rglob("*.journal")
    known = read_journal(journal, recipe.fingerprint)
    assert known is not None
    assert set(known.status.tolist()) <= {Status.OK}
    return len(known.status)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_batch_that_is_told_to_stop_keeps_what_is_finished_and_says_so(
    tmp_path: Path, number: signal.Signals
) -> None:
    fake = FakeSixSV(tmp_path / "fake", before="sleep 0.1")
    recipe = recipe_with(fake.path)
    process = _start(tmp_path, recipe)
    _wait_for_launches(fake, 6)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert f"received {number.name}: stopped with" in said
    assert "Run the same command again to go on from there" in said
    assert "Traceback" not in said
    kept = _recovered(tmp_path, recipe)
    told = re.search(r"with (\d+) of 40 launches done", said)
    assert told is not None
    # One that ended while the others were being stopped is kept too.
    assert 3 <= int(told[1]) <= kept

    launched = len(fake.launches)
    fake_again = FakeSixSV(tmp_path / "fake", before="sleep 0.1")  # the same bytes
    assert _run(tmp_path, recipe, points(40), threads=4).recovered == kept
    assert len(fake_again.launches) - launched == 40 - kept


def test_a_batch_that_is_killed_outright_loses_at_most_what_was_running(tmp_path: Path) -> None:
    fake = FakeSixSV(tmp_path / "fake", before="sleep 0.1")
    recipe = recipe_with(fake.path)
    process = _start(tmp_path, recipe)
    _wait_for_launches(fake, 8)
    process.kill()
    process.communicate()
    kept = _recovered(tmp_path, recipe)
    assert kept >= 4  # what had ended, but for those of the two threads
    assert _run(tmp_path, recipe, points(40), threads=4).recovered == kept


def test_a_batch_ends_when_its_snakemake_is_gone(tmp_path: Path) -> None:
    fake = FakeSixSV(tmp_path / "fake", before="sleep 0.1")
    recipe = recipe_with(fake.path)
    snakemake = subprocess.Popen(["sleep", "60"])
    process = _start(tmp_path, recipe, SIXSV_LUT_SNAKEMAKE_PID=str(snakemake.pid))
    _wait_for_launches(fake, 4)
    assert process.poll() is None
    snakemake.kill()
    snakemake.wait()
    _, said = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "the Snakemake that started this batch is gone" in said
    assert _recovered(tmp_path, recipe) >= 1


def _swap_by_renaming(path: Path, content: bytes) -> None:
    temporary = path.with_suffix(".tmp")
    temporary.write_bytes(content)
    temporary.chmod(0o755)
    temporary.rename(path)


def _overwrite(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _turn_the_link(path: Path, content: bytes) -> None:
    target = path.with_name(f"target-{len(content)}")
    target.write_bytes(content)
    target.chmod(0o755)
    temporary = path.with_suffix(".tmp")
    temporary.symlink_to(target)
    temporary.rename(path)


@pytest.mark.parametrize("change", [_swap_by_renaming, _overwrite, _turn_the_link])
def test_an_executable_that_is_swapped_and_swapped_back_puts_no_foreign_number_in_the_store(
    tmp_path: Path, fake: FakeSixSV, change: Callable[[Path, bytes], None]
) -> None:
    real = fake.path.read_bytes()
    foreign = real.replace(b"view / 1000", b"0.9000000001")
    assert foreign != real
    recipe = recipe_with(fake.path)
    process = _start(tmp_path, recipe)
    _wait_for_launches(fake, 2)
    while process.poll() is None:
        for content in (foreign, real):
            change(fake.path, content)
            time.sleep(0.03)
    process.communicate()
    assert process.returncode == 0
    known = _result(tmp_path, recipe)
    assert known.status.tolist() == [Status.OK] * 40
    assert known.quantities[:, _APPARENT] == pytest.approx(points(40)[:, -1] / 1000)


def _tree(pid: int) -> list[int]:
    """Give a process and all its descendants."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    children = [int(child) for task in tasks for child in task.read_text().split()]
    return [pid, *(one for child in children for one in _tree(child))]


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):  # a launch that has ended since it was listed
        os.kill(pid, number)


def test_a_batch_that_was_suspended_for_longer_than_the_timeout_fails_nothing(
    tmp_path: Path,
) -> None:
    fake = FakeSixSV(tmp_path / "fake", before="sleep 0.2")
    recipe = recipe_with(fake.path)
    program = _PROGRAM.replace("timeout=60, retries=1", "timeout=1, retries=0")
    assert program != _PROGRAM
    process = _start(tmp_path, recipe, program)
    for launches in (2, 8):
        _wait_for_launches(fake, launches)
        process.send_signal(signal.SIGSTOP)
        suspended = _tree(process.pid)
        for pid in suspended[1:]:
            _signal(pid, signal.SIGSTOP)
        time.sleep(2)
        for pid in suspended:
            _signal(pid, signal.SIGCONT)
            time.sleep(0.1)  # the batch runs before its launches do
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert _result(tmp_path, recipe).status.tolist() == [Status.OK] * 40
    assert len(fake.launches) == 40


# ----- disks that take nothing more


def _remount(path: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", path], check=True)


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_full_disk_gives_a_clear_error_and_loses_nothing(tmp_path: Path, fake: FakeSixSV) -> None:
    recipe, values = recipe_with(fake.path), points(60)
    with small_disk(tmp_path / "disk", "32k") as disk:
        options: dict[str, Any] = {"threads": 2, "timeout": 20.0, "retries": 0}
        output = disk / "out.parquet"
        with pytest.raises(CampaignError) as refusal:
            run_batch(values, recipe, disk / "store", output, **options)
        message = str(refusal.value)
        assert "No space left on device" in message
        assert "Make room" in message
        assert "run the same command again: what was finished is kept" in message
        kept = _recovered(disk, recipe)
        assert kept >= 5
        launched = len(fake.launches)

        _remount(disk, "size=4m")
        summary = run_batch(values, recipe, disk / "store", output, **options)
        assert summary.recovered == kept
        assert len(fake.launches) - launched == 60 - kept
        assert read_sealed(output, recipe.fingerprint).status.tolist() == [Status.OK] * 60


def test_a_disk_that_is_full_when_the_batch_is_sealed_loses_nothing(
    tmp_path: Path, fake: FakeSixSV
) -> None:
    recipe, values = recipe_with(fake.path), points(20)
    with small_disk(tmp_path / "disk", "36k") as disk:
        journal = _put_in_journal(disk, recipe, values, range(20))
        before = journal.read_bytes()
        with pytest.raises(CampaignError, match="No space left on device"):
            run_batch(values, recipe, disk / "store", disk / "o", threads=1, timeout=9, retries=0)
        assert journal.read_bytes() == before
        assert list(_files(disk)) == [journal.name]
    assert fake.launches == []


def test_a_read_only_store_gives_a_clear_error_and_loses_nothing(
    tmp_path: Path, fake: FakeSixSV
) -> None:
    recipe, values = recipe_with(fake.path), points(6)
    with small_disk(tmp_path / "disk", "4m") as disk:
        _put_in_journal(disk, recipe, values, range(3))
        before = _files(disk)
        _remount(disk, "ro")
        options: dict[str, Any] = {"threads": 2, "timeout": 20.0, "retries": 0}
        with pytest.raises(CampaignError) as refusal:
            run_batch(values, recipe, disk / "store", tmp_path / "out.parquet", **options)
        assert "Read-only file system" in str(refusal.value)
        assert str(disk / "store") in str(refusal.value)
        assert "then run the same command again: what was finished is kept" in str(refusal.value)
        assert _files(disk) == before
        assert fake.launches == []
        _remount(disk, "rw")
        assert run_batch(values, recipe, disk / "store", tmp_path / "o", **options).recovered == 3


def test_a_store_that_cannot_be_made_gives_a_clear_error(tmp_path: Path, fake: FakeSixSV) -> None:
    (tmp_path / "store").write_text("a file in its place")
    with pytest.raises(CampaignError, match=f"{tmp_path}/store.*: Not a directory"):
        _run(tmp_path, recipe_with(fake.path), points(1))
