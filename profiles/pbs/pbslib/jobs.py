"""Show, or cancel, the jobs of this folder's campaigns that are still in PBS."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from pbslib.records import Job, Records
from pbslib.scheduler import Scheduler, UnansweredError, sequence
from pbslib.settings import SettingsError, read_settings


def main(folder: Path, arguments: list[str]) -> int:
    """Show or cancel."""
    parser = argparse.ArgumentParser(
        prog="jobs", description="The jobs of this folder's campaigns that are still in PBS."
    )
    parser.add_argument(
        "what",
        nargs="?",
        choices=["show", "cancel", "failed"],
        default="show",
        help="show them (the default), cancel them, or show which failed and why",
    )
    parser.add_argument(
        "--campaign", default="", help="only those of this campaign (its name in PBS)"
    )
    wanted = parser.parse_args(arguments)
    records = Records()
    if wanted.what == "failed":
        _show_failed(records)
        return 0
    if not records.table.exists():
        print(f"No jobs were submitted from {Path.cwd()}.")
        return 0
    try:
        settings = read_settings(folder)
        scheduler = Scheduler(settings.dialect, settings.patience)
        jobs = _live(records, scheduler, wanted.campaign)
        if wanted.what == "cancel":
            for job in jobs:
                records.append(replace(job, cancelled=True))
            try:
                scheduler.delete([job.identifier for job in jobs])
            except UnansweredError as fault:
                print(
                    f"Error: it is not known which jobs are deleted, run it again: {fault}",
                    file=sys.stderr,
                )
                return 1
            print(f"{len(jobs)} jobs deleted.")
        else:
            _show(jobs, records)
    except (SettingsError, UnansweredError) as fault:
        print(f"Error: {fault}", file=sys.stderr)
        return 1
    return 0


def _live(records: Records, scheduler: Scheduler, campaign: str) -> list[Job]:
    """Give the jobs that PBS still has, also those whose submission was cut short."""
    known = [job for job in records.jobs().values() if not campaign or job.tag.startswith(campaign)]
    by_number = {sequence(job.identifier): job for job in known if job.identifier}
    live = [by_number[sequence(i)] for i in scheduler.live() if sequence(i) in by_number]
    for tag in sorted({job.tag for job in known if not job.identifier}):
        for identifier in scheduler.live(name=tag):
            if sequence(identifier) not in by_number:
                live.append(
                    Job(f"unknown-{identifier}", identifier, tag, "(submission was cut short)")
                )
    return live


def _show(jobs: list[Job], records: Records) -> None:
    if not jobs:
        print("No jobs in PBS.")
        return
    print(f"{'id':<20} {'campaign':<15} {'started':<8} {'submitted':<16} what it does")
    for job in jobs:
        started = "yes" if records.has_started(job.name) else "no"
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(job.time)) if job.time else "?"
        print(f"{job.identifier:<20} {job.tag:<15} {started:<8} {when:<16} {job.title}")


def _show_failed(records: Records) -> None:
    """Show the last failure of each job that has not succeeded since."""
    last: dict[str, dict[str, Any]] = {}
    text = records.failures.read_text() if records.failures.exists() else ""
    for line in text.splitlines():
        with contextlib.suppress(ValueError):
            failure = json.loads(line)
            last[failure["name"]] = failure
    for failure in last.values():
        if failure["outputs"] and all(Path(path).exists() for path in failure["outputs"]):
            continue
        number = failure["job_id"] or "refused"
        print(f"Failed: {failure['name']} (PBS job {number}), {failure['time']}")
        print(f"  {failure['reason']}")
        print(f"  log: {failure['log']}")
