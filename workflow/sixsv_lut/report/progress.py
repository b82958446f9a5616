"""The line of progress that Snakemake's terminal shows during a run."""

from __future__ import annotations

import contextlib
import os
import pickle
import sys
import time
from pathlib import Path

from sixsv_lut.accuracy.launches import AccuracyLaunches
from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.errors import CampaignError
from sixsv_lut.readable import duration
from sixsv_lut.report.state import CampaignState, Progress

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
    if done.blocks:
        share = 100 * done.finished_blocks // done.blocks
        text = (
            f"{done.finished} launches, {done.finished_blocks} of {done.blocks} blocks ({share} %)"
        )
    else:
        share = 100 * done.finished // max(done.points, 1)
        text = f"{done.finished} of {done.points} launches ({share} %)"
    if done.failed:
        text += f", {done.failed} failed"
    rate = (done.finished - since) / seconds if seconds > 0 else 0.0
    if rate > 0:
        text += f", {rate:.3g} per second, {duration(done.left / rate)} to go"
    return text


def line_between_nodes(launches: AccuracyLaunches) -> str:
    """Write the line of progress of the launches that measure the accuracy, by finished batches.

    Parameters
    ----------
    launches : AccuracyLaunches
        The launches.

    Returns
    -------
    str
        Such as ``128 of 1128 launches between the nodes (11 %)``.
    """
    bands = launches.campaign.band_names
    total = len(bands) * len(launches.points)
    finished = sum(
        launches.batches.launches(batch)
        for band in bands
        for batch, file in enumerate(launches.files(band))
        if Path(file).exists()
    )
    return f"{finished} of {total} launches between the nodes ({100 * finished // total} %)"


def _recipes_are_there(campaign: Campaign) -> bool:
    return all(Path(campaign.recipe(band)).exists() for band in campaign.band_names)


def _read(state: CampaignState) -> Progress | None:
    # What is wrong with the store, the run itself says better; it may be right a moment later.
    try:
        state.read()
    except (OSError, CampaignError):
        return None
    return state.total()


def _same(done: Progress, shown: Progress | None) -> bool:
    return shown is not None and (done.finished, done.failed) == (shown.finished, shown.failed)


def _print(text: str, terminal: bool) -> None:
    start, end = ("\r\033[K", "") if terminal else ("", "\n")
    print(f"{start}{text}", end=end, file=sys.stderr, flush=True)


def main() -> None:
    """Print the line of progress until the Snakemake that started this process is gone."""
    snakemake = int(sys.argv[1])
    # From the Snakemake that started this process, which has checked it.
    campaign = Campaign(pickle.load(sys.stdin.buffer))  # noqa: S301
    state = CampaignState(campaign)
    accuracy = AccuracyLaunches(campaign) if "accuracy" in sys.argv[2:] else None
    terminal = sys.stderr.isatty()
    with contextlib.suppress(KeyboardInterrupt):
        # Making them here too would only take time from stage 1.
        while os.getppid() == snakemake and not _recipes_are_there(campaign):
            time.sleep(_WAIT_SECONDS)
        begin, since = 0.0, 0
        shown: Progress | None = None
        shown_between_nodes = ""
        while os.getppid() == snakemake:
            looked = time.monotonic()
            done = _read(state)
            if done is not None:
                if shown is None:
                    begin, since = time.monotonic(), done.finished
                if not _same(done, shown):
                    _print(line(done, since, time.monotonic() - begin), terminal)
                    shown = done
                if not done.left and accuracy is not None:
                    between_nodes = line_between_nodes(accuracy)
                    if between_nodes != shown_between_nodes:
                        _print(between_nodes, terminal)
                        shown_between_nodes = between_nodes
                elif not done.left and not done.failed:
                    break
            pause = (time.monotonic() - looked) / _SHARE
            look_again = time.monotonic() + max(
                _TERMINAL_SECONDS if terminal else _FILE_SECONDS, pause
            )
            while os.getppid() == snakemake and time.monotonic() < look_again:
                time.sleep(_WAIT_SECONDS)
    if terminal:
        print(file=sys.stderr)


if __name__ == "__main__":
    main()
