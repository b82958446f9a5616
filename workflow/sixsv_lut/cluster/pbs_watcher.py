"""The one process that asks PBS, for all jobs of a campaign.

It is started by the first submission (and again by the status command, should it die), and ends
with the last Snakemake of the campaign on this machine. It is no sidecar of Snakemake's: with a
sidecar Snakemake never ends when a run is refused at its start.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

from sixsv_lut.cluster.patience import NoAnswerError
from sixsv_lut.cluster.pbs import Pbs
from sixsv_lut.cluster.pbs_settings import Settings, SettingsError, read_settings
from sixsv_lut.cluster.records import COMPLETED, FAILED, Job, Records, number_of
from sixsv_lut.cluster.runs import FOLDER, Run
from sixsv_lut.cluster.scheduler import Seen
from sixsv_lut.cluster.submission import hand_in, recover, said_of
from sixsv_lut.cluster.watch import AT_ONCE, DELETE_SECONDS, Watch
from sixsv_lut.files import locked
from sixsv_lut.processes import process_start

_TICK_SECONDS = 0.5
_LOOK_SECONDS = 2.0
_WAITING_AT_ONCE = 10
# Every so many polls one is used to look at waiting or at held jobs.
_POLLS_TO_A_LOOK = 5
# How long jobs of an interrupted run are tried to be deleted: a call of qdel hangs for a job of a
# node whose daemon is frozen.
_CANCEL_SECONDS = 600.0
# How often a job is started again, by no retry of Snakemake's, when its script was never run.
_STARTS = 12


def start_watcher(records: Records, profile: Path) -> None:
    """Start the watcher unless it runs."""
    with contextlib.suppress(OSError, ValueError):
        if process_start(int(records.watcher_file.read_text())):
            return
    started = subprocess.Popen(
        [sys.executable, "-s", "-P", "-m", __name__, str(profile)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    records.watcher_file.write_text(f"{started.pid}\n")


class Watcher(Watch):
    """Watches the open jobs of a campaign in PBS.

    Parameters
    ----------
    settings : Settings
        The site's settings.
    records : Records
        The records of the campaign.
    scheduler : Pbs
        The commands of PBS.
    """

    def __init__(self, settings: Settings, records: Records, scheduler: Pbs) -> None:
        super().__init__(scheduler, records)
        self.settings = settings
        self.pbs = scheduler
        self._polls = 0
        self._warned: set[str] = set()
        self._looked_at: dict[str, int] = {}
        self._table_state = (-1, -1)
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
                self.jobs |= self.records.open_jobs()
        for name in self._written():
            # Only success is believed before the job has left PBS: a job that was stopped to be
            # run again has written its code, too.
            if self.records.exit_code(name) == 0:
                self.settle(self.jobs[name], COMPLETED)

    def _written(self) -> list[str]:
        with contextlib.suppress(OSError):
            return [path.name for path in self.records.exits.iterdir() if path.name in self.jobs]
        return []

    # --- what PBS says ---

    def ask(self) -> dict[str, str]:
        """Ask PBS once: mostly for the list of jobs, at times for those that have not started."""
        if not self.jobs:
            return {}
        self._polls += 1
        if self._polls % _POLLS_TO_A_LOOK == 2 and self._look_at_waiting():
            return {}
        if self._polls % _POLLS_TO_A_LOOK == 4:
            self._look_at_held()
            return {}
        return super().ask()

    def starts_later(self, name: str) -> bool:
        """Whether a job is to be submitted again."""
        return name in self._due

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
        found, _ = self.pbs.details([job.identifier for job in waiting])
        self._looked_at.update({job.name: self._polls for job in waiting})
        self._judge_waiting(found)
        return True

    def _look_at_held(self) -> None:
        ours = {number_of(job.identifier) for job in self.jobs.values()}
        held = [i for i in self.pbs.live(state="H") if number_of(i) in ours]
        if held:
            self._judge_waiting(self.pbs.details(held[:AT_ONCE])[0])

    def _judge_waiting(self, found: list[Seen]) -> None:
        ours = {number_of(job.identifier): job for job in self.jobs.values()}
        for seen in found:
            job = ours.get(number_of(seen.identifier))
            if job is None:
                continue
            comment = seen.attributes.get("comment", "")
            if seen.never_starts:
                self.scheduler.delete([job.identifier], DELETE_SECONDS)
                self.not_started(job, seen)
            elif comment.startswith("Can Never Run") and not seen.ended:
                self._warn(
                    f"never {comment}",
                    f"job {job.identifier} waits for ever unless something changes: {comment}. "
                    "Make jobs smaller or take another queue (profile.yaml, site.conf), or delete "
                    f"it with 'qdel {job.identifier}': it is then submitted again.",
                )
            elif seen.held_by == "owner":
                self._warn(
                    f"held {job.identifier}",
                    f"job {job.identifier} is held by its owner; 'qrls {job.identifier}' frees it.",
                )
            elif seen.held_by:
                # Such a hold is mostly put on all jobs of a user.
                self._warn(
                    f"held by {seen.held_by}",
                    f"job {job.identifier} is held by the site ({seen.held_by} hold); it waits "
                    "until the site frees it. Ask its support, who can do so with "
                    f"'qrls -h {seen.held_by[0]} {job.identifier}'. More such holds are not "
                    f"mentioned; './jobs show {self.records.folder.parent}' shows all jobs.",
                )

    def _warn(self, key: str, message: str) -> None:
        if key not in self._warned:
            self._warned.add(key)
            self.scheduler.say(message)

    # --- starts that fail ---

    def not_started(self, job: Job, seen: Seen) -> None:
        """Let a job whose script was never run start again, later each time; or give it up."""
        node, reason = seen.node, seen.reason
        job = replace(job, failed_starts=[*job.failed_starts, node], handle=job.known_as)
        starts = len(job.failed_starts)
        again = (
            starts < _STARTS
            and Run(job.run).lives
            and Path(job.script).is_file()
            and not job.cancelled
            and not self.records.is_stopped(job.run)
        )
        if not again:
            if starts > 1:
                nodes = ", ".join(sorted({name for name in job.failed_starts if name}))
                reason += f"; {starts} starts failed" + (f", on {nodes}" if nodes else "")
            self.settle(job, FAILED, reason, node)
            return
        wait = min(self.settings.wait_first * 2 ** (starts - 1), self.settings.wait_longest)
        self._due[job.name] = (time.monotonic() + wait, job)
        self.missing.pop(job.name, None)
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
        if not Run(job.run).lives:
            del self._due[job.name]
            return
        try:
            refused = self._submit_again(job)
        except NoAnswerError as error:
            self._due[job.name] = (now + self.settings.wait_longest, job)
            self._warn("start again", f"PBS takes no job now, this run waits for it: {error}")
            return
        del self._due[job.name]
        if refused:
            self.settle(job, FAILED, refused)

    def _submit_again(self, job: Job) -> str:
        """Submit a job anew; give the reason when PBS refuses it for good."""
        # An answer to the last try may have been lost, or this process was another one then.
        started = recover(self.records, self.scheduler, job)
        if started.identifier == job.identifier:
            script = Path(job.script).read_text()
            started, answer = hand_in(self.records, self.scheduler, job, script)
            if answer.code != 0 and self.scheduler.judge(answer, 0).lasts:
                return said_of(self.scheduler, answer)
            if started.identifier == job.identifier:
                raise NoAnswerError(f"qsub: {answer.words} (code {answer.code})")
        self.jobs[job.name] = started
        return ""

    # --- the end of a run ---

    def see_off(self, run: Run) -> None:
        """Delete the jobs of a run that was stopped, leave those of a killed one."""
        self.look()
        self._recover_cut_short(run)
        jobs = [job for job in self.jobs.values() if job.run == run.key]
        self.records.forget(run)
        if not jobs:
            return
        if not self.records.is_stopped(run.key) or self.settings.on_interrupt == "leave":
            self.scheduler.say(
                f"{len(jobs)} jobs are left in the queue; the next run finds them again"
            )
            return
        self.records.cancel(jobs)
        for job in jobs:
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
        left, at_once = list(identifiers), AT_ONCE
        end = time.monotonic() + _CANCEL_SECONDS
        while left:
            asked, patience = left[:at_once], None if at_once == AT_ONCE else DELETE_SECONDS
            try:
                self.scheduler.delete(asked, patience)
                left = left[len(asked) :]
            except NoAnswerError as error:
                if time.monotonic() > end:
                    self.scheduler.say(
                        f"{len(left)} jobs could not be deleted ({error}): "
                        f"'./jobs cancel {self.records.folder.parent}'"
                    )
                    return
                time.sleep(min(self.settings.poll, 5))
                # Those behind it come first now.
                left, at_once = left[len(asked) :] + asked, 1
                with contextlib.suppress(NoAnswerError):
                    live = {number_of(identifier) for identifier in self.pbs.live()}
                    left = [identifier for identifier in left if number_of(identifier) in live]
        self.scheduler.say(f"{len(identifiers)} jobs of this run deleted")

    def _recover_cut_short(self, run: Run) -> None:
        """Find jobs whose submission was interrupted together with Snakemake."""
        for job in self.records.jobs().values():
            if job.identifier or job.state or job.run != run.key:
                continue
            with contextlib.suppress(NoAnswerError):
                job = recover(self.records, self.scheduler, job)
                if job.identifier:
                    self.jobs[job.name] = job


def _note_this_process(records: Records) -> None:
    own = f"{os.getpid()}\n"
    with contextlib.suppress(OSError):
        if not records.watcher_file.exists() or records.watcher_file.read_text() != own:
            records.watcher_file.write_text(own)


def _watch(watcher: Watcher) -> None:
    records, settings = watcher.records, watcher.settings
    # Under a second, so that the first answer is there soon after a restart.
    next_poll = time.monotonic() + min(1.0, settings.poll)
    next_look = 0.0
    while True:
        runs = records.runs()
        for run in runs:
            if not run.lives:
                watcher.see_off(run)
        if not any(run.lives for run in runs) and not watcher.deleting:
            break
        now = time.monotonic()
        if now >= next_look:
            # Two starts at once may have left the wrong number there.
            _note_this_process(records)
            watcher.look()
            watcher.start_again()
            next_look = now + min(_LOOK_SECONDS, settings.poll)
        if now >= next_poll:
            next_poll = now + settings.poll
            watcher.poll()
        time.sleep(_TICK_SECONDS)
    if settings.keep_logs == "failed":
        records.remove_logs()


def main(profile: Path) -> int:
    """Watch until the last Snakemake has ended."""
    # Ctrl-C in the terminal means Snakemake; this process sees to its jobs afterwards.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    # The status command, which may have started this, ignores it.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    records = Records(Path(os.environ[FOLDER]))
    try:
        settings = read_settings(profile)
    except SettingsError as error:
        print(f"[PBS] {error}", file=sys.stderr)
        return 1
    # Where there are no locks two may ask: a nuisance, no danger.
    with locked(Path(f"{records.watcher_file}.lock"), wait=False) as alone:
        if alone:
            _note_this_process(records)
            _watch(Watcher(settings, records, Pbs(records, settings)))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
