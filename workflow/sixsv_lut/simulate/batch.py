"""One batch: run what is missing of it, keep every result at once, seal it."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sixsv_lut.campaign.recipe import Recipe
from sixsv_lut.errors import CampaignError
from sixsv_lut.file_errors import explain
from sixsv_lut.processes import has_ended
from sixsv_lut.simulate.launches import Launches, launcher_of
from sixsv_lut.simulate.work import AllRows, Work
from sixsv_lut.sixsv.launcher import Launcher
from sixsv_lut.sixsv.report import Status
from sixsv_lut.store.batch_store import BatchStore
from sixsv_lut.store.journal import JournalWriter
from sixsv_lut.store.records import Records, Result
from sixsv_lut.variables import SNAKEMAKE_PID

log = logging.getLogger(__name__)

# How long a finished launch may wait for the disk, in seconds: what a dying machine can cost.
FLUSH_SECONDS = 5.0
_LOOK_SECONDS = 1.0
_LOG_SECONDS = 60.0


@dataclass(frozen=True)
class BatchSummary:
    """What a batch did.

    Attributes
    ----------
    rows : int
        Number of points.
    recovered : int
        Launches that the store had already.
    launched : int
        Launches of this attempt, retries included.
    failed : int
        Points without a good result.
    """

    rows: int
    recovered: int
    launched: int
    failed: int


def run_batch(
    values: npt.NDArray[np.float64],
    recipe: Recipe,
    store: Path,
    output: Path,
    *,
    threads: int,
    timeout: float,
    retries: int,
    campaign_keys: Collection[str] = (),
    flush_seconds: float = FLUSH_SECONDS,
    name: str = "",
    work_of: Callable[[Records], Work] = AllRows,
) -> BatchSummary:
    """Run a batch to its end, from wherever earlier attempts have left it.

    Parameters
    ----------
    values : ndarray of float64, shape (n, 8)
        The points.
    recipe : Recipe
        The band's recipe.
    store : Path
        Folder of the store.
    output : Path
        Where the finished batch is put.
    threads : int
        How many launches run at a time.
    timeout : float
        Seconds after which a launch is killed.
    retries : int
        How many times a failed launch is tried again at once.
    campaign_keys : collection of str
        Keys of all batches of the campaign (see `sixsv_lut.store.batch_store.BatchStore.recover`).
    flush_seconds : float
        How long a finished launch may wait for the disk.
    name : str
        What tells the batch from others of the same points.
    work_of : callable
        Makes what tells, from what the store has, which of the points are launched.

    Returns
    -------
    BatchSummary
        What was done.

    Raises
    ------
    CampaignError
        The store cannot be written, 6SV cannot be started, or the batch was told to stop. What
        was finished by then is kept.
    """
    batch = BatchStore(store, recipe.fingerprint, values, name)
    with _explained_disk_errors(batch.folder):
        batch.make_folder()
        records = batch.recover(campaign_keys)
        work = work_of(records)
        recovered = int(np.count_nonzero(records.status == Status.OK))
        before = int(records.launches.sum())
        to_run = work.start()
        log.info("%d points, %d in the store, %d to run", len(values), recovered, len(to_run))
        if to_run:
            launcher = launcher_of(recipe, timeout)
            journal = batch.open_journal(threads)
            run = _Run(recipe, launcher, records, journal, retries, flush_seconds)
            try:
                run.rows(to_run, work, threads)
            finally:
                journal.close()
            batch.seal(records.only(work.rows), journal, work.reduced)
        elif not batch.sealed.exists():
            batch.seal(records.only(work.rows), reduced=work.reduced)
        else:  # an attempt may have died between sealing and removing its journals
            batch.remove_replaced()
        batch.publish(output)
    launched = int(records.launches.sum()) - before
    failed = int(np.count_nonzero(records.status[work.rows] != Status.OK))
    summary = BatchSummary(len(values), recovered, launched, failed)
    log.info("done: %d launched, %d failed", summary.launched, summary.failed)
    return summary


class _Run:
    """The launches of one attempt: workers launch, the main thread keeps the results."""

    def __init__(
        self,
        recipe: Recipe,
        launcher: Launcher,
        records: Records,
        journal: JournalWriter,
        retries: int,
        flush_seconds: float,
    ) -> None:
        self._launches = Launches(recipe, launcher)
        self._launcher = launcher
        self._records = records
        self._journal = journal
        self._retries = retries
        self._flush_seconds = flush_seconds
        self._ended: queue.SimpleQueue[tuple[int, Result] | BaseException | None] = (
            queue.SimpleQueue()
        )

    def rows(self, first: Sequence[int], work: Work, threads: int) -> None:
        """Launch rows until the work is done; raise if told to stop before."""
        flushed = logged = time.monotonic()
        left = asked = len(first)
        pool = ThreadPoolExecutor(threads, thread_name_prefix="launch")
        with _stop_signals(lambda: self._ended.put(None)) as stopped:
            try:
                for row in first:
                    pool.submit(self._work, row)
                while left:
                    ended = self._keep_next(stopped)
                    if ended is not None:
                        more = work.go_on(ended)
                        for row in more:
                            pool.submit(self._work, row)
                        left += len(more) - 1
                        asked += len(more)
                    now = time.monotonic()
                    if now - flushed >= self._flush_seconds:
                        self._journal.sync()
                        flushed = now
                    if now - logged >= _LOG_SECONDS:
                        log.info("%d of %d launches to go", left, asked)
                        logged = now
                    why = stopped() or _snakemake_is_gone()
                    if why and left:
                        raise CampaignError(
                            f"{why}: stopped with {asked - left} of {asked} launches done; "
                            f"they are kept in {self._journal.path}. "
                            "Run the same command again to go on from there."
                        )
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
                self._launcher.stop()
                pool.shutdown(wait=True)
                if left:
                    self._keep_finished()

    def _keep_finished(self) -> None:
        # Launches that ended while the run was being stopped; a killed one is no result.
        with contextlib.suppress(queue.Empty, OSError):
            while True:
                ended = self._ended.get_nowait()
                if isinstance(ended, tuple) and ended[1].status == Status.OK:
                    self._journal.append(self._records.values[ended[0]], ended[1])

    def _work(self, row: int) -> None:
        try:
            result = self._launches.launch(self._records.values[row], self._retries)
            self._ended.put((row, result))
        except BaseException as error:  # the main thread raises it
            self._ended.put(error)

    def _keep_next(self, stopped: Callable[[], str]) -> int | None:
        try:
            ended = self._ended.get(timeout=_LOOK_SECONDS)
        except queue.Empty:
            return None
        if isinstance(ended, BaseException):
            raise ended
        if ended is None:
            return None
        row, result = ended
        if result.status != Status.OK:
            if stopped():
                return None  # who stops this process often stops 6SV too: that is no failed launch
            log.warning("row %d failed (%s): %s", row, result.status.meaning, result.reason)
        self._journal.append(self._records.values[row], result)
        self._records.enter(row, result)
        return row


@contextlib.contextmanager
def _stop_signals(wake: Callable[[], None]) -> Iterator[Callable[[], str]]:
    # Handlers only note the signal and wake the loop: they may run in the middle of anything.
    noted: list[str] = []

    def note(number: int, _frame: object) -> None:
        noted.append(f"received {signal.Signals(number).name}")
        wake()

    if threading.current_thread() is not threading.main_thread():
        yield lambda: ""
        return
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = {number: signal.signal(number, note) for number in numbers}
    try:
        yield lambda: noted[0] if noted else ""
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _snakemake_is_gone() -> str:
    # Without this, a killed Snakemake would leave batches that go on beside those of its successor.
    pid = os.environ.get(SNAKEMAKE_PID)
    if not pid:
        return ""
    gone = pid.isdecimal() and has_ended(int(pid))
    return "the Snakemake that started this batch is gone" if gone else ""


@contextlib.contextmanager
def _explained_disk_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CampaignError(explain(error, folder)) from error
