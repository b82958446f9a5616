"""What surrounds a run on a cluster: mended commands of the scheduler, no jobs left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

from sixsv_lut.campaign.campaign import Campaign

# Environment variables for the commands beside a profile.
_FOLDER = "SIXSV_LUT_CLUSTER_FOLDER"
_RUN = "SIXSV_LUT_CLUSTER_RUN"
_CONFIGURATION = "SIXSV_LUT_CLUSTER_CONFIGURATION"
_ACCOUNT = "SIXSV_LUT_CLUSTER_ACCOUNT"
_RATE = "SIXSV_LUT_CLUSTER_RATE"
_PYTHON = "SIXSV_LUT_PYTHON"
_CAMPAIGN = "SIXSV_LUT_CAMPAIGN_FOLDER"


def name_campaign(campaign: Campaign) -> None:
    """Tell the commands beside a profile which campaign they work for."""
    os.environ[_CAMPAIGN] = str(campaign.folder.absolute())


def start(campaign: Campaign, profile: Path, account: str | None, rate: int | None) -> None:
    """Put the mended commands of a profile first in the PATH of this process.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    profile : Path
        Folder of the profile, in which the commands are.
    account : str or None
        The account of the jobs.
    rate : int or None
        Submissions a minute at most.
    """
    folder = campaign.folder.absolute() / "cluster"
    (folder / "exit").mkdir(parents=True, exist_ok=True)
    os.environ[_FOLDER] = str(folder)
    os.environ[_RUN] = f"{os.getpid()}-{time.time():.0f}"
    os.environ[_CONFIGURATION] = Path(campaign.configuration_file).stem
    os.environ[_PYTHON] = sys.executable
    if account:
        os.environ[_ACCOUNT] = account
    if rate:
        os.environ[_RATE] = str(rate)
    os.environ["PATH"] = os.pathsep.join([str(profile / "bin"), os.environ.get("PATH", "")])
    # A submission that waits for the scheduler must learn of Ctrl-C. Where Ctrl-C is ignored, as
    # behind the & of a script, it stays so.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupted)


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    Path(os.environ[_FOLDER], "cancelled").write_text(os.environ[_RUN])
    raise KeyboardInterrupt


def end(profile: Path) -> str:
    """Cancel jobs that this run would leave behind, and tell what failed.

    Parameters
    ----------
    profile : Path
        Folder of the profile.

    Returns
    -------
    str
        Lines for the user, or nothing.
    """
    return _jobs(profile, "end", os.environ[_FOLDER])


def failures(profile: Path) -> str:
    """Tell which jobs failed, in the words of a profile's own command.

    Parameters
    ----------
    profile : Path
        Folder of the profile.

    Returns
    -------
    str
        Lines for the user, or nothing.
    """
    return _jobs(profile, "failed")


def _jobs(profile: Path, *arguments: str) -> str:
    command = [str(profile / "jobs"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).rstrip("\n")
