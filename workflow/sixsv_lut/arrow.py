"""Numbers from NumPy to Arrow and back, without what PyArrow would import for it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

# A batch process must start fast, and PyArrow's own conversions from and to NumPy import pandas,
# which takes several times as long as all its other imports together.


def column_of(values: npt.NDArray[Any]) -> pa.Array:
    """Give numbers as a column that has no missing ones."""
    values = np.ascontiguousarray(values)
    content = [None, pa.py_buffer(values)]
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), content)


def numbers_of(column: pa.ChunkedArray) -> npt.NDArray[Any]:
    """Give the numbers of a column that has no missing ones."""
    numbers: npt.NDArray[Any] = np.from_dlpack(column.combine_chunks())
    return numbers
