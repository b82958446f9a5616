"""The parser of printed reports, against stored real ones, whole and broken."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sixsv_lut.output import (
    QUANTITIES,
    QUANTITY_NAMES,
    REQUIRED,
    ReportError,
    Status,
    good_rows,
    parse_report,
)
from unit.support import GOOD_REPORTS, VERSIONS, stored_report

_LUT_NUMBERS = (
    "gas_transmittance_downward",
    "gas_transmittance_upward",
    "gas_transmittance_total",
    "scattering_transmittance_downward",
    "scattering_transmittance_upward",
    "scattering_transmittance_total",
    "spherical_albedo_total",
    "apparent_reflectance",
    "intrinsic_reflectance",
)
# Copied by eye from the reports.
_READ = {
    "desert": (0.98050, 0.98201, 0.96286, 0.94711, 0.95287, 0.90248, 0.09035, 0.0273986, 0.027),
    "high-target": (
        0.99036,
        0.99111,
        0.98156,
        0.96281,
        0.96752,
        0.93154,
        0.07034,
        0.0166415,
        0.017,
    ),
    "no-aerosol": (0.98050, 0.98201, 0.96286, 0.97461, 0.97655, 0.95176, 0.04118, 0.016865, 0.017),
}


def _with(report: str, label: str, columns: slice, text: str) -> str:
    """Put a text in columns of the line with a label."""
    lines = report.splitlines()
    at = next(i for i, line in enumerate(lines) if label in line)
    width = columns.stop - columns.start
    lines[at] = lines[at][: columns.start] + text.rjust(width) + lines[at][columns.stop :]
    return "\n".join(lines) + "\n"


_GAS, _SCATTERING, _ALBEDO = "global gas. trans. :", 'total  sca.   "    :', "spherical albedo   :"
_FIRST, _SECOND, _THIRD = slice(27, 39), slice(39, 54), slice(54, 69)
_APPARENT = slice(28, 39)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("deck", _READ)
def test_the_numbers_of_the_lut_are_those_that_were_printed(deck: str, version: str) -> None:
    numbers = parse_report(stored_report(deck, version))
    assert tuple(numbers[name] for name in _LUT_NUMBERS) == _READ[deck]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_number_of_the_tables_has_its_name(version: str) -> None:
    numbers = parse_report(stored_report("desert", version))
    report = stored_report("desert", version)
    tables = report[report.index("integrated values of") :]
    printed = [
        token
        for token in tables.replace("polarization-", "polarization -").split()
        if token.strip("-").replace(".", "", 1).isdigit()
    ]
    # Every number that stands in the tables is returned, under one name each.
    assert sorted(map(float, printed)) == sorted(numbers.values())
    assert set(numbers) == set(QUANTITY_NAMES)


@pytest.mark.parametrize(("deck", "version"), GOOD_REPORTS)
def test_a_good_report_gives_all_quantities(deck: str, version: str) -> None:
    numbers = parse_report(stored_report(deck, version))
    assert set(numbers) == {quantity.name for quantity in QUANTITIES}
    assert all(math.isfinite(numbers[name]) for name in REQUIRED)


def test_both_versions_print_the_same_numbers_for_the_same_deck() -> None:
    numbers = [parse_report(stored_report("desert", version)) for version in VERSIONS]
    assert numbers[0] == numbers[1]


def test_lines_move_with_the_altitude_of_the_target_and_are_found_all_the_same() -> None:
    low, high = (stored_report(deck, "1.1").splitlines() for deck in ("desert", "high-target"))
    at = [
        next(i for i, line in enumerate(lines) if "apparent reflectance" in line)
        for lines in (low, high)
    ]
    assert at[0] != at[1]
    assert parse_report("\n".join(high))["apparent_reflectance"] == 0.0166415


def test_the_downward_column_is_the_sun_s_and_the_upward_one_the_sensor_s() -> None:
    # Sun at 30 and view at 20 degrees, and the other way round.
    one, other = (parse_report(stored_report(deck)) for deck in ("desert", "run6sv"))
    for kind in ("gas", "scattering"):
        assert one[f"{kind}_transmittance_downward"] == other[f"{kind}_transmittance_upward"]
        assert one[f"{kind}_transmittance_upward"] == other[f"{kind}_transmittance_downward"]


@pytest.mark.parametrize("version", VERSIONS)
def test_real_nan_is_not_finite(version: str) -> None:
    with pytest.raises(ReportError) as refusal:
        parse_report(stored_report("zenith-90", version))
    assert refusal.value.status is Status.NOT_FINITE
    assert "gas_transmittance_downward as NaN" in refusal.value.reason


@pytest.mark.parametrize("version", VERSIONS)
def test_real_asterisks_are_not_finite(version: str) -> None:
    with pytest.raises(ReportError) as refusal:
        parse_report(stored_report("zenith-91", version))
    assert refusal.value.status is Status.NOT_FINITE
    assert "apparent_reflectance as **********" in refusal.value.reason


@pytest.mark.parametrize("report", ["", "\n", " \n\t\n"])
def test_an_empty_report_is_unreadable(report: str) -> None:
    with pytest.raises(ReportError, match="printed nothing") as refusal:
        parse_report(report)
    assert refusal.value.status is Status.UNREADABLE


@pytest.mark.parametrize(("deck", "version"), [("desert", "2.1"), ("high-target", "1.1")])
def test_a_truncated_report_never_gives_numbers(deck: str, version: str) -> None:
    report = stored_report(deck, version).rstrip()
    # Before the tables every 16th byte will do, from there on each.
    tables = report.index("integrated values of")
    for length in (*range(0, tables, 16), *range(tables, len(report))):
        with pytest.raises(ReportError) as refusal:
            parse_report(report[:length])
        assert refusal.value.status is Status.UNREADABLE


def test_a_report_that_lost_its_beginning_within_the_tables_never_gives_numbers() -> None:
    report = stored_report("desert")
    for start in range(report.index("apparent reflectance") + 1, len(report), 7):
        with pytest.raises(ReportError):
            parse_report(report[start:])


@pytest.mark.parametrize(
    "label",
    [
        _GAS,
        _SCATTERING,
        _ALBEDO,
        "apparent reflectance",
        "atm. intrin. ref.",
        "sing. scat. albedo",
        "total polarization ratio",
    ],
)
def test_a_report_without_one_of_its_lines_is_unreadable(label: str) -> None:
    lines = [line for line in stored_report("desert").splitlines() if label not in line]
    with pytest.raises(ReportError) as refusal:
        parse_report("\n".join(lines))
    assert refusal.value.status is Status.UNREADABLE


@pytest.mark.parametrize("bad", ["********", "NaN", "Infinity", "-Infinity", "inf", "?"])
@pytest.mark.parametrize(
    ("label", "columns"),
    [
        (_GAS, _FIRST),
        (_GAS, _THIRD),
        (_SCATTERING, _SECOND),
        (_ALBEDO, _THIRD),
        ("apparent reflectance", _APPARENT),
    ],
)
def test_a_number_that_the_lut_needs_must_be_finite(label: str, columns: slice, bad: str) -> None:
    with pytest.raises(ReportError) as refusal:
        parse_report(_with(stored_report("desert"), label, columns, bad))
    assert refusal.value.status is Status.NOT_FINITE
    assert bad in refusal.value.reason


@pytest.mark.parametrize("bad", ["********", "NaN", "Infinity"])
@pytest.mark.parametrize(
    ("label", "columns", "name"),
    [
        (_ALBEDO, _FIRST, "spherical_albedo_rayleigh"),
        ("phase function I   :", _THIRD, "phase_function_i_total"),
        ("ozone   ", _SECOND, "ozone_transmittance_upward"),
    ],
)
def test_a_needless_number_that_is_not_finite_does_not_fail_the_launch(
    label: str, columns: slice, name: str, bad: str
) -> None:
    good = stored_report("desert")
    numbers = parse_report(_with(good, label, columns, bad))
    assert math.isnan(numbers.pop(name))
    assert numbers == {key: value for key, value in parse_report(good).items() if key != name}


@pytest.mark.parametrize(
    ("label", "columns", "bad", "said"),
    [
        (_GAS, _FIRST, "1.00003", "gas_transmittance_downward 1.00003 is outside [0, 1]"),
        (_GAS, _THIRD, "-0.00003", "gas_transmittance_total -3e-05 is outside [0, 1]"),
        (_SCATTERING, _SECOND, "2.62700", "scattering_transmittance_upward 2.627 is outside"),
        (_ALBEDO, _THIRD, "1.00300", "spherical_albedo_total 1.003 is outside [0, 1]"),
        (
            "apparent reflectance",
            _APPARENT,
            "-0.0001000",
            "apparent_reflectance -0.0001 is outside [0, 120]",
        ),
    ],
)
def test_a_number_outside_its_physical_range_is_refused(
    label: str, columns: slice, bad: str, said: str
) -> None:
    with pytest.raises(ReportError) as refusal:
        parse_report(_with(stored_report("desert"), label, columns, bad))
    assert refusal.value.status is Status.UNPHYSICAL
    assert said in refusal.value.reason


@pytest.mark.parametrize("bound", ["0.00000", "1.00000", "1.00001", "-0.00001"])
def test_a_transmittance_may_reach_its_bounds_and_pass_them_by_the_rounding(bound: str) -> None:
    numbers = parse_report(_with(stored_report("desert"), _GAS, _FIRST, bound))
    assert numbers["gas_transmittance_downward"] == float(bound)


def _row(numbers: dict[str, float]) -> list[float]:
    return [numbers[name] for name in QUANTITY_NAMES]


def test_stored_numbers_of_every_good_report_are_good() -> None:
    rows = [_row(parse_report(stored_report(deck, version))) for deck, version in GOOD_REPORTS]
    assert good_rows(np.array(rows)).all()


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, -0.001, 1e3, 2.4e12])
def test_a_row_with_one_bad_number_that_the_lut_needs_is_not_good(name: str, bad: float) -> None:
    good = _row(parse_report(stored_report("desert")))
    rows = np.array([good, good, good])
    rows[1, QUANTITY_NAMES.index(name)] = bad
    assert good_rows(rows).tolist() == [True, False, True]


def test_a_row_with_a_needless_number_that_is_not_finite_is_good() -> None:
    rows = np.array([_row(parse_report(stored_report("desert")))])
    rows[0, [i for i, name in enumerate(QUANTITY_NAMES) if name not in REQUIRED]] = math.nan
    assert good_rows(rows).tolist() == [True]


def test_no_rows_are_no_answers() -> None:
    assert good_rows(np.empty((0, len(QUANTITY_NAMES)))).shape == (0,)


def test_columns_that_touch_are_cut_apart() -> None:
    report = _with(stored_report("desert"), "phase function Q   :", _SECOND, "-1234567.12345")
    numbers = parse_report(_with(report, "phase function Q   :", slice(54, 69), "-12345678.12345"))
    assert numbers["phase_function_q_aerosol"] == -1234567.12345
    assert numbers["phase_function_q_total"] == -12345678.12345


@given(st.text(max_size=300))
def test_garbage_never_gives_numbers(text: str) -> None:
    with pytest.raises(ReportError):
        parse_report(text)


@given(position=st.integers(0, 13_000), garbage=st.text(min_size=1, max_size=200))
def test_a_report_that_is_overwritten_by_garbage_gives_its_own_numbers_or_none(
    position: int, garbage: str
) -> None:
    report = stored_report("desert")
    good = parse_report(report)
    # Letters only: a digit in place of another cannot be seen.
    garbage = "".join(c if not c.isdecimal() and c not in "+-.eE" else "x" for c in garbage)
    try:
        numbers = parse_report(report[:position] + garbage + report[position + len(garbage) :])
    except ReportError:
        return
    assert {name: numbers[name] for name in REQUIRED} == {name: good[name] for name in REQUIRED}


def test_the_numbers_of_the_states_are_those_stored_in_files() -> None:
    assert {status.meaning: status.value for status in Status} == {
        "ok": 0,
        "timeout": 1,
        "crashed": 2,
        "unreadable": 3,
        "not_finite": 4,
        "unphysical": 5,
    }
