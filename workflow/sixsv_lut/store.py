"""The store: where finished launches are kept, whatever happens to the jobs that made them.

One folder for each fingerprint. In it, for each batch, known by the hash of its points:

``<key>.<host>.<pid>.<random>.journal``
    One for each attempt at the batch, written by that attempt alone, record after record. Records
    have a fixed size and each its own checksum, so whatever is whole can be read, wherever the
    records were cut or damaged. Only damage to the first bytes, which say what the file is, costs
    the whole journal.
``<key>.parquet``
    The sealed batch: all its launches, put there by one atomic rename. It replaces the journals.

Every record carries the 8 values of its point. So a launch that is in the store serves any batch
that asks for it, also after axes or batch size were changed.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import logging
import os
import secrets
import shutil
import socket
import struct
import zlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from sixsv_lut import __version__
from sixsv_lut.axes import AXIS_NAMES
from sixsv_lut.errors import CampaignError
from sixsv_lut.files import appearing_at_once
from sixsv_lut.output import QUANTITY_NAMES, Status

log = logging.getLogger(__name__)

_MAGIC = b"sixsv-lut journal 1\n"
_HEADER = struct.Struct("<II")  # length of the description that follows, and its checksum
_REASON_BYTES = 240
_SEALED_METADATA = b"sixsv_lut"

# A row nothing is known of yet; never written to a file.
PENDING = -1


@dataclass(frozen=True)
class Known:
    """What one file of the store knows.

    Attributes
    ----------
    values : ndarray of float64, shape (n, 8)
        The points.
    status : ndarray of int8, shape (n,)
        A `sixsv_lut.output.Status` for each.
    launches : ndarray of int32, shape (n,)
        How often 6SV was launched for the point.
    seconds : ndarray of float64, shape (n,)
        Elapsed time of the last launch.
    quantities : ndarray of float64, shape (n, m)
        The m numbers of `sixsv_lut.output.QUANTITIES`; NaN where there is none.
    reasons : sequence of str or None
        Why a launch failed.
    """

    values: npt.NDArray[np.float64]
    status: npt.NDArray[np.int8]
    launches: npt.NDArray[np.int32]
    seconds: npt.NDArray[np.float64]
    quantities: npt.NDArray[np.float64]
    reasons: Sequence[str | None]


@dataclass(frozen=True)
class Result:
    """The end of one launch.

    Attributes
    ----------
    status : Status
        How it ended.
    launches : int
        How often 6SV was launched, retries included.
    seconds : float
        Elapsed time of the last launch.
    quantities : tuple of float
        The numbers of `sixsv_lut.output.QUANTITIES`, or empty.
    reason : str
        Why it failed, or empty.
    """

    status: Status
    launches: int
    seconds: float
    quantities: tuple[float, ...] = ()
    reason: str = ""


class Records:
    """What is known of the launches of one batch, row by row.

    Parameters
    ----------
    values : ndarray of float64, shape (n, 8)
        The points of the batch, each once.

    Attributes
    ----------
    status, launches, seconds, quantities
        As in `Known`; the status of a row that nothing is known of is `PENDING`.
    reasons : list of str or None
        Why a launch failed, for each row.
    """

    def __init__(self, values: npt.NDArray[np.float64]) -> None:
        rows = len(values)
        self.values = _canonical(values)
        self.status = np.full(rows, PENDING, dtype=np.int8)
        self.launches = np.zeros(rows, dtype=np.int32)
        self.seconds = np.zeros(rows, dtype=np.float64)
        self.quantities = np.full((rows, len(QUANTITY_NAMES)), np.nan, dtype=np.float64)
        self.reasons: list[str | None] = [None] * rows
        self._row_of = {point.tobytes(): row for row, point in enumerate(self.values)}

    @property
    def to_run(self) -> npt.NDArray[np.int64]:
        """Rows that have no good result: those never run, and those that failed."""
        return np.flatnonzero(self.status != Status.OK)

    def wants(self, points: npt.NDArray[np.float64]) -> bool:
        """Tell whether one of these points is in the batch and has no good result."""
        rows = (self._row_of.get(point.tobytes()) for point in _canonical(points))
        return any(row is not None and self.status[row] != Status.OK for row in rows)

    def enter(self, row: int, result: Result) -> None:
        """Enter the end of one launch."""
        self.status[row] = result.status
        self.launches[row] += result.launches
        self.seconds[row] = result.seconds
        self.quantities[row] = result.quantities or np.nan
        self.reasons[row] = result.reason or None

    def take(self, known: Known) -> int:
        """Take over what a file knows of these points; a good result is never replaced.

        Returns
        -------
        int
            How many rows were filled with a good result.
        """
        filled = 0
        for i, point in enumerate(_canonical(known.values)):
            row = self._row_of.get(point.tobytes())
            if row is None or self.status[row] == Status.OK:
                continue
            self.status[row] = known.status[i]
            self.launches[row] += known.launches[i]
            self.seconds[row] = known.seconds[i]
            self.quantities[row] = known.quantities[i]
            self.reasons[row] = known.reasons[i] or None
            filled += self.status[row] == Status.OK
        return filled


def _canonical(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    # One byte pattern for each point: 0.0 and -0.0 give the same deck.
    return np.ascontiguousarray(values, dtype="<f8") + 0.0


def batch_key(values: npt.NDArray[np.float64]) -> str:
    """Name a batch by its content.

    Parameters
    ----------
    values : ndarray of float64, shape (n, 8)
        The points of the batch.

    Returns
    -------
    str
        40 hexadecimal digits.
    """
    return hashlib.sha256(_canonical(values).tobytes()).hexdigest()[:40]


def _record_dtype(quantities: int) -> np.dtype[np.void]:
    return np.dtype(
        [
            ("values", "<f8", (len(AXIS_NAMES),)),
            ("status", "u1"),
            ("launches", "<u2"),
            ("seconds", "<f8"),
            ("quantities", "<f8", (quantities,)),
            ("reason", f"S{_REASON_BYTES}"),
            ("checksum", "<u4"),
        ]
    )


def _record_struct(quantities: int) -> struct.Struct:
    return struct.Struct(f"<{len(AXIS_NAMES)}dBHd{quantities}d{_REASON_BYTES}s")


def _description(fingerprint: str) -> bytes:
    return json.dumps({"fingerprint": fingerprint, "quantities": QUANTITY_NAMES}).encode()


class JournalWriter:
    """Appends results to a journal of its own.

    Parameters
    ----------
    folder : Path
        Where the journal is made.
    fingerprint, key : str
        What the journal is of.
    """

    def __init__(self, folder: Path, fingerprint: str, key: str) -> None:
        host = "".join(c if c.isalnum() or c == "-" else "-" for c in socket.gethostname())[:60]
        name = f"{key}.{host}.{os.getpid()}.{secrets.token_hex(4)}.journal"
        self.path = folder / name
        self._struct = _record_struct(len(QUANTITY_NAMES))
        self._no_quantities = (float("nan"),) * len(QUANTITY_NAMES)
        self._dirty = True
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
        description = _description(fingerprint)
        header = _HEADER.pack(len(description), zlib.crc32(description))
        self._write(_MAGIC + header + description)

    def append(self, point: npt.NDArray[np.float64], result: Result) -> None:
        """Hand one result to the operating system: from here on, only a dying machine loses it."""
        body = self._struct.pack(
            *point,
            result.status,
            min(result.launches, 0xFFFF),
            result.seconds,
            *(result.quantities or self._no_quantities),
            result.reason.encode("utf-8", errors="replace")[:_REASON_BYTES],
        )
        self._write(body + struct.pack("<I", zlib.crc32(body)))

    def sync(self) -> None:
        """Have what was appended written to the disk: from here on, nothing loses it."""
        if self._dirty:
            os.fsync(self._file)
            self._dirty = False

    def close(self) -> None:
        """Sync and close."""
        try:
            self.sync()
        finally:
            os.close(self._file)

    def _write(self, content: bytes) -> None:
        self._dirty = True
        written = os.write(self._file, content)
        if written != len(content):
            # A full disk may take a part; records that followed it would be out of step.
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))


def read_journal(path: Path, fingerprint: str) -> Known | None:
    """Read every whole record of a journal.

    Parameters
    ----------
    path : Path
        The journal; it may have been cut anywhere or damaged.
    fingerprint : str
        What it must be of.

    Returns
    -------
    Known or None
        The records whose checksum is right, in the order they were written; None if the file is
        no journal of this fingerprint.
    """
    content = path.read_bytes()
    start = len(_MAGIC) + _HEADER.size
    if not content.startswith(_MAGIC) or len(content) < start:
        return None
    length, checksum = _HEADER.unpack_from(content, len(_MAGIC))
    description = content[start : start + length]
    if len(description) != length or zlib.crc32(description) != checksum:
        return None
    described = json.loads(description)
    if described["fingerprint"] != fingerprint:
        return None
    names = described["quantities"]
    dtype = _record_dtype(len(names))
    start += length
    size = dtype.itemsize
    table = np.frombuffer(content, dtype, count=(len(content) - start) // size, offset=start)
    view = memoryview(content)
    whole = [
        zlib.crc32(view[start + i * size : start + (i + 1) * size - 4]) == checksum
        for i, checksum in enumerate(table["checksum"])
    ]
    table = table[np.array(whole, dtype=bool)]
    return Known(
        table["values"],
        table["status"].astype(np.int8),
        table["launches"].astype(np.int32),
        table["seconds"],
        _in_our_order(names, lambda name: table["quantities"][:, names.index(name)], len(table)),
        [reason.decode("utf-8", errors="ignore") for reason in table["reason"]],
    )


def _in_our_order(
    names: Sequence[str], column: Callable[[str], npt.NDArray[np.float64]], rows: int
) -> npt.NDArray[np.float64]:
    # A file of another version may hold its numbers in another order, or fewer of them.
    there = set(names)
    nothing = np.full(rows, np.nan)
    return np.stack([column(name) if name in there else nothing for name in QUANTITY_NAMES], axis=1)


def records_in_journal(size: int) -> int:
    """Tell from the size of a journal, in bytes, how many whole records it may hold."""
    header = len(_MAGIC) + _HEADER.size + len(_description("0" * 64))
    return max(0, size - header) // _record_dtype(len(QUANTITY_NAMES)).itemsize


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
    """

    def __init__(self, store: Path, fingerprint: str, values: npt.NDArray[np.float64]) -> None:
        self.fingerprint = fingerprint
        self.values = values
        self.key = batch_key(values)
        self.folder = store / fingerprint
        self.sealed = self.folder / f"{self.key}.parquet"
        self._replaced: list[Path] = []

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
            What is known of each row. A damaged sealed file of this batch is put aside, under a
            name of its own.
        """
        records = Records(self.values)
        if self.sealed.exists():
            try:
                records.take(read_sealed(self.sealed, self.fingerprint))
            except CampaignError as fault:
                aside = self.sealed.with_suffix(f".damaged-{secrets.token_hex(4)}")
                with contextlib.suppress(FileNotFoundError):  # another attempt was faster
                    self.sealed.rename(aside)
                log.warning("%s; put aside as %s, its launches are run again", fault, aside.name)
        own, others = [], []
        for path in sorted(self.folder.iterdir()):
            key = path.name.split(".", 1)[0]
            if key == self.key and path.suffix == ".journal":
                own.append(path)
            elif key and key != self.key and key not in campaign_keys:
                others.append(path)
        for path in own:
            self._take(records, path)
            self._replaced.append(path)
        for path in others:
            if not len(records.to_run):
                break
            self._take(records, path)
        return records

    def _take(self, records: Records, path: Path) -> None:
        try:
            if path.suffix == ".journal":
                known = read_journal(path, self.fingerprint)
            elif path.suffix == ".parquet":
                # Few of many files hold points of this batch: look at the points first.
                if not records.wants(
                    points_of(read_sealed_table(path, self.fingerprint, AXIS_NAMES))
                ):
                    return
                known = read_sealed(path, self.fingerprint)
            else:
                return
        except (OSError, CampaignError) as fault:
            log.warning("%s is passed over: %s", path, fault)
            return
        if known is None:
            log.warning("%s is passed over: it is no journal of this fingerprint", path)
            return
        taken = records.take(known)
        if taken:
            log.info("%d launches found in %s", taken, path.name)

    def open_journal(self) -> JournalWriter:
        """Start the journal of this attempt."""
        return JournalWriter(self.folder, self.fingerprint, self.key)

    def seal(self, records: Records, journal: JournalWriter | None = None) -> None:
        """Write the sealed file, and remove the journals that it replaces.

        Parameters
        ----------
        records : Records
            All rows of the batch, none of them pending.
        journal : JournalWriter, optional
            The journal of this attempt, closed.
        """
        if np.any(records.status == PENDING):
            raise ValueError("a batch with rows that were never run cannot be sealed")
        with appearing_at_once(self.sealed) as aside:
            _write_sealed(aside, self.fingerprint, self.key, records)
            with aside.open("rb") as file:
                os.fsync(file.fileno())
        _sync_folder(self.folder)
        self.remove_replaced()
        if journal:
            journal.path.unlink(missing_ok=True)

    def remove_replaced(self) -> None:
        """Remove the journals that were recovered: their batch is sealed."""
        for path in self._replaced:
            path.unlink(missing_ok=True)

    def publish(self, output: Path) -> None:
        """Put the sealed file where Snakemake expects it: a hard link, or else a copy.

        Parameters
        ----------
        output : Path
            The declared output; one that is there is replaced.
        """
        with appearing_at_once(output) as aside:
            try:
                os.link(self.sealed, aside)
            except OSError:  # another file system, or one without links
                shutil.copyfile(self.sealed, aside)


def _sync_folder(folder: Path) -> None:
    # Not every shared file system takes this; the rename is atomic all the same.
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


# A batch process must start fast, and PyArrow's own conversions from and to NumPy import pandas,
# which takes several times as long as all its other imports together.
def _column(values: npt.NDArray[Any]) -> pa.Array:
    values = np.ascontiguousarray(values)
    content = [None, pa.py_buffer(values)]
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), content)


def _write_sealed(path: Path, fingerprint: str, key: str, records: Records) -> None:
    columns = {name: _column(records.values[:, i]) for i, name in enumerate(AXIS_NAMES)}
    columns["status"] = _column(records.status)
    columns["launches"] = _column(records.launches)
    columns["seconds"] = _column(records.seconds)
    columns["reason"] = (
        pa.array(records.reasons, pa.string())
        if any(records.reasons)
        else pa.nulls(len(records.reasons), pa.string())
    )
    columns |= {name: _column(records.quantities[:, i]) for i, name in enumerate(QUANTITY_NAMES)}
    metadata = {"fingerprint": fingerprint, "key": key, "version": __version__}
    table = pa.table(columns).replace_schema_metadata({_SEALED_METADATA: json.dumps(metadata)})
    pq.write_table(
        table,
        path,
        compression="zstd",
        row_group_size=len(records.status),
        write_page_checksum=True,
        write_statistics=False,
    )


def read_sealed_table(
    path: Path,
    fingerprint: str,
    columns: Sequence[str] | None = None,
    *,
    key: str | None = None,
) -> pa.Table:
    """Read columns of a sealed batch, checked.

    Parameters
    ----------
    path : Path
        The sealed file, or a link to it.
    fingerprint : str
        What it must be of.
    columns : sequence of str, optional
        Which columns; all if not given.
    key : str, optional
        Which batch it must be, if that matters.

    Returns
    -------
    pyarrow.Table
        The columns.

    Raises
    ------
    CampaignError
        The file is damaged, or of another batch; the message begins with its path.
    """
    try:
        file = pq.ParquetFile(path, page_checksum_verification=True)
        metadata = json.loads((file.schema_arrow.metadata or {})[_SEALED_METADATA])
        if metadata["fingerprint"] != fingerprint:
            raise CampaignError(f"{path} was computed with another fingerprint")
        if key is not None and metadata["key"] != key:
            raise CampaignError(f"{path} holds other points than this batch has")
        return file.read(columns=None if columns is None else list(columns), use_threads=False)
    except (OSError, pa.ArrowException, ValueError, KeyError, TypeError) as fault:
        if isinstance(fault, OSError) and fault.errno not in (None, errno.ENOENT):
            raise  # the file system's trouble, not the file's: Arrow's own errors have no number
        what = str(fault).splitlines()[0] if str(fault) else type(fault).__name__
        raise CampaignError(f"{path} cannot be read as a batch ({what})") from fault


def _numbers(column: pa.ChunkedArray) -> npt.NDArray[Any]:
    numbers: npt.NDArray[Any] = np.from_dlpack(column.combine_chunks())
    return numbers


def points_of(table: pa.Table) -> npt.NDArray[np.float64]:
    """Give the points of a table that has a column for each axis, shape (n, 8)."""
    return np.stack([_numbers(table[name]) for name in AXIS_NAMES], axis=1)


def read_sealed(path: Path, fingerprint: str) -> Known:
    """Read all of a sealed batch; see `read_sealed_table`."""
    table = read_sealed_table(path, fingerprint)
    return Known(
        points_of(table),
        _numbers(table["status"]),
        _numbers(table["launches"]),
        _numbers(table["seconds"]),
        _in_our_order(table.column_names, lambda name: _numbers(table[name]), len(table)),
        table["reason"].to_pylist(),
    )
