"""``./jobs``: show the cluster jobs of a campaign, cancel them, tell which failed and why."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from sixsv_lut.campaign.campaign import load_campaign
from sixsv_lut.campaign.configuration_file import DEFAULT_FILE
from sixsv_lut.cluster.patience import NoAnswerError
from sixsv_lut.cluster.pbs import Pbs
from sixsv_lut.cluster.pbs_settings import SettingsError, read_settings
from sixsv_lut.cluster.records import Job, Records, failed_jobs, number_of
from sixsv_lut.cluster.scheduler import Scheduler, Seen
from sixsv_lut.cluster.slurm import Slurm
from sixsv_lut.cluster.submission import recover
from sixsv_lut.cluster.task import describe_failed
from sixsv_lut.errors import CampaignError


def find_records(paths: Sequence[Path]) -> Records:
    """Give the records of the campaign that a user means.

    Parameters
    ----------
    paths : sequence of Path
        Configuration files, of which later ones win, or the folder of results of one campaign; if
        none is given, the default configuration.

    Raises
    ------
    CampaignError
        There is no such campaign, or it was never run on a cluster.
    """
    folder = paths[0] if len(paths) == 1 and paths[0].is_dir() else load_campaign(paths).folder
    records = Records(folder.absolute() / "cluster")
    if not records.folder.is_dir():
        raise CampaignError(
            f"there is no folder {records.folder}: no cluster job of this campaign was submitted. "
            "Name results/<campaign>, or a configuration file"
        )
    return records


def open_scheduler(records: Records) -> Scheduler:
    """Give the scheduler that has the jobs of a campaign, as the records say."""
    kind, profile = records.scheduler()
    if not kind:
        raise CampaignError(f"no cluster job of this campaign was submitted ({records.folder})")
    return Slurm(records) if kind == Slurm.kind else Pbs(records, read_settings(profile))


def live_jobs(records: Records, scheduler: Scheduler) -> list[tuple[Job, Seen]]:
    """Give the jobs that the scheduler still has, also those whose submission was cut short."""
    for job in records.jobs().values():
        if not job.identifier and not job.state:
            recover(records, scheduler, job)
    ours = {number_of(job.identifier): job for job in records.jobs().values() if job.identifier}
    live = {number_of(one.identifier): one for one in scheduler.list_jobs() if not one.ended}
    return [(ours[number], seen) for number, seen in live.items() if number in ours]


def show(records: Records) -> None:
    """Show the jobs that the scheduler still has."""
    scheduler = open_scheduler(records)
    jobs = live_jobs(records, scheduler)
    print(f"{len(jobs)} jobs named {records.tag} in {scheduler.name}")
    if jobs:
        print(f"{'id':<20} {'state':<12} {'submitted':<17} what it does")
    for job, seen in jobs:
        started = "started" if records.has_started(job.name) else "waiting"
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(job.time))
        print(f"{job.identifier:<20} {seen.state or started:<12} {when:<17} {job.title}")


def cancel(records: Records) -> None:
    """Cancel the jobs that the scheduler still has."""
    scheduler = open_scheduler(records)
    jobs = [job for job, _ in live_jobs(records, scheduler)]
    records.cancel(jobs)
    try:
        scheduler.delete([job.identifier for job in jobs])
    except NoAnswerError as error:
        raise NoAnswerError(
            f"it is not known which jobs are cancelled, run it again: {error}"
        ) from None
    print(f"{len(jobs)} jobs named {records.tag} cancelled")


def show_failed(records: Records) -> None:
    """Show the jobs that failed, in any run, and whose work was not done since."""
    print(describe_failed(records, failed_jobs(records.jobs().values())), end="")


_COMMANDS = {"show": show, "cancel": cancel, "failed": show_failed}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and give its exit code."""
    parser = argparse.ArgumentParser(
        prog="jobs", description="The cluster jobs of a campaign, on SLURM or PBS."
    )
    parser.add_argument(
        "what",
        choices=_COMMANDS,
        nargs="?",
        default="show",
        help="show them (the default); cancel them (stop Snakemake first, or it submits them "
        "again); or show which failed, and why",
    )
    parser.add_argument(
        "campaign",
        nargs="*",
        type=Path,
        help=f"a folder results/<campaign>, or configuration files (default: {DEFAULT_FILE})",
    )
    chosen = parser.parse_args(arguments)
    try:
        _COMMANDS[chosen.what](find_records(chosen.campaign))
    except (CampaignError, SettingsError, NoAnswerError) as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    return 0
