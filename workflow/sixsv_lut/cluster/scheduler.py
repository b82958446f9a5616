"""What can be asked of a scheduler, whichever it is; `slurm` and `pbs` know how."""

from __future__ import annotations

import contextlib
import os
import shlex
import stat
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sixsv_lut.cluster.patience import NoAnswerError
from sixsv_lut.cluster.records import Job, Records
from sixsv_lut.variables import SNAKEMAKE_PID


@dataclass(frozen=True)
class Answer:
    """How a command of the scheduler ended."""

    code: int
    out: str
    err: str

    @property
    def words(self) -> str:
        """What it said, in one line."""
        return " ".join((self.err.strip() or self.out.strip()).split())


@dataclass(frozen=True)
class Refusal:
    """What the refusal of a submission means.

    Attributes
    ----------
    lasts : bool
        It never passes.
    passes : bool
        It is known to pass.
    not_taken : bool
        The job is certainly not in the queue.
    misses_others : bool
        A job that this one was to wait for may have ended.
    advice : str
        What a person should know, or should change.
    """

    lasts: bool
    passes: bool
    not_taken: bool = False
    misses_others: bool = False
    advice: str = ""


@dataclass(frozen=True)
class Seen:
    """What the scheduler tells of one job.

    Attributes
    ----------
    identifier : str
        Its id.
    state : str
        In the scheduler's own word; empty where it was not asked for.
    ended, succeeded : bool
        Whether it has ended, and well.
    reason : str
        Why not, in the scheduler's words where there are any.
    node : str
        Where it runs or ran; empty where that is not told.
    name : str
        The name under which it was submitted here; empty where that is not told.
    ending : bool
        It is about to end, so nothing is gained by waiting for it.
    may_start_again : bool
        An end after which the scheduler may queue it again, a moment later.
    never_starts : bool
        It is held for ever, because it could not be started.
    not_started : bool
        Its script was never run by the start that ended it.
    held_by : str
        Who holds it: ``owner``, ``operator``, ``system``, or nobody.
    attributes : dict
        All that was told of it, by names in small letters.
    """

    identifier: str
    state: str = ""
    ended: bool = False
    succeeded: bool = False
    reason: str = ""
    node: str = ""
    name: str = ""
    ending: bool = False
    may_start_again: bool = False
    never_starts: bool = False
    not_started: bool = False
    held_by: str = ""
    attributes: dict[str, str] = field(default_factory=dict)


class Scheduler(ABC):
    """A scheduler, by its commands, for one campaign.

    Its questions raise NoAnswerError when the scheduler does not tell.

    Parameters
    ----------
    records : Records
        The records of the campaign.
    patience : float
        Seconds after which a command is given up.
    """

    # For people, in records, and the command that submits.
    name: str
    kind: str
    submit_command: str
    # Whether Snakemake keeps what commands print to itself.
    captured = False
    # Seconds before a refused submission is tried again: the first time, and at most.
    first_wait = 5.0
    longest_wait = 300.0
    # How long a job must be missing from the answers before it is given up; it is missed twice at
    # least, because its last word may be on the way through the file system.
    vanished_seconds = 0.0
    # How old a list of jobs may be in which a job is found.
    fresh_seconds = 10.0
    # A failure to answer that is over so soon is nobody's concern.
    short_outage_seconds = 0.0

    def __init__(self, records: Records, patience: float) -> None:
        self.records = records
        self.patience = patience

    def say(self, message: str) -> None:
        """Tell the user, in a file and on the terminal."""
        with contextlib.suppress(OSError), (self.records.folder / "messages.log").open("a") as file:
            file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {message}\n")
        line = f"[{self.name}] {message}"
        with contextlib.suppress(OSError):
            if not self.captured:
                print(line, file=sys.stderr, flush=True)
            elif SNAKEMAKE_PID in os.environ:
                # Where Snakemake's own messages go; not into a file, in which both would
                # overwrite each other.
                path = Path(f"/proc/{os.environ[SNAKEMAKE_PID]}/fd/2")
                if not stat.S_ISREG(path.stat().st_mode):
                    with path.open("a") as terminal:
                        terminal.write(f"{line}\n")

    def ask(
        self,
        *command: str,
        patience: float | None = None,
        text: str = "",
        environment: Mapping[str, str] | None = None,
    ) -> Answer:
        """Run one of its commands, with a text as input.

        Raises
        ------
        NoAnswerError
            It did not end in time, or is not there.
        """
        patience = patience or self.patience
        try:
            done = subprocess.run(
                command,
                env=environment,
                input=text,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=patience,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise NoAnswerError(f"{command[0]} did not come back in {patience:.0f} s") from None
        except OSError as error:
            raise NoAnswerError(
                f"{command[0]}: {error.strerror} (is {self.name} on the PATH of this machine?)"
            ) from None
        return Answer(done.returncode, done.stdout, done.stderr)

    # --- jobs that are there ---

    @abstractmethod
    def list_jobs(self) -> list[Seen]:
        """List the user's jobs that have not ended, by one cheap query; maybe ended ones, too."""

    def list_anew(self) -> list[Seen]:
        """List the jobs, and keep in the records which have not ended."""
        asked = time.time()
        seen = self.list_jobs()
        live = [one for one in seen if not one.ended]
        ending = [one.identifier for one in live if one.ending]
        self.records.write_live(asked, [one.identifier for one in live], ending)
        return seen

    @abstractmethod
    def look_up(self, identifiers: Sequence[str]) -> tuple[list[Seen], bool]:
        """Ask for single jobs, and whether those of which nothing is told are gone for good."""

    @abstractmethod
    def find_submitted(self, job: Job, known: Collection[str]) -> str:
        """Give the id of a job whose submission was cut short; empty if it was never taken.

        Parameters
        ----------
        job : Job
            The job.
        known : collection of str
            Numbers of jobs that are others.
        """

    @abstractmethod
    def delete(self, identifiers: Collection[str], patience: float | None = None) -> None:
        """Cancel jobs; those that are gone already are no error."""

    # --- submissions ---

    def command(self, job: Job) -> str:
        """Give the command that submits a job, as a person would type it."""
        return shlex.join([self.submit_command, *job.options])

    @abstractmethod
    def options(self, job: Job, after: Collection[str]) -> list[str]:
        """Complete a job's options: its name, its log, and the jobs that must end before it."""

    @abstractmethod
    def submit(self, job: Job, script: str) -> Answer:
        """Hand in a job with the text of its script; without an answer it may have been taken."""

    @abstractmethod
    def identifier_in(self, text: str) -> str:
        """Find the job's id in what the submission printed; empty if there is none."""

    @abstractmethod
    def judge(self, refused: Answer, tries: int) -> Refusal:
        """Say what a refusal means, after so many earlier ones that were not known to pass."""
