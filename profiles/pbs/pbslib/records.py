"""What is kept on disk about the jobs of one working folder, in .snakemake/cluster.

``failed.jsonl``          one JSON object for each job that failed, to be shown at the end
``pbs/jobs.jsonl``        what was submitted, found again, cancelled: appended to
``pbs/exit/<name>``       written by the job itself: ``started <node>``, then its exit code
``pbs/state/NN/<id>``     ``success`` or ``failed``: all that the status command reads
``pbs/refused.jsonl``     requests that PBS will never take, not to be sent again in this run
``pbs/cancelled``         ids that Snakemake wanted to have deleted
``pbs/runs/<host>-<pid>`` one for each Snakemake that runs here
``pbs/refresher.<host>``  process that asks PBS for all of them
``pbs/live``              what it heard last: the time, and the ids of all live jobs
``pbs/logs/NNN/``         logs of cluster jobs, a hundred to a folder

A job has one file in exit, which becomes the one in state, and one log.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from pbslib.scheduler import sequence

ROOT = Path(".snakemake/cluster")
_KEEP_SECONDS = 30 * 86400


def host() -> str:
    """Name this machine."""
    return socket.gethostname()


@dataclass(frozen=True)
class Job:
    """One submission.

    Attributes
    ----------
    name : str
        Names its files; unique in this folder.
    identifier : str
        Its id in PBS; empty where qsub was called and what came of it was never heard.
    tag : str
        Names its campaign in PBS: the job's name there.
    title : str
        What it does, for people.
    members : list of str
        The Snakemake jobs in it.
    inputs : str
        Hash of its input files' names.
    outputs : list of str
        Its output files, where Snakemake tells them.
    log : str
        Where PBS puts what it prints.
    run : str
        The Snakemake that waits for it.
    time : float
        When it was submitted.
    cancelled : bool
        Whether it was deleted on the user's wish.
    options : list of str
        Of qsub.
    script : str
        What PBS was given to run.
    handle : str
        The id by which Snakemake knows it, where a later start has another one.
    failed_starts : list of str
        The node of each start that never came to run its script; empty where PBS did not tell.
    """

    name: str
    identifier: str
    tag: str
    title: str
    members: list[str] = field(default_factory=list)
    inputs: str = ""
    outputs: list[str] = field(default_factory=list)
    log: str = ""
    run: str = ""
    time: float = 0.0
    cancelled: bool = False
    options: list[str] = field(default_factory=list)
    script: str = ""
    handle: str = ""
    failed_starts: list[str] = field(default_factory=list)

    @property
    def known_as(self) -> str:
        """The id by which Snakemake knows it."""
        return self.handle or self.identifier


@dataclass(frozen=True)
class Refusal:
    """A request that PBS will never take.

    Attributes
    ----------
    run : str
        The Snakemake whose job it was; the next one may ask again.
    request : str
        What was asked for, but for amounts.
    amounts : list of float
        Cores, memory in MB and minutes of walltime that were asked for.
    reason : str
        What PBS said, and what to change.
    """

    run: str
    request: str
    amounts: list[float]
    reason: str

    def covers(self, run: str, request: str, amounts: list[float]) -> bool:
        """Whether the same Snakemake asks for the same, and for no less of anything."""
        return (self.run, self.request) == (run, request) and all(
            asked >= refused for asked, refused in zip(amounts, self.amounts, strict=True)
        )


@dataclass(frozen=True)
class Verdict:
    """How a job ended, and whether Snakemake was told."""

    succeeded: bool
    told: bool


@dataclass(frozen=True)
class Run:
    """A Snakemake that runs in this folder."""

    key: str
    host: str
    pid: int
    started: str
    scratch: str

    def lives(self) -> bool:
        """Whether the process is there; a process id alone may be another's by now."""
        return self.host == host() and process_start(self.pid) == self.started

    def ended_in_order(self) -> bool:
        """Whether it ended by itself or was interrupted: a killed one leaves its scratch folder."""
        return not Path(self.scratch).exists()


def process_start(pid: int) -> str:
    """Give what tells a process from a later one of the same id; empty if there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]


class Records:
    """The records of one working folder.

    Parameters
    ----------
    root : Path
        .snakemake/cluster of that folder.
    """

    def __init__(self, root: Path = ROOT) -> None:
        self.failures = root / "failed.jsonl"
        self.folder = root / "pbs"
        self.table = self.folder / "jobs.jsonl"
        self.exits = self.folder / "exit"
        self.states = self.folder / "state"
        self.runs_folder = self.folder / "runs"
        self.logs = self.folder / "logs"
        self.live_file = self.folder / "live"
        self.refusals_file = self.folder / "refused.jsonl"
        self.cancelled_file = self.folder / "cancelled"
        self.refresher_file = self.folder / f"refresher.{host()}"

    def make_folders(self) -> None:
        """Make what is missing."""
        for path in (self.exits, self.states, self.runs_folder, self.logs):
            path.mkdir(parents=True, exist_ok=True)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep others from the table meanwhile, as far as the file system can."""
        with (self.folder / "jobs.lock").open("a") as file:
            with contextlib.suppress(OSError):
                fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def append(self, job: Job) -> None:
        """Put a line into the table; the last one of a name counts."""
        line = json.dumps(asdict(job), separators=(",", ":")) + "\n"
        with self.table.open("a") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())

    def text(self) -> str:
        """Give the table as it is."""
        try:
            return self.table.read_text()
        except FileNotFoundError:
            return ""

    def jobs(self) -> dict[str, Job]:
        """Read the table: jobs by name, in the order of their submission."""
        found: dict[str, Job] = {}
        for line in self.text().splitlines():
            # A line cut by a full disk or a dying machine tells nothing.
            with contextlib.suppress(ValueError, TypeError):
                job = Job(**json.loads(line))
                found[job.name] = job
        return found

    def note_refresher(self) -> None:
        """Note this process as the refresher of this machine."""
        own = f"{os.getpid()}\n"
        with contextlib.suppress(OSError):
            if not self.refresher_file.exists() or self.refresher_file.read_text() != own:
                self.refresher_file.write_text(own)

    def shorten(self, *, remove_logs: bool) -> None:
        """Forget jobs whose end was told, logs of good ones, and files of long ago."""
        for path in (self.refusals_file, self.cancelled_file):
            path.unlink(missing_ok=True)
        with self.locked():
            kept = []
            for job in self.jobs().values():
                verdict = self.verdict(job.known_as) if job.identifier else None
                if verdict is not None and verdict.succeeded and remove_logs and job.log:
                    # PBS may have brought it after the last Snakemake had ended.
                    Path(job.log).unlink(missing_ok=True)
                refused = not job.identifier and job.cancelled
                if not refused and (verdict is None or (verdict.succeeded and not verdict.told)):
                    kept.append(json.dumps(asdict(job), separators=(",", ":")) + "\n")
            fresh = self.table.with_suffix(".new")
            fresh.write_text("".join(kept))
            fresh.replace(self.table)
        names = {json.loads(line)["name"] for line in kept}
        with contextlib.suppress(OSError):
            for path in self.exits.iterdir():
                if path.name not in names:
                    path.unlink(missing_ok=True)
        old = time.time() - _KEEP_SECONDS
        for folder in (self.states, self.logs):
            for path in folder.glob("*/*"):
                with contextlib.suppress(OSError):
                    if path.stat().st_mtime < old:
                        path.unlink()

    # --- how jobs ended ---

    def state_file(self, identifier: str) -> Path:
        """Give the file that says how a job ended; the status command knows this rule too."""
        return self.states / sequence(identifier).partition("[")[0][-2:].zfill(2) / identifier

    def verdict(self, identifier: str) -> Verdict | None:
        """Read how a job ended, None while that is not known."""
        try:
            words = self.state_file(identifier).read_text().split()
        except OSError:
            return None
        if not words or words[0] not in ("success", "failed"):
            return None
        return Verdict(words[0] == "success", "told" in words)

    def exit_code(self, name: str) -> int | None:
        """Read what the job wrote itself, None while it has not ended."""
        try:
            words = (self.exits / name).read_text().split()
            return int(words[0]) if words else None
        except (OSError, ValueError):
            return None

    def has_started(self, name: str) -> bool:
        """Whether the job's script has run at all."""
        return (self.exits / name).exists()

    def settle(self, job: Job, *, succeeded: bool) -> None:
        """Write down how a job ended: the file in exit becomes the one in state."""
        path = self.state_file(job.known_as)
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.parent / f".{path.name}.new"
        fresh.write_text("success\n" if succeeded else "failed\n")
        fresh.replace(path)
        (self.exits / job.name).unlink(missing_ok=True)

    def report_failure(self, job: Job, reason: str) -> None:
        """Add a job to what the user is shown at the end."""
        entry = {
            "job_id": job.identifier,
            "name": job.title,
            "reason": reason,
            "log": job.log,
            "outputs": job.outputs,
            "time": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        }
        self.failures.parent.mkdir(parents=True, exist_ok=True)
        with self.failures.open("a") as file:
            file.write(json.dumps(entry) + "\n")

    # --- what is not to be done again ---

    def remember_refusal(self, refusal: Refusal) -> None:
        """Note a request that PBS will never take."""
        with self.refusals_file.open("a") as file:
            file.write(json.dumps(asdict(refusal)) + "\n")

    def refusals(self) -> list[Refusal]:
        """Give the requests that are known to be refused."""
        found = []
        with contextlib.suppress(OSError):
            for line in self.refusals_file.read_text().splitlines():
                with contextlib.suppress(ValueError, TypeError):
                    found.append(Refusal(**json.loads(line)))
        return found

    def is_cancelled(self, job: Job) -> bool:
        """Whether the job was deleted on the user's wish; the cancel command notes ids only."""
        try:
            words = self.cancelled_file.read_text().split()
        except OSError:
            words = []
        return job.cancelled or job.known_as in words

    # --- what PBS said last ---

    def write_live(self, asked: float, identifiers: list[str]) -> None:
        """Keep the list of live jobs, with the time at which it was asked for."""
        fresh = self.live_file.with_suffix(f".{os.getpid()}")
        fresh.write_text("\n".join([str(asked), *identifiers]) + "\n")
        fresh.replace(self.live_file)

    def read_live(self) -> tuple[float, set[str]]:
        """Give the time of the last list, and the numbers of the jobs in it."""
        try:
            asked, *identifiers = self.live_file.read_text().split()
            return float(asked), {sequence(identifier) for identifier in identifiers}
        except (OSError, ValueError):
            return 0.0, set()

    # --- who runs here ---

    def runs(self) -> list[Run]:
        """List the Snakemakes of this machine that were here and have not been seen off."""
        found = []
        for path in self.runs_folder.iterdir():
            with contextlib.suppress(OSError, ValueError, TypeError):
                run = Run(**json.loads(path.read_text()))
                if run.host == host():
                    found.append(run)
        return found

    def register(self, pid: int, scratch: str) -> tuple[Run, bool]:
        """Note a Snakemake; also says whether it is new here."""
        started = process_start(pid)
        run = Run(f"{host()}-{pid}-{started}", host(), pid, started, scratch)
        path = self.runs_folder / run.key
        if path.exists():
            return run, False
        fresh = path.with_name(f".{path.name}.new")
        fresh.write_text(json.dumps(asdict(run)))
        fresh.replace(path)
        return run, True

    def forget(self, run: Run) -> None:
        """Strike a Snakemake off."""
        (self.runs_folder / run.key).unlink(missing_ok=True)

    def found_again(self, job: Job, run: str) -> Job:
        """Note that another Snakemake waits for a job now."""
        job = replace(job, run=run)
        self.append(job)
        return job
