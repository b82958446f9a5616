"""Hand a job to PBS, once; print its id."""

from __future__ import annotations

import os
import random
import shlex
import sys
import time
from dataclasses import replace
from pathlib import Path

from pbslib.jobscript import ScriptError, Task, campaign_tag, read_task, walltime
from pbslib.records import Job, Records, Refusal, process_start
from pbslib.refresh import recover, refusal_of, start_refresher
from pbslib.scheduler import (
    NOT_TAKEN,
    Answer,
    Scheduler,
    UnansweredError,
    identifier_in,
    sequence,
)
from pbslib.settings import RESOURCES, Settings, SettingsError, read_settings

# A list of live jobs that is no older than this is as good as a new one.
_FRESH_SECONDS = 10.0
# While PBS takes no jobs, this often is enough to say so.
_SAY_SECONDS = 600.0
_JOBS_TO_A_FOLDER = 100
_SHELLS = {"sh", "bash", "dash", "ksh", "zsh", "busybox"}


class RefusedError(Exception):
    """PBS will never take this job."""


class _GoneError(Exception):
    """The Snakemake that wanted this job is gone."""


def say(message: str) -> None:
    """Tell the user."""
    print(f"[pbs] {message}", file=sys.stderr, flush=True)


def snakemake_pid() -> int:
    """Find the Snakemake that called: the nearest ancestor that is no shell."""
    pid = os.getppid()
    while pid > 1:
        try:
            name = (
                Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].decode(errors="replace")
            )
            if Path(name).name.lstrip("-") not in _SHELLS:
                return pid
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            break
    return os.getppid()


class _Patience:
    """Waits longer and longer, says so once in a while, and ends with Snakemake."""

    def __init__(self, settings: Settings, snakemake: int) -> None:
        self._seconds = settings.wait_first
        self._longest = settings.wait_longest
        self._snakemake = snakemake
        self._started = process_start(snakemake)
        self._since = time.monotonic()
        self._said = 0.0

    def wait(self, why: str) -> None:
        """Wait before the next try."""
        now = time.monotonic()
        if not self._said or now - self._said >= _SAY_SECONDS:
            waited = "" if not self._said else f" for {(now - self._since) / 60:.0f} minutes now"
            say(f"waiting{waited}, nothing is lost: {why}")
            self._said = now
        end = now + self._seconds * random.uniform(0.8, 1.2)  # noqa: S311 (spreads tries)
        self._seconds = min(self._seconds * 2, self._longest)
        while (left := end - time.monotonic()) > 0:
            if process_start(self._snakemake) != self._started:
                raise _GoneError
            time.sleep(min(left, 0.5))


class _Submission:
    def __init__(self, task: Task, settings: Settings, folder: Path) -> None:
        self.task = task
        self.settings = settings.for_job(task.resources)
        self.records = Records()
        self.records.make_folders()
        self.scheduler = Scheduler(settings.dialect, settings.patience)
        self.snakemake = snakemake_pid()
        self.patience = _Patience(settings, self.snakemake)
        run, new = self.records.register(self.snakemake, str(task.scratch))
        self.run = run.key
        if new:
            self.records.shorten(remove_logs=settings.keep_logs == "failed")
        start_refresher(self.records, folder)
        campaign = Path(os.environ.get("SIXSV_LUT_CAMPAIGN_FOLDER") or Path.cwd())
        self.tag = campaign_tag(campaign)

    def identifier(self) -> str:
        """Give the id of the job that does this task: one that is there already, or a new one."""
        while True:
            rivals = self._rivals()
            for job in rivals:
                if self._does_it(job):
                    self.records.found_again(job, self.run)
                    say(f"{self.task.title}: {job.identifier} does this already")
                    return job.known_as
            submitted = self._submit([job.identifier for job in rivals if not self._ended(job)])
            if submitted:
                return submitted

    # --- the same work, already there ---

    def _rivals(self) -> list[Job]:
        """List jobs that do some of this task's work, or did it well without Snakemake knowing."""
        text = self.records.text()
        members = set(self.task.members)
        # Most submissions are new: the table is only taken apart where a member is named in it.
        if not any(_as_written(member) in text for member in members):
            return []
        jobs = [
            job
            for job in self.records.jobs().values()
            if job.tag == self.tag and members & set(job.members)
        ]
        rivals = []
        for job in jobs:
            if not job.identifier and not job.cancelled:
                job = self._recovered(job)
                if not job.identifier:
                    # It never got there; nobody needs to ask again.
                    self.records.append(replace(job, cancelled=True))
            if not job.identifier:
                continue
            verdict = self.records.verdict(job.known_as)
            if verdict is None and self.records.exit_code(job.name) == 0:
                self.records.settle(job, succeeded=True)
                verdict = self.records.verdict(job.known_as)
            if verdict is not None:
                fresh = verdict.succeeded and not verdict.told and not job.cancelled
                if fresh and job.outputs and all(Path(path).exists() for path in job.outputs):
                    rivals.append(job)
            elif self._lives(job):
                rivals.append(job)
        return rivals

    def _ended(self, job: Job) -> bool:
        return self.records.verdict(job.known_as) is not None

    def _does_it(self, job: Job) -> bool:
        return (
            not job.cancelled
            and job.inputs == self.task.inputs
            and set(self.task.members) <= set(job.members)
        )

    def _lives(self, job: Job) -> bool:
        asked, numbers = self.records.read_live()
        age = time.time() - asked
        if not (
            age < max(_FRESH_SECONDS, 2 * self.settings.poll)
            and sequence(job.identifier) in numbers
        ):
            # Not in the refresher's last list, or that is old: never submit twice on a guess.
            numbers = self._live_numbers(newer_than=job.time)
        return sequence(job.identifier) in numbers

    def _live_numbers(self, newer_than: float = 0.0) -> set[str]:
        while True:
            asked, numbers = self.records.read_live()
            # An older list says nothing of a job that was submitted after it was asked for.
            if time.time() - asked < _FRESH_SECONDS and asked > newer_than:
                return numbers
            try:
                self.records.write_live(time.time(), self.scheduler.live())
            except UnansweredError as fault:
                self.patience.wait(f"PBS does not answer ({fault})")

    def _recovered(self, job: Job) -> Job:
        while True:
            try:
                return recover(self.records, self.scheduler, job)
            except UnansweredError as fault:
                self.patience.wait(f"PBS does not answer ({fault})")

    # --- a new job ---

    def _submit(self, after: list[str]) -> str:
        """Submit, behind jobs that do part of the work; empty if one of those has just ended."""
        self._check_refusals()
        job = self._new_job(after)
        script = Path(job.script)
        script.write_text(self.task.script(self.records.exits / job.name))
        self.records.append(job)
        while True:
            try:
                answer = self.scheduler.submit(job.options, job.script)
            except UnansweredError as fault:
                answer = Answer(255, "", str(fault))
            identifier = identifier_in(answer.out) if answer.code == 0 else ""
            final = answer.code != 0 and self.scheduler.is_final(answer)
            if not identifier and not final and answer.code not in NOT_TAKEN:
                # It may be in the queue all the same.
                identifier = self._recovered(job).identifier
            if identifier:
                self.records.append(replace(job, identifier=identifier, time=time.time()))
                return identifier
            if after and answer.code in (35, 153, 1, 168):
                if not any(sequence(i) in self._live_numbers() for i in after):
                    return ""
            elif final:
                raise self._refused(job, answer)
            said = answer.words or "not a word"
            advice = self.scheduler.advice_while_waiting(answer)
            self.patience.wait(f"PBS takes no job now: {said} (qsub, code {answer.code}){advice}")

    def _new_job(self, after: list[str]) -> Job:
        number = self.records.text().count("\n")
        rule = "".join(c if c.isalnum() else "-" for c in self.task.rule)[:40]
        name = f"{int(time.time())}-{os.getpid()}-{number:05d}-{rule}"
        folder = self.records.logs.resolve() / f"{number // _JOBS_TO_A_FOLDER:03d}"
        folder.mkdir(parents=True, exist_ok=True)
        log = str(folder / f"{name}.log")
        return Job(
            name=name,
            identifier="",
            tag=self.tag,
            title=self.task.title,
            members=self.task.members,
            inputs=self.task.inputs,
            outputs=self.task.outputs,
            log=log,
            run=self.run,
            time=time.time(),
            options=self._options(log, after),
            script=str(self.task.path.resolve()) + ".pbs",
        )

    @property
    def _amounts(self) -> list[float]:
        """What the job asks for: cores, memory in MB, minutes of walltime; 0 where it does not."""
        resources = self.task.resources
        cores = max(self.task.cores, self.settings.node_cores)
        return [
            float(cores),
            float(resources.get("mem_mb") or 0),
            float(resources.get("runtime") or 0),
        ]

    def _options(self, log: str, after: list[str]) -> list[str]:
        settings = self.settings
        cores, memory, minutes = self._amounts
        select = f"select=1:ncpus={cores:.0f}"
        if memory:
            select += f":mem={int(memory)}mb"
        select += settings.select_extra
        limits = [select]
        if minutes:
            limits.append(f"walltime={walltime(minutes)}")
        options = ["-N", self.tag, "-j", "oe", "-o", log, "-m", "n", "-r", settings.rerun]
        if self.scheduler.dialect == "torque":
            # Only the last -l counts there.
            options += ["-l", ",".join(limits)]
        else:
            # The login shell of a user may be no sh, and PBS would run the script with it.
            options += ["-S", "/bin/sh"]
            for limit in limits:
                options += ["-l", limit]
        for option, value in (
            ("-q", settings.queue),
            ("-A", settings.account),
            ("-P", settings.project),
        ):
            if value:
                options += [option, value]
        if after:
            options += ["-W", "depend=" + "afterany:" + ":".join(after)]
        return options + shlex.split(settings.extra)

    @property
    def _request(self) -> str:
        """What may be refused, but for amounts, which grow from one attempt to the next."""
        return repr([getattr(self.settings, name) for name in (*RESOURCES, "rerun")])

    def _check_refusals(self) -> None:
        """Refuse what PBS has refused in this run: the same request, so the same answer.

        Snakemake sends a job that was refused again, as often as it retries jobs.
        """
        for refusal in self.records.refusals():
            if refusal.covers(self.run, self._request, self._amounts):
                self.records.report_failure(self._new_job([]), refusal.reason)
                raise RefusedError(f"{self.task.title}: not sent to PBS again. {refusal.reason}")

    def _refused(self, job: Job, answer: Answer) -> RefusedError:
        reason = refusal_of(answer)
        self.records.remember_refusal(Refusal(self.run, self._request, self._amounts, reason))
        self.records.append(replace(job, cancelled=True))
        self.records.report_failure(job, reason)
        command = shlex.join(["qsub", *job.options])
        return RefusedError(f"{self.task.title}\n  {reason}\n  it was: {command}")


def _as_written(member: str) -> str:
    # As json.dumps writes it into the table.
    return member.replace("\\", "\\\\").replace('"', '\\"')


def main(folder: Path, arguments: list[str]) -> int:
    """Submit the job script that is given."""
    if len(arguments) != 1:
        say("submit: one argument is wanted, Snakemake's job script")
        return 2
    try:
        settings = read_settings(folder)
        print(_Submission(read_task(Path(arguments[0])), settings, folder).identifier(), flush=True)
    except (SettingsError, ScriptError, RefusedError) as fault:
        say(str(fault))
        return 1
    except _GoneError:
        return 1
    except KeyboardInterrupt:
        return 130
    return 0
