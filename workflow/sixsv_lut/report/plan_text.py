"""The plan of a campaign as a person reads it, and as a program does."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from sixsv_lut.files import write_as_json
from sixsv_lut.readable import duration, hours, size
from sixsv_lut.report.plan import Amounts, Plan

# What Snakemake makes of --jobs unlimited.
_NO_LIMIT = sys.maxsize


def write_json(plan: Plan, path: Path) -> None:
    """Write a plan as JSON: the attributes of `sixsv_lut.report.plan.Plan`, in base units.

    Parameters
    ----------
    plan : Plan
        The plan.
    path : Path
        The file.
    """
    write_as_json(path, asdict(plan))


def print_plan(plan: Plan, console: Console) -> None:
    """Print a plan as a table of the bands and a list of what they need together.

    Parameters
    ----------
    plan : Plan
        The plan.
    console : rich.console.Console
        Where to; it knows whether that is a terminal, and its width.
    """
    where = (
        f"{_number(plan.jobs_at_a_time or 0)} cluster jobs of {_count(plan.cores, 'core')}"
        if plan.on_cluster
        else f"this machine, {_count(plan.cores, 'core')}"
    )
    console.print()
    console.print(f"Plan of campaign {plan.campaign}: {where}", style="bold", soft_wrap=True)
    console.print(_bands(plan))
    console.print(_summary(plan))


def _bands(plan: Plan) -> Table:
    # Ranges are wide: without padding one blank is left between columns.
    padding = 0 if plan.launches_are_estimated else (0, 1, 0, 0)
    table = Table(box=box.SIMPLE_HEAD, show_footer=True, pad_edge=False, padding=padding)
    bands = plan.bands

    def column(name: str, values: Iterable[str], total: str) -> None:
        table.add_column(name, total, justify="right" if table.columns else "left", no_wrap=True)
        columns.append(list(values))

    columns: list[list[str]] = []

    def launches(part: Amounts) -> str:
        return _number_between(part.launches_least, part.launches_most)

    def cpu_hours(part: Amounts) -> str:
        return _between(hours(part.cpu_seconds_least / 3600), hours(part.cpu_seconds_most / 3600))

    estimated = "\n(estimate)" if plan.launches_are_estimated else ""
    column("band", (band.band for band in bands), "all")
    column(f"launches{estimated}", map(launches, bands), launches(plan))
    done = (_number(band.launches_done) for band in bands)
    column("in store", done, _number(plan.launches_done))
    column("batches", (_number(band.batches) for band in bands), _number(plan.batches))
    left = (_number(band.batches_left) for band in bands)
    column("left", left, _number(plan.batches_left))
    column("s/launch", (f"{band.seconds_per_launch:.3g}" for band in bands), "")
    column("CPU-h", map(cpu_hours, bands), cpu_hours(plan))
    column("store", (size(band.store_bytes) for band in bands), size(plan.store_bytes))
    column("LUT", (size(band.lut_bytes) for band in bands), size(plan.lut_bytes))
    for row in zip(*columns, strict=True):
        table.add_row(*row)
    return table


def _summary(plan: Plan) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")

    table.add_row("points", _number(plan.points))
    if plan.launches_least < plan.launches_most:
        table.add_row("launches", _expected_launches(plan))
    for i, line in enumerate(_launch_time(plan)):
        table.add_row("" if i else "launch time", line)
    least, most, done = (
        seconds / 3600
        for seconds in (plan.cpu_seconds_least, plan.cpu_seconds_most, plan.cpu_seconds_done)
    )
    spent = _between(hours(least), hours(most), " to ")
    left = _between(hours(least - done), hours(most - done), " to ")
    table.add_row("CPU-hours", f"about {spent} in all, {hours(done)} done, {left} left")
    if plan.launches_failed:
        table.add_row(
            "failed",
            f"{_count(plan.launches_failed, 'launch')} of those in the store; not run again before "
            "the files of their batches are removed, as the error at the end of a run tells",
        )
    if plan.accuracy_launches:
        table.add_row(
            "accuracy",
            f"{_number(plan.accuracy_launches)} more launches, between the nodes; "
            "not counted above",
        )
    elapsed = _between(
        duration(plan.elapsed_seconds_least), duration(plan.elapsed_seconds_most), " to "
    )
    if not plan.batches_left:
        table.add_row("elapsed time", "none: all launches are in the store")
    elif plan.on_cluster:
        table.add_row("elapsed time", f"about {elapsed}, without queueing")
    else:
        table.add_row("elapsed time", f"about {elapsed}")
    if plan.job:
        table.add_row(
            "cluster jobs",
            f"{_number(plan.cluster_jobs)} of {_count(plan.job.batches, 'batch')}, "
            f"{_number(plan.cluster_jobs_left)} left; {plan.consolidation_jobs} more for "
            "tables and pictures",
        )
        limit = plan.job.walltime_limit_minutes
        table.add_row(
            "one job",
            f"takes about {duration(plan.job.expected_seconds)}, asks for "
            f"{duration(60 * plan.job.walltime_asked_minutes)} at first"
            + (f"; the site allows {duration(60 * limit)}" if limit else ""),
        )
    files = plan.files
    logs = f" and {_count(files.job_logs_at_a_time, 'job log')}" if plan.on_cluster else ""
    table.add_row(
        "files",
        f"{_number(files.in_the_end)} in the end, {files.per_batch} for each batch; besides, "
        f"while launches run: {_count(files.journals_at_a_time, 'journal')}{logs}",
    )
    table.add_row(
        "bytes",
        f"about {size(plan.store_bytes)} in the store, {size(plan.lut_bytes)} of LUTs",
    )
    table.add_row("batch size", _batch_size(plan))
    return table


def _expected_launches(plan: Plan) -> str:
    all_points = plan.points * len(plan.bands)
    least, most = (all_points / number for number in (plan.launches_most, plan.launches_least))
    expected = f"{_two_digits(plan.launches_least)} to {_two_digits(plan.launches_most)}"
    text = f"{expected}, an estimate: one for {least:.2g} to {most:.2g} points"
    known = {band.launches_from for band in plan.bands}
    if known == {"finished blocks"}:
        return f"{text}, by what finished blocks took"
    if "grid" in known:
        return (
            f"{text}; snakemake probe finds out which gases act, and finished blocks narrow it more"
        )
    return f"{text}, by the gases that act; finished blocks narrow it"


def _launch_time(plan: Plan) -> list[str]:
    configured = plan.configured_seconds_per_launch
    probed = [band for band in plan.bands if band.seconds_per_launch_from == "probe"]
    if not probed:
        return [
            f"{configured:g} s, as configured (sixsv.seconds_per_launch); "
            "snakemake probe, with the same options, measures it"
        ]
    dates = [band.probe_date or "" for band in probed]
    hosts = sorted({band.probe_host or "" for band in probed})
    shown = ", ".join(hosts[:3]) + (" and others" if len(hosts) > 3 else "")
    at_a_time = " or ".join(
        str(number) for number in sorted({band.probe_launches_at_a_time or 0 for band in probed})
    )
    lines = [f"measured on {shown} with {at_a_time} at a time, {_date(max(dates))}"]
    guessed = [band.band for band in plan.bands if band.seconds_per_launch_from == "other bands"]
    if guessed:
        lines.append(
            f"not measured: {_some(guessed)}, for which the mean of the others stands; "
            "snakemake probe, with the same options, measures all"
        )
    if plan.advised_seconds_per_launch is not None:
        lines.append(
            f"walltimes follow from the configured {configured:g} s. To make them follow from the "
            f"slowest band measured, configure sixsv: "
            f"{{seconds_per_launch: {plan.advised_seconds_per_launch:g}}}"
        )
    return lines


def _batch_size(plan: Plan) -> str:
    now = f"{plan.batch_size_launches}"
    suggested = plan.suggested_batch_size
    if suggested is None:
        return f"{now}; none fits, whatever its size: put fewer batches into a job"
    if plan.launches_done:
        return f"{now}; keep it, because launches are in the store"
    if 2 / 3 < suggested.launches / plan.batch_size_launches < 3 / 2:
        return f"{now}, which is about right"
    takes, unit = suggested.batch_seconds, "batches"
    if plan.on_cluster:
        takes, unit = suggested.job_seconds, "jobs"
    return (
        f"{now}; suggested: {suggested.launches}, for {unit} of about {duration(takes)} "
        f"({_count(suggested.batches, 'batch')} in all)"
    )


def _between(least: str, most: str, to: str = "-") -> str:
    # One number where both read the same.
    return least if least == most else f"{least}{to}{most}"


def _number_between(least: int, most: int) -> str:
    # Of what is not known exactly two digits are enough, and fit the table.
    if least == most:
        return _number(least)
    unit, sign = (1e6, " M") if most >= 1e6 else (1e3, " k") if most >= 1e4 else (1, "")
    return _between(_two_digits(least / unit), _two_digits(most / unit)) + sign


def _two_digits(number: float) -> str:
    return f"{number:.2g}" if number < 10 else f"{float(f'{number:.2g}'):,.0f}"


def _number(number: int) -> str:
    return f"{number:,}" if number < _NO_LIMIT else "any number of"


def _count(number: int, what: str) -> str:
    plural = f"{what}es" if what.endswith("ch") else f"{what}s"
    return f"{_number(number)} {what if number == 1 else plural}"


def _date(date: str) -> str:
    return date.replace("T", " ").replace("+00:00", " UTC")


def _some(names: list[str], most: int = 6) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if names[most:] else "")
