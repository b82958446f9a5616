"""The one process that asks PBS, for all jobs of a working folder.

It is started by the first submission (and again by the status command, should it die), and ends
with the last Snakemake of that folder on this machine. It is no sidecar of Snakemake's: with a
sidecar Snakemake never ends when a run is refused at its start.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from pbslib.records import Job, Records, Run, process_start
from pbslib.scheduler import (
    FINAL,
    Answer,
    Details,
    Scheduler,
    UnansweredError,
    identifier_in,
    sequence,
)
from pbslib.settings import Settings, SettingsError, read_settings

_TICK_SECONDS = 0.5
_LOOK_SECONDS = 2.0
_SAY_SECONDS = 600.0
# Jobs asked for in one call, and waiting jobs looked at in one.
_AT_ONCE = 50
_WAITING_AT_ONCE = 10
# Every so many polls one is used to look at waiting or at held jobs.
_POLLS_TO_A_LOOK = 5
# How long jobs of an interrupted run are tried to be deleted, and how long a call of qdel may take
# when the first has not come back: it hangs for a job of a node whose daemon is frozen.
_CANCEL_SECONDS = 600.0
_DELETE_SECONDS = 20.0
# How often a job is started again, by no retry of Snakemake's, when its script was never run.
_STARTS = 12
# Words by which PBS says in the job's own log why it killed it.
_SAID_IN_LOG = re.compile(r"=>> PBS: (.+)")
_ERROR_IN_LOG = re.compile(r"^\s*(?:\w*Error|error|Error)\b.{0,300}", re.MULTILINE)
_LOG_TAIL_BYTES = 65536


def recover(records: Records, scheduler: Scheduler, job: Job) -> Job:
    """Find out what came of a qsub whose end was never heard: the job is known by its log.

    Raises
    ------
    UnansweredError
        PBS did not tell.
    """
    known = {sequence(other.identifier) for other in records.jobs().values() if other.identifier}
    unknown = [i for i in scheduler.live(name=job.tag) if sequence(i) not in known]
    found = scheduler.details(unknown)[0] if unknown else []
    for details in found:
        if Path(details.text("Output_Path")).name == Path(job.log).name:
            number = sequence(details.identifier)
            job = replace(job, identifier=next(i for i in unknown if sequence(i) == number))
            records.append(job)
    return job


def refusal_of(answer: Answer) -> str:
    """Say why PBS will never take a job, and what to change."""
    advice = FINAL.get(answer.code, "look at the settings in site.conf, or ask the site's support")
    return f"PBS refused the job: {answer.words} (qsub, code {answer.code}); {advice}"


def start_refresher(records: Records, folder: Path) -> None:
    """Start the refresher unless it runs."""
    (records.folder / "python").write_text(f"{sys.executable}\n")
    with contextlib.suppress(OSError, ValueError):
        if process_start(int(records.refresher_file.read_text())):
            return
    started = subprocess.Popen(
        [sys.executable, "-s", str(folder / "commands.py"), "refresh"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    records.refresher_file.write_text(f"{started.pid}\n")


class Refresher:
    """Watches the open jobs of a working folder.

    Parameters
    ----------
    settings : Settings
        The site's settings.
    records : Records
        The records of the folder.
    scheduler : Scheduler
        The commands of PBS.
    say : callable
        Tells the user.
    """

    def __init__(
        self, settings: Settings, records: Records, scheduler: Scheduler, say: Callable[[str], None]
    ) -> None:
        self.settings = settings
        self.records = records
        self.scheduler = scheduler
        self.say = say
        self.jobs: dict[str, Job] = {}
        self._settled: set[str] = set()
        self._polls = 0
        self._missed: set[str] = set()
        self._warned: set[str] = set()
        self._looked_at: dict[str, int] = {}
        self._logs_to_remove: list[tuple[float, str]] = []
        self._table_state: tuple[int, int] = (-1, -1)
        self._silent_since = 0.0
        self._said = 0.0
        # Jobs whose script was never run: when each is to be submitted again.
        self._due: dict[str, tuple[float, Job]] = {}
        self._deletions: list[threading.Thread] = []

    # --- what the disk says ---

    def look(self) -> None:
        """Read the table and what jobs have written: no question to PBS."""
        with contextlib.suppress(OSError):
            now = self.records.table.stat()
            if (now.st_mtime_ns, now.st_size) != self._table_state:
                self._table_state = (now.st_mtime_ns, now.st_size)
                self._take_up(self.records.jobs())
        self._remove_logs()
        for name in self._written():
            # Only success is believed before the job has left PBS: a job that was stopped to be
            # run again has written its code, too.
            if self.records.exit_code(name) == 0:
                self._settle(self.jobs[name], succeeded=True)

    def _take_up(self, table: dict[str, Job]) -> None:
        # A file for each job that has ever ended is not read again for each line that is added.
        self._settled &= table.keys()
        for name, job in table.items():
            if not job.identifier or name in self._settled:
                continue
            if name not in self.jobs and self.records.verdict(job.known_as):
                self._settled.add(name)
            else:
                self.jobs[name] = job

    def _written(self) -> list[str]:
        with contextlib.suppress(OSError):
            return [path.name for path in self.records.exits.iterdir() if path.name in self.jobs]
        return []

    # --- what PBS says ---

    def poll(self) -> None:
        """Ask PBS once, and settle what has ended."""
        if not self.jobs:
            return
        self._polls += 1
        try:
            if self._polls % _POLLS_TO_A_LOOK == 2 and self._look_at_waiting():
                return
            if self._polls % _POLLS_TO_A_LOOK == 4 and self._look_at_held():
                return
            self._settle_missing()
        except UnansweredError as fault:
            self._not_answered(fault)
        else:
            self._answered()

    def _settle_missing(self) -> None:
        asked = time.time()
        identifiers = self.scheduler.live()
        self.records.write_live(asked, identifiers)
        live = {sequence(identifier) for identifier in identifiers}
        missing = {
            name: job
            for name, job in self.jobs.items()
            if sequence(job.identifier) not in live and job.time < asked and name not in self._due
        }
        self._missed &= missing.keys()
        unclear = []
        for name, job in missing.items():
            code = self.records.exit_code(name)
            if code == 0:
                self._settle(job, succeeded=True)
            elif code is not None and code < 128:
                self._settle(job, succeeded=False, reason=f"exit code {code}")
            else:
                unclear.append(job)
        for start in range(0, len(unclear), _AT_ONCE):
            self._settle_unclear(unclear[start : start + _AT_ONCE])

    def _settle_unclear(self, jobs: list[Job]) -> None:
        """Settle jobs that have left the list and have not said how they ended."""
        found, rest_is_gone = self.scheduler.details([job.identifier for job in jobs])
        by_number = {sequence(details.identifier): details for details in found}
        for job in jobs:
            details = by_number.get(sequence(job.identifier))
            if details is not None and not details.text("job_state"):
                raise UnansweredError(f"qstat -f tells no state of job {job.identifier}")
            if details is not None and not details.ended:
                self._missed.discard(job.name)
            elif details is not None and details.not_started:
                self._not_started(job, details.node, details.reason())
            elif details is not None and details.exit_status is not None:
                self._settle(job, succeeded=details.succeeded, reason=details.reason())
            elif details is not None and self.scheduler.dialect == "pbs":
                self._settle(job, succeeded=False, reason=details.reason())
            elif rest_is_gone and job.name in self._missed:
                if self.records.has_started(job.name):
                    self._settle(job, succeeded=False, reason=self._reason_unknown(job))
                else:
                    self._not_started(job, "", self._reason_unknown(job))
            elif rest_is_gone:
                # Its last word may be on the way through the file system: one more round.
                self._missed.add(job.name)

    def _reason_unknown(self, job: Job) -> str:
        code = self.records.exit_code(job.name)
        if code is not None:
            return f"killed by signal {code - 128} (deleted, or out of walltime)"
        if self.records.has_started(job.name):
            return (
                "killed without a word (deleted, out of walltime or memory, or its node was lost); "
                "PBS has no record of it"
            )
        return "deleted before it started, or it could not be started; PBS has no record of it"

    def _look_at_waiting(self) -> bool:
        """Look at a few jobs that have not started: of those that never will, PBS says so."""
        waiting = [
            job
            for name, job in self.jobs.items()
            if name not in self._due and not self.records.has_started(name)
        ]
        waiting.sort(key=lambda job: (self._looked_at.get(job.name, 0), job.time))
        waiting = waiting[:_WAITING_AT_ONCE]
        if not waiting:
            return False
        found, _ = self.scheduler.details([job.identifier for job in waiting])
        self._looked_at.update({job.name: self._polls for job in waiting})
        self._judge_waiting(found)
        return True

    def _look_at_held(self) -> bool:
        ours = {sequence(job.identifier): job.identifier for job in self.jobs.values()}
        held = [i for i in self.scheduler.live(state="H") if sequence(i) in ours]
        if held:
            found, _ = self.scheduler.details(held[:_AT_ONCE])
            self._judge_waiting(found)
        return True

    def _judge_waiting(self, found: list[Details]) -> None:
        ours = {sequence(job.identifier): job for job in self.jobs.values()}
        for details in found:
            job = ours.get(sequence(details.identifier))
            if job is None:
                continue
            comment = details.text("comment")
            if details.never_starts:
                self.scheduler.delete([job.identifier], _DELETE_SECONDS)
                self._not_started(job, details.node, details.reason())
            elif comment.startswith("Can Never Run") and not details.ended:
                self._warn(
                    f"never {comment}",
                    f"job {job.identifier} waits for ever unless something changes: {comment}. "
                    "Make jobs smaller or take another queue (profile.yaml, site.conf), or delete "
                    f"it with 'qdel {job.identifier}': it is then submitted again.",
                )
            elif details.held_by == "owner":
                self._warn(
                    f"held {job.identifier}",
                    f"job {job.identifier} is held by its owner; 'qrls {job.identifier}' frees it.",
                )
            elif details.held_by:
                # Such a hold is mostly put on all jobs of a user.
                self._warn(
                    f"held by {details.held_by}",
                    f"job {job.identifier} is held by the site ({details.held_by} hold); it waits "
                    "until the site frees it. Ask its support, who can do so with "
                    f"'qrls -h {details.held_by[0]} {job.identifier}'. More such holds are not "
                    f"mentioned; '{show_command()}' shows all jobs.",
                )

    def _warn(self, key: str, message: str) -> None:
        if key not in self._warned:
            self._warned.add(key)
            self.say(message)

    # --- starts that fail ---

    def _not_started(self, job: Job, node: str, reason: str) -> None:
        """Let a job whose script was never run start again, later each time; or give it up."""
        job = replace(job, failed_starts=[*job.failed_starts, node], handle=job.known_as)
        starts = len(job.failed_starts)
        runs = {run.key for run in self.records.runs() if run.lives()}
        again = (
            starts < _STARTS
            and job.run in runs
            and Path(job.script).is_file()
            and not self.records.is_cancelled(job)
        )
        if not again:
            if starts > 1:
                nodes = ", ".join(sorted({name for name in job.failed_starts if name}))
                reason += f"; {starts} starts failed" + (f", on {nodes}" if nodes else "")
            elif node:
                reason += f"; on node {node}"
            self._settle(job, succeeded=False, reason=reason)
            return
        wait = min(self.settings.wait_first * 2 ** (starts - 1), self.settings.wait_longest)
        self._due[job.name] = (time.monotonic() + wait, job)
        self._missed.discard(job.name)
        where = f" on node {node}" if node else ""
        self._warn(
            f"start{where}",
            f"job {job.identifier} did not come to run its script{where}: {reason}. Such jobs are "
            "submitted again, after a longer wait each time; no retry is used. If it goes on, tell "
            "the site's support" + (f" that jobs do not start on {node}." if node else "."),
        )

    def start_again(self) -> None:
        """Submit the job that has waited longest, of those whose script was never run.

        One a call: a node that lets all jobs fail must not make a storm of submissions.
        """
        now = time.monotonic()
        due = sorted((when, name) for name, (when, _) in self._due.items() if when <= now)
        if not due:
            return
        job = self._due[due[0][1]][1]
        if not any(run.key == job.run and run.lives() for run in self.records.runs()):
            del self._due[job.name]
            return
        try:
            refused = self._submit_again(job)
        except UnansweredError as fault:
            self._due[job.name] = (now + self.settings.wait_longest, job)
            self._warn("start again", f"PBS takes no job now, this run waits for it: {fault}")
            return
        del self._due[job.name]
        if refused:
            self._settle(job, succeeded=False, reason=refused)

    def _submit_again(self, job: Job) -> str:
        """Submit a job anew; give the reason when PBS refuses it for good."""
        # An answer to the last try may have been lost, or this process was another one then.
        started = recover(self.records, self.scheduler, job)
        if started.identifier == job.identifier:
            answer = self.scheduler.submit(job.options, job.script)
            if answer.code != 0 and self.scheduler.is_final(answer):
                return refusal_of(answer)
            identifier = identifier_in(answer.out) if answer.code == 0 else ""
            if not identifier:
                raise UnansweredError(f"qsub: {answer.words} (code {answer.code})")
            started = replace(job, identifier=identifier)
        started = replace(started, time=time.time())
        self.records.append(started)
        self.jobs[job.name] = started
        return ""

    # --- the end of a job ---

    def _settle(self, job: Job, *, succeeded: bool, reason: str = "") -> None:
        if not succeeded and not job.cancelled:
            reason += self._said_in_log(job)
            self.records.report_failure(job, reason)
            self.say(f"job {job.identifier} failed ({job.title}): {reason}; its log: {job.log}")
        self.records.settle(job, succeeded=succeeded)
        self.jobs.pop(job.name, None)
        self._settled.add(job.name)
        self._missed.discard(job.name)
        if succeeded and self.settings.keep_logs == "failed" and job.log:
            # PBS brings the log when the script has ended, a little after its exit code.
            self._logs_to_remove += [(time.monotonic() + wait, job.log) for wait in (20.0, 90.0)]

    def _said_in_log(self, job: Job) -> str:
        try:
            with Path(job.log).open("rb") as file:
                file.seek(0, os.SEEK_END)
                file.seek(max(0, file.tell() - _LOG_TAIL_BYTES))
                text = file.read().decode(errors="replace")
        except OSError:
            return ""
        said = _SAID_IN_LOG.findall(text) or [m.strip() for m in _ERROR_IN_LOG.findall(text)][:1]
        return f"; in its log: {said[-1]}" if said else ""

    def _remove_logs(self, *, all_of_them: bool = False) -> None:
        now = time.monotonic()
        for when, log in list(self._logs_to_remove):
            if when <= now or all_of_them:
                self._logs_to_remove.remove((when, log))
                with contextlib.suppress(OSError):
                    Path(log).unlink()

    # --- PBS is away ---

    def _not_answered(self, fault: UnansweredError) -> None:
        now = time.monotonic()
        self._silent_since = self._silent_since or now
        # A single hiccup is nobody's concern.
        if (
            now - self._silent_since >= self.settings.poll
            and now - (self._said or -1e9) >= _SAY_SECONDS
        ):
            self._said = now
            self.say(f"PBS does not answer ({fault}); jobs go on, and this run waits for it")

    def _answered(self) -> None:
        if self._said:
            self.say(f"PBS answers again, after {time.monotonic() - self._silent_since:.0f} s")
        self._silent_since = self._said = 0.0

    # --- the end of a run ---

    def see_off(self, run: Run) -> None:
        """Delete the jobs of a Snakemake that was interrupted, leave those of a killed one."""
        self.look()
        self._recover_cut_short(run)
        jobs = [job for job in self.jobs.values() if job.run == run.key]
        self.records.forget(run)
        if not jobs:
            return
        if not run.ended_in_order() or self.settings.on_interrupt == "leave":
            self.say(f"{len(jobs)} jobs are left in the queue; the next run finds them again")
            return
        for job in jobs:
            self.records.append(replace(job, cancelled=True))
            self._due.pop(job.name, None)
        # Beside the watch: the next run is looked at meanwhile, however long qdel takes.
        identifiers = [job.identifier for job in jobs]
        thread = threading.Thread(target=self._delete, args=(identifiers,), daemon=True)
        self._deletions.append(thread)
        thread.start()

    @property
    def deleting(self) -> bool:
        """Whether jobs of an interrupted run are still being deleted."""
        return any(thread.is_alive() for thread in self._deletions)

    def _delete(self, identifiers: list[str]) -> None:
        """Delete jobs until PBS has said that it did, one by one when it hangs for some."""
        left, at_once = list(identifiers), _AT_ONCE
        end = time.monotonic() + _CANCEL_SECONDS
        while left:
            asked, patience = left[:at_once], None if at_once == _AT_ONCE else _DELETE_SECONDS
            try:
                self.scheduler.delete(asked, patience)
                left = left[len(asked) :]
            except UnansweredError as fault:
                if time.monotonic() > end:
                    self.say(
                        f"{len(left)} jobs could not be deleted ({fault}): "
                        f"'{show_command()} cancel'"
                    )
                    return
                time.sleep(min(self.settings.poll, 5))
                # Those behind it come first now.
                left, at_once = left[len(asked) :] + asked, 1
                with contextlib.suppress(UnansweredError):
                    live = {sequence(identifier) for identifier in self.scheduler.live()}
                    left = [identifier for identifier in left if sequence(identifier) in live]
        self.say(f"{len(identifiers)} jobs of this run deleted")

    def _recover_cut_short(self, run: Run) -> None:
        """Find jobs whose submission was interrupted together with Snakemake."""
        for job in self.records.jobs().values():
            if job.identifier or job.cancelled or job.run != run.key:
                continue
            with contextlib.suppress(UnansweredError):
                job = recover(self.records, self.scheduler, job)
                if job.identifier:
                    self.jobs[job.name] = job

    def finish(self) -> None:
        """Do what is left to do when nobody runs here any more."""
        self._remove_logs(all_of_them=True)


def show_command() -> str:
    """Give the command that shows the jobs, as the user would type it."""
    path = Path(sys.argv[0]).with_name("jobs")
    with contextlib.suppress(ValueError):
        return str(path.resolve().relative_to(Path.cwd()))
    return str(path)


@contextlib.contextmanager
def _only_one(records: Records) -> Iterator[bool]:
    with (records.folder / f"{records.refresher_file.name}.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        except OSError:
            pass  # no locks here; two that ask are a nuisance, no danger
        records.note_refresher()
        yield True


def _say(message: str) -> None:
    with contextlib.suppress(OSError):
        print(f"[pbs] {message}", file=sys.stderr, flush=True)


def main(folder: Path, arguments: list[str]) -> int:
    """Watch until the last Snakemake has ended."""
    # Ctrl-C in the terminal means Snakemake; this process sees to its jobs afterwards.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    # The status command, which may have started this, ignores it.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    records = Records()
    try:
        settings = read_settings(folder)
    except SettingsError as fault:
        _say(str(fault))
        return 1
    with _only_one(records) as alone:
        if not alone:
            return 0
        refresher = Refresher(
            settings, records, Scheduler(settings.dialect, settings.patience), _say
        )
        _watch(refresher, records, settings)
    return 0


def _watch(refresher: Refresher, records: Records, settings: Settings) -> None:
    # Under a second, so that the first answer is there soon after a restart.
    next_poll = time.monotonic() + min(1.0, settings.poll)
    next_look = 0.0
    while True:
        runs = records.runs()
        for run in runs:
            if not run.lives():
                refresher.see_off(run)
        if not any(run.lives() for run in runs) and not refresher.deleting:
            break
        now = time.monotonic()
        if now >= next_look:
            # Two starts at once may have left the wrong number there.
            records.note_refresher()
            refresher.look()
            refresher.start_again()
            next_look = now + min(_LOOK_SECONDS, settings.poll)
        if now >= next_poll:
            next_poll = now + settings.poll
            refresher.poll()
        time.sleep(_TICK_SECONDS)
    refresher.finish()
