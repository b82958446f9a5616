"""How far a campaign is, told from the store alone, and a line of progress while it runs."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from sixsv_lut.campaign import Campaign
from sixsv_lut.configuration import from_effective
from sixsv_lut.errors import CampaignError
from sixsv_lut.grid import Grid
from sixsv_lut.recipe import read_recipe
from sixsv_lut.store import batch_key, records_in_journal

_TERMINAL_SECONDS, _FILE_SECONDS = 1.0, 10.0


@dataclass
class Progress:
    """Counts the finished launches of a campaign.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    """

    campaign: Campaign

    def __post_init__(self) -> None:
        grid = Grid(self.campaign.configuration.axes.written())
        self._sizes: dict[str, int] = {}
        for batch in range(self.campaign.batches):
            start, stop = self.campaign.batch_range(batch)
            self._sizes[batch_key(grid.rows(start, stop))] = stop - start
        self.total = self.campaign.points * len(self.campaign.band_names)

    def finished(self) -> int:
        """Give the number of finished launches, failed ones too, of sealed and running batches."""
        return sum(self._finished_of(band) for band in self.campaign.band_names)

    def _finished_of(self, band: str) -> int:
        try:
            recipe = read_recipe(Path(self.campaign.recipe(band)))
        except CampaignError:
            return 0  # stage 1 has not come so far
        return self.finished_with(recipe.fingerprint)

    def finished_with(self, fingerprint: str) -> int:
        """Give the same of the band whose recipe has this fingerprint."""
        folder = Path(self.campaign.configuration.store) / fingerprint
        counts: dict[str, int] = {}
        with contextlib.suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                key = entry.name.split(".", 1)[0]
                size = self._sizes.get(key)
                if size is None:
                    continue
                if entry.name == f"{key}.parquet":
                    counts[key] = size
                elif entry.name.endswith(".journal"):
                    with contextlib.suppress(OSError):
                        counts[key] = min(
                            size, counts.get(key, 0) + records_in_journal(entry.stat().st_size)
                        )
        return sum(counts.values())


def line(done: int, total: int, since: int, seconds: float) -> str:
    """Write the line of progress.

    Parameters
    ----------
    done, total : int
        Finished launches, and all of them.
    since : int
        Finished launches when the clock started.
    seconds : float
        Time since then.

    Returns
    -------
    str
        Such as ``120 of 512 launches (23 %), 11.8 per second, 33 s to go``.
    """
    text = f"{done} of {total} launches ({100 * done // max(total, 1)} %)"
    rate = (done - since) / seconds if seconds > 0 else 0.0
    if rate > 0:
        text += f", {rate:.3g} per second, {_duration((total - done) / rate)} to go"
    return text


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 6000:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def _alive(pid: int) -> bool:
    return os.getppid() == pid


def main() -> None:
    """Print the line of progress until the Snakemake that started this process is gone."""
    snakemake = int(sys.argv[1])
    progress = Progress(Campaign(from_effective(json.load(sys.stdin))))
    terminal = sys.stderr.isatty()
    begin, since, last = time.monotonic(), progress.finished(), -1
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        while _alive(snakemake):
            done = progress.finished()
            if done != last:
                text = line(done, progress.total, since, time.monotonic() - begin)
                print(
                    f"\r\033[K{text}" if terminal else text,
                    end="" if terminal else "\n",
                    file=sys.stderr,
                    flush=True,
                )
                last = done
            if done >= progress.total:
                break
            time.sleep(_TERMINAL_SECONDS if terminal else _FILE_SECONDS)
    if terminal:
        print(file=sys.stderr)


if __name__ == "__main__":
    main()
