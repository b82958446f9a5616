"""What the wrappers of SLURM's commands make of its answers, where no SLURM is needed to tell."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from sixsv_lut.cluster import slurm
from sixsv_lut.cluster.patience import NoAnswerError
from sixsv_lut.cluster.records import Job, Records, failed_jobs
from sixsv_lut.cluster.runs import ACCOUNT, FOLDER, PROFILE, PYTHON, RUN, Run
from sixsv_lut.cluster.scheduler import Seen
from sixsv_lut.cluster.slurm import LASTING, PASSING, Slurm
from sixsv_lut.cluster.slurm_wrappers import states
from sixsv_lut.cluster.task import Task, describe_failed
from sixsv_lut.variables import SNAKEMAKE_PID

BIN = Path(__file__).resolve().parents[2] / "profiles" / "slurm" / "bin"

WRAPPED = (
    "python -m snakemake --snakefile Snakefile --target-jobs "
    "'simulate:band=Oa03,digest=0123456789ab,batch=00001' "
    "'simulate:digest=0123456789ab,batch=00000,band=Oa03' --allowed-rules simulate --cores 2"
)


class AnsweringSlurm(Slurm):
    """A SLURM that answers these lines: id, state, reason, node, name."""

    lines: tuple[str, ...] | None = ()
    accounting = False

    def list_jobs(self) -> list[Seen]:
        if self.lines is None:
            raise NoAnswerError("down")
        return [slurm._seen(*f"{line}||||".split("|")[:5]) for line in self.lines]

    def look_up(self, identifiers: object) -> tuple[list[Seen], bool]:
        return [], True


class Site:
    """The records of a campaign, and what SLURM answers."""

    def __init__(self, folder: Path) -> None:
        self.records = Records(folder)
        self.records.folder.mkdir(parents=True)
        self.records.begin(remove_logs=False)
        self.scheduler = AnsweringSlurm(self.records)

    def submitted(self, *jobs: str) -> None:
        for job in jobs:
            member = f"simulate:batch={job}"
            self.records.append(Job(f"n{job}", job, member, [member], run="1-1", time=1.0))

    def told(self, *lines: str) -> dict[str, str]:
        self.scheduler.lines = lines
        return states(self.records, self.scheduler)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setenv(RUN, "1-1")
    monkeypatch.delenv(SNAKEMAKE_PID, raising=False)
    return Site(tmp_path / "olci" / "cluster")


def test_jobs_are_named_whatever_the_order_of_their_wildcards() -> None:
    assert Task(WRAPPED).members == [
        "simulate:band=Oa03,batch=00000,digest=0123456789ab",
        "simulate:band=Oa03,batch=00001,digest=0123456789ab",
    ]


def test_consolidation_of_another_configuration_is_another_job() -> None:
    wrapped = (
        "snakemake --target-jobs 'consolidate:band=Oa03' --wait-for-files .snakemake/tmp.{} {}"
    )
    one, again, other = (
        Task(wrapped.format(*names)) for names in (("a", "1/0"), ("b", "1/0"), ("c", "2/0"))
    )
    assert one.members == other.members
    assert one.inputs == again.inputs != other.inputs


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("COMPLETED", "COMPLETED"),
        ("CANCELLED", "CANCELLED"),
        ("TIMEOUT", "TIMEOUT"),
        ("OUT_OF_MEMORY", "OUT_OF_MEMORY"),
        ("RUNNING", "RUNNING"),
        ("REQUEUED", "REQUEUED"),
        ("COMPLETING", "COMPLETING"),
        ("UNKNOWN", None),
    ],
)
def test_states(site: Site, state: str, told: str | None) -> None:
    site.submitted("7")
    assert site.told(f"7|{state}|").get("7") == told


@pytest.mark.parametrize("state", ["PREEMPTED", "NODE_FAIL", "BOOT_FAIL"])
def test_an_end_that_may_be_queued_again_is_believed_the_second_time(
    site: Site, state: str
) -> None:
    site.submitted("7")
    for seen in (state, "PENDING", state):
        assert site.told(f"7|{seen}|") == ({"7": seen} if seen == "PENDING" else {})
    assert site.told(f"7|{state}|")["7"] in ("FAILED", "BOOT_FAIL")


def test_a_forgotten_job_left_its_exit_code(site: Site) -> None:
    site.submitted("7", "8", "9")
    (site.records.exits / "n7").write_text("0\n")
    (site.records.exits / "n8").write_text("1\n")
    assert site.told() == {"7": "COMPLETED", "8": "FAILED"}
    # And what was told once is told again.
    assert site.told() == {"7": "COMPLETED", "8": "FAILED"}
    site.scheduler.vanished_seconds = 0.0
    assert site.told()["9"] == "FAILED"


def test_a_job_that_is_held_for_ever_is_cancelled_and_has_failed(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    deleted: list[str] = []
    monkeypatch.setattr(site.scheduler, "delete", lambda jobs, _patience: deleted.extend(jobs))
    site.submitted("7")
    assert site.told("7|PENDING|launch failed requeued held|") == {"7": "FAILED"}
    assert deleted == ["7"]


def test_silence_is_no_news(site: Site) -> None:
    site.submitted("7")
    site.scheduler.lines = None
    assert states(site.records, site.scheduler) == {}
    states(site.records, site.scheduler)
    assert (site.records.folder / "messages.log").read_text().count("does not answer") == 1


@pytest.mark.parametrize(
    "words",
    [
        "Batch job submission failed: Unable to contact slurm controller (connect failure)",
        "Batch job submission failed: Socket timed out on send/recv operation",
        "Batch job submission failed: Resource temporarily unavailable",
        "Slurm temporarily unable to accept job, sleeping and retrying",
        "AssocMaxSubmitJobLimit",
        "Batch job submission failed: Zero Bytes were transmitted or received",
    ],
)
def test_refusals_that_pass(words: str) -> None:
    assert PASSING.search(words)
    assert not LASTING.search(words)


@pytest.mark.parametrize(
    "words",
    [
        "Batch job submission failed: Invalid account or account/partition combination specified",
        "Batch job submission failed: Requested node configuration is not available",
        "invalid partition specified: nowhere",
        "Batch job submission failed: Requested time limit is invalid (missing or too long)",
        "unrecognized option '--licence=sps'",
        "Batch job submission failed: Invalid license specification",
    ],
)
def test_refusals_that_last(words: str) -> None:
    assert LASTING.search(words)


def test_failures_name_reason_and_logs(site: Site, tmp_path: Path) -> None:
    log = tmp_path / "7.log"
    log.write_text("said")
    task = Task(WRAPPED)
    batch = tmp_path / "olci/logs/simulate/Oa03-0123456789ab/00000.log"
    batch.parent.mkdir(parents=True)
    batch.write_text("said")
    job = Job("a", "7", "", task.members, log=str(log))
    site.records.settle(job, "TIMEOUT", "TimeLimit", "n1")
    text = describe_failed(site.records, failed_jobs(site.records.jobs().values()))
    assert "job 7: TIMEOUT (TimeLimit) on n1" in text
    assert str(log) in text
    assert str(batch) in text
    site.records.settle(Job("b", "8", "", task.members), "COMPLETED")
    assert failed_jobs(site.records.jobs().values()) == []


def test_no_job_sees_the_wrappers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(PROFILE, str(tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.defpath}")
    assert slurm.environment()["PATH"] == os.defpath


def wrapper(name: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": f"{BIN}:{os.defpath}", **variables}
    command = [name, *arguments]
    return subprocess.run(
        command, env=environment, executable=BIN / name, capture_output=True, text=True, check=False
    )


def test_what_cannot_matter_is_answered_without_slurm() -> None:
    assert "MinJobAge" in wrapper("scontrol", "show", "config").stdout
    assert wrapper("sacct", "-nu", "me", "-o", "Account%256").stdout == "none\n"
    account = wrapper("sacctmgr", "-n", "show", "user", "me", **{ACCOUNT: "ours"})
    assert account.stdout == "ours\n"


def test_nothing_is_submitted_for_a_run_that_was_stopped(site: Site) -> None:
    site.records.mark_stopped(Run("1-1"))
    variables = {FOLDER: str(site.records.folder), RUN: "1-1", PYTHON: "/nonexistent"}
    done = wrapper("sbatch", "--wrap=snakemake --target-jobs a:b=1", **variables)
    assert done.returncode == 1
    assert "not submitted: the run was stopped" in done.stderr
