"""The table of errors: bias, root mean square, 95th percentile and maximum, with their uncertainty.

An error is interpolated minus launched; percentile and maximum are of its absolute value. Relative
errors are divided by what 6SV gave. The intervals of uncertainty hold 95 % of what other draws of
as many launches would have given, by the percentile bootstrap (Efron & Tibshirani 1993, An
Introduction to the Bootstrap, chapter 13).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from sixsv_lut.accuracy.points import MIDPOINT, RANDOM
from sixsv_lut.accuracy.table import LAUNCHED, errors_of, methods_of
from sixsv_lut.lut.quantities import LUT_NAMES
from sixsv_lut.sixsv.axes import AXIS_NAMES

# Draws of the bootstrap, and the launches that it needs to say something.
RESAMPLES = 400
_LEAST_LAUNCHES = 8

_UNCERTAIN = ("bias", "rms", "p95")
_STATISTICS = (*_UNCERTAIN, "max")


@lru_cache(maxsize=64)
def resampled_rows(rows: int, resamples: int = RESAMPLES, seed: int = 1) -> npt.NDArray[np.intp]:
    """Draw rows with replacement, the same on every machine and with every version of NumPy.

    Parameters
    ----------
    rows : int
        Number of rows to draw from.
    resamples : int
        Number of draws.
    seed : int
        Seed of PCG64, whose bits NumPy promises to keep, unlike what it makes of them.

    Returns
    -------
    ndarray of int, shape (resamples, rows)
        Row numbers.
    """
    bits = np.random.PCG64(seed).random_raw(resamples * rows)
    # 64 bits: remainders are even to one part in 1e15.
    return (bits % np.uint64(rows)).astype(np.intp).reshape(resamples, rows)


def rms(errors: npt.NDArray[np.float64], axis: int = -1) -> npt.NDArray[np.float64]:
    """Give the root mean square."""
    result: npt.NDArray[np.float64] = np.sqrt(np.mean(np.square(errors), axis=axis))
    return result


def errors_table(launches: pd.DataFrame) -> pd.DataFrame:
    """Make the table of errors from a table of launches.

    Parameters
    ----------
    launches : pandas.DataFrame
        See `sixsv_lut.accuracy.table`.

    Returns
    -------
    pandas.DataFrame
        A row for each method and quantity, over the random launches; and one for each method,
        quantity and interval of an axis, over the midpoints of that interval. Columns: ``method``,
        ``quantity``, ``kind``, ``axis``, ``interval``, ``launches``; ``bias``, ``rms``, ``p95``,
        ``max``; the same with ``relative_`` before; ``bias_low``, ``bias_high`` and so on for the
        root mean square and the percentile. NaN where there are too few launches.
    """
    rows = []
    for kind, axis, interval, group in _groups(launches):
        for method in methods_of(launches):
            for quantity in LUT_NAMES:
                errors = errors_of(group, quantity, method)
                known = np.isfinite(errors)
                errors, launched = errors[known], group[f"{quantity}_{LAUNCHED}"].to_numpy()[known]
                relative = errors[launched != 0] / launched[launched != 0]
                rows.append(
                    {
                        "method": method,
                        "quantity": quantity,
                        "kind": kind,
                        "axis": axis,
                        "interval": interval,
                        "launches": len(errors),
                        **statistics(errors),
                        **{f"relative_{name}": one for name, one in statistics(relative).items()},
                        **_uncertainties(errors),
                    }
                )
    return pd.DataFrame(rows).astype({"interval": "Int64"})


def _groups(launches: pd.DataFrame) -> Iterator[tuple[str, str, object, pd.DataFrame]]:
    yield RANDOM, "", pd.NA, launches[launches["kind"] == RANDOM]
    for axis in AXIS_NAMES:
        along = launches[(launches["kind"] == MIDPOINT) & (launches["axis"] == axis)]
        for interval, group in along.groupby("interval"):
            yield MIDPOINT, axis, interval, group


def statistics(errors: npt.NDArray[np.float64]) -> dict[str, float]:
    """Give bias, root mean square, 95th percentile and maximum of errors; NaN if there are none."""
    if not len(errors):
        return dict.fromkeys(_STATISTICS, np.nan)
    of_all = _uncertain_statistics(errors)
    return {name: float(of_all[name]) for name in _UNCERTAIN} | {"max": float(abs(errors).max())}


def _uncertain_statistics(errors: npt.NDArray[np.float64]) -> dict[str, npt.NDArray[np.float64]]:
    return {
        "bias": errors.mean(axis=-1),
        "rms": rms(errors),
        "p95": np.percentile(np.abs(errors), 95, axis=-1),
    }


def _uncertainties(errors: npt.NDArray[np.float64]) -> dict[str, float]:
    enough = len(errors) >= _LEAST_LAUNCHES
    drawn = _uncertain_statistics(errors[resampled_rows(len(errors))]) if enough else {}
    intervals: dict[str, float] = {}
    for name in _UNCERTAIN:
        low, high = interval_of(drawn[name]) if enough else (np.nan, np.nan)
        intervals |= {f"{name}_low": low, f"{name}_high": high}
    return intervals


def interval_of(drawn: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Give the interval that holds the middle 95 % of some numbers."""
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(low), float(high)
