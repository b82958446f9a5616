"""Snakemake's scheduler is not woken more often the more jobs have ended."""

from __future__ import annotations

import threading

from snakemake.scheduling.job_scheduler import JobScheduler

from sixsv_lut.host.scheduling import wake_once


class FakeScheduler:
    """What of Snakemake's scheduler matters here: what its timers release."""

    _schedule_reevalutation = JobScheduler._schedule_reevalutation

    def __init__(self) -> None:
        self._open_jobs = threading.Semaphore(0)

    def wakings(self, within: float) -> int:
        """Count what wakes the scheduler until nothing has for some time."""
        count = 0
        while self._open_jobs.acquire(timeout=within):
            count += 1
        return count


def test_many_looks_at_the_waiting_jobs_start_one_timer() -> None:
    scheduler = FakeScheduler()
    wake_once(scheduler)
    for _ in range(50):
        scheduler._schedule_reevalutation(0.1)
    assert scheduler.wakings(within=1) == 1


def test_snakemake_itself_starts_a_timer_for_each_look() -> None:
    """Should this fail, `wake_once` may not be needed any more."""
    scheduler = FakeScheduler()
    for _ in range(50):
        scheduler._schedule_reevalutation(0.1)
    assert scheduler.wakings(within=1) == 50


def test_once_woken_the_scheduler_can_be_woken_again() -> None:
    scheduler = FakeScheduler()
    wake_once(scheduler)
    for _ in range(3):
        scheduler._schedule_reevalutation(0.01)
        assert scheduler._open_jobs.acquire(timeout=10)


def test_a_pending_timer_does_not_keep_snakemake_from_ending() -> None:
    scheduler = FakeScheduler()
    before = set(threading.enumerate())
    wake_once(scheduler)
    scheduler._schedule_reevalutation(1)
    (timer,) = set(threading.enumerate()) - before
    assert timer.daemon
    timer.cancel()  # type: ignore[attr-defined]
