"""What surrounds a run of Snakemake: only one at a time, a progress line, a summary at the end."""

from __future__ import annotations

import contextlib
import os
import pickle
import socket
import subprocess
import sys
import time
from pathlib import Path

from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.errors import CampaignError
from sixsv_lut.files import locked

# State of this Snakemake process, between its start and its end.
_lock = contextlib.ExitStack()
_progress: subprocess.Popen[bytes] | None = None
_started = 0.0


def start(campaign: Campaign, *, progress: bool = True, accuracy: bool = False) -> None:
    """Begin a run: refuse a second one of the same campaign, and start the progress line.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    progress : bool
        Whether there is progress to show.
    accuracy : bool
        Whether launches between the nodes belong to it.

    Raises
    ------
    CampaignError
        Another Snakemake is running this campaign, or its folder cannot be written.
    """
    global _progress, _started
    _started = time.monotonic()
    try:
        campaign.folder.mkdir(parents=True, exist_ok=True)
        _hold(campaign.paths.running, campaign.configuration_file)
    except OSError as error:
        raise CampaignError(
            f"the folder of results {campaign.folder} cannot be written: {error.strerror}. "
            "Make room or give write permission, or set results to another folder."
        ) from error
    if not progress:
        return
    _progress = subprocess.Popen(
        [
            *(sys.executable, "-m", "sixsv_lut.report.progress", str(os.getpid())),
            *(["accuracy"] if accuracy else []),
        ],
        stdin=subprocess.PIPE,
    )
    assert _progress.stdin is not None
    with contextlib.suppress(BrokenPipeError):
        pickle.dump(campaign.configuration, _progress.stdin)
        _progress.stdin.close()


def _hold(path: Path, configuration: str) -> None:
    # Unlike Snakemake's own lock this one ends with the process, however that ends.
    file = _lock.enter_context(locked(path, wait=False))
    if file is None:
        who = path.read_text().partition("\n")[0].strip() or "unknown"
        raise CampaignError(
            f"another Snakemake runs this campaign already ({who}). Wait for it, or stop it; "
            f"the lock on {path} goes with it."
        )
    file.truncate(0)
    file.write(f"process {os.getpid()} on {socket.gethostname()}\n{Path(configuration).name}\n")
    file.flush()


def end(campaign: Campaign, *, succeeded: bool) -> None:
    """End a run: stop the progress line, and print what came out."""
    if _progress is not None:
        _progress.terminate()
        _progress.wait()
    if succeeded:
        # Imported here: it needs NumPy, and every cluster job imports this module.
        from sixsv_lut.report.summary import summary

        try:
            print(summary(campaign, time.monotonic() - _started), file=sys.stderr)
        except (CampaignError, OSError) as error:
            # The tables are made: what cannot be told of them now is no failure of the run.
            print(f"The summary cannot be made: {error}. Try ./status later.", file=sys.stderr)
