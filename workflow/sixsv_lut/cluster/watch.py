"""How jobs end: one query for all of them, and what is made of its answer."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import Any

from sixsv_lut.cluster.patience import SAY_SECONDS, NoAnswerError
from sixsv_lut.cluster.records import COMPLETED, FAILED, Job, Records, number_of
from sixsv_lut.cluster.scheduler import Scheduler, Seen

# Jobs that are looked up in one call.
AT_ONCE = 50
# How long the deletion of a single job may take.
DELETE_SECONDS = 20.0
# Words by which PBS says in the job's own log why it killed it, and SLURM.
_SAID_IN_LOG = re.compile(r"=>> PBS: (.+)|error: \*\*\* (.+) \*\*\*")
_ERROR_IN_LOG = re.compile(r"^\s*(?:\w*Error|error|Error)\b.{0,300}", re.MULTILINE)
_LOG_TAIL_BYTES = 65536


class Watch:
    """Watches jobs.

    Parameters
    ----------
    scheduler : Scheduler
        Who runs them.
    records : Records
        The records of the campaign.
    memory : dict, optional
        What an earlier watch of the same run has kept, to be changed: plain values.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        records: Records,
        memory: dict[str, Any] | None = None,
    ) -> None:
        self.scheduler = scheduler
        self.records = records
        self.jobs: dict[str, Job] = {}
        memory = {} if memory is None else memory
        self.memory = memory
        # When each job was first missing from the answers, by name.
        self.missing: dict[str, float] = memory.setdefault("missing", {})
        # Ends after which a job may start again: believed when they are seen twice.
        self._doubted: dict[str, str] = memory.setdefault("doubted", {})

    # --- what the scheduler says ---

    def poll(self) -> dict[str, str]:
        """Ask the scheduler once, and settle what has ended.

        Returns
        -------
        dict
            The states of watched jobs that have not ended, by id, in the scheduler's words.
        """
        try:
            states = self.ask()
        except NoAnswerError as error:
            self._not_answered(error)
            return {}
        self._answered()
        return states

    def ask(self) -> dict[str, str]:
        """Do the same; raise NoAnswerError where the scheduler does not tell."""
        asked = time.time()
        by_number = {number_of(one.identifier): one for one in self.scheduler.list_anew()}
        states, missing = {}, []
        for name, job in list(self.jobs.items()):
            one = by_number.get(number_of(job.identifier))
            if one is None:
                if job.time < asked and not self.starts_later(name):
                    missing.append(job)
                continue
            self.missing.pop(name, None)
            self._judge(job, one)
            if name in self.jobs and not one.ended:
                states[job.identifier] = one.state
        self._settle_missing(missing)
        return states

    def starts_later(self, name: str) -> bool:
        """Whether a job is to be submitted again, and so cannot be in the list."""
        return False

    def _judge(self, job: Job, seen: Seen) -> None:
        if seen.never_starts:
            self.scheduler.delete([job.identifier], DELETE_SECONDS)
            self.not_started(job, seen)
        elif not seen.ended:
            self._doubted.pop(job.name, None)
        elif seen.may_start_again and self._doubted.get(job.name) != seen.state:
            self._doubted[job.name] = seen.state
        else:
            self._settle_seen(job, seen)

    def _settle_seen(self, job: Job, seen: Seen) -> None:
        # How PBS says it, a state is one letter.
        state = seen.state if len(seen.state) > 1 else FAILED
        self.settle(job, COMPLETED if seen.succeeded else state, seen.reason, seen.node)

    def _settle_missing(self, missing: list[Job]) -> None:
        """Settle jobs that have left the list: by their own word, or by that of the scheduler."""
        names = {job.name for job in missing}
        for name in self.missing.keys() - names:
            del self.missing[name]
        unclear = []
        for job in missing:
            code = self.records.exit_code(job.name)
            if code == 0:
                self.settle(job, COMPLETED)
            elif code is not None and code < 128:
                self.settle(job, FAILED, f"exit code {code}")
            else:
                unclear.append(job)
        for start in range(0, len(unclear), AT_ONCE):
            self._settle_unclear(unclear[start : start + AT_ONCE])

    def _settle_unclear(self, jobs: list[Job]) -> None:
        """Settle jobs that have left the list and have not said how they ended."""
        found, rest_is_gone = self.scheduler.look_up([job.identifier for job in jobs])
        by_number = {number_of(seen.identifier): seen for seen in found}
        now = time.time()
        for job in jobs:
            seen = by_number.get(number_of(job.identifier))
            if seen is not None and not seen.ended and not seen.not_started:
                self.missing.pop(job.name, None)
            elif seen is not None and seen.not_started:
                self.not_started(job, seen)
            elif seen is not None:
                self._settle_seen(job, seen)
            elif not rest_is_gone:
                continue
            elif job.name not in self.missing:
                # Its last word may be on the way through the file system.
                self.missing[job.name] = now
            elif now - self.missing[job.name] < self.scheduler.vanished_seconds:
                continue
            elif self.records.has_started(job.name):
                self.settle(job, FAILED, self._reason_unknown(job))
            else:
                self.not_started(job, Seen(job.identifier, reason=self._reason_unknown(job)))

    def _reason_unknown(self, job: Job) -> str:
        code = self.records.exit_code(job.name)
        if code is not None:
            return f"killed by signal {code - 128} (deleted, or out of walltime)"
        name = self.scheduler.name
        if self.records.has_started(job.name):
            return (
                "killed without a word (deleted, out of walltime or memory, or its node was lost); "
                f"{name} has no record of it"
            )
        return f"deleted before it started, or it could not be started; {name} has no record of it"

    # --- the end of a job ---

    def not_started(self, job: Job, seen: Seen) -> None:
        """Settle a job whose script was never run."""
        self.settle(job, FAILED, seen.reason, seen.node)

    def settle(self, job: Job, state: str, reason: str = "", node: str = "") -> None:
        """Write down how a job ended, and tell the user if it failed."""
        if state != COMPLETED:
            reason += _said_in(job.log)
            if not job.cancelled:
                where = f" on {node}" if node else ""
                why = ": ".join(part for part in ("" if state == FAILED else state, reason) if part)
                self.scheduler.say(
                    f"job {job.identifier} failed{where} ({job.title}): {why}; its log: {job.log}"
                )
        self.records.settle(job, state, reason, node)
        self.jobs.pop(job.name, None)
        self.missing.pop(job.name, None)
        self._doubted.pop(job.name, None)

    # --- the scheduler is away ---

    def _not_answered(self, error: NoAnswerError) -> None:
        now = time.time()
        since = self.memory.setdefault("silent since", now)
        said = self.memory.get("said", 0.0)
        if now - since >= self.scheduler.short_outage_seconds and now - said >= SAY_SECONDS:
            self.memory["said"] = now
            self.scheduler.say(
                f"{self.scheduler.name} does not answer ({error}); jobs go on, and this run waits "
                "for it, nothing is lost"
            )

    def _answered(self) -> None:
        since = self.memory.pop("silent since", 0.0)
        if self.memory.pop("said", None):
            self.scheduler.say(
                f"{self.scheduler.name} answers again, after {time.time() - since:.0f} s"
            )


def _said_in(log: str) -> str:
    """Give what a job's log says of its end."""
    try:
        with Path(log).open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - _LOG_TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    said = [first or second for first, second in _SAID_IN_LOG.findall(text)]
    said = said or [match.strip() for match in _ERROR_IN_LOG.findall(text)][:1]
    return f"; in its log: {said[-1]}" if said else ""
