"""The text LUT, in the format that calibration chains read.

Space separated, no header, rows in the order of the points, columns ``thetav thetas phi alti psurf
aot550 uw uo3 Tdown Tup Ttotal rho_atm S``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from sixsv_lut.campaign.grid import Grid
from sixsv_lut.files import appearing_at_once
from sixsv_lut.lut.collect import LUT_QUANTITIES, BandResults
from sixsv_lut.sixsv.axes import AXIS_NAMES

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


def _as_bc(values: npt.NDArray[np.floating[Any]]) -> pa.Array:
    # bc writes no zero before the decimal point, and a bare 0 for zero.
    text = pc.replace_substring_regex(decimals(values, 5), r"^(-?)0\.", r"\1.")
    return pc.if_else(pc.equal(text, ".00000"), "0", text)


def _formats(run6sv: bool) -> dict[str, Callable[[npt.NDArray[np.floating[Any]]], pa.Array]]:
    if run6sv:
        transmittance, reflectance = _as_bc, lambda values: decimals(values, 3)
    else:
        # A product of two numbers of 5 decimals; 7 keep its rounding far below theirs.
        transmittance = reflectance = lambda values: decimals(values, 7)
    formats = dict.fromkeys(LUT_QUANTITIES[:3], transmittance)
    return formats | {"rho_atm": reflectance, "S": lambda values: decimals(values, 5)}


def write_text(grid: Grid, results: BandResults, path: Path, *, run6sv: bool = False) -> None:
    """Write the text LUT of a band.

    Parameters
    ----------
    grid : Grid
        The grid, whose values are written as in the configuration.
    results : BandResults
        The results of the band.
    path : Path
        The file.
    run6sv : bool
        Write the numbers as the older shell tool did.
    """
    formats = _formats(run6sv)
    written = {
        name: pa.array(values, pa.string())
        for name, values in zip(AXIS_NAMES, grid.values, strict=True)
    }
    schema = pa.schema((name, pa.string()) for name in (*PARAMETER_COLUMNS, *LUT_QUANTITIES))
    options = pyarrow.csv.WriteOptions(include_header=False, delimiter=" ", quoting_style="none")
    with (
        appearing_at_once(path) as aside,
        pyarrow.csv.CSVWriter(aside, schema, write_options=options) as file,
    ):
        for start in range(0, grid.points, _ROWS_AT_A_TIME):
            stop = min(start + _ROWS_AT_A_TIME, grid.points)
            indices = dict(zip(AXIS_NAMES, grid.indices(np.arange(start, stop)), strict=True))
            columns = [written[name].take(pa.array(indices[name])) for name in PARAMETER_COLUMNS]
            columns += [
                formats[name](results.quantities[name][start:stop]) for name in LUT_QUANTITIES
            ]
            file.write_table(pa.table(columns, schema=schema))
