"""What keeps the load of Snakemake's own scheduler small while a run goes on."""

from __future__ import annotations

import threading
from typing import Any


def wake_once(scheduler: Any) -> None:
    """Have at most one timer at a time wake the scheduler.

    With a limit on the rate of jobs, Snakemake's scheduler starts a timer whenever it has looked at
    the waiting jobs, to look again when the timespan of the limit is over. Every end of a job makes
    it look too, and so starts one more endless chain of timers: after a thousand ends it looks a
    thousand times in that timespan. One timer is enough for the limit.

    Parameters
    ----------
    scheduler : snakemake.scheduling.job_scheduler.JobScheduler
        The scheduler of the workflow; it is changed.
    """
    pending = False

    def wake() -> None:
        nonlocal pending
        pending = False
        scheduler._open_jobs.release()

    def schedule_reevaluation(delay: float) -> None:
        nonlocal pending
        if not pending:
            pending = True
            timer = threading.Timer(delay, wake)
            timer.daemon = True  # Snakemake need not wait for it at its end
            timer.start()

    # Snakemake has no switch for this; the name is its own.
    scheduler._schedule_reevalutation = schedule_reevaluation
