"""The main process on a cluster: what it tells the commands of a profile, and how it ends."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from types import FrameType

from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.cluster import runs
from sixsv_lut.cluster.patience import NoAnswerError
from sixsv_lut.cluster.pbs_settings import SettingsError, read_settings
from sixsv_lut.cluster.records import Records, failed_jobs
from sixsv_lut.cluster.runs import Run
from sixsv_lut.cluster.slurm import Slurm
from sixsv_lut.cluster.task import describe_failed
from sixsv_lut.errors import CampaignError


def start_on_slurm(
    campaign: Campaign, profile: Path, account: str | None, rate: int | None
) -> None:
    """Put the wrappers of SLURM's commands first in the PATH of this process.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    profile : Path
        Folder of the profile, in which the wrappers are.
    account : str or None
        The account of the jobs.
    rate : int or None
        Submissions a minute at most.
    """
    # The plugin removes the logs.
    _start(campaign, profile).begin(remove_logs=False)
    if account:
        os.environ[runs.ACCOUNT] = account
    if rate:
        os.environ[runs.RATE] = str(rate)
    os.environ["PATH"] = os.pathsep.join([str(profile / "bin"), os.environ.get("PATH", "")])


def start_on_pbs(campaign: Campaign, profile: Path) -> None:
    """Prepare the records for the commands of PBS.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    profile : Path
        Folder of the profile, in which the site's settings are.

    Raises
    ------
    CampaignError
        The settings are wrong.
    """
    try:
        settings = read_settings(profile)
    except SettingsError as error:
        raise CampaignError(str(error)) from None
    records = _start(campaign, profile)
    records.begin(remove_logs=settings.keep_logs == "failed")
    records.add_run(Run.current())


def _start(campaign: Campaign, profile: Path) -> Records:
    folder = campaign.folder.absolute() / "cluster"
    os.environ[runs.FOLDER] = str(folder)
    os.environ[runs.RUN] = Run.of_process(os.getpid()).key
    os.environ[runs.PROFILE] = str(profile)
    os.environ[runs.PYTHON] = sys.executable
    # A submission that waits for the scheduler must learn of Ctrl-C. Where Ctrl-C is ignored, as
    # behind the & of a script, it stays so.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupted)
    return Records(folder)


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    Records(Path(os.environ[runs.FOLDER])).mark_stopped(Run.current())
    raise KeyboardInterrupt


def end_on_slurm() -> str:
    """Cancel jobs that this run would leave behind, and tell what failed.

    Returns
    -------
    str
        Lines for the user, or nothing.
    """
    records = Records(Path(os.environ[runs.FOLDER]))
    scheduler, said = Slurm(records), ""
    try:
        left = [seen for seen in scheduler.list_jobs() if not seen.ended]
        if left:
            scheduler.delete_all()
            said = f"{len(left)} jobs of this campaign that were still in SLURM were cancelled."
    except NoAnswerError as error:
        said = (
            f"SLURM does not answer ({error}): jobs of this campaign may be left in it. Show or "
            f"cancel them by: ./jobs show|cancel {records.folder.parent}"
        )
    return f"{said}\n{_end(records)}".strip()


def end_on_pbs() -> str:
    """Let the watcher delete jobs that this run would leave behind, and tell what failed.

    Returns
    -------
    str
        Lines for the user, or nothing.
    """
    return _end(Records(Path(os.environ[runs.FOLDER])))


def _end(records: Records) -> str:
    run = Run.current()
    records.mark_stopped(run)
    failed = failed_jobs(job for job in records.jobs().values() if job.run == run.key)
    return describe_failed(records, failed).rstrip("\n")
