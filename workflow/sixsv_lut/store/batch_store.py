"""The store: where finished launches are kept, whatever happens to the jobs that made them.

One folder for each fingerprint (see `sixsv_lut.store.folder`). In it are, for each batch, a journal
of each attempt at it, written by that attempt alone; and, in the end, the sealed batch with all its
launches, put there by one atomic rename, which replaces the journals.

Every record carries the 8 values of its point. So a launch that is in the store serves any batch
that asks for it, also after axes or batch size were changed.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sixsv_lut.campaign.points import batch_key
from sixsv_lut.errors import CampaignError
from sixsv_lut.files import NotAFileError, atomic_write
from sixsv_lut.store.folder import StoreFile, StoreFolder
from sixsv_lut.store.journal import JournalReader, JournalWriter
from sixsv_lut.store.records import PENDING, Attempt, KnownResults, Records
from sixsv_lut.store.sealed import ReducedBatch, SealedBatch, write_sealed

log = logging.getLogger(__name__)

_NO_PERMISSION = (errno.EACCES, errno.EPERM, errno.EROFS)


@dataclass(frozen=True)
class _Sealing:
    """What is written into a sealed file."""

    records: Records
    attempts: Collection[Attempt]
    reduced: ReducedBatch | None


class BatchStore:
    """The part of the store that belongs to one batch.

    Parameters
    ----------
    store : Path
        Folder of the store.
    fingerprint : str
        Fingerprint of the batch's recipe.
    values : ndarray of float64, shape (n, 8)
        The points of the batch.
    name : str
        What tells the batch from others of the same points.
    """

    def __init__(
        self,
        store: Path,
        fingerprint: str,
        values: npt.NDArray[np.float64],
        name: str = "",
    ) -> None:
        self.fingerprint = fingerprint
        self.values = values
        self.key = batch_key(values, name)
        self._files = StoreFolder(store, fingerprint)
        self.folder = self._files.path
        self.sealed = self._files.sealed(self.key)
        self._replaced: list[Path] = []
        self._attempts: list[Attempt] = []
        self._not_kept: _Sealing | None = None

    def make_folder(self) -> None:
        """Make the folder of the fingerprint."""
        self.folder.mkdir(parents=True, exist_ok=True)

    def recover(self, campaign_keys: Collection[str] = ()) -> Records:
        """Collect all that the store has of this batch's points.

        Parameters
        ----------
        campaign_keys : collection of str
            Keys of all batches of the campaign: their files hold none of these points and are not
            read.

        Returns
        -------
        Records
            What is known of each row. A damaged sealed file of this batch is renamed.

        Raises
        ------
        NotAFileError
            Something else is where the sealed file should be.
        OSError
            A file is there and cannot be read just now: its launches must not be run again.
        """
        records = Records(self.values)
        with contextlib.suppress(FileNotFoundError):  # none yet, or another attempt renamed it
            self._take_sealed(records)
        files = self._files.files()
        for file in files:
            if file.key == self.key and file.is_journal:
                self._take(records, file)
                self._replaced.append(file.path)
        for file in files:
            if not len(records.to_run):
                break
            if file.key != self.key and file.key not in campaign_keys:
                self._take(records, file)
        return records

    def _take_sealed(self, records: Records) -> None:
        try:
            sealed = SealedBatch(self.sealed, self.fingerprint, self.key)
            records.add(sealed.known())
            self._attempts += sealed.account().attempts
        except NotAFileError:
            raise
        except CampaignError as error:
            damaged = self._files.new_damaged(self.key)
            self.sealed.rename(damaged)
            log.warning("%s; renamed to %s, its launches are run again", error, damaged.name)

    def _take(self, records: Records, file: StoreFile) -> None:
        path = file.path
        try:
            if file.is_journal:
                known = self._read_journal(file)
            else:
                sealed = SealedBatch(path, self.fingerprint)
                # Few of many files hold points of this batch: look at the points first.
                if not records.wants(sealed.points()):
                    return
                known = sealed.known()
        except FileNotFoundError:
            return  # its batch was sealed just now, by another attempt
        except CampaignError as error:
            log.warning("%s is passed over: %s", path, error)
            return
        if known is None:
            log.warning("%s is passed over: it is no journal of this fingerprint", path)
            return
        taken = records.add(known)
        if taken:
            log.info("%d launches found in %s", taken, path.name)

    def _read_journal(self, file: StoreFile) -> KnownResults | None:
        journal = JournalReader(file.path, self.fingerprint)
        known = journal.read()
        if journal.attempt and file.key == self.key:
            self._attempts.append(journal.attempt)
        return known

    def open_journal(self, threads: int = 1) -> JournalWriter:
        """Start the journal of this attempt, which runs so many launches at a time."""
        return JournalWriter(self._files.new_journal(self.key), self.fingerprint, threads)

    def seal(
        self,
        records: Records,
        journal: JournalWriter | None = None,
        reduced: ReducedBatch | None = None,
    ) -> None:
        """Write the sealed file, and remove the journals that it replaces.

        Parameters
        ----------
        records : Records
            The launches of the batch: none of its rows pending.
        journal : JournalWriter, optional
            The journal of this attempt, closed. If there is none, nothing was launched, and a store
            that gives no permission to write is left as it is.
        reduced : ReducedBatch, optional
            What the points are derived from that were not launched.
        """
        if np.any(records.status == PENDING):
            raise ValueError("a batch with rows that were never run cannot be sealed")
        attempts = [*self._attempts, journal.attempt()] if journal else self._attempts
        sealing = _Sealing(records, attempts, reduced)
        try:
            self._write(self.sealed, sealing)
        except OSError as error:
            if journal or error.errno not in _NO_PERMISSION:
                raise
            # Nothing was launched, so there is nothing to keep: `publish` writes the batch.
            log.info("the store gives no permission to write: its batch is written to the results")
            self._not_kept = sealing
            return
        _sync_folder(self.folder)
        self.remove_replaced()
        if journal:
            journal.path.unlink(missing_ok=True)

    def _write(self, path: Path, what: _Sealing) -> None:
        with atomic_write(path) as temporary:
            write_sealed(
                temporary, self.fingerprint, self.key, what.records, what.attempts, what.reduced
            )
            with temporary.open("rb") as file:
                os.fsync(file.fileno())

    def remove_replaced(self) -> None:
        """Remove the journals that were recovered: their batch is sealed.

        Those of other people may have to stay.
        """
        for path in self._replaced:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                if error.errno not in _NO_PERMISSION:
                    raise
                log.info("%s stays: %s", path, error.strerror)

    def publish(self, output: Path) -> None:
        """Put the sealed file where Snakemake expects it: a hard link, or else a copy.

        Parameters
        ----------
        output : Path
            The declared output; one that is there is replaced.
        """
        if self._not_kept:
            self._write(output, self._not_kept)
            return
        with atomic_write(output) as temporary:
            try:
                os.link(self.sealed, temporary)
            except OSError:  # another file system, one without links, or a file of other people
                shutil.copyfile(self.sealed, temporary)


def _sync_folder(folder: Path) -> None:
    # Not every shared file system takes this; the rename is atomic all the same.
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
