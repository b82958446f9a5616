"""What is used of Snakemake without being published by it: is it there, and does it do its work.

Should a test here fail with a new Snakemake, its message names what is gone; the function that uses
it, in ``host/snakemake_internals.py``, says what for.
"""

from __future__ import annotations

import inspect
import logging
import threading
from collections.abc import Callable
from types import SimpleNamespace

import pytest
import snakemake.api  # noqa: F401 -- before its parts, which import each other
from snakemake.logging import LoggerManager
from snakemake.scheduling.job_scheduler import JobScheduler
from snakemake.settings.types import ResourceSettings
from snakemake.workflow import DAG, Workflow

from sixsv_lut.errors import CampaignError
from sixsv_lut.host import snakemake_internals
from sixsv_lut.host.snakemake_internals import keep_one_timer


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
    keep_one_timer(scheduler)
    for _ in range(50):
        scheduler._schedule_reevalutation(0.1)
    assert scheduler.wakings(within=1) == 1


def test_snakemake_itself_starts_a_timer_for_each_look() -> None:
    """Should this fail, `keep_one_timer` may not be needed any more."""
    scheduler = FakeScheduler()
    for _ in range(50):
        scheduler._schedule_reevalutation(0.1)
    assert scheduler.wakings(within=1) == 50


def test_once_woken_the_scheduler_can_be_woken_again() -> None:
    scheduler = FakeScheduler()
    keep_one_timer(scheduler)
    for _ in range(3):
        scheduler._schedule_reevalutation(0.01)
        assert scheduler._open_jobs.acquire(timeout=10)


def test_a_pending_timer_does_not_keep_snakemake_from_ending() -> None:
    scheduler = FakeScheduler()
    before = set(threading.enumerate())
    keep_one_timer(scheduler)
    scheduler._schedule_reevalutation(1)
    (timer,) = set(threading.enumerate()) - before
    assert timer.daemon
    timer.cancel()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (JobScheduler, "_open_jobs"),
        (JobScheduler, "_schedule_reevalutation"),
        (JobScheduler, "job_rate_limiter"),
        (Workflow, "parent_groupids"),
        (Workflow, "create_report"),
        (DAG, "targetjobs"),
        (ResourceSettings, "_parsed_overwrite_threads"),
    ],
)
def test_snakemake_has_the_names_that_are_used(owner: type, name: str) -> None:
    gone = f"Snakemake's {owner.__name__} has no {name} any more: see snakemake_internals.py"
    assert hasattr(owner, name) or f"self.{name} =" in inspect.getsource(owner), gone


def test_snakemakes_terminal_handler_has_the_name_by_which_it_is_filtered() -> None:
    assert "DefaultStreamHandler" in inspect.getsource(LoggerManager)


@pytest.mark.parametrize(
    "use",
    [
        lambda: keep_one_timer(SimpleNamespace()),
        lambda: snakemake_internals.remove_rate_limit(SimpleNamespace()),
        lambda: snakemake_internals.set_parent_group(SimpleNamespace(), "a", "b"),
        lambda: snakemake_internals.set_threads(SimpleNamespace(), "probe", 2),
        lambda: snakemake_internals.surround_report(SimpleNamespace(), lambda *_: None),
        lambda: snakemake_internals.requested_files(SimpleNamespace(dag=SimpleNamespace())),
    ],
)
def test_a_snakemake_without_such_a_name_is_refused_by_its_version(use: object) -> None:
    assert callable(use)
    with pytest.raises(CampaignError, match=r"Snakemake \d+\.\d+.* has no .*requirements.txt"):
        use()


def test_threads_that_are_set_are_handed_to_jobs_as_if_given() -> None:
    settings = ResourceSettings(overwrite_threads={"simulate": 4})
    snakemake_internals.set_threads(settings, "probe", 8)
    given = {rule: threads.value for rule, threads in settings._parsed_overwrite_threads.items()}
    assert given == {"simulate": 4, "probe": 8}


def test_a_report_is_surrounded_with_its_settings() -> None:
    assert "report_settings" in inspect.signature(Workflow.create_report).parameters
    done: list[object] = []
    workflow = SimpleNamespace(create_report=lambda **given: done.append(given))

    def surround(create: Callable[[], None], settings: object) -> None:
        done.append(f"before {settings}")
        create()
        done.append("after")

    snakemake_internals.surround_report(workflow, surround)
    workflow.create_report(report_settings="html", report_plugin="plugin")
    given = {"report_settings": "html", "report_plugin": "plugin"}
    assert done == ["before html", given, "after"]


def test_only_the_terminal_is_filtered() -> None:
    terminal, file = logging.StreamHandler(), logging.NullHandler()
    terminal.name, file.name = "DefaultStreamHandler", "DefaultLogFileHandler"
    snakemake_internals.filter_terminal([terminal, file], lambda _record: False)
    record = logging.LogRecord("snakemake", logging.INFO, "file", 1, "text", None, None)
    assert not terminal.filter(record)
    assert file.filter(record)
