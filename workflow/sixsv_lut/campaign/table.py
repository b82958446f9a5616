"""The parameter table: all points of a campaign in one Parquet file, a row group for each batch."""

from __future__ import annotations

import contextlib
import json
import shlex
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from sixsv_lut.campaign.batches import Batches
from sixsv_lut.campaign.grid import Grid
from sixsv_lut.campaign.points import batch_key, points_of
from sixsv_lut.errors import CampaignError
from sixsv_lut.files import atomic_write, open_regular
from sixsv_lut.sixsv.axes import AXES, AXIS_NAMES

_SCHEMA = pa.schema([("point", pa.int64()), *((name, pa.float64()) for name in AXIS_NAMES)])
_KEYS = b"batch_keys"
_HEAD = 20


def batch_keys(grid: Grid, batches: Batches) -> list[str]:
    """Compute the keys of all batches (see `sixsv_lut.campaign.points.batch_key`)."""
    return [batch_key_of(grid, batches, batch) for batch in range(len(batches))]


def batch_key_of(grid: Grid, batches: Batches, batch: int) -> str:
    """Compute the key of a batch."""
    return batch_key(grid.values_of(batches.numbers(batch)), batches.name)


def write_table(grid: Grid, batches: Batches, path: Path) -> None:
    """Write the parameter table.

    Parameters
    ----------
    grid : Grid
        The grid of the campaign.
    batches : Batches
        Its batches; each is a row group.
    path : Path
        The Parquet file.
    """
    schema = _SCHEMA.with_metadata({_KEYS: json.dumps(batch_keys(grid, batches))})
    with (
        atomic_write(path) as temporary,
        pq.ParquetWriter(
            temporary, schema, compression="zstd", use_dictionary=list(AXIS_NAMES)
        ) as file,
    ):
        for batch in range(len(batches)):
            numbers = batches.numbers(batch)
            columns = [pa.array(numbers)]
            columns += [
                pa.array(np.ascontiguousarray(column)) for column in grid.values_of(numbers).T
            ]
            file.write_table(pa.table(columns, schema=schema), row_group_size=len(numbers))


def read_batch(
    path: Path, batch: int, grid: Grid, batches: Batches
) -> tuple[npt.NDArray[np.float64], frozenset[str]]:
    """Read the points of one batch, and nothing else.

    Parameters
    ----------
    path : Path
        The parameter table.
    batch : int
        Number of the batch, from 0.
    grid : Grid
        The grid of the campaign, against which the points are checked.
    batches : Batches
        The batches of the campaign.

    Returns
    -------
    values : ndarray of float64, shape (n, 8)
        The points of the batch, one column for each axis.
    keys : frozenset of str
        The keys of all batches of the campaign (see `sixsv_lut.campaign.points.batch_key`).

    Raises
    ------
    CampaignError
        The table cannot be read, has no such batch, or holds other points than this campaign.
    OSError
        The table cannot be opened.
    """
    remedy = f"delete it (rm -f {shlex.quote(str(path))}) and run again"
    with open_regular(path) as opened:
        try:
            file = pq.ParquetFile(opened)
            keys = json.loads(file.schema_arrow.metadata[_KEYS])
            table = file.read_row_group(batch, columns=list(AXIS_NAMES), use_threads=False)
            values, key = points_of(table), keys[batch]
        except Exception as error:  # whatever Arrow or JSON make of damaged content
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise CampaignError(
                f"{path} cannot be read as a parameter table ({error}): {remedy}"
            ) from error
    expected = grid.values_of(batches.numbers(batch))
    if not np.array_equal(values, expected) or key != batch_key(expected, batches.name):
        raise CampaignError(
            f"{path} holds other points for batch {batch} than the axes of the configuration give: "
            f"{remedy}"
        )
    return values, frozenset(map(str, keys))


def read_batch_keys(path: Path, grid: Grid, batches: Batches) -> list[str]:
    """Read the keys of all batches, which takes less time than to compute them.

    Parameters
    ----------
    path : Path
        The parameter table.
    grid : Grid
        The grid of the campaign.
    batches : Batches
        The batches of the campaign.

    Returns
    -------
    list of str
        The keys; computed, if the table is not there, or cannot be the one of this campaign.
    """
    with contextlib.suppress(Exception):  # whatever Arrow or JSON make of damaged content
        with open_regular(path) as opened:
            keys = json.loads(pq.read_schema(opened).metadata[_KEYS])
        ends = (0, len(batches) - 1)
        if len(keys) == len(batches) and all(
            keys[batch] == batch_key_of(grid, batches, batch) for batch in ends
        ):
            return [str(key) for key in keys]
    return batch_keys(grid, batches)


def describe_table(grid: Grid, batches: Batches) -> str:
    """Write what the parameter table holds as text: counts, axes, first rows."""
    lines = [
        f"points      {grid.points}",
        f"batches     {len(batches)} of {batches.size} points",
        "",
        "axes, outermost first",
    ]
    for axis, values in zip(AXES, grid.values, strict=True):
        shown = values if len(values) <= 13 else (*values[:6], "...", *values[-6:])
        lines.append(f"  {axis.name:<7} {axis.units:<7} {len(values):>4} values  {' '.join(shown)}")
    lines += ["", f"first {min(_HEAD, grid.points)} points"]
    lines.append("  ".join(f"{name:>8}" for name in ("point", *AXIS_NAMES)))
    for point in range(min(_HEAD, grid.points)):
        at = grid.indices([point])
        row = (values[int(i[0])] for values, i in zip(grid.values, at, strict=True))
        lines.append("  ".join(f"{value:>8}" for value in (str(point), *row)))
    return "\n".join(lines) + "\n"
