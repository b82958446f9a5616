"""The terminal shows what the user must know, and nothing for a single job."""

from __future__ import annotations

import logging
from enum import Enum

import pytest

from sixsv_lut.host import terminal as console
from sixsv_lut.host.terminal import shown_on_terminal


class Event(Enum):
    """Some of Snakemake's events."""

    JOB_INFO = "job_info"
    GROUP_INFO = "group_info"
    RUN_INFO = "run_info"


def message(text: str, event: Event | None = None, level: int = logging.INFO) -> logging.LogRecord:
    record = logging.LogRecord("snakemake", level, "file", 1, text, None, None)
    record.event = event
    return record


@pytest.fixture(autouse=True)
def _nothing_was_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "_tables", set())


@pytest.mark.parametrize("event", [Event.JOB_INFO, Event.GROUP_INFO])
def test_the_announcement_of_a_job_is_not_shown(event: Event) -> None:
    assert not shown_on_terminal(message("rule simulate", event))


@pytest.mark.parametrize("event", [None, *Event])
def test_every_warning_and_error_is_shown(event: Event | None) -> None:
    for level in (logging.WARNING, logging.ERROR):
        for _ in range(2):
            assert shown_on_terminal(message("Execute nothing", event, level))


def test_the_table_of_counts_is_shown_once() -> None:
    assert shown_on_terminal(message("simulate 16023", Event.RUN_INFO))
    assert not shown_on_terminal(message("simulate 16023", Event.RUN_INFO))
    assert shown_on_terminal(message("simulate 8", Event.RUN_INFO))


def test_reasons_that_point_to_announcements_left_out_are_not_shown() -> None:
    text = "Reasons:\n    (check individual jobs above for details)"
    assert not shown_on_terminal(message(text))


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("Adding results/small/report/cost.html (4 kB).", logging.INFO),
        ("Missing metadata for file results/small/batches/Oa03/00000.parquet.", logging.WARNING),
    ],
)
def test_a_report_has_no_line_for_each_file(text: str, level: int) -> None:
    assert not shown_on_terminal(message(text, level=level))


def test_what_else_snakemake_says_is_shown() -> None:
    for _ in range(2):
        assert shown_on_terminal(message("Nothing to be done."))
