"""What is kept of cluster jobs, and what ``./jobs`` makes of it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from sixsv_lut.cluster import command
from sixsv_lut.cluster.records import COMPLETED, FAILED, REFUSED, Job, Records, failed_jobs
from sixsv_lut.cluster.runs import Run
from sixsv_lut.processes import process_start


@pytest.fixture
def records(tmp_path: Path) -> Records:
    records = Records(tmp_path / "olci" / "cluster")
    records.folder.mkdir(parents=True)
    records.begin(remove_logs=True)
    return records


def job(name: str, *members: str, state: str = "") -> Job:
    return Job(name, name, name, list(members), state=state)


def test_an_end_is_for_good(records: Records) -> None:
    """A line that another process wrote without knowing of the end does not take it back."""
    one = job("1", "a")
    records.append(one)
    records.settle(one, COMPLETED)
    records.append(replace(one, run="next"))
    assert records.jobs()["1"].state == COMPLETED
    assert records.jobs()["1"].run == "next"


def test_a_line_that_was_cut_is_passed_over(records: Records) -> None:
    records.append(job("1", "a"))
    with records.table.open("a") as file:
        file.write('{"name": "2", "ident')
    assert list(records.jobs()) == ["1"]


def test_failures_are_those_whose_work_was_not_done_later(tmp_path: Path) -> None:
    jobs = [job("1", "a", state=FAILED), job("2", "b", state=FAILED), job("3", "c", state=REFUSED)]
    assert failed_jobs(jobs) == jobs
    assert failed_jobs([*jobs, job("4", "a", "b", state=COMPLETED)]) == [jobs[2]]
    (tmp_path / "made").touch()
    made = replace(jobs[2], outputs=[str(tmp_path / "made")])
    assert failed_jobs([made]) == []


def test_a_new_run_forgets_what_is_done_and_keeps_what_is_open(records: Records) -> None:
    for one in (job("1", "a"), job("2", "b"), job("3", "c")):
        records.append(one)
        (records.exits / one.name).write_text("started\n")
    records.settle(job("2", "b"), COMPLETED)
    records.settle(job("3", "c"), FAILED, "why")
    (records.exits / "2").write_text("0\n")
    records.begin(remove_logs=True)
    assert list(records.jobs()) == ["1", "3"]
    assert [path.name for path in records.exits.iterdir()] == ["1"]


def test_submissions_take_turns(records: Records) -> None:
    waits = [records.seconds_until_turn(60) for _ in range(3)]
    assert waits[0] == pytest.approx(0, abs=0.5)
    assert waits[2] - waits[1] == pytest.approx(1, abs=0.5)


def test_a_run_lives_as_long_as_its_process() -> None:
    assert Run.of_process(1).lives
    assert not Run(f"{Run.of_process(1).key}0").lives
    assert not Run("elsewhere-1-1").lives
    assert not Run("").lives
    assert process_start(2**22 + 1) == ""


def test_jobs_of_a_campaign_that_was_never_on_a_cluster(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["show", str(tmp_path)]) == 1
    assert "no cluster job of this campaign was submitted" in capsys.readouterr().err


def test_failed_jobs_are_shown_with_reason_and_log(
    records: Records, capsys: pytest.CaptureFixture[str]
) -> None:
    log = records.folder / "7.log"
    log.touch()
    records.settle(
        replace(job("7", "simulate:batch=1"), log=str(log)), "TIMEOUT", "TimeLimit", "n1"
    )
    assert command.main(["failed", str(records.folder.parent)]) == 0
    shown = capsys.readouterr().out
    assert "job 7: TIMEOUT (TimeLimit) on n1" in shown
    assert f"log: {log}" in shown


@pytest.mark.parametrize("module", ["slurm_wrappers", "pbs_submit", "pbs_watcher"])
def test_what_a_submission_starts_is_light(module: str) -> None:
    """It imports Python's standard library, and nothing else from outside."""
    code = (
        f"import sys, sixsv_lut.cluster.{module}\n"
        "known = {*sys.stdlib_module_names, 'sixsv_lut', '__main__', '_distutils_hack'}\n"
        "top = {name.partition('.')[0] for name in sys.modules}\n"
        "print(*(name for name in top - known if not name.startswith('__editable__')))"
    )
    command = [sys.executable, "-s", "-P", "-c", code]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.split() == []
