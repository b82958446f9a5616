"""The parser of printed reports, against stored real ones, whole and broken."""

from __future__ import annotations

import math
import subprocess

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sixsv_lut.sixsv.axes import AXIS_NAMES
from sixsv_lut.sixsv.convention import RUN6SV, convention
from sixsv_lut.sixsv.deck import DeckWriter, Inputs
from sixsv_lut.sixsv.executable import find_executable, launch_environment
from sixsv_lut.sixsv.report import (
    QUANTITIES,
    QUANTITY_NAMES,
    REQUIRED,
    ReportError,
    Status,
    _check,
    good_rows,
    parse_report,
)
from unit.support import GOOD_REPORTS, LOWEST_SAMPLE, RESPONSE, VERSIONS, stored_report

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


def _run(deck: str, version: str) -> str:
    return subprocess.run(
        [find_executable(version)],
        input=deck,
        env=launch_environment(),
        capture_output=True,
        text=True,
        check=True,
    ).stdout


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
            "apparent_reflectance -0.0001 is outside [0, 500]",
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


# Points of the stored decks, in the order of the axes.
_POINT = (0.344, 1.424, 0.2, 1013.0, 0.0, 90.0, 30.0, 20.0)
_POINTS = {
    "desert": _POINT,
    "high-target": (0.172, 2.848, 0.2, 506.5, 2.5, 90.0, 30.0, 20.0),
    "thin-aerosol": (0.344, 1.424, 1e-5, 1013.0, 0.0, 90.0, 30.0, 20.0),
    "thick-aerosol": (0.344, 1.424, 100.0, 1013.0, 0.0, 90.0, 30.0, 20.0),
    "no-aerosol": _POINT,
    "run6sv": _POINT,
}
# What two values of an axis must differ by for the report to tell them apart.
_PRINTED = {"aot550": 1e-4, "alti": 1e-3, "phi": 0.01, "thetas": 0.01, "thetav": 0.01}


def _inputs(deck: str, **others: float) -> Inputs:
    point = dict(zip(AXIS_NAMES, _POINTS[deck], strict=True)) | others
    aerosol = 0 if deck == "no-aerosol" else 5
    writer = DeckWriter(aerosol, LOWEST_SAMPLE, RESPONSE, convention(run6sv=deck == "run6sv"))
    return writer.deck(list(point.values())).inputs


@pytest.mark.parametrize(("deck", "version"), GOOD_REPORTS)
def test_a_report_of_its_own_deck_is_taken(deck: str, version: str) -> None:
    report = stored_report(deck, version)
    assert str(parse_report(report, _inputs(deck))) == str(parse_report(report))


@pytest.mark.parametrize(
    ("deck", "version", "axis"),
    [
        (deck, version, axis)
        for deck, version in GOOD_REPORTS
        for axis in AXIS_NAMES
        if not (axis == "aot550" and deck == "no-aerosol")
    ],
)
@given(data=st.data())
def test_a_report_of_another_point_is_refused_if_its_digits_tell(
    deck: str, version: str, axis: str, data: st.DataObject
) -> None:
    own = dict(zip(AXIS_NAMES, _POINTS[deck], strict=True))[axis]
    resolution = _PRINTED.get(axis, own * 1e-3)
    highest = 1.0 if axis in ("uo3", "uw", "aot550") else 60.0
    value = data.draw(st.floats(0, highest).filter(lambda value: abs(value - own) > resolution))
    with pytest.raises(ReportError, match="the report is that of another deck") as refusal:
        parse_report(stored_report(deck, version), _inputs(deck, **{axis: value}))
    assert refusal.value.status is Status.UNREADABLE


@pytest.mark.parametrize(("version"), VERSIONS)
@pytest.mark.parametrize(
    "other",
    [
        DeckWriter(2, LOWEST_SAMPLE, RESPONSE),
        DeckWriter(0, LOWEST_SAMPLE, RESPONSE),
        DeckWriter(5, LOWEST_SAMPLE + 1, RESPONSE),
        DeckWriter(5, LOWEST_SAMPLE, (*RESPONSE, 0.125)),
        DeckWriter(5, LOWEST_SAMPLE, (*RESPONSE[:-1], 0.251)),
        DeckWriter(5, LOWEST_SAMPLE, RESPONSE, RUN6SV),
    ],
    ids=["aerosol", "no-aerosol", "wavelength", "samples", "response", "run6sv"],
)
def test_a_report_of_another_band_or_mode_is_refused(other: DeckWriter, version: str) -> None:
    with pytest.raises(ReportError, match="the report is that of another deck"):
        parse_report(stored_report("desert", version), other.deck(_POINT).inputs)


def test_the_refusal_says_what_differs() -> None:
    with pytest.raises(ReportError) as refusal:
        parse_report(stored_report("desert"), _inputs("desert", thetas=40.5))
    assert "solar zenith 30.00 in place of 40.5" in refusal.value.reason


@pytest.mark.parametrize(
    "label",
    [
        "month",
        "solar zenith angle",
        "view zenith angle",
        "opt. thick. 550 nm",
        "*altitude ",
        " 0.1000E+03 ",
        "Desert",
        "wl inf",
        "constant reflectance",
        "ground altitude",
    ],
)
def test_a_report_that_does_not_say_of_which_deck_it_is_is_refused(label: str) -> None:
    lines = [line for line in stored_report("desert").splitlines() if label not in line]
    with pytest.raises(ReportError) as refusal:
        parse_report("\n".join(lines), _inputs("desert"))
    assert refusal.value.status is Status.UNREADABLE


def test_asterisks_are_taken_for_a_number_that_is_too_wide_and_for_no_other() -> None:
    report = stored_report("thick-aerosol")
    assert "opt. thick. 550 nm : *******" in report
    assert parse_report(report, _inputs("thick-aerosol", aot550=99.9))
    with pytest.raises(ReportError, match="optical thickness \\*"):
        parse_report(report, _inputs("thick-aerosol", aot550=9.9))


@pytest.mark.parametrize("columns", [_APPARENT, slice(1, 21)])
@pytest.mark.parametrize("reflectance", [1.6, 7.0])
def test_a_reflectance_that_no_atmosphere_has_at_these_angles_is_refused(
    reflectance: float, columns: slice
) -> None:
    # At 30 and 20 degrees, where a white surface has 1.
    label = "apparent reflectance" if columns == _APPARENT else "atm. intrin. ref."
    lines = stored_report("desert").splitlines()
    at = next(i for i, line in enumerate(lines) if label in line) + (columns != _APPARENT)
    number = f"{reflectance:{columns.stop - columns.start}.3f}"
    lines[at] = lines[at][: columns.start] + number + lines[at][columns.stop :]
    with pytest.raises(ReportError, match="more than any atmosphere") as refusal:
        parse_report("\n".join(lines), _inputs("desert"))
    assert refusal.value.status is Status.UNPHYSICAL


@pytest.mark.parametrize("version", VERSIONS)
def test_the_reflectance_of_a_forward_peak_near_the_horizon_is_taken(version: str) -> None:
    # Sun and view at 85 degrees, opposite to each other.
    point = (0.344, 1.424, 20, 1013, 0, 180, 85, 85)
    writer = DeckWriter(5, LOWEST_SAMPLE, RESPONSE)
    report = _run(writer.deck(point).text, version)
    assert parse_report(report, writer.deck(point).inputs)["apparent_reflectance"] > 5


def test_a_reflectance_that_breaks_the_conservation_of_energy_is_refused() -> None:
    # At the nadir, of thick aerosol under a sun at the horizon: the versions differ.
    point = (0, 0, 20, 1100, 0, 0, 88.99, 0)
    writer = DeckWriter(5, 60, (1.0, 1.0, 1.0, 1.0, 1.0))
    possible, impossible = (_run(writer.deck(point).text, version) for version in ("1.1", "2.1"))
    assert parse_report(possible, writer.deck(point).inputs)["apparent_reflectance"] < 1.1
    assert parse_report(impossible)["apparent_reflectance"] > 5
    with pytest.raises(ReportError, match="more than any atmosphere"):
        parse_report(impossible, writer.deck(point).inputs)


@given(
    name=st.sampled_from(REQUIRED),
    value=st.one_of(st.floats(-1, 2), st.floats(), st.floats(0, 300)),
)
def test_a_fresh_report_and_its_stored_row_are_judged_alike(name: str, value: float) -> None:
    numbers = parse_report(stored_report("desert")) | {name: value}
    try:
        _check(numbers, dict.fromkeys(numbers, "?"), None)
    except ReportError:
        taken = False
    else:
        taken = True
    assert good_rows(np.array([_row(numbers)])).tolist() == [taken]


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
        "derived": 6,
    }
