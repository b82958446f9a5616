"""The status command: how far a campaign is, as a table, live or once, or as JSON."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import datetime
import json
import math
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.live import Live
from rich.table import Table

from sixsv_lut.campaign.campaign import Campaign, load_campaign
from sixsv_lut.campaign.configuration import validate
from sixsv_lut.campaign.configuration_file import DEFAULT_FILE, read_configuration
from sixsv_lut.campaign.paths import Paths
from sixsv_lut.errors import CampaignError
from sixsv_lut.file_errors import explain
from sixsv_lut.readable import duration, hours
from sixsv_lut.report.accounting import account, describe
from sixsv_lut.report.state import CampaignState, Progress

# A live table is read this often, in seconds, and reading may take a tenth of the time.
_LIVE_SECONDS = 2.0
_SHARE = 0.1

_COLUMNS = (
    "\ndone",
    "\n%",
    "\nfailed",
    "batches\nleft",
    "batches\nrunning",
    "launches\nper s",
    "s per\nlaunch",
    "CPU-h\nleft",
    "time\nleft",
)


def find_campaign(paths: Sequence[Path]) -> Campaign:
    """Give the campaign that a user means.

    Parameters
    ----------
    paths : sequence of Path
        Configuration files, of which later ones win, or the folder of results of one campaign; if
        none is given, the default configuration.

    Returns
    -------
    Campaign
        The campaign.

    Raises
    ------
    CampaignError
        There is no such file or folder, or it is no configuration.
    """
    if len(paths) == 1 and paths[0].is_dir():
        return _campaign_of_results(paths[0])
    return load_campaign(paths)


def _campaign_of_results(folder: Path) -> Campaign:
    config = read_configuration(_effective_configuration(folder))
    results, resolved = Path(config["results"], config["campaign"]), folder.resolve()
    # Its paths are relative to the folder in which Snakemake was run: go there.
    for above in resolved.parents:
        if above / results == resolved and not results.is_absolute():
            os.chdir(above)
    if not results.exists() or not results.samefile(resolved):
        raise CampaignError(
            f"{folder} is not where its campaign was run: its results were in {results}, seen from "
            "the folder in which snakemake ran. Change to that folder, or name a configuration."
        )
    return Campaign(validate(config, "the effective configuration"))


def _effective_configuration(folder: Path) -> Path:
    # Each configuration that was run has left its effective form there, and the last run its name.
    files = sorted((folder / "configuration").glob("*.yaml"), key=lambda path: path.stat().st_mtime)
    if not files:
        raise CampaignError(
            f"{folder} is no folder of a campaign's results: it has no configuration/*.yaml. Name "
            "results/<campaign>, or a configuration file."
        )
    with contextlib.suppress(OSError, IndexError):
        name = Paths(folder).running.read_text().splitlines()[1]
        files += [file for file in files if file.name == name]
    return files[-1]


def table(campaign: Campaign, bands: Mapping[str, Progress], everything: Progress) -> Table:
    """Lay out how far the bands are.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    bands : mapping of str to Progress
        The progress of each band.
    everything : Progress
        That of all together.

    Returns
    -------
    rich.table.Table
        One row for each band, and one for all.
    """
    now = datetime.datetime.now().astimezone().isoformat(" ", "seconds")
    title = f"{campaign.configuration.campaign}, {now}"
    layout = Table(
        title=title,
        title_justify="left",
        title_style="",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    layout.add_column("\nband")
    for name in _COLUMNS:
        # Of a campaign of reduced launches, blocks tell more than batches.
        shown = "blocks\nleft" if everything.blocks and name == "batches\nleft" else name
        layout.add_column(shown, justify="right")
    for band, progress in bands.items():
        layout.add_row(band, *_cells(progress))
    if len(bands) > 1:
        layout.add_section()
        layout.add_row("all", *_cells(everything))
    return layout


def _cells(progress: Progress) -> list[str]:
    return [
        str(progress.finished),
        # Never 100 as long as something is left.
        f"{math.floor(1000 * progress.finished / max(progress.points, 1)) / 10:.1f}",
        str(progress.failed),
        str(
            progress.blocks - progress.finished_blocks
            if progress.blocks
            else progress.batches - progress.sealed
        ),
        str(progress.running),
        f"{progress.rate:.3g}" if progress.left else "-",
        "-" if math.isnan(progress.launch_seconds) else f"{progress.launch_seconds:.2f}",
        hours(progress.core_seconds_left / 3600),
        duration(progress.seconds_left),
    ]


def as_json(
    campaign: Campaign, bands: Mapping[str, Progress], everything: Progress
) -> dict[str, Any]:
    """Give the same for programs, in base units; what is not known is null."""
    return {
        "campaign": campaign.configuration.campaign,
        "time": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "total": _entry(everything),
        "bands": {band: _entry(progress) for band, progress in bands.items()},
    }


def _entry(progress: Progress) -> dict[str, Any]:
    return {
        "points": progress.points,
        "finished_points": progress.finished,
        "failed_points": progress.failed,
        "batches": progress.batches,
        "finished_batches": progress.sealed,
        "running_batches": progress.running,
        "launches_per_second": progress.rate,
        "mean_launch_seconds": _known(progress.launch_seconds),
        "core_hours_left": progress.core_seconds_left / 3600,
        "seconds_left": _known(progress.seconds_left),
        **(
            {"blocks": progress.blocks, "finished_blocks": progress.finished_blocks}
            if progress.blocks
            else {}
        ),
    }


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and give its exit code."""
    parser = argparse.ArgumentParser(
        prog="status",
        description="How far a campaign is, read from its store alone. Works at any time, from any "
        "machine that sees the store, and disturbs nothing.",
    )
    parser.add_argument(
        "campaign",
        nargs="*",
        type=Path,
        help=f"configuration files, or a folder results/<campaign> (default: {DEFAULT_FILE})",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--live", action="store_true", help="go on showing it until Ctrl-C")
    form.add_argument("--json", action="store_true", help="print JSON")
    chosen = parser.parse_args(arguments)
    try:
        campaign = find_campaign(chosen.campaign)
        state = CampaignState(campaign)
        _show(campaign, state, live=chosen.live, for_programs=chosen.json)
    except CampaignError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"Error: {explain(error)}", file=sys.stderr)
        return 1
    return 0


def _show(campaign: Campaign, state: CampaignState, *, live: bool, for_programs: bool) -> None:
    bands, everything = state.read(), state.total()
    if for_programs:
        cost = {"cost_of_finished_batches": dataclasses.asdict(account(campaign, state))}
        print(json.dumps(as_json(campaign, bands, everything) | cost, indent=1))
        return
    console = Console()
    if live:
        with (
            contextlib.suppress(KeyboardInterrupt),
            Live(table(campaign, bands, everything), console=console, auto_refresh=False) as screen,
        ):
            while everything.left or everything.running:
                looked = time.monotonic()
                bands, everything = state.read(), state.total()
                screen.update(table(campaign, bands, everything), refresh=True)
                time.sleep(max(_LIVE_SECONDS, (time.monotonic() - looked) / _SHARE))
    else:
        console.print(table(campaign, bands, everything))
    if any(progress.sealed for progress in bands.values()):
        print("\n".join(describe(account(campaign, state))))
