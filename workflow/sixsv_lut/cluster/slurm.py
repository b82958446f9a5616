"""SLURM: its commands, what they answer, and what its words mean."""

from __future__ import annotations

import getpass
import os
import re
from collections.abc import Collection, Sequence
from pathlib import Path

from sixsv_lut.cluster.patience import NoAnswerError
from sixsv_lut.cluster.records import COMPLETED, FAILED, Job, Records
from sixsv_lut.cluster.runs import PROFILE
from sixsv_lut.cluster.scheduler import Answer, Refusal, Scheduler, Seen

# Snakemake's plugin waits 60 s for an answer, and gives its jobs up without one.
_QUERY_SECONDS = 40.0
_SUBMIT_SECONDS = 120.0
_ACCOUNTING_SECONDS = 10.0
# A refusal in unknown words is tried again so often.
_UNKNOWN_REFUSALS = 8

# States of ended jobs. Source: squeue(1), "JOB STATE CODES".
ENDED = frozenset(
    {
        COMPLETED,
        "BOOT_FAIL",
        "CANCELLED",
        "DEADLINE",
        FAILED,
        "NODE_FAIL",
        "OUT_OF_MEMORY",
        "PREEMPTED",
        "TIMEOUT",
    }
)
# States that SLURM shows for a moment before it queues the job again.
_MAYBE_QUEUED_AGAIN = frozenset({"BOOT_FAIL", "NODE_FAIL", "PREEMPTED"})
# A job that waits for a person: it will never start by itself.
_HELD_FOR_EVER = ("launch failed requeued held", "launch_failed_requeued_held")

# sbatch's words for what passes: SLURM down, overloaded, or full.
PASSING = re.compile(
    r"unable to contact|connect|timed out|did not come back|temporarily|try again|zero bytes|"
    r"authentication|munge|credential|socket|transport|communication|configuration source|"
    r"standby|not responding|in maintenance|limit on (the )?number|job submit limit|"
    r"MaxSubmitJob|MaxJobCount|maximum number of (jobs|submi)|rate limit|too many|"
    r"reservation .*(not|un)usable|nodes? (are )?busy|database",
    re.IGNORECASE,
)
# sbatch's words for what never passes, whatever else they say.
LASTING = re.compile(
    r"invalid (account|partition|qos|wckey|license|time|job array|feature|generic|node|user|"
    r"constraint|depend|reservation|.*specif)|not available$|configuration is not available|"
    r"unrecognized option|invalid option|permission|not permitted|requested time limit|"
    r"(memory|processor|node|cpu).*(can ?not|can't|more|exceed)|no such file|unable to open",
    re.IGNORECASE,
)
_ADVICE = (
    "look at default-resources in profile.yaml (account, partition, other options), and at the "
    "walltime and memory that the partition gives"
)
_ID = re.compile(r"^(\d+)(;\S*)?$", re.MULTILINE)
_FIELDS = "%i|%T|%r|%N|%k"


def environment() -> dict[str, str]:
    """Give the environment with the PATH that leads to the real commands, for them and for jobs."""
    wrappers = Path(os.environ.get(PROFILE, "/nonexistent"), "bin").resolve()
    paths = os.environ.get("PATH", os.defpath).split(os.pathsep)
    kept = [path for path in paths if path and Path(path).resolve() != wrappers]
    return {**os.environ, "PATH": os.pathsep.join(kept)}


class Slurm(Scheduler):
    """The commands of SLURM.

    Parameters
    ----------
    records : Records
        The records of the campaign.
    """

    name = "SLURM"
    kind = "slurm"
    submit_command = "sbatch"
    captured = True
    first_wait = float(os.environ.get("SIXSV_LUT_FIRST_WAIT", "5"))
    # A controller that was restarted may need a while to know its jobs again.
    vanished_seconds = float(os.environ.get("SIXSV_LUT_VANISHED", "180"))

    def __init__(self, records: Records) -> None:
        super().__init__(records, _QUERY_SECONDS)
        self.accounting = True

    def _ask(self, *command: str, patience: float | None = None, text: str = "") -> Answer:
        return self.ask(*command, patience=patience, text=text, environment=environment())

    def list_jobs(self) -> list[Seen]:
        """List all jobs of the campaign that SLURM remembers, ended ones too."""
        answer = self._ask(
            "squeue",
            f"--user={getpass.getuser()}",
            f"--name={self.records.tag}",
            "--states=all",
            "--noheader",
            f"--format={_FIELDS}",
        )
        if answer.code != 0:
            raise NoAnswerError(answer.words or f"squeue ended with exit code {answer.code}")
        rows = (line.split("|", _FIELDS.count("|")) for line in answer.out.splitlines())
        return [_seen(*(cell.strip() for cell in row)) for row in rows if len(row) == 5]

    def look_up(self, identifiers: Sequence[str]) -> tuple[list[Seen], bool]:
        """Ask the accounting database, where there is one."""
        if not identifiers or not self.accounting:
            return [], True
        try:
            answer = self._ask(
                "sacct",
                "-X",
                "-n",
                "-P",
                "-o",
                "JobIDRaw,State",
                "-j",
                ",".join(identifiers),
                patience=_ACCOUNTING_SECONDS,
            )
        except NoAnswerError:
            return [], True
        if answer.code != 0:
            self.accounting = "disabled" not in answer.err.lower()
            return [], True
        found = []
        for line in answer.out.splitlines():
            identifier, _, state = line.partition("|")
            # "CANCELLED by 1000" is CANCELLED.
            found.append(_seen(identifier.strip(), state.split(" ")[0].rstrip("+"), "by sacct"))
        return [seen for seen in found if seen.ended], True

    def options(self, job: Job, after: Collection[str]) -> list[str]:
        """Complete the options of Snakemake's plugin: what is given last counts."""
        options = [*job.options, f"--job-name={self.records.tag}", f"--comment={job.name}"]
        options.append("--open-mode=append")
        return [*options, f"--dependency=afterany:{':'.join(after)}"] if after else options

    def submit(self, job: Job, script: str) -> Answer:
        """Hand in a job."""
        return self._ask("sbatch", *job.options, patience=_SUBMIT_SECONDS, text=script)

    def identifier_in(self, text: str) -> str:
        """Find the job's id in what sbatch printed."""
        found = _ID.search(text.strip())
        return found[1] if found else ""

    def judge(self, refused: Answer, tries: int) -> Refusal:
        """Say what a refusal means: by its words, or because it has not passed so often."""
        lasts = bool(LASTING.search(refused.words))
        passes = bool(PASSING.search(refused.words)) and not lasts
        return Refusal(
            lasts or (tries >= _UNKNOWN_REFUSALS and not passes),
            passes,
            advice="" if passes else _ADVICE,
        )

    def find_submitted(self, job: Job, known: Collection[str]) -> str:
        """Find a job by the name that it bears as a comment."""
        for seen in self.list_jobs():
            if seen.name == job.name and not seen.ended:
                return seen.identifier
        return ""

    def delete(self, identifiers: Collection[str], patience: float | None = None) -> None:
        """Cancel jobs."""
        if not identifiers:
            return
        answer = self._ask("scancel", *identifiers, patience=patience)
        if answer.code != 0 and PASSING.search(answer.words):
            raise NoAnswerError(answer.words)

    def delete_all(self) -> str:
        """Cancel all jobs of the campaign, on the user's wish; give the command that does.

        Raises
        ------
        NoAnswerError
            SLURM did not say that it has.
        """
        self.records.cancel(self.records.open_jobs().values())
        command = ("scancel", f"--user={getpass.getuser()}", f"--name={self.records.tag}")
        answer = self._ask(*command)
        if answer.code != 0:
            raise NoAnswerError(
                f"{answer.words or f'exit code {answer.code}'}; when SLURM is back: "
                f"{' '.join(command)}"
            )
        return " ".join(command)


def _seen(identifier: str, state: str, reason: str = "", node: str = "", name: str = "") -> Seen:
    return Seen(
        identifier,
        state,
        ended=state in ENDED,
        succeeded=state == COMPLETED,
        reason="" if reason == "None" else reason,
        node=node,
        ending=state == "COMPLETING",
        may_start_again=state in _MAYBE_QUEUED_AGAIN,
        never_starts=state == "PENDING" and reason.lower() in _HELD_FOR_EVER,
        name=name,
    )
