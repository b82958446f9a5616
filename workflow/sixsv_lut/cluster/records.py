"""What is kept on disk about the cluster jobs of a campaign, in ``results/<campaign>/cluster/``.

``jobs.jsonl``       what was submitted, found again, how it ended; the last line of a name counts
``messages.log``     what the user was told
``scheduler``        which scheduler has the jobs, and the folder of its profile
``exit/<name>``      written by the job itself: ``started <node>``, then its exit code
``state/NN/<id>``    ``success`` or ``failed``: all that the status command of PBS reads
``stopped``          runs that were stopped by the user or ended in order
``runs/<run>``       runs on PBS whose jobs are still to be seen to
``live``             what the scheduler said last: when, and the ids of the jobs that it has
``turn``             when the last submission was due
``watch.json``       what SLURM's answers are compared with
``watcher.<host>``   the process that asks PBS
``logs/NNN/``        logs of PBS jobs, a hundred to a folder
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import time
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from sixsv_lut.cluster.runs import Run, this_host
from sixsv_lut.files import atomic_write, locked

# How jobs end; for other ends SLURM's words are kept. STOPPED is an end on the user's wish.
COMPLETED, FAILED, REFUSED, STOPPED = "COMPLETED", "FAILED", "REFUSED", "STOPPED"

_KEEP_SECONDS = 30 * 86400
_JOBS_TO_A_FOLDER = 100


def number_of(identifier: str) -> str:
    """Give the number of a job's id: the server's name is not written the same everywhere."""
    return identifier.partition(".")[0]


@dataclass(frozen=True)
class Job:
    """A cluster job.

    Attributes
    ----------
    name : str
        Names its files; unique in its campaign.
    identifier : str
        Its id in the scheduler; empty where it was handed in and what came of it was never heard.
    title : str
        What it does, for people.
    members : list of str
        The Snakemake jobs in it.
    inputs : str
        Hash of its input files' names.
    outputs : list of str
        Its output files, where Snakemake tells them.
    options : list of str
        Of the command that submits it.
    request : str
        What it asks for, but for amounts, which grow from one attempt to the next.
    amounts : list of float
        Cores, memory in MB and minutes of walltime; empty where these are part of `request`.
    log : str
        Where the scheduler puts what it prints; ``%j`` stands for the id.
    script : str
        The file with its script, if it is kept.
    run : str
        The run of Snakemake that waits for it.
    time : float
        When it was submitted, in seconds since 1970.
    cancelled : bool
        Whether it was cancelled on the user's wish.
    handle : str
        The id by which Snakemake knows it, where a later start has another one.
    failed_starts : list of str
        The node of each start that never came to run its script; empty where that was not told.
    state, reason, node : str
        How, why and where it ended; an empty state while that is not known.
    """

    name: str
    identifier: str
    title: str
    members: list[str] = field(default_factory=list)
    inputs: str = ""
    outputs: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)
    request: str = ""
    amounts: list[float] = field(default_factory=list)
    log: str = ""
    script: str = ""
    run: str = ""
    time: float = 0.0
    cancelled: bool = False
    handle: str = ""
    failed_starts: list[str] = field(default_factory=list)
    state: str = ""
    reason: str = ""
    node: str = ""

    @property
    def known_as(self) -> str:
        """The id by which Snakemake knows it."""
        return self.handle or self.identifier

    @property
    def made(self) -> bool:
        """Whether its outputs are known, and all there."""
        return bool(self.outputs) and all(Path(path).exists() for path in self.outputs)

    def taken_as(self, identifier: str) -> Job:
        """Give the job with the id that the scheduler gave it."""
        log = self.log.replace("%j", identifier)
        return replace(self, identifier=identifier, log=log, time=time.time())

    def asks_for_no_less(self, refused: Job) -> bool:
        """Whether the same run asks for what was refused, and for no less of anything."""
        return (self.run, self.request) == (refused.run, refused.request) and all(
            asked >= too_much for asked, too_much in zip(self.amounts, refused.amounts, strict=True)
        )


def failed_jobs(jobs: Iterable[Job]) -> list[Job]:
    """Give the jobs that failed, and whose work was not done later."""
    last = {member: job for job in jobs if job.state for member in job.members or [job.name]}
    failed = {job.name: job for job in last.values() if job.state not in (COMPLETED, STOPPED)}
    return [job for job in failed.values() if not job.made]


class Live(NamedTuple):
    """What the scheduler said last: when, and the numbers of the jobs that it has."""

    asked: float = 0.0
    numbers: frozenset[str] = frozenset()
    ending: frozenset[str] = frozenset()


def safe_name(text: str) -> str:
    """Make a name that every scheduler takes: ASCII, and the first character a letter."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", text).strip("-_")
    return name if name[:1].isalpha() else f"c{name}"


def campaign_tag(folder: Path) -> str:
    """Name a campaign in the scheduler, by the folder of its results: all its jobs are called that.

    Old versions of PBS take 15 characters.
    """
    digest = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:6]
    return f"{safe_name(folder.name)[:8]}-{digest}"


class Records:
    """The records of one campaign.

    Parameters
    ----------
    folder : Path
        The folder ``cluster`` of the campaign's results.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tag = campaign_tag(folder.absolute().parent)
        self.table = folder / "jobs.jsonl"
        self.exits = folder / "exit"
        self.states = folder / "state"
        self.runs_folder = folder / "runs"
        self.logs = folder / "logs"
        self.live_file = folder / "live"
        self.stopped_file = folder / "stopped"
        self.watcher_file = folder / f"watcher.{this_host()}"

    # --- runs ---

    def begin(self, *, remove_logs: bool) -> None:
        """Prepare for a new run of Snakemake: forget what no later one needs.

        Parameters
        ----------
        remove_logs : bool
            Whether logs of jobs that ended well are removed.
        """
        for path in (self.exits, self.states, self.runs_folder, self.logs):
            path.mkdir(parents=True, exist_ok=True)
        if remove_logs:
            # The scheduler may have brought some after the last run had ended.
            self.remove_logs()
        with self._table_locked():
            jobs = self.jobs().values()
            failed = failed_jobs(jobs)
            kept = [job for job in jobs if not job.state or job in failed or self.is_unheard(job)]
            with atomic_write(self.table) as temporary:
                temporary.write_text("".join(map(_as_line, kept)))
        open_jobs = {job.name for job in kept if not job.state}
        for path in self.exits.iterdir():
            if path.name not in open_jobs:
                path.unlink(missing_ok=True)
        old = time.time() - _KEEP_SECONDS
        for path in (*self.states.glob("*/*"), *self.logs.glob("*/*")):
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < old:
                    path.unlink()

    def remove_logs(self) -> None:
        """Remove the logs of jobs that ended well."""
        for job in self.jobs().values():
            if job.state == COMPLETED and job.log:
                Path(job.log).unlink(missing_ok=True)

    def add_run(self, run: Run) -> None:
        """Note a run, so that its jobs are seen to when it has ended."""
        (self.runs_folder / run.key).touch()

    def runs(self) -> list[Run]:
        """List the runs on this machine that have not been seen off."""
        runs = [Run(path.name) for path in self.runs_folder.iterdir()]
        return [run for run in runs if run.host == this_host()]

    def forget(self, run: Run) -> None:
        """Strike a run off."""
        (self.runs_folder / run.key).unlink(missing_ok=True)

    def mark_stopped(self, run: Run) -> None:
        """Let no more submission of a run go through, and no job of it be waited for."""
        with self.stopped_file.open("a") as file:
            file.write(f"{run.key}\n")

    def is_stopped(self, run: str) -> bool:
        """Whether a run was stopped by the user, or ended in order: a killed one was not."""
        return run in read_text(self.stopped_file).split("\n")

    def note_scheduler(self, kind: str, profile: Path) -> None:
        """Note which scheduler has the jobs, and the folder of its profile."""
        path, text = self.folder / "scheduler", f"{kind} {profile.absolute()}\n"
        if read_text(path) != text:
            path.write_text(text)

    def scheduler(self) -> tuple[str, Path]:
        """Give the scheduler that has the jobs, if one has, and the folder of its profile."""
        kind, _, profile = read_text(self.folder / "scheduler").rstrip("\n").partition(" ")
        return kind, Path(profile)

    # --- jobs ---

    def new_name(self, title: str) -> str:
        """Name a new job."""
        number = self.text().count("\n")
        first = safe_name(title.partition(" ")[0])[:40]
        return f"{int(time.time())}-{os.getpid()}-{number:05d}-{first}"

    def new_log(self, name: str) -> str:
        """Give the path of a new job's log, in a folder that is there."""
        folder = self.logs.absolute() / f"{int(name.split('-')[2]) // _JOBS_TO_A_FOLDER:03d}"
        folder.mkdir(parents=True, exist_ok=True)
        return str(folder / f"{name}.log")

    def append(self, *jobs: Job) -> None:
        """Put a line for each job into the table."""
        with self._table_locked(), self.table.open("a") as file:
            file.write("".join(map(_as_line, jobs)))
            file.flush()
            os.fsync(file.fileno())

    def _table_locked(self) -> contextlib.AbstractContextManager[object]:
        # No line may come between the reading of the table and its replacement.
        return locked(self.folder / "jobs.lock")

    def text(self) -> str:
        """Give the table as it is."""
        return read_text(self.table)

    def jobs(self) -> dict[str, Job]:
        """Read the table: jobs by name, in the order of their submission."""
        found: dict[str, Job] = {}
        for line in self.text().splitlines():
            # A line cut by a full disk or a dying machine tells nothing.
            with contextlib.suppress(ValueError, TypeError):
                job = Job(**json.loads(line))
                ended = found.get(job.name, job)
                if ended.state and not job.state:
                    # Another process has noted it in the meantime: an end is for good.
                    job = replace(job, state=ended.state, reason=ended.reason, node=ended.node)
                found[job.name] = job
        return found

    def open_jobs(self) -> dict[str, Job]:
        """Give the jobs that were taken and are not known to have ended, by name."""
        return {n: job for n, job in self.jobs().items() if job.identifier and not job.state}

    def cancel(self, jobs: Iterable[Job]) -> None:
        """Note that jobs are cancelled on the user's wish."""
        self.append(*(replace(job, cancelled=True) for job in jobs))

    # --- how jobs end ---

    def exit_code(self, name: str) -> int | None:
        """Read what the job wrote itself, None while it has not ended."""
        try:
            return int(read_text(self.exits / name).split()[0])
        except (ValueError, IndexError):
            return None

    def has_started(self, name: str) -> bool:
        """Whether the job's script has run at all."""
        return (self.exits / name).exists()

    def settle(self, job: Job, state: str, reason: str = "", node: str = "") -> Job:
        """Write down how a job ended, where its own word of that was, and give the job as ended."""
        if job.cancelled and state != COMPLETED:
            state = STOPPED
        job = replace(job, state=state, reason=reason, node=node)
        self.append(job)
        if job.identifier:
            with atomic_write(self._state_file(job.known_as)) as temporary:
                temporary.write_text("success\n" if state == COMPLETED else "failed\n")
        (self.exits / job.name).unlink(missing_ok=True)
        return job

    def is_unheard(self, job: Job) -> bool:
        """Whether a job has made its outputs, and Snakemake was not told."""
        if job.state != COMPLETED or job.cancelled or not job.made:
            return False
        return "told" not in read_text(self._state_file(job.known_as))

    def _state_file(self, identifier: str) -> Path:
        # The status command knows this rule too.
        return self.states / number_of(identifier).partition("[")[0][-2:].zfill(2) / identifier

    # --- what the scheduler said last ---

    def write_live(
        self, asked: float, identifiers: Collection[str], ending: Collection[str] = ()
    ) -> None:
        """Keep the list of jobs that the scheduler has, with the time at which it was asked."""
        content = {"asked": asked, "live": sorted(identifiers), "ending": sorted(ending)}
        with atomic_write(self.live_file) as temporary:
            temporary.write_text(json.dumps(content))

    def read_live(self) -> Live:
        """Give the last list of jobs that the scheduler has."""
        try:
            content = json.loads(self.live_file.read_text())
        except (OSError, ValueError):
            return Live()
        live, ending = (frozenset(map(number_of, content[name])) for name in ("live", "ending"))
        return Live(content["asked"], live, ending)

    def seconds_until_turn(self, each_minute: float) -> float:
        """Take the next turn of evenly spaced submissions, and give how long to wait for it."""
        with locked(self.folder / "turn") as file:
            assert file is not None  # it was waited for
            file.seek(0)
            now, last = time.time(), file.read().split()
            turn = max(now, float(last[0]) + 60 / each_minute) if last else now
            file.truncate(0)
            file.write(f"{turn}\n")
        return turn - now


def _as_line(job: Job) -> str:
    return json.dumps(asdict(job), separators=(",", ":")) + "\n"


def read_text(path: Path) -> str:
    """Read a file; give nothing if there is none."""
    try:
        return path.read_text()
    except OSError:
        return ""
