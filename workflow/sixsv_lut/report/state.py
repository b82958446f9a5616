"""How far a campaign is, told from what is on disk: the store, and the campaign's results.

A batch is complete if its sealed file is in the store, or its batch file in the results, which
outlives the store. A band is complete, too, if its look-up tables are there: then Snakemake runs
none of its batches again, even if their files are gone.

Nothing here talks to Snakemake or a scheduler, and nothing is written: it can be read at any time,
from any machine that sees these folders.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sixsv_lut.campaign.batches import BlockBatches
from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.campaign.configuration import effective
from sixsv_lut.campaign.recipe import make_recipe, read_recipe
from sixsv_lut.campaign.table import read_batch_keys
from sixsv_lut.errors import CampaignError
from sixsv_lut.files import may_vanish, open_regular
from sixsv_lut.report.finished import Counts, finished_of
from sixsv_lut.sixsv.axes import AXIS_NAMES
from sixsv_lut.sixsv.instruments import find_band
from sixsv_lut.store.folder import StoreFolder
from sixsv_lut.store.journal import JournalReader
from sixsv_lut.store.records import Attempt
from sixsv_lut.store.sealed import Account, read_account, read_sealed_table

# The rate is that of the last ten minutes: long enough for launches of seconds, short enough to
# show that nothing moves.
WINDOW_SECONDS = 600.0

# A journal that has not grown for so long belongs to no running batch, unless launches are that
# slow. Results are forced to disk every 5 s.
SILENT_SECONDS = 120.0


@dataclass(frozen=True)
class Progress:
    """How far a band is, or a whole campaign.

    Attributes
    ----------
    points : int
        Number of points to launch; with reduced launches, about.
    finished : int
        Points with a result of a launch, failed ones too.
    failed : int
        Points whose launch failed.
    batches, sealed : int
        Number of batches, and of complete ones.
    running : int
        Batches that a process works at.
    rate : float
        Launches that ended per second, over the last ten minutes.
    launch_seconds : float
        Mean elapsed time of a launch, in seconds; NaN as long as none has ended.
    core_seconds_left : float
        CPU time of the launches that are left, by the mean of their band, or by what the
        configuration expects as long as none of their band has ended.
    blocks, finished_blocks : int
        With reduced launches, number of blocks, and of those in complete batches; else 0.
    launches_of_finished_blocks : int
        Points of these that were launched.
    """

    points: int = 0
    finished: int = 0
    failed: int = 0
    batches: int = 0
    sealed: int = 0
    running: int = 0
    rate: float = 0.0
    launch_seconds: float = math.nan
    core_seconds_left: float = 0.0
    blocks: int = 0
    finished_blocks: int = 0
    launches_of_finished_blocks: int = 0

    @property
    def left(self) -> int:
        """Points without a result."""
        return self.points - self.finished

    @property
    def seconds_left(self) -> float:
        """Elapsed time that is left at this rate; NaN where nothing runs."""
        if not self.left:
            return 0.0
        return self.left / self.rate if self.rate > 0 else math.nan


@dataclass(frozen=True)
class _Sealed:
    """What is known of a sealed file, and when that file was written."""

    account: Account
    changed: int


class CampaignState:
    """Reads how far a campaign is; each reading looks only at what is new.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    """

    def __init__(self, campaign: Campaign) -> None:
        keys = read_batch_keys(Path(campaign.table), campaign.grid, campaign.batches)
        batch_of = {key: batch for batch, key in enumerate(keys)}
        self.bands = {band: BandState(campaign, band, batch_of) for band in campaign.band_names}

        self._read: dict[str, Progress] = {}

    def read(self) -> dict[str, Progress]:
        """Read the store and the results.

        Returns
        -------
        dict of str to Progress
            The progress of each band.

        Raises
        ------
        CampaignError
            A spectral response cannot be used.
        OSError
            The store cannot be read.
        """
        self._read = {name: band.read() for name, band in self.bands.items()}
        return self._read

    def total(self) -> Progress:
        """Give the progress of all bands together, as of the last reading."""
        bands = list(self._read.values())
        timed = [band for band in bands if not math.isnan(band.launch_seconds)]
        finished = sum(band.finished for band in timed)
        seconds = sum(band.finished * band.launch_seconds for band in timed)
        # Not the sum of the bands' rates: each of them is over the time of that band.
        attempts = [attempt for band in self.bands.values() for attempt in band.attempts]
        return Progress(
            points=sum(band.points for band in bands),
            finished=sum(band.finished for band in bands),
            failed=sum(band.failed for band in bands),
            batches=sum(band.batches for band in bands),
            sealed=sum(band.sealed for band in bands),
            running=sum(band.running for band in bands),
            rate=recent_rate(attempts, time.time()),
            launch_seconds=seconds / finished if finished else math.nan,
            core_seconds_left=sum(band.core_seconds_left for band in bands),
            blocks=sum(band.blocks for band in bands),
            finished_blocks=sum(band.finished_blocks for band in bands),
            launches_of_finished_blocks=sum(band.launches_of_finished_blocks for band in bands),
        )


class BandState:
    """Reads how far a band is; see `CampaignState`.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    band : str
        Official name of the band.
    batch_of : dict of str to int
        Number of each batch, by its key.
    """

    def __init__(self, campaign: Campaign, band: str, batch_of: dict[str, int]) -> None:
        self._campaign = campaign
        self._band = band
        self._batch_of = batch_of
        self._keys = {batch: key for key, batch in batch_of.items()}
        self._start_over()

    def _start_over(self) -> None:
        self._finished = finished_of(self._campaign)
        self._described: Account | None = None
        self._paths: dict[str, Path] = {}
        self._sealed: dict[str, _Sealed] = {}
        self._journals: dict[Path, tuple[str, JournalReader]] = {}

    @cached_property
    def fingerprint(self) -> str:
        """Fingerprint of the band, also before its recipe was written.

        Raises
        ------
        CampaignError
            The spectral response cannot be used.
        """
        path = Path(self._campaign.recipe(self._band))
        if path.exists():
            with contextlib.suppress(CampaignError):
                return read_recipe(path).fingerprint
        configuration = self._campaign.configuration
        band = find_band(configuration.instrument, self._band)
        return make_recipe(configuration, band).fingerprint

    @cached_property
    def _store(self) -> StoreFolder:
        return StoreFolder(Path(self._campaign.configuration.store), self.fingerprint)

    def sealed_file(self, batch: int) -> Path:
        """Give the file of a complete batch: in the store, or else in the results."""
        return self._paths[self._keys[batch]]

    @property
    def described(self) -> Account | None:
        """How all of the band was made, by the description of its tables.

        None as long as the files of its batches tell it, or there are no tables.
        """
        return self._described

    @property
    def accounts(self) -> dict[int, Account]:
        """How each complete batch whose file is there was made, by its number."""
        return {
            self._batch_of[key]: sealed.account
            for key, sealed in self._sealed.items()
            if key in self._batch_of
        }

    @property
    def attempts(self) -> list[Attempt]:
        """What processes did for the batches of this campaign, as of the last reading."""
        sealed = (attempt for account in self.accounts.values() for attempt in account.attempts)
        return [*sealed, *(attempt for _, attempt in self._running_attempts())]

    def _running_attempts(self) -> list[tuple[str, Attempt]]:
        return [
            (key, journal.attempt)
            for key, journal in self._journals.values()
            if journal.attempt is not None and key in self._batch_of
        ]

    def read(self) -> Progress:
        """Read what is new in the store and the results.

        Raises
        ------
        OSError
            They cannot be read.
        """
        files = []
        with contextlib.suppress(FileNotFoundError):
            files = self._store.files()
        journals = {file.path: file.key for file in files if file.is_journal}
        stored = {file.key: file.path for file in files if not file.is_journal}
        paths = self._batch_files() | stored
        if not self._sealed.keys() <= paths.keys():
            self._start_over()  # somebody took files away
        self._paths = paths
        for key in paths:
            with may_vanish(), contextlib.suppress(CampaignError):
                self._read_sealed(key)
        for path, key in journals.items():
            with may_vanish(), contextlib.suppress(CampaignError):  # when its batch is sealed
                self._read_journal(path, key)
        self._journals = {path: read for path, read in self._journals.items() if path in journals}
        complete = len(self.accounts) == len(self._batch_of)
        self._described = None if complete else self._description()
        return self._progress(time.time())

    @cached_property
    def _key_of(self) -> dict[str, str]:
        return {
            Path(self._campaign.batch_file(self._band, batch)).name: key
            for batch, key in self._keys.items()
        }

    def _batch_files(self) -> dict[str, Path]:
        folder = Path(self._campaign.batch_file(self._band, 0)).parent
        keys = self._key_of
        return {keys[name]: folder / name for name in _names(folder) if name in keys}

    def _description(self) -> Account | None:
        # The tables count as long as Snakemake takes them for those of this very configuration.
        effective_now = effective(self._campaign.configuration)
        path, *tables = map(Path, self._campaign.lut_files(self._band))
        if not all(table.exists() for table in tables):
            return None
        with contextlib.suppress(OSError, CampaignError, ValueError, KeyError, TypeError):
            with open_regular(path) as file:
                description = json.load(file)
            if (
                description["fingerprint"] == self.fingerprint
                and description["points"] == self._campaign.points
                and description["effective_configuration"] == effective_now
            ):
                return Account(
                    points=int(description.get("launched_points", description["points"])),
                    failed=int(description["failed_points"]),
                    launches=int(description["launches"]),
                    launch_seconds=float(description["launch_seconds"]),
                )
        return None

    def _read_sealed(self, key: str) -> None:
        path = self._paths[key]
        known = self._sealed.get(key)
        if known and not known.account.failed:
            return  # it never changes
        changed = path.stat().st_mtime_ns
        if known and known.changed == changed:
            return
        account = read_account(path, self.fingerprint, key)
        self._finished.enter_sealed(
            self._batch_of.get(key),
            account,
            lambda: read_sealed_table(path, self.fingerprint, [*AXIS_NAMES, "status"]),
        )
        self._sealed[key] = _Sealed(account, changed)

    def _read_journal(self, path: Path, key: str) -> None:
        _, journal = self._journals.get(path) or (key, JournalReader(path, self.fingerprint))
        known = journal.read()
        if known is not None:
            self._journals[path] = key, journal
            self._finished.enter_journal(known)

    def _counts_of_description(self, described: Account) -> Counts:
        batches = self._campaign.batches
        blocks = batches.number_of_blocks if isinstance(batches, BlockBatches) else 0
        launched = described.points
        return Counts(
            launched, launched, described.failed, blocks, blocks, launched if blocks else 0
        )

    def _progress(self, now: float) -> Progress:
        journals = self._running_attempts()
        described = self._described
        running = {key for key, attempt in journals if now - attempt.ended < SILENT_SECONDS}
        timed = [
            *((made.account.points, made.account.launch_seconds) for made in self._sealed.values()),
            *((attempt.points, attempt.launch_seconds) for _, attempt in journals),
            *([(described.points, described.launch_seconds)] if described else []),
        ]
        launches = sum(points for points, _ in timed)
        mean = sum(seconds for _, seconds in timed) / launches if launches else math.nan
        expected = self._campaign.configuration.sixsv.seconds_per_launch
        accounts = self.accounts
        sealed = len(accounts)
        if described:
            sealed = len(self._batch_of)
            counts = self._counts_of_description(described)
        else:
            counts = self._finished.counts(accounts, [attempt for _, attempt in journals])
        return Progress(
            points=counts.points,
            finished=counts.finished,
            failed=counts.failed,
            batches=len(self._batch_of),
            sealed=sealed,
            running=len(running),
            rate=recent_rate(self.attempts, now),
            launch_seconds=mean,
            core_seconds_left=(counts.points - counts.finished) * (mean if launches else expected),
            blocks=counts.blocks,
            finished_blocks=counts.finished_blocks,
            launches_of_finished_blocks=counts.launches_of_finished_blocks,
        )


def _names(folder: Path) -> list[str]:
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
        return [entry.name for entry in entries]
    return []


def recent_rate(attempts: Iterable[Attempt], now: float) -> float:
    """Give the rate at which launches ended lately.

    Parameters
    ----------
    attempts : iterable of Attempt
        What was done, lately and before; an attempt counts with the part of its time that lies
        within the last ten minutes.
    now : float
        Seconds since 1970-01-01 UTC.

    Returns
    -------
    float
        Launches per second: since ten minutes ago, or since the first of these attempts began.
    """
    recent = [attempt for attempt in attempts if attempt.ended > now - WINDOW_SECONDS]
    if not recent:
        return 0.0
    since = max(now - WINDOW_SECONDS, min(attempt.started for attempt in recent))
    ended = sum(
        attempt.points
        * (attempt.ended - max(attempt.started, since))
        / max(attempt.elapsed_seconds, 1e-3)
        for attempt in recent
    )
    return ended / max(now - since, 1.0)
