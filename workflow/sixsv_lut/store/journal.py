"""Journals: what one attempt at a batch has finished so far, record after record.

Records have a fixed size and each its own checksum, so whatever is whole can be read, wherever the
records were cut or damaged. Only damage to the first bytes, which say what the file is, costs the
whole journal. The checksums of a journal begin with a number of its own, so that no record of
another journal, with results of another fingerprint, is taken for one of its own.
"""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import secrets
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sixsv_lut.files import open_regular
from sixsv_lut.sixsv.axes import AXIS_NAMES
from sixsv_lut.sixsv.report import OF_LAUNCHES, QUANTITY_NAMES, Status, good_rows
from sixsv_lut.store.folder import host_name
from sixsv_lut.store.records import Attempt, KnownResults, Result, quantities_in_order

log = logging.getLogger(__name__)

_MAGIC = b"sixsv-lut journal 1\n"
_HEADER = struct.Struct("<II")  # length of the description that follows, and its checksum
_DESCRIPTION_START = len(_MAGIC) + _HEADER.size
_REASON_BYTES = 240


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


class JournalWriter:
    """Appends results to a journal of its own.

    Parameters
    ----------
    path : Path
        The journal, which must not be there yet.
    fingerprint : str
        What the journal is of.
    threads : int
        Launches that this attempt runs at a time.
    """

    def __init__(self, path: Path, fingerprint: str, threads: int = 1) -> None:
        self.path = path
        self._struct = _record_struct(len(QUANTITY_NAMES))
        self._no_quantities = (float("nan"),) * len(QUANTITY_NAMES)
        self._dirty = True
        host = host_name()
        started = round(time.time(), 3)
        self._attempt = Attempt(host, threads, started, ended=started)
        self._points = self._launches = 0
        self._launch_seconds = 0.0
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o666)
        self._seed = secrets.randbits(32)
        made_by = {"host": host, "threads": threads, "started": started}
        described = {
            "fingerprint": fingerprint,
            "seed": self._seed,
            "quantities": QUANTITY_NAMES,
            **made_by,
        }
        description = json.dumps(described).encode()
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
        self._write(body + struct.pack("<I", zlib.crc32(body, self._seed)))
        self._points += 1
        self._launches += result.launches
        self._launch_seconds += result.seconds

    def attempt(self) -> Attempt:
        """Give what this attempt has done until now."""
        return replace(
            self._attempt,
            ended=round(time.time(), 3),
            points=self._points,
            launches=self._launches,
            launch_seconds=round(self._launch_seconds, 3),
        )

    def sync(self) -> None:
        """Have what was appended written to the disk: from here on, nothing loses it."""
        if self._dirty:
            with self._named_errors():
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
        with self._named_errors():
            if os.write(self._file, content) != len(content):
                # A full disk may take a part; records that followed it would be out of step.
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    @contextlib.contextmanager
    def _named_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self.path)) from error


class JournalReader:
    """Reads a journal, also one that is being written: each time what is new.

    Parameters
    ----------
    path : Path
        The journal; it may have been cut anywhere or damaged.
    fingerprint : str
        What it must be of.

    Attributes
    ----------
    attempt : Attempt or None
        The attempt that wrote it, as far as it was read; None if that is not known.
    """

    def __init__(self, path: Path, fingerprint: str) -> None:
        self._path = path
        self._fingerprint = fingerprint
        self._names: list[str] | None = None
        self._seed = 0
        self._read_to = 0
        self.attempt: Attempt | None = None

    def read(self) -> KnownResults | None:
        """Read every whole record that was not read before.

        Returns
        -------
        KnownResults or None
            The records whose checksum is right, in the order they were written, without those that
            count as good and have numbers that 6SV cannot have given; None if the file is no
            journal of this fingerprint.

        Raises
        ------
        NotAFileError
            Something else is there.
        OSError
            It cannot be read.
        """
        with open_regular(self._path) as file:
            if self._names is None:
                described = self._description(file.read(_DESCRIPTION_START), file.read)
                if described is None:
                    return None
                self._names = described["quantities"]
                self._seed = described.get("seed", 0)  # older journals have none
                self._read_to = file.tell()
                if "started" in described:
                    maker = {name: described[name] for name in ("host", "threads", "started")}
                    self.attempt = Attempt(**maker, ended=described["started"])
            file.seek(self._read_to)
            content = file.read()
            changed = os.fstat(file.fileno()).st_mtime
        table = self._believable(self._whole_records(content))
        if self.attempt is not None and len(table):
            before = self.attempt
            self.attempt = replace(
                before,
                ended=max(before.started, changed),
                points=before.points + len(table),
                launches=before.launches + int(table["launches"].sum()),
                launch_seconds=before.launch_seconds + float(table["seconds"].sum()),
            )
        return KnownResults(
            table["values"],
            table["status"].astype(np.int8),
            table["launches"].astype(np.int32),
            table["seconds"],
            self._quantities(table),
            [reason.decode("utf-8", errors="ignore") for reason in table["reason"]],
        )

    def _believable(self, table: npt.NDArray[np.void]) -> npt.NDArray[np.void]:
        good = (table["status"] == Status.OK) & good_rows(self._quantities(table))
        failed = np.isin(table["status"], [one for one in OF_LAUNCHES if one != Status.OK])
        if not (good | failed).all():
            log.warning(
                "%s: %d records hold what 6SV cannot have given and are passed over",
                self._path,
                np.count_nonzero(~(good | failed)),
            )
        kept: npt.NDArray[np.void] = table[good | failed]
        return kept

    def _quantities(self, table: npt.NDArray[np.void]) -> npt.NDArray[np.float64]:
        assert self._names is not None
        names, numbers = self._names, table["quantities"]
        return quantities_in_order(names, lambda name: numbers[:, names.index(name)], len(table))

    def _description(self, start: bytes, read: Callable[[int], bytes]) -> dict[str, Any] | None:
        if not start.startswith(_MAGIC) or len(start) < _DESCRIPTION_START:
            return None
        length, checksum = _HEADER.unpack_from(start, len(_MAGIC))
        description = read(length)
        if not length or len(description) != length or zlib.crc32(description) != checksum:
            return None  # the checksum of nothing is 0, and a crash may leave zeros
        described: dict[str, Any] = json.loads(description)
        return described if described["fingerprint"] == self._fingerprint else None

    def _whole_records(self, content: bytes) -> npt.NDArray[np.void]:
        assert self._names is not None
        dtype = _record_dtype(len(self._names))
        size = dtype.itemsize
        table = np.frombuffer(content, dtype, count=len(content) // size)
        self._read_to += len(table) * size
        view = memoryview(content)
        whole = [
            zlib.crc32(view[i * size : (i + 1) * size - 4], self._seed) == checksum
            for i, checksum in enumerate(table["checksum"])
        ]
        kept: npt.NDArray[np.void] = table[np.array(whole, dtype=bool)]
        return kept


def read_journal(path: Path, fingerprint: str) -> KnownResults | None:
    """Read every whole record of a journal; see `JournalReader`."""
    return JournalReader(path, fingerprint).read()
