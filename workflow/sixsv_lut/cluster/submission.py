"""Hand a job to the scheduler, once: it may be there already, or not be taken now, or never."""

from __future__ import annotations

import time
from dataclasses import replace

from sixsv_lut.cluster.patience import NoAnswerError, Patience
from sixsv_lut.cluster.records import COMPLETED, REFUSED, STOPPED, Job, Records, number_of
from sixsv_lut.cluster.runs import Run
from sixsv_lut.cluster.scheduler import Answer, Scheduler
from sixsv_lut.cluster.task import Task

# A list of live jobs that is no older than this is as good as a new one.
_NEW_SECONDS = 10.0


class RefusedError(Exception):
    """The scheduler will never take this job."""


class Submission:
    """The submission of one job.

    Parameters
    ----------
    task : Task
        What Snakemake wants to have run.
    job : Job
        The job that does it, not yet named.
    scheduler : Scheduler
        Who is to run it.
    records : Records
        The records of the campaign.
    rate : float, optional
        Submissions a minute at most.
    """

    def __init__(
        self,
        task: Task,
        job: Job,
        scheduler: Scheduler,
        records: Records,
        rate: float | None = None,
    ) -> None:
        self._task = task
        self._run = Run.current()
        self._job = replace(job, run=self._run.key)
        self._scheduler = scheduler
        self._records = records
        self._rate = rate
        self._patience = Patience(
            scheduler.first_wait, scheduler.longest_wait, self._is_over, scheduler.say
        )

    def _is_over(self) -> bool:
        return not self._run.lives or self._records.is_stopped(self._run.key)

    def identifier(self) -> str:
        """Give the id of the job that does this task: one that is there already, or a new one.

        Raises
        ------
        RefusedError
            The scheduler will never take it; the message says why, and what to change.
        StoppedError
            The run was stopped, or Snakemake is gone.
        """
        while True:
            rivals = self._rivals()
            for job in rivals:
                if self._does_it(job):
                    self._records.append(replace(job, run=self._run.key))
                    self._scheduler.say(f"{job.title}: job {job.identifier} does this already")
                    return job.known_as
            submitted = self._submit([job.identifier for job in rivals if not job.state])
            if submitted:
                return submitted

    # --- the same work, already there ---

    def _rivals(self) -> list[Job]:
        """List jobs that do some of this task's work, or did it well without Snakemake knowing."""
        text = self._records.text()
        members = set(self._job.members)
        # Most submissions are new: the table is only taken apart where a member is named in it.
        if not any(_as_written(member) in text for member in members):
            return []
        jobs = [self._judged(j) for j in self._records.jobs().values() if members & set(j.members)]
        return [
            job
            for job in jobs
            if self._records.is_unheard(job) or (not job.state and self._lives(job))
        ]

    def _judged(self, job: Job) -> Job:
        """Find out about a job what can be known without the scheduler, or only with it."""
        if not job.identifier and not job.state:
            job = self._recovered(job)
            if not job.identifier:
                # It never got there; nobody needs to ask again.
                return self._records.settle(job, STOPPED)
        if not job.state and self._records.exit_code(job.name) == 0:
            return self._records.settle(job, COMPLETED)
        return job

    def _does_it(self, job: Job) -> bool:
        return (
            not job.cancelled
            and job.inputs == self._job.inputs
            and set(self._job.members) <= set(job.members)
            and number_of(job.identifier) not in self._records.read_live().ending
        )

    def _lives(self, job: Job) -> bool:
        last, number = self._records.read_live(), number_of(job.identifier)
        if time.time() - last.asked < self._scheduler.fresh_seconds and number in last.numbers:
            return True
        # Not in the last list, or that is old: never submit twice on a guess.
        return number in self._live_numbers(newer_than=job.time)

    def _live_numbers(self, newer_than: float = 0.0) -> frozenset[str]:
        while True:
            last = self._records.read_live()
            # An older list says nothing of a job that was submitted after it was asked for.
            if time.time() - last.asked < _NEW_SECONDS and last.asked > newer_than:
                return last.numbers
            try:
                self._scheduler.list_anew()
            except NoAnswerError as error:
                self._wait_for_answer(error)

    def _recovered(self, job: Job) -> Job:
        while True:
            try:
                return recover(self._records, self._scheduler, job)
            except NoAnswerError as error:
                self._wait_for_answer(error)

    def _wait_for_answer(self, error: NoAnswerError) -> None:
        self._patience.wait(f"{self._scheduler.name} does not answer ({error})")

    # --- a new job ---

    def _submit(self, after: list[str]) -> str:
        """Submit, behind jobs that do part of the work; empty if one of those has just ended."""
        job = self._named(after)
        # Snakemake sends a job that was refused again, as often as it retries jobs.
        refused = f'"{REFUSED}"' in self._records.text()
        for known in self._records.jobs().values() if refused else ():
            if known.state == REFUSED and job.asks_for_no_less(known):
                self._records.settle(job, REFUSED, known.reason)
                raise RefusedError(
                    f"{job.title}: not sent to {self._scheduler.name} again. {known.reason}"
                )
        self._records.append(job)
        script, unknown = self._task.script(self._records.exits / job.name), 0
        while True:
            if self._rate:
                self._patience.pause(self._records.seconds_until_turn(self._rate))
            submitted, answer = hand_in(self._records, self._scheduler, job, script)
            if submitted.identifier:
                return submitted.identifier
            refusal = self._scheduler.judge(answer, unknown)
            lasts = refusal.lasts and answer.code != 0
            if not lasts and not refusal.not_taken:
                # It may be in the queue all the same.
                submitted = self._recovered(job)
                if submitted.identifier:
                    return submitted.identifier
            if after and refusal.misses_others:
                if not any(number_of(i) in self._live_numbers() for i in after):
                    return ""
            elif lasts:
                raise self._refused(job, answer)
            unknown += not refusal.passes
            self._patience.wait(
                f"{self._scheduler.name} takes no job now: {said_of(self._scheduler, answer)}"
            )

    def _named(self, after: list[str]) -> Job:
        name = self._records.new_name(self._job.title)
        log = self._job.log or self._records.new_log(name)
        job = replace(self._job, name=name, log=log, time=time.time())
        return replace(job, options=self._scheduler.options(job, after))

    def _refused(self, job: Job, answer: Answer) -> RefusedError:
        reason = said_of(self._scheduler, answer)
        self._records.settle(job, REFUSED, reason)
        name, command = self._scheduler.name, self._scheduler.command(job)
        return RefusedError(f"{job.title}\n  {name} refused it: {reason}\n  it was: {command}")


def hand_in(records: Records, scheduler: Scheduler, job: Job, script: str) -> tuple[Job, Answer]:
    """Submit a job; give it as it was taken, or as it was, and what the scheduler said."""
    try:
        answer = scheduler.submit(job, script)
    except NoAnswerError as error:
        return job, Answer(255, "", str(error))
    identifier = scheduler.identifier_in(answer.out) if answer.code == 0 else ""
    if identifier:
        job = job.taken_as(identifier)
        records.append(job)
    return job, answer


def said_of(scheduler: Scheduler, answer: Answer) -> str:
    """Give what the scheduler said to a submission that it refused, and what to change."""
    said = f"{answer.words or 'not a word'} ({scheduler.submit_command}, code {answer.code})"
    advice = scheduler.judge(answer, 0).advice
    return f"{said}; {advice}" if advice else said


def recover(records: Records, scheduler: Scheduler, job: Job) -> Job:
    """Find out what came of a submission whose end was never heard.

    Raises
    ------
    NoAnswerError
        The scheduler did not tell.
    """
    known = {number_of(other.identifier) for other in records.jobs().values() if other.identifier}
    identifier = scheduler.find_submitted(job, known)
    if identifier:
        job = job.taken_as(identifier)
        records.append(job)
    return job


def _as_written(member: str) -> str:
    # As json.dumps writes it into the table.
    return member.replace("\\", "\\\\").replace('"', '\\"')
