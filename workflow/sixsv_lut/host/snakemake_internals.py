"""Every name that is used of Snakemake without being published by it, each in a function.

A new Snakemake may rename or drop such a name. Then the function that uses it ends the run at its
start, with a message that names Snakemake's version and what is missing; nothing runs in another
way than it should. ``tests/unit/test_snakemake_internals.py`` looks for each of these names in the
installed Snakemake, so that a new version is known to fit before it is pinned.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from importlib.metadata import version
from logging import LogRecord
from typing import Any

from sixsv_lut.errors import CampaignError


def _attribute(thing: Any, name: str, purpose: str) -> Any:
    """Give an attribute of one of Snakemake's objects, or say that this Snakemake has none."""
    try:
        return getattr(thing, name)
    except AttributeError:
        raise CampaignError(
            f"Snakemake {version('snakemake')} has no {type(thing).__name__}.{name}, by which this "
            f"workflow {purpose}: install the version that requirements.txt names (make install)"
        ) from None


def set_threads(settings: Any, rule: str, threads: int) -> None:
    """Set the threads of a rule as ``--set-threads`` does, once it is known how many they are.

    Snakemake hands what was given on the command line to the jobs on a cluster, but not what a
    function of the rule gives there, where it would see the settings of the job.

    Parameters
    ----------
    settings : snakemake.settings.types.ResourceSettings
        The settings of the workflow; they are changed.
    rule : str
        Name of the rule.
    threads : int
        The number.
    """
    from snakemake.resources import Resource

    given = _attribute(
        settings, "_parsed_overwrite_threads", "hands the threads of a probe to its job"
    )
    given[rule] = Resource("_cores", threads)


def set_parent_group(workflow: Any, group: str, parent: str) -> None:
    """Have ``--group-components`` of one group hold for another group too.

    Batches are grouped by names of their own, so that neighbours share a job whatever else is to be
    done; profiles say how many make a job for all of them under one name.

    Parameters
    ----------
    workflow : snakemake.workflow.Workflow
        The workflow; it is changed.
    group : str
        Name of the group.
    parent : str
        Name of the group for which profiles give the number.
    """
    _attribute(workflow, "parent_groupids", "groups batches into cluster jobs")[group] = parent


def keep_one_timer(scheduler: Any) -> None:
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
    purpose = "keeps the load of its scheduler small"
    open_jobs = _attribute(scheduler, "_open_jobs", purpose)
    _attribute(scheduler, "_schedule_reevalutation", purpose)  # Snakemake spells it so
    pending = False

    def wake() -> None:
        nonlocal pending
        pending = False
        open_jobs.release()

    def schedule_reevaluation(delay: float) -> None:
        nonlocal pending
        if not pending:
            pending = True
            timer = threading.Timer(delay, wake)
            timer.daemon = True  # Snakemake need not wait for it at its end
            timer.start()

    scheduler._schedule_reevalutation = schedule_reevaluation


def remove_rate_limit(scheduler: Any) -> None:
    """Remove the limit on the rate of jobs, and so all of the timers that come with it.

    Parameters
    ----------
    scheduler : snakemake.scheduling.job_scheduler.JobScheduler
        The scheduler of the workflow; it is changed.
    """
    _attribute(scheduler, "job_rate_limiter", "starts jobs without a limit on their rate")
    scheduler.job_rate_limiter = None


def requested_files(workflow: Any) -> list[str]:
    """Give the files that a run was asked to make.

    Parameters
    ----------
    workflow : snakemake.workflow.Workflow
        The workflow; its jobs are known.

    Returns
    -------
    list of str
        What the jobs that were asked for make; of a rule that only collects, what it collects.
    """
    jobs = _attribute(
        workflow.dag, "targetjobs", "checks that a run has made what it was asked for"
    )
    return [str(file) for job in jobs for file in (job.output or job.input)]


def surround_report(workflow: Any, surround: Callable[[Callable[[], None], Any], None]) -> None:
    """Have something done before and after Snakemake makes a report.

    Parameters
    ----------
    workflow : snakemake.workflow.Workflow
        The workflow; it is changed.
    surround : callable
        Called instead, with a function that makes the report, and with the reporter's settings.
    """
    create = _attribute(workflow, "create_report", "writes the pages of a report")

    def create_report(*, report_settings: Any, **others: Any) -> None:
        surround(lambda: create(report_settings=report_settings, **others), report_settings)

    workflow.create_report = create_report


def filter_terminal(handlers: list[Any], shown: Callable[[LogRecord], bool]) -> None:
    """Let the terminal show only some of Snakemake's messages; its log file keeps all.

    Parameters
    ----------
    handlers : list of logging.Handler
        The handlers of Snakemake's logger.
    shown : callable
        Tells whether a message is shown.
    """
    for handler in handlers:
        # Under another name the terminal would show more, and nothing else would happen.
        if handler.name == "DefaultStreamHandler":
            handler.addFilter(shown)
