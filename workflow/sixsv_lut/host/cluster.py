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
from sixsv_lut.cluster.slurm import Slurm
from sixsv_lut.cluster.task import describe_failed
from sixsv_lut.errors import CampaignError


def start(
    campaign: Campaign, profile: Path, *, account: str | None = None, rate: int | None = None
) -> None:
    """Prepare records, environment variables and the PATH for the commands of a profile.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    profile : Path
        Folder of the profile: slurm or pbs.
    account : str or None
        The account of the jobs.
    rate : int or None
        Submissions a minute at most.

    Raises
    ------
    CampaignError
        The settings of a PBS site are wrong.
    """
    run = runs.Run.of_process(os.getpid())
    records = Records(campaign.folder.absolute() / "cluster")
    variables = {
        runs.FOLDER: str(records.folder),
        runs.RUN: run.key,
        runs.PROFILE: str(profile),
        runs.PYTHON: sys.executable,
        runs.ACCOUNT: account or "",
        runs.RATE: str(rate or ""),
    }
    os.environ.update(variables)
    if profile.name == Slurm.kind:
        records.begin(remove_logs=False)  # the plugin does
        os.environ["PATH"] = os.pathsep.join([str(profile / "bin"), os.environ.get("PATH", "")])
    else:
        try:
            records.begin(remove_logs=read_settings(profile).keep_logs == "failed")
        except SettingsError as error:
            raise CampaignError(str(error)) from None
        records.add_run(run)
    # A submission that waits for the scheduler must learn of Ctrl-C. Where Ctrl-C is ignored, as
    # behind the & of a script, it stays so.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupted)


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    Records(Path(os.environ[runs.FOLDER])).mark_stopped(runs.Run.current())
    raise KeyboardInterrupt


def end() -> str:
    """Cancel jobs that this run would leave behind, and tell what failed.

    Returns
    -------
    str
        Lines for the user, or nothing.
    """
    records, run = Records(Path(os.environ[runs.FOLDER])), runs.Run.current()
    on_slurm = Path(os.environ[runs.PROFILE]).name == Slurm.kind
    # On PBS the watcher then deletes what is left.
    records.mark_stopped(run)
    said = _cancel_on_slurm(records) if on_slurm else ""
    failed = failed_jobs(job for job in records.jobs().values() if job.run == run.key)
    return (said + describe_failed(records, failed)).rstrip("\n")


def _cancel_on_slurm(records: Records) -> str:
    scheduler = Slurm(records)
    try:
        left = [seen for seen in scheduler.list_jobs() if not seen.ended]
        if not left:
            return ""
        scheduler.delete_all()
    except NoAnswerError as error:
        return (
            f"SLURM does not answer ({error}): jobs of this campaign may be left in it. Show or "
            f"cancel them by: ./jobs show|cancel {records.folder.parent}\n"
        )
    return f"{len(left)} jobs of this campaign that were still in SLURM were cancelled.\n"
