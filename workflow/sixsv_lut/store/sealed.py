"""Sealed batches: all launches of a batch in one Parquet file, with an account of its making."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from sixsv_lut import __version__
from sixsv_lut.arrow import column_of, numbers_of
from sixsv_lut.campaign.points import batch_key, points_of
from sixsv_lut.errors import CampaignError
from sixsv_lut.files import open_regular
from sixsv_lut.sixsv.axes import AXIS_NAMES
from sixsv_lut.sixsv.report import OF_LAUNCHES, QUANTITY_NAMES, REQUIRED, Status, good_rows
from sixsv_lut.store.records import Attempt, KnownResults, Records, quantities_in_order

_METADATA = b"sixsv_lut"

# In the metadata, a digest of the rest of it: what is read of a file whose rows are not.
_METADATA_DIGEST = "metadata_sha256"

# In the footer alone, a digest of the whole file, computed with zeros in its place. Files that were
# sealed before this have neither.
_DIGEST_KEY = b"sixsv_lut_digest"
_DIGEST_LABEL = b"sixsv_lut content sha256: "
_NO_DIGEST = b"0" * 64

_PARQUET_MAGIC = b"PAR1"


@dataclass(frozen=True)
class Account:
    """How a sealed batch was made.

    Attributes
    ----------
    points : int
        Number of points.
    failed : int
        Points without a good result.
    launches : int
        Launches of all points, retries included, also those taken over from other batches.
    launch_seconds : float
        Elapsed time of the last launch of each point, summed.
    attempts : tuple of Attempt
        The processes that worked at this batch, in the order of their start.
    """

    points: int
    failed: int
    launches: int
    launch_seconds: float
    attempts: tuple[Attempt, ...] = ()


@dataclass(frozen=True)
class ReducedBatch:
    """What a batch of reduced launches keeps besides them.

    Attributes
    ----------
    blocks : sequence of object
        For each block, in the order of the batch, what derives its other points: JSON.
    """

    blocks: Sequence[dict[str, Any]]


def write_sealed(
    path: Path,
    fingerprint: str,
    key: str,
    records: Records,
    attempts: Collection[Attempt] = (),
    reduced: ReducedBatch | None = None,
) -> None:
    """Write a sealed batch.

    Parameters
    ----------
    path : Path
        The Parquet file.
    fingerprint, key : str
        What it is of.
    records : Records
        The launches of the batch.
    attempts : collection of Attempt
        The processes that worked at it.
    reduced : ReducedBatch, optional
        What the points are derived from that were not launched.
    """
    columns = {name: column_of(records.values[:, i]) for i, name in enumerate(AXIS_NAMES)}
    columns["status"] = column_of(records.status)
    columns["launches"] = column_of(records.launches)
    columns["seconds"] = column_of(records.seconds)
    columns["reason"] = (
        pa.array(records.reasons, pa.string())
        if any(records.reasons)
        else pa.nulls(len(records.reasons), pa.string())
    )
    columns |= {name: column_of(records.quantities[:, i]) for i, name in enumerate(QUANTITY_NAMES)}
    account = Account(
        points=len(records.status),
        failed=int(np.count_nonzero(records.status != Status.OK)),
        launches=int(records.launches.sum()),
        launch_seconds=round(float(records.seconds.sum()), 3),
        attempts=tuple(sorted(attempts, key=lambda attempt: attempt.started)),
    )
    metadata = {
        "fingerprint": fingerprint,
        "key": key,
        "version": __version__,
        "account": asdict(account),
    }
    if reduced:
        metadata["reduced"] = asdict(reduced)
    path.write_bytes(_content(pa.table(columns), metadata))


def _content(table: pa.Table, metadata: dict[str, Any]) -> bytes:
    metadata[_METADATA_DIGEST] = _sha256_of_metadata(metadata)
    table = table.replace_schema_metadata({_METADATA: json.dumps(metadata)})
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(
        sink, table.schema, compression="zstd", write_page_checksum=True, write_statistics=False
    ) as file:
        file.write_table(table, row_group_size=len(table))
        file.add_key_value_metadata({_DIGEST_KEY: _DIGEST_LABEL + _NO_DIGEST})
    content = bytearray(sink.getvalue())
    at = content.rindex(_DIGEST_LABEL) + len(_DIGEST_LABEL)
    content[at : at + len(_NO_DIGEST)] = _sha256_of_content(content, at)
    return bytes(content)


def _sha256_of_content(content: bytes | bytearray, at: int) -> bytes:
    view = memoryview(content)
    digest = hashlib.sha256(view[:at])
    digest.update(_NO_DIGEST)
    digest.update(view[at + len(_NO_DIGEST) :])
    return digest.hexdigest().encode()


def _sha256_of_metadata(metadata: dict[str, Any]) -> str:
    others = {name: value for name, value in metadata.items() if name != _METADATA_DIGEST}
    return hashlib.sha256(json.dumps(others).encode()).hexdigest()


class SealedBatch:
    """A sealed batch, read and checked.

    Parameters
    ----------
    path : Path
        The sealed file, or a link to it.
    fingerprint : str
        What it must be of.
    key : str, optional
        Which batch it must be, if that matters.

    Raises
    ------
    CampaignError
        The file is damaged, or of something else; the message begins with its path.
    NotAFileError
        It is no file.
    OSError
        The file cannot be read.
    """

    def __init__(self, path: Path, fingerprint: str, key: str | None = None) -> None:
        self.path = path
        with open_regular(path) as opened:
            content = opened.read()
        self._has_digest = _check_digest(path, content)
        with self._explained():
            self._file = pq.ParquetFile(pa.BufferReader(content), page_checksum_verification=True)
            self._metadata = _checked_metadata(
                path, self._file.metadata.metadata or {}, fingerprint, key
            )
            if not self._has_digest:
                _check_layout(self._file.metadata, content)
                self._check_contradictions()

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            with _explained(self.path):
                yield
        except CampaignError as error:
            if self._has_digest and isinstance(error.__cause__, MemoryError):
                raise error.__cause__ from None  # of a whole file that is no damage
            raise

    def _check_contradictions(self) -> None:
        # What a file without a digest says twice must agree; its pages have checksums of their own.
        points = self.points()
        if batch_key(points) != self._metadata["key"]:
            raise ValueError("its points are not those that were written")
        if "account" not in self._metadata:  # sealed before accounts were kept
            return
        status = numbers_of(self._file.read(["status"], use_threads=False)["status"])
        failed = int(np.count_nonzero(status != Status.OK))
        account = self._metadata["account"]
        if (len(points), failed) != (account["points"], account["failed"]):
            raise ValueError("its rows are not those of its account")

    def points(self) -> npt.NDArray[np.float64]:
        """Give the points, shape (n, 8)."""
        with self._explained():
            return points_of(self._file.read(list(AXIS_NAMES), use_threads=False))

    def table(self, columns: Sequence[str] | None = None) -> pa.Table:
        """Give columns; all if none are named.

        Parameters
        ----------
        columns : sequence of str, optional
            Their names.

        Returns
        -------
        pyarrow.Table
            The columns, in the order of the file.

        Raises
        ------
        CampaignError
            A column is not there, or a row that counts as good has numbers that 6SV cannot have
            given.
        """
        wanted = self._file.schema_arrow.names if columns is None else list(columns)
        with self._explained():
            needed = list(dict.fromkeys((*wanted, "status", *REQUIRED)))
            table = self._file.read(needed, use_threads=False)
            missing = set(needed).difference(table.column_names)
            if missing:
                raise ValueError(f"it has no column {min(missing)}")
            _check_results(table)
            return table.select(wanted)

    def reduced(self) -> ReducedBatch | None:
        """Give what the points are derived from that were not launched; None if all were."""
        with self._explained():
            content = self._metadata.get("reduced")
            return None if content is None else ReducedBatch(**content)

    def account(self) -> Account:
        """Give how the batch was made."""
        with self._explained():
            return _account(self._metadata) or self._account_of_rows()

    def _account_of_rows(self) -> Account:
        # A file that was sealed before accounts were kept.
        table = self.table(["status", "launches", "seconds"])
        return Account(
            points=len(table),
            failed=int(np.count_nonzero(numbers_of(table["status"]) != Status.OK)),
            launches=int(numbers_of(table["launches"]).sum()),
            launch_seconds=float(numbers_of(table["seconds"]).sum()),
        )

    def known(self) -> KnownResults:
        """Give all that the batch knows of its points."""
        with self._explained():
            table = self.table()
            return KnownResults(
                points_of(table),
                numbers_of(table["status"]),
                numbers_of(table["launches"]),
                numbers_of(table["seconds"]),
                quantities_in_order(
                    table.column_names, lambda name: numbers_of(table[name]), len(table)
                ),
                table["reason"].to_pylist(),
            )


def _check_digest(path: Path, content: bytes) -> bool:
    # Either sign of a digest demands it, so that a new file never passes for an old one.
    label = content.rfind(_DIGEST_LABEL)
    if label < 0 and _METADATA_DIGEST.encode() not in content:
        return False
    at = label + len(_DIGEST_LABEL)
    if label < 0 or content[at : at + len(_NO_DIGEST)] != _sha256_of_content(content, at):
        raise CampaignError(f"{path} is damaged: its content is not what was written")
    return True


def _check_layout(described: pq.FileMetaData, content: bytes) -> None:
    """Check what the footer of a file without a digest says of its columns."""
    written = described.schema.to_arrow_schema()
    copy = pa.ipc.read_schema(
        pa.py_buffer(base64.b64decode(described.metadata[b"ARROW:schema"], validate=True))
    )
    if not copy.equals(written, check_metadata=True):
        raise ValueError("its two descriptions of the columns differ")
    if described.num_row_groups != 1:
        raise ValueError("it has several parts")
    group = described.row_group(0)
    at = len(_PARQUET_MAGIC)
    for i in range(group.num_columns):
        column = group.column(i)
        begin = column.data_page_offset
        if column.has_dictionary_page:
            begin = min(begin, column.dictionary_page_offset)
        if begin != at or column.path_in_schema != written.names[i]:
            raise ValueError(f"column {written.names[i]} is not where it was written")
        at += column.total_compressed_size
    if at != len(content) - _footer_bytes(content):
        raise ValueError("its columns do not fill it")


def _check_results(table: pa.Table) -> None:
    status = numbers_of(table["status"])
    if not np.isin(status, OF_LAUNCHES).all():
        raise ValueError("a row has an unknown status")
    # By columns: that touches no memory of the numbers that are not looked at.
    quantities = np.empty((len(QUANTITY_NAMES), len(table))).T
    for name in REQUIRED:
        quantities[:, QUANTITY_NAMES.index(name)] = numbers_of(table[name])
    bad = np.flatnonzero((status == Status.OK) & ~good_rows(quantities))
    if len(bad):
        raise ValueError(f"row {bad[0]} counts as good and has numbers that 6SV cannot have given")


def _footer_bytes(end: bytes) -> int:
    # https://parquet.apache.org/docs/file-format: metadata, 4 bytes with its length, PAR1.
    return int.from_bytes(end[-8:-4], "little") + 8


def read_sealed_table(
    path: Path,
    fingerprint: str,
    columns: Sequence[str] | None = None,
    *,
    key: str | None = None,
) -> pa.Table:
    """Read columns of a sealed batch; see `SealedBatch` and its `table`."""
    return SealedBatch(path, fingerprint, key).table(columns)


def read_sealed(path: Path, fingerprint: str, key: str | None = None) -> KnownResults:
    """Read all of a sealed batch; see `SealedBatch`."""
    return SealedBatch(path, fingerprint, key).known()


def read_account(path: Path, fingerprint: str, key: str | None = None) -> Account:
    """Read how a sealed batch was made, and none of its rows.

    Parameters
    ----------
    path : Path
        The sealed file, or a link to it.
    fingerprint : str
        What it must be of.
    key : str, optional
        Which batch it must be, if that matters.

    Returns
    -------
    Account
        The account.

    Raises
    ------
    CampaignError
        The file is damaged, or of another batch; the message begins with its path. The rows, which
        may be damaged too, are not looked at.
    OSError
        The file cannot be read.
    """
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        file.seek(max(0, size - 8))
        file.seek(max(0, size - _footer_bytes(file.read())))
        end = file.read()
    with _explained(path):
        footer = pq.read_metadata(pa.BufferReader(end))
        account = _account(_checked_metadata(path, footer.metadata or {}, fingerprint, key))
    return account or SealedBatch(path, fingerprint, key).account()


def _checked_metadata(
    path: Path, stored: dict[bytes, bytes], fingerprint: str, key: str | None
) -> dict[str, Any]:
    metadata: dict[str, Any] = json.loads(stored[_METADATA])
    has_digest = _DIGEST_KEY in stored or _METADATA_DIGEST in metadata
    if has_digest and metadata.get(_METADATA_DIGEST) != _sha256_of_metadata(metadata):
        raise CampaignError(f"{path} is damaged: its description is not what was written")
    if metadata["fingerprint"] != fingerprint:
        raise CampaignError(f"{path} was computed with another fingerprint")
    if key is not None and metadata["key"] != key:
        raise CampaignError(f"{path} holds other points than this batch has")
    return metadata


def _account(metadata: dict[str, Any]) -> Account | None:
    account = metadata.get("account")
    if account is None:
        return None
    attempts = tuple(Attempt(**attempt) for attempt in account["attempts"])
    return Account(**(account | {"attempts": attempts}))


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    # What is parsed here is in memory: whatever goes wrong, the file's content is to blame.
    try:
        yield
    except CampaignError:
        raise
    except Exception as error:
        what = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise CampaignError(f"{path} cannot be read as a batch ({what})") from error
