"""The text LUT, in the format that calibration chains read.

Space separated, no header, rows in the order of the points, columns ``thetav thetas phi alti psurf
aot550 uw uo3 Tdown Tup Ttotal rho_atm S``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from sixsv_lut.campaign.grid import Grid
from sixsv_lut.files import atomic_write
from sixsv_lut.lut.collect import BandResults
from sixsv_lut.lut.quantities import LUT_NAMES, LUT_QUANTITIES, LutQuantity
from sixsv_lut.sixsv.axes import AXIS_NAMES
from sixsv_lut.sixsv.convention import STANDARD, Convention

PARAMETER_COLUMNS: tuple[str, ...] = tuple(reversed(AXIS_NAMES))

# What stands for a number that is not there: every reader of numbers takes it for what it is.
MISSING = "nan"

_ROWS_AT_A_TIME = 1 << 18


def decimals(values: npt.NDArray[np.floating[Any]], places: int) -> pa.Array:
    """Write numbers with a fixed number of decimals.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        The numbers; NaN is written as ``nan``.
    places : int
        Decimals, at most 9.

    Returns
    -------
    pyarrow.StringArray
        The texts.
    """
    rounded = np.round(values, places)
    as_decimal = pc.cast(pa.array(rounded, from_pandas=True), pa.decimal128(38, places))
    text = pc.cast(as_decimal, pa.string())
    # Arrow writes 0.0000001 as 1E-7.
    tiny = np.abs(rounded) < 1e-6
    if places > 6 and tiny.any():
        plain = pa.array([f"{value:.{places}f}" for value in rounded[tiny] + 0.0], pa.string())
        text = pc.replace_with_mask(text, pa.array(tiny), plain)
    return pc.fill_null(text, MISSING)


def _as_bc(texts: pa.Array) -> pa.Array:
    # bc writes no zero before the decimal point, and a bare 0 for zero.
    texts = pc.replace_substring_regex(texts, r"^(-?)0\.", r"\1.")
    return pc.if_else(pc.equal(texts, ".00000"), "0", texts)


def _written(
    values: npt.NDArray[np.floating[Any]], quantity: LutQuantity, convention: Convention
) -> pa.Array:
    texts = decimals(values, quantity.decimals(convention))
    return _as_bc(texts) if quantity.has_bare_decimal_point(convention) else texts


def write_text(
    grid: Grid, results: BandResults, path: Path, convention: Convention = STANDARD
) -> None:
    """Write the text LUT of a band.

    Parameters
    ----------
    grid : Grid
        The grid, whose values are written as in the configuration.
    results : BandResults
        The results of the band.
    path : Path
        The file.
    convention : Convention
        How the numbers are written.
    """
    written = {
        name: pa.array(values, pa.string())
        for name, values in zip(AXIS_NAMES, grid.values, strict=True)
    }
    schema = pa.schema((name, pa.string()) for name in (*PARAMETER_COLUMNS, *LUT_NAMES))
    options = pyarrow.csv.WriteOptions(include_header=False, delimiter=" ", quoting_style="none")
    with (
        atomic_write(path) as temporary,
        pyarrow.csv.CSVWriter(temporary, schema, write_options=options) as file,
    ):
        for start in range(0, grid.points, _ROWS_AT_A_TIME):
            stop = min(start + _ROWS_AT_A_TIME, grid.points)
            indices = dict(zip(AXIS_NAMES, grid.indices(np.arange(start, stop)), strict=True))
            columns = [written[name].take(pa.array(indices[name])) for name in PARAMETER_COLUMNS]
            columns += [
                _written(results.quantities[quantity.name][start:stop], quantity, convention)
                for quantity in LUT_QUANTITIES
            ]
            file.write_table(pa.table(columns, schema=schema))
