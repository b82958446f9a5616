"""The 8 axes: how their values are read, kept and refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sixsv_lut.sixsv.axes import AXES, AXIS_NAMES, values_as_written


def test_the_axes_have_the_order_that_numbers_the_points() -> None:
    assert AXIS_NAMES == ("uo3", "uw", "aot550", "psurf", "alti", "phi", "thetas", "thetav")


def test_values_of_a_list_are_kept_as_written() -> None:
    assert values_as_written("uo3", ["0.10", ".2", "3e-1", "1."]) == ("0.10", ".2", "3e-1", "1.")


def test_numbers_of_a_list_become_text() -> None:
    assert values_as_written("psurf", [950, 1013.25]) == ("950", "1013.25")


def test_one_value_is_an_axis() -> None:
    assert values_as_written("alti", [0]) == ("0",)


def test_a_step_is_added_in_decimal() -> None:
    assert values_as_written("uo3", {"start": 0, "stop": 0.3, "step": 0.1}) == (
        "0.0",
        "0.1",
        "0.2",
        "0.3",
    )


def test_values_of_a_step_have_the_decimals_that_were_written() -> None:
    entry = {"start": "0.20", "stop": "0.4", "step": "0.1"}
    assert values_as_written("uo3", entry) == ("0.20", "0.30", "0.40")


def test_a_number_of_values_is_evenly_spaced_from_start_to_stop() -> None:
    entry = {"start": 0, "stop": 1, "number": 5}
    assert values_as_written("uw", entry) == ("0", "0.25", "0.5", "0.75", "1")


@given(
    start=st.integers(0, 500),
    step=st.integers(1, 200),
    count=st.integers(1, 200),
    decimals=st.integers(0, 5),
)
def test_a_range_with_a_step_holds_every_multiple_and_both_ends(
    start: int, step: int, count: int, decimals: int
) -> None:
    unit = Decimal(1).scaleb(-decimals)
    stop = start + count * step
    entry = {"start": f"{start * unit:f}", "stop": f"{stop * unit:f}", "step": f"{step * unit:f}"}
    written = values_as_written("uw", entry, any_value=True)
    assert [Decimal(value) for value in written] == [
        (start + i * step) * unit for i in range(count + 1)
    ]


@given(
    start=st.decimals(0, 10, places=3), width=st.decimals("0.001", 10, places=3),
    number=st.integers(2, 300),
)  # fmt: skip
def test_a_range_with_a_number_has_that_many_different_values(
    start: Decimal, width: Decimal, number: int
) -> None:
    entry = {"start": str(start), "stop": str(start + width), "number": number}
    written = values_as_written("uw", entry)
    values = [float(value) for value in written]
    assert len(set(values)) == number
    assert values == sorted(values)
    assert Decimal(written[0]) == start
    assert Decimal(written[-1]) == start + width


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ([], "is empty: an axis has at least one value"),
        ([1, 1], "1 is there twice: keep one"),
        (["0.5", "0.50"], "0.50 is there twice: keep one"),
        ([2, 1], "1 comes after 2: write the values in increasing order"),
        ([1, 2, 1], "1 comes after 2"),
        (["one"], "value 'one' is not a number: write it like 0.25, 10 or 1e-3"),
        ([True], "value true is not a number"),
        ([None], "value nothing is not a number"),
        ([[1]], "value [1] is not a number"),
        (["010"], "value '010' is not a number"),
        (["1_0"], "value '1_0' is not a number"),
        (["1:30"], "value '1:30' is not a number"),
        (["0x1"], "value '0x1' is not a number"),
        (["nan"], "value 'nan' is not a number"),
        ([float("inf")], "value inf is not a number"),
        (["1.0000000000000001"], "has more than 15 digits: round it"),
        ("all", "'all' is neither a list of numbers nor a range: write one value in"),
        (5, "5 is neither a list of numbers nor a range: write one value in brackets, like [0.3]"),
        (None, "nothing is neither a list of numbers nor a range"),
        ({}, "found nothing"),
        ({"start": 0, "stop": 1}, "found 'start, stop'"),
        ({"start": 0, "stop": 1, "step": 1, "number": 2}, "found 'number, start, step, stop'"),
        ({"start": 0, "end": 1, "step": 1}, "found 'end, start, step'"),
        ({"start": 1, "stop": 1, "step": 1}, "stop (1) must be greater than start (1)"),
        ({"start": 2, "stop": 1, "number": 3}, "stop (1) must be greater than start (2)"),
        ({"start": 0, "stop": 1, "step": 0}, "step (0) must be greater than 0"),
        ({"start": 0, "stop": 1, "step": -1}, "step (-1) must be greater than 0"),
        ({"start": 0, "stop": "x", "step": 1}, "stop 'x' is not a number"),
        ({"start": 0, "stop": 1, "step": "0.3"}, "write stop: 0.9 or stop: 1.2"),
        ({"start": 0, "stop": 1, "step": "1e-9"}, "gives more than 10000 values"),
        ({"start": 0, "stop": 1, "number": 1}, "number 1 must be a whole number of at least 2"),
        ({"start": 0, "stop": 1, "number": 2.5}, "number 2.5 must be a whole number"),
        ({"start": 0, "stop": 1, "number": True}, "number true must be a whole number"),
        ({"start": 0, "stop": 1, "number": 10001}, "is more than 10000 values"),
    ],
)
def test_a_malformed_axis_is_refused_with_what_would_be_right(entry: object, said: str) -> None:
    with pytest.raises(ValueError) as refusal:
        values_as_written("uw", entry)
    assert said in str(refusal.value)


def test_every_error_of_an_axis_is_said_at_once() -> None:
    with pytest.raises(ValueError) as refusal:
        values_as_written("uw", [-1, 30, 5, 5])
    assert "5 comes after 30" in str(refusal.value)
    assert "5 is there twice" in str(refusal.value)
    assert "-1, 30 outside [0, 20] g cm-2" in str(refusal.value)


_DOMAINS = {
    "uo3": (["0", "2"], ["-0.001", "2.001"], "[0, 2]"),
    "uw": (["0", "20"], ["-0.001", "20.001"], "[0, 20]"),
    "aot550": (["0", "20"], ["-0.001", "20.001"], "[0, 20]"),
    "psurf": (["0.1001", "1100"], ["0", "0.1", "1100.1"], "(0.1, 1100]"),
    "alti": (["0", "60"], ["-0.001", "60.001"], "[0, 60]"),
    "phi": (["0", "360"], ["-0.001", "360.001"], "[0, 360]"),
    "thetas": (["0", "88.999"], ["-0.001", "89", "90", "91"], "[0, 89)"),
    "thetav": (["0", "88.999"], ["-0.001", "89", "90", "91"], "[0, 89)"),
}


@pytest.mark.parametrize("name", AXIS_NAMES)
def test_the_whole_domain_of_an_axis_is_taken(name: str) -> None:
    inside, _, _ = _DOMAINS[name]
    assert values_as_written(name, inside) == tuple(inside)


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name in _DOMAINS for value in _DOMAINS[name][1]]
)
def test_a_value_outside_the_domain_is_refused(name: str, value: str) -> None:
    with pytest.raises(ValueError) as refusal:
        values_as_written(name, [value])
    assert f"{value} outside {_DOMAINS[name][2]}" in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name in _DOMAINS for value in _DOMAINS[name][1]]
)
def test_a_switch_widens_the_domains(name: str, value: str) -> None:
    assert values_as_written(name, [value], any_value=True) == (value,)


def test_an_infinite_value_is_refused_whatever_the_switch_says() -> None:
    with pytest.raises(ValueError):
        values_as_written("aot550", ["1e999"], any_value=True)


def test_a_range_of_absurd_numbers_is_refused_like_any_other() -> None:
    with pytest.raises(ValueError) as refusal:
        values_as_written("uo3", {"start": 0, "stop": "1e999999", "step": "1e-999999"})
    assert len(str(refusal.value)) < 1000


def test_every_axis_has_units_and_a_name_of_cf() -> None:
    assert all(axis.units and axis.long_name and axis.standard_name for axis in AXES)
