"""The line of progress that Snakemake's terminal shows during a run."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from pathlib import Path

from sixsv_lut.campaign import Campaign
from sixsv_lut.configuration import from_effective
from sixsv_lut.errors import CampaignError
from sixsv_lut.readable import duration
from sixsv_lut.state import CampaignState, Progress

_TERMINAL_SECONDS, _FILE_SECONDS, _WAIT_SECONDS = 1.0, 10.0, 0.5

# Reading may take so much of the time: a large store on a slow file system is read less often.
_SHARE = 0.05


def line(done: Progress, since: int, seconds: float) -> str:
    """Write the line of progress.

    Parameters
    ----------
    done : Progress
        The progress of the campaign.
    since : int
        Finished launches when the clock started.
    seconds : float
        Time since then.

    Returns
    -------
    str
        Such as ``120 of 512 launches (23 %), 2 failed, 11.8 per second, 33 s to go``.
    """
    share = 100 * done.finished // max(done.points, 1)
    text = f"{done.finished} of {done.points} launches ({share} %)"
    if done.failed:
        text += f", {done.failed} failed"
    rate = (done.finished - since) / seconds if seconds > 0 else 0.0
    if rate > 0:
        text += f", {rate:.3g} per second, {duration(done.left / rate)} to go"
    return text


def _recipes_are_there(campaign: Campaign) -> bool:
    return all(Path(campaign.recipe(band)).exists() for band in campaign.band_names)


def main() -> None:
    """Print the line of progress until the Snakemake that started this process is gone."""
    snakemake = int(sys.argv[1])
    campaign = Campaign(from_effective(json.load(sys.stdin)))
    state = CampaignState(campaign)
    terminal = sys.stderr.isatty()
    # What is wrong with the store, the run itself says better.
    with contextlib.suppress(KeyboardInterrupt, OSError, CampaignError):
        # Making them here too would only take time from stage 1.
        while os.getppid() == snakemake and not _recipes_are_there(campaign):
            time.sleep(_WAIT_SECONDS)
        state.read()
        begin, since, last = time.monotonic(), state.total().finished, -1
        while os.getppid() == snakemake:
            looked = time.monotonic()
            state.read()
            done = state.total()
            if done.finished != last:
                text = line(done, since, time.monotonic() - begin)
                print(
                    f"\r\033[K{text}" if terminal else text,
                    end="" if terminal else "\n",
                    file=sys.stderr,
                    flush=True,
                )
                last = done.finished
            if not done.left:
                break
            pause = (time.monotonic() - looked) / _SHARE
            time.sleep(max(_TERMINAL_SECONDS if terminal else _FILE_SECONDS, pause))
    if terminal:
        print(file=sys.stderr)


if __name__ == "__main__":
    main()
