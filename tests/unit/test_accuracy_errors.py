"""Errors between the nodes, of functions for which they are known."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from sixsv_lut.accuracy.attributes import accuracy_attributes
from sixsv_lut.accuracy.errors import errors_table, resampled_rows
from sixsv_lut.accuracy.result import without_nan
from sixsv_lut.accuracy.table import errors_of
from sixsv_lut.accuracy.text import _errors
from sixsv_lut.lut.quantities import LUT_NAMES
from unit.accuracy_support import Floats, launches_of, lut_of, nodes_of, sum_of

# The reader keeps tables in single precision, as they are stored.
_SINGLE_PRECISION = 1e-6

_NODES = nodes_of(aot550=["0.1", "0.3", "0.7", "1.5"], thetas=["0", "30", "50"])
_SQUARE = sum_of({"aot550": np.square})
_SUN = sum_of({"thetas": lambda x: np.cos(np.radians(x))})


def _row(table: pd.DataFrame, **where: object) -> pd.Series:
    chosen = table
    for name, value in where.items():
        chosen = chosen[chosen[name] == value]
    assert len(chosen) == 1
    return chosen.iloc[0]


def test_a_bilinear_function_has_no_error() -> None:
    def function(points: Floats) -> Floats:
        return 0.3 + points[:, 2] * points[:, 6] / 100

    table = errors_table(launches_of(function, _NODES))
    assert table["max"].max() < _SINGLE_PRECISION


def test_cubic_interpolation_has_no_error_for_a_cubic_function() -> None:
    launches = launches_of(sum_of({"aot550": lambda x: x**3 - x}), _NODES)
    assert np.abs(errors_of(launches, "S", "linear")).max() > 1e-2
    assert np.abs(errors_of(launches, "S", "cubic")).max() < _SINGLE_PRECISION


def test_cubic_is_left_out_where_no_axis_has_four_values() -> None:
    table = errors_table(launches_of(_SQUARE, nodes_of(aot550=["0.1", "0.3", "0.7"])))
    assert set(table["method"]) == {"linear"}


def test_a_square_is_wrong_by_a_quarter_of_the_square_of_the_interval_in_its_middle() -> None:
    table = errors_table(launches_of(_SQUARE, _NODES))
    for interval, width in enumerate((0.2, 0.4, 0.8)):
        row = _row(table, quantity="Tup", method="linear", axis="aot550", interval=interval)
        for name in ("bias", "rms", "p95", "max"):
            assert row[name] == pytest.approx(width**2 / 4)


def test_errors_of_the_random_launches_are_summed_up() -> None:
    launches = launches_of(_SQUARE, _NODES, 200)
    random = launches[launches["kind"] == "random"]
    errors = (random["S_linear"] - random["S_6sv"]).to_numpy()
    relative = errors / random["S_6sv"].to_numpy()
    row = _row(errors_table(launches), quantity="S", method="linear", kind="random")
    assert row["launches"] == 200
    assert row["bias"] == pytest.approx(errors.mean())
    assert row["rms"] == pytest.approx(np.sqrt((errors**2).mean()))
    assert row["p95"] == pytest.approx(np.percentile(abs(errors), 95))
    assert row["max"] == pytest.approx(abs(errors).max())
    assert row["relative_rms"] == pytest.approx(np.sqrt((relative**2).mean()))
    assert row["rms_low"] < row["rms"] < row["rms_high"]
    assert row["bias_low"] < row["bias"] < row["bias_high"]


def test_the_interval_holds_the_error_of_very_many_launches_nearly_always() -> None:
    # Of c (x - l) (r - x) the mean square is c^2 h^4 / 30.
    widths = np.array([0.2, 0.4, 0.8])
    truth = np.sqrt((widths**5).sum() / 30 / widths.sum())
    inside = 0
    for last in range(40, 60):  # each with other random points
        nodes = nodes_of(aot550=["0.1", "0.3", "0.7", "1.5"], thetas=["0", str(last)])
        table = errors_table(launches_of(_SQUARE, nodes, 100))
        row = _row(table, quantity="S", kind="random", method="linear")
        inside += row["rms_low"] <= truth <= row["rms_high"]
    assert inside >= 17


def test_where_6sv_gives_nothing_there_is_no_relative_error() -> None:
    table = errors_table(launches_of(sum_of({"aot550": np.zeros_like}), _NODES))
    row = _row(table, quantity="S", kind="random", method="linear")
    assert row["rms"] == 0
    assert np.isnan(row["relative_rms"])


def test_launches_that_failed_and_those_beside_failed_nodes_are_left_out() -> None:
    whole = launches_of(_SQUARE, _NODES)
    one_failed = launches_of(_SQUARE, _NODES, lut=lut_of(_SQUARE, _NODES, failed=0))
    left_out = (whole["aot550"] < 0.3) & (whole["thetas"] < 30)
    assert len(one_failed) < len(whole)
    assert len(one_failed) >= len(whole) - left_out.sum() - 10
    numbers = [f"{name}_{kind}" for name in LUT_NAMES for kind in ("6sv", "linear")]
    assert one_failed[numbers].notna().all(axis=None)


def test_resampling_never_changes() -> None:
    assert resampled_rows(10, 2).tolist() == [
        [7, 6, 5, 8, 9, 4, 8, 0, 4, 4],
        [3, 6, 6, 0, 1, 6, 3, 7, 7, 2],
    ]


def test_attributes_are_numbers_and_one_sentence() -> None:
    attributes = accuracy_attributes(errors_table(launches_of(_SQUARE, _NODES)))
    assert attributes["accuracy_launches"] == 100
    rms = attributes["accuracy_rho_atm_linear_rms"]
    assert isinstance(rms, float)
    assert f"root mean square of {rms:.2g} for rho_atm" in str(attributes["accuracy_comment"])
    assert attributes["accuracy_Ttotal_cubic_max"] < attributes["accuracy_Ttotal_linear_max"]


def test_a_method_that_meets_a_failed_node_everywhere_has_no_attributes_and_is_printed() -> None:
    # Four values, and the last of them failed: linear interpolation is good in the other cells.
    nodes = nodes_of(thetas=["0", "30", "50", "70"])
    lut = lut_of(_SUN, nodes, failed=3)
    errors = errors_table(launches_of(_SUN, nodes, lut=lut))
    attributes = accuracy_attributes(errors)
    assert attributes["accuracy_S_linear_rms"] > 0
    assert not [name for name in attributes if "cubic" in name]

    random = errors[errors["kind"] == "random"]
    of_methods = {
        method: {str(row["quantity"]): dict(row) for _, row in group.iterrows()}
        for method, group in random.groupby("method")
    }
    result = {"band": "Oa08", "errors": without_nan(of_methods)}
    console = Console(file=io.StringIO(), width=120)
    console.print(_errors([result]))
    assert "cubic" in console.file.getvalue()  # type: ignore[attr-defined]
