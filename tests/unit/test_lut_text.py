"""The text LUT: columns, order and the form of every number."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sixsv_lut.lut.text
from sixsv_lut.campaign.grid import Grid
from sixsv_lut.lut.collect import BandResults
from sixsv_lut.lut.quantities import LUT_NAMES
from sixsv_lut.lut.text import decimals, write_text
from sixsv_lut.sixsv.convention import RUN6SV

_NUMBERS = st.one_of(
    st.floats(-2, 2, allow_nan=False),
    st.floats(-1e-5, 1e-5),
    st.integers(-200_000, 200_000).map(lambda n: n / 100_000),
    st.floats(-1e6, 1e6),
)


@given(st.lists(_NUMBERS, min_size=1, max_size=30), st.integers(1, 9))
def test_a_number_has_the_form_that_python_gives_it(values: list[float], places: int) -> None:
    for value, text in zip(values, decimals(np.array(values), places).to_pylist(), strict=True):
        python = f"{value:.{places}f}"
        if python.strip("-0.") == "":
            assert text == python.removeprefix("-")
        elif text != python:
            # Both neighbours are right where the number lies midway between them.
            assert re.fullmatch(rf"-?\d+\.\d{{{places}}}", text)
            half = Decimal(1).scaleb(-places) / 2
            assert abs(abs(Decimal(value) - Decimal(text)) - half) < abs(Decimal(value)) / 10**14


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        (0.0, 7, "0.0000000"),
        (-0.0, 7, "0.0000000"),
        (1e-7, 7, "0.0000001"),
        (-1e-7, 7, "-0.0000001"),
        (4e-8, 7, "0.0000000"),
        (-4e-8, 7, "0.0000000"),
        (9.9e-7, 7, "0.0000010"),
        (1e-6, 7, "0.0000010"),
        (1e-300, 7, "0.0000000"),
        (0.9999999, 7, "0.9999999"),
        (0.99999996, 7, "1.0000000"),
        (1.0, 5, "1.00000"),
        (0.0, 5, "0.00000"),
        (0.0, 3, "0.000"),
        (0.027, 3, "0.027"),
        (math.nan, 3, "nan"),
        (math.nan, 7, "nan"),
    ],
)
def test_a_number_is_written_without_exponent_and_without_minus_zero(
    value: float, places: int, text: str
) -> None:
    assert decimals(np.array([value]), places).to_pylist() == [text]


def test_numbers_keep_their_order_beside_tiny_and_missing_ones() -> None:
    values = np.array([0.5, math.nan, 1e-7, 0.25, 0.0, math.nan, 3e-7])
    assert decimals(values, 7).to_pylist() == [
        "0.5000000",
        "nan",
        "0.0000001",
        "0.2500000",
        "0.0000000",
        "nan",
        "0.0000003",
    ]


_GRID = Grid(
    (
        ("0.30", "3.5e-1"),
        ("1.0",),
        (".1",),
        ("1013.250",),
        ("0",),
        ("90",),
        ("10",),
        ("5", "15.0", "25"),
    )
)


def _results(**changes: list[float]) -> BandResults:
    quantities = {name: np.linspace(0.1, 0.6, 6) + i for i, name in enumerate(LUT_NAMES)}
    quantities |= {name: np.array(values) for name, values in changes.items()}
    return BandResults(np.zeros(6, dtype=np.int8), quantities, [], 6, 1.0)


def _rows(path: Path) -> list[list[str]]:
    content = path.read_text()
    assert content.endswith("\n")
    assert "\r" not in content
    return [line.split(" ") for line in content[:-1].split("\n")]


def test_the_columns_are_the_axes_from_the_innermost_then_the_quantities(tmp_path: Path) -> None:
    write_text(_GRID, _results(), tmp_path / "lut.csv")
    # thetav thetas phi alti psurf aot550 uw uo3 Tdown Tup Ttotal rho_atm S
    assert _rows(tmp_path / "lut.csv")[1] == [
        "15.0", "10", "90", "0", "1013.250", ".1", "1.0", "0.30",
        "0.2000000", "1.2000000", "2.2000000", "3.2000000", "4.20000",
    ]  # fmt: skip


@pytest.mark.parametrize("at_a_time", [1, 4, 1000])
def test_rows_are_points_in_order_with_their_values_as_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_a_time: int
) -> None:
    monkeypatch.setattr(sixsv_lut.lut.text, "_ROWS_AT_A_TIME", at_a_time)
    write_text(_GRID, _results(), tmp_path / "lut.csv")
    rows = _rows(tmp_path / "lut.csv")
    assert [(row[7], row[0]) for row in rows] == [
        (uo3, thetav) for uo3 in ("0.30", "3.5e-1") for thetav in ("5", "15.0", "25")
    ]
    assert [float(row[8]) for row in rows] == pytest.approx(np.linspace(0.1, 0.6, 6))


def test_a_failed_point_is_nan_in_every_quantity(tmp_path: Path) -> None:
    missing = {name: [0.1, 0.1, math.nan, 0.1, 0.1, 0.1] for name in LUT_NAMES}
    write_text(_GRID, _results(**missing), tmp_path / "lut.csv")
    rows = _rows(tmp_path / "lut.csv")
    assert rows[2][8:] == ["nan"] * 5
    assert all("nan" not in row for i, row in enumerate(rows) if i != 2)


def test_the_older_tool_s_numbers_have_the_form_of_bc(tmp_path: Path) -> None:
    transmittances = [0.98555, 0.0, 1.0, 0.00001, 0.5, math.nan]
    results = _results(
        Tdown=transmittances,
        rho_atm=[0.0, 0.027, 0.1, 1.0, 0.999, math.nan],
        S=[0.0, 0.09035, 0.1, 1.0, 0.00001, math.nan],
    )
    write_text(_GRID, results, tmp_path / "lut.csv", RUN6SV)
    rows = _rows(tmp_path / "lut.csv")
    assert [row[8] for row in rows] == [".98555", "0", "1.00000", ".00001", ".50000", "nan"]
    assert [row[11] for row in rows] == ["0.000", "0.027", "0.100", "1.000", "0.999", "nan"]
    albedos = ["0.00000", "0.09035", "0.10000", "1.00000", "0.00001", "nan"]
    assert [row[12] for row in rows] == albedos


def test_the_file_is_read_by_numpy(tmp_path: Path) -> None:
    write_text(_GRID, _results(), tmp_path / "lut.csv")
    assert np.loadtxt(tmp_path / "lut.csv").shape == (6, 13)
