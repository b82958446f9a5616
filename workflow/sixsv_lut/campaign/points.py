"""The points of a batch: how they are compared, what names them, how they stand in a table."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sixsv_lut.arrow import numbers_of
from sixsv_lut.sixsv.axes import AXIS_NAMES


def canonical(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Give points one byte pattern each: 0.0 and -0.0 give the same deck."""
    return np.ascontiguousarray(values, dtype="<f8") + 0.0


def batch_key(values: npt.NDArray[np.float64], name: str = "") -> str:
    """Name a batch by its content.

    Parameters
    ----------
    values : ndarray of float64, shape (n, 8)
        The points of the batch.
    name : str
        What tells it from other batches of the same points; empty where all are launched.

    Returns
    -------
    str
        40 hexadecimal digits.
    """
    return hashlib.sha256(canonical(values).tobytes() + name.encode()).hexdigest()[:40]


def points_of(table: pa.Table) -> npt.NDArray[np.float64]:
    """Give the points of a table that has a column for each axis, shape (n, 8)."""
    return np.stack([numbers_of(table[name]) for name in AXIS_NAMES], axis=1)
