"""What surrounds a run of Snakemake: only one at a time, a progress line, a summary at the end."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

from sixsv_lut.campaign import Campaign
from sixsv_lut.configuration import effective
from sixsv_lut.errors import CampaignError

# State of this Snakemake process, between its start and its end.
_lock: IO[str] | None = None
_progress: subprocess.Popen[str] | None = None
_started = 0.0


def start(campaign: Campaign, *, progress: bool = True) -> None:
    """Begin a run: refuse a second one of the same campaign, and start the progress line.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    progress : bool
        Whether there is progress to show.

    Raises
    ------
    CampaignError
        Another Snakemake is running this campaign, or its folder cannot be written.
    """
    global _lock, _progress, _started
    _started = time.monotonic()
    try:
        campaign.folder.mkdir(parents=True, exist_ok=True)
        _lock = _only_run(campaign.folder / ".running")
    except OSError as fault:
        raise CampaignError(
            f"the folder of results {campaign.folder} cannot be written: {fault.strerror}. "
            "Make room or give write permission, or set results to another folder."
        ) from fault
    if not progress:
        return
    _progress = subprocess.Popen(
        [sys.executable, "-m", "sixsv_lut.progress", str(os.getpid())],
        stdin=subprocess.PIPE,
        text=True,
    )
    assert _progress.stdin is not None
    with contextlib.suppress(BrokenPipeError):
        _progress.stdin.write(json.dumps(effective(campaign.configuration)))
        _progress.stdin.close()


def _only_run(path: Path) -> IO[str]:
    # Unlike Snakemake's own lock this one ends with the process, however that ends.
    file = path.open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        who = file.read().strip() or "unknown"
        raise CampaignError(
            f"another Snakemake runs this campaign already ({who}). Wait for it, or stop it; "
            f"the lock on {path} goes with it."
        ) from None
    except OSError:
        pass  # a file system without locks: batches are safe all the same
    file.truncate(0)
    file.write(f"process {os.getpid()} on {socket.gethostname()}\n")
    file.flush()
    return file


def end(campaign: Campaign, *, succeeded: bool) -> None:
    """End a run: stop the progress line, and print what came out."""
    if _progress is not None:
        _progress.terminate()
        _progress.wait()
    if succeeded:
        print(summary(campaign, time.monotonic() - _started), file=sys.stderr)


def summary(campaign: Campaign, seconds: float) -> str:
    """Write what a campaign has made.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    seconds : float
        How long this run took.

    Returns
    -------
    str
        Paths and sizes of the LUTs that are there, launches, failures and time.
    """
    lines = []
    points = launches = failed = 0
    for band in campaign.band_names:
        files = [Path(path) for path in campaign.lut_files(band)]
        if not all(path.exists() for path in files):
            continue
        described = json.loads(files[0].read_text())
        points += described["points"]
        launches += described["launches"]
        failed += described["failed_points"]
        lines += [f"  {path}  {_size(path)}" for path in files[1:]]
    if not lines:
        return ""
    return "\n".join(
        [
            "",
            "Look-up tables:",
            *lines,
            f"{points} points, {launches} launches of 6SV, {failed} failed; "
            f"this run took {seconds:.0f} s.",
        ]
    )


def _size(path: Path) -> str:
    files = path.rglob("*") if path.is_dir() else [path]
    size = float(sum(file.stat().st_size for file in files))
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
