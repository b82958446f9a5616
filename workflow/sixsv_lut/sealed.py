"""Sealed batches: all launches of a batch in one Parquet file, with an account of its making."""

from __future__ import annotations

import contextlib
import errno
import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from sixsv_lut import __version__
from sixsv_lut.axes import AXIS_NAMES
from sixsv_lut.errors import CampaignError
from sixsv_lut.output import QUANTITY_NAMES, Status
from sixsv_lut.records import Attempt, Known, Records, quantities_in_order

_METADATA = b"sixsv_lut"


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


def write_sealed(
    path: Path, fingerprint: str, key: str, records: Records, attempts: Collection[Attempt] = ()
) -> None:
    """Write a sealed batch.

    Parameters
    ----------
    path : Path
        The Parquet file.
    fingerprint, key : str
        What it is of.
    records : Records
        All rows of the batch.
    attempts : collection of Attempt
        The processes that worked at it.
    """
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
    table = pa.table(columns).replace_schema_metadata({_METADATA: json.dumps(metadata)})
    pq.write_table(
        table,
        path,
        compression="zstd",
        row_group_size=len(records.status),
        write_page_checksum=True,
        write_statistics=False,
    )


# A batch process must start fast, and PyArrow's own conversions from and to NumPy import pandas,
# which takes several times as long as all its other imports together.
def _column(values: npt.NDArray[Any]) -> pa.Array:
    values = np.ascontiguousarray(values)
    content = [None, pa.py_buffer(values)]
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), content)


def numbers_of(column: pa.ChunkedArray) -> npt.NDArray[Any]:
    """Give the numbers of a column that has no missing ones."""
    numbers: npt.NDArray[Any] = np.from_dlpack(column.combine_chunks())
    return numbers


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
    with _explained(path):
        file = pq.ParquetFile(path, page_checksum_verification=True)
        metadata = _checked_metadata(path, file.schema_arrow, fingerprint)
        if key is not None and metadata["key"] != key:
            raise CampaignError(f"{path} holds other points than this batch has")
        return file.read(columns=None if columns is None else list(columns), use_threads=False)


def read_account(path: Path, fingerprint: str) -> Account:
    """Read how a sealed batch was made, and none of its rows.

    Parameters
    ----------
    path : Path
        The sealed file, or a link to it.
    fingerprint : str
        What it must be of.

    Returns
    -------
    Account
        The account.

    Raises
    ------
    CampaignError
        The file is damaged, or of another batch; the message begins with its path.
    """
    with _explained(path):
        account = _checked_metadata(path, pq.read_schema(path), fingerprint).get("account")
        if account is None:
            return _account_of_rows(path, fingerprint)
        attempts = tuple(Attempt(**attempt) for attempt in account.pop("attempts"))
        return Account(**account, attempts=attempts)


def _account_of_rows(path: Path, fingerprint: str) -> Account:
    # A file that was sealed before accounts were kept.
    table = read_sealed_table(path, fingerprint, ["status", "launches", "seconds"])
    return Account(
        points=len(table),
        failed=int(np.count_nonzero(numbers_of(table["status"]) != Status.OK)),
        launches=int(numbers_of(table["launches"]).sum()),
        launch_seconds=float(numbers_of(table["seconds"]).sum()),
    )


def _checked_metadata(path: Path, schema: pa.Schema, fingerprint: str) -> dict[str, Any]:
    metadata: dict[str, Any] = json.loads((schema.metadata or {})[_METADATA])
    if metadata["fingerprint"] != fingerprint:
        raise CampaignError(f"{path} was computed with another fingerprint")
    return metadata


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, pa.ArrowException, ValueError, KeyError, TypeError) as fault:
        if isinstance(fault, OSError) and fault.errno not in (None, errno.ENOENT):
            raise  # the file system's trouble, not the file's: Arrow's own errors have no number
        what = str(fault).splitlines()[0] if str(fault) else type(fault).__name__
        raise CampaignError(f"{path} cannot be read as a batch ({what})") from fault


def points_of(table: pa.Table) -> npt.NDArray[np.float64]:
    """Give the points of a table that has a column for each axis, shape (n, 8)."""
    return np.stack([numbers_of(table[name]) for name in AXIS_NAMES], axis=1)


def read_sealed(path: Path, fingerprint: str) -> Known:
    """Read all of a sealed batch; see `read_sealed_table`."""
    table = read_sealed_table(path, fingerprint)
    return Known(
        points_of(table),
        numbers_of(table["status"]),
        numbers_of(table["launches"]),
        numbers_of(table["seconds"]),
        quantities_in_order(table.column_names, lambda name: numbers_of(table[name]), len(table)),
        table["reason"].to_pylist(),
    )
