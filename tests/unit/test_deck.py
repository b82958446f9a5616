"""The decks, against hand-written ones and against 6SV itself."""

from __future__ import annotations

import math
import re
import subprocess
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sixsv_lut.sixsv.axes import AXIS_BY_NAME, AXIS_NAMES, AxisDefinition
from sixsv_lut.sixsv.convention import convention
from sixsv_lut.sixsv.deck import US62, DeckWriter, fortran_e10_4
from sixsv_lut.sixsv.executable import find_executable, launch_environment
from sixsv_lut.sixsv.report import parse_report
from unit.support import (
    LOWEST_SAMPLE,
    RESPONSE,
    VERSIONS,
    integrated,
    stored_deck,
    stored_report,
)

# Values of the stored decks, in the order of the axes.
_DESERT = (0.344, 1.424, 0.2, 1013, 0, 90, 30, 20)
_STORED = {
    "desert": (5, _DESERT),
    "high-target": (5, (0.172, 2.848, 0.2, 506.5, 2.5, 90, 30, 20)),
    "thin-aerosol": (5, (0.344, 1.424, 1e-5, 1013, 0, 90, 30, 20)),
    "thick-aerosol": (5, (0.344, 1.424, 100, 1013, 0, 90, 30, 20)),
    "no-aerosol": (0, (0.344, 1.424, 0, 1013, 0, 90, 30, 20)),
}
_PROFILE = slice(3, 3 + 34)


def _write(aerosol: int, point: tuple[float, ...], *, run6sv: bool = False) -> str:
    return DeckWriter(aerosol, LOWEST_SAMPLE, RESPONSE, convention(run6sv=run6sv)).deck(point).text


def _run(deck: str, version: str) -> str:
    return subprocess.run(
        [find_executable(version)],
        input=deck,
        env=launch_environment(),
        capture_output=True,
        text=True,
        check=True,
    ).stdout


@pytest.mark.parametrize("name", _STORED)
def test_a_deck_is_the_hand_written_one(name: str) -> None:
    ours, theirs = (_write(*_STORED[name]).splitlines(), stored_deck(name).splitlines())
    assert ours[: _PROFILE.start] == theirs[: _PROFILE.start]
    assert ours[_PROFILE.stop :] == theirs[_PROFILE.stop :]


@pytest.mark.parametrize("name", _STORED)
def test_the_profile_of_a_deck_is_the_hand_written_one(name: str) -> None:
    ours, theirs = (
        np.loadtxt(deck.splitlines()[_PROFILE])
        for deck in (_write(*_STORED[name]), stored_deck(name))
    )
    # 6SV reads single precision.
    np.testing.assert_allclose(ours, theirs, rtol=1e-14, atol=0)


def test_a_deck_of_the_older_tool_is_the_hand_written_one_byte_for_byte() -> None:
    # The stored deck has the sun at 20 and the view at 30: the older tool exchanged them.
    assert _write(5, _DESERT, run6sv=True) == stored_deck("run6sv")


@given(
    psurf=st.floats(0.11, 1100),
    uw=st.floats(0, 20, allow_subnormal=False),
    uo3=st.floats(0, 2, allow_subnormal=False),
)
def test_the_older_tool_computed_its_profile_in_single_precision(
    psurf: float, uw: float, uo3: float
) -> None:
    # As its profile program did it: value * wanted / column, every step rounded.
    with np.errstate(under="ignore"):
        columns = [
            np.array(column, np.float32) * np.float32(wanted) / np.float32(holds)
            for column, wanted, holds in zip(
                np.array(US62).T,
                (1, psurf, 1, uw, uo3),
                (1, 1013.0, 1, 1.424, 0.344),
                strict=True,
            )
        ]
    theirs = [
        "  ".join(fortran_e10_4(float(number)) for number in level)
        for level in np.transpose(columns)
    ]
    deck = _write(5, (uo3, uw, 0.2, psurf, 0, 90, 30, 20), run6sv=True).splitlines()
    assert deck[_PROFILE] == theirs


def test_the_last_level_of_the_older_tool_is_rounded_to_100_000_km() -> None:
    last = _write(5, _DESERT, run6sv=True).splitlines()[_PROFILE][-1]
    assert last == "0.1000E+06  0.0000E+00  0.2100E+03  0.0000E+00  0.0000E+00"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("aerosol", [0, 5])
@pytest.mark.parametrize("run6sv", [False, True])
def test_6sv_echoes_what_the_deck_tells_it(version: str, aerosol: int, run6sv: bool) -> None:
    writer = DeckWriter(aerosol, LOWEST_SAMPLE, RESPONSE, convention(run6sv=run6sv))
    for point in (
        (0.28713, 2.713, 0.12345, 987.65, 0, 359.996, 88.9951, 0.005),
        (2, 0, 0, 0.11, 60, 0, 0, 88.99999),
        (0, 20, 9.99996, 1100, 3.14159, 123.455, 0.1, 45),
    ):
        parse_report(_run(writer.deck(point).text, version), writer.deck(point).inputs)


@pytest.mark.parametrize(
    ("alti", "line"), [(0, "0"), (-0.0, "0"), (0.5, "-0.5"), (3, "-3"), (0.001, "-0.001")]
)
def test_the_target_altitude_is_written_negative_and_zero_without_a_sign(
    alti: float, line: str
) -> None:
    deck = _write(5, (*_DESERT[:4], alti, *_DESERT[5:])).splitlines()
    assert deck[_PROFILE.stop + 3 : _PROFILE.stop + 5] == [line, "-1000"]


def test_a_deck_without_aerosol_does_not_depend_on_the_optical_thickness() -> None:
    thick = (*_DESERT[:2], 3.0, *_DESERT[3:])
    assert _write(0, _DESERT) == _write(0, thick)


def test_the_lowest_pressure_of_the_profile_is_the_surface_pressure_itself() -> None:
    for psurf in np.linspace(500, 1100, 601):
        deck = _write(5, (*_DESERT[:3], float(psurf), *_DESERT[4:])).splitlines()
        assert float(deck[_PROFILE.start].split()[1]) == psurf


@pytest.mark.parametrize("position", range(8))
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_not_finite_gives_no_deck(position: int, value: float) -> None:
    # 6SV hangs on infinity.
    point = [*_DESERT]
    point[position] = value
    with pytest.raises(ValueError, match="not a number"):
        _write(5, tuple(point))


def _inside(axis: AxisDefinition) -> st.SearchStrategy[Decimal]:
    hair = Decimal("0.01")
    lowest, highest = Decimal(str(axis.lowest)), Decimal(str(axis.highest))
    return st.decimals(
        min_value=lowest if axis.includes_lowest else lowest + hair,
        max_value=highest if axis.includes_highest else highest - hair,
        places=12,
    ).filter(lambda value: len(value.normalize().as_tuple().digits) <= 15)


@pytest.mark.parametrize("name", AXIS_NAMES)
@given(data=st.data())
def test_two_different_values_of_an_axis_never_give_the_same_deck(
    name: str, data: st.DataObject
) -> None:
    values = _inside(AXIS_BY_NAME[name])
    first = data.draw(values)
    # The worst cases are neighbours in the last digit that an axis takes.
    digits = first.normalize().as_tuple()
    room = max(0, 15 - len(digits.digits))
    nearest = first + Decimal(1).scaleb(int(digits.exponent) - room)
    second = data.draw(st.one_of(st.just(nearest), values))
    position = AXIS_NAMES.index(name)
    points = [(*_DESERT[:position], float(v), *_DESERT[position + 1 :]) for v in (first, second)]
    decks = [_write(5, point) for point in points]
    assert (decks[0] == decks[1]) == (first == second)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (1013.0, "0.1013E+04"),
        (0.0, "0.0000E+00"),
        (1.0, "0.1000E+01"),
        (0.1, "0.1000E+00"),
        (0.0552, "0.5520E-01"),
        (4.3e-11, "0.4300E-10"),
        (9999.6, "0.1000E+05"),
        (9999.4, "0.9999E+04"),
        (0.99996, "0.1000E+01"),
        (1.2345e-5, "0.1234E-04"),
    ],
)
def test_a_number_is_written_as_fortran_does(value: float, written: str) -> None:
    assert fortran_e10_4(value) == written


@given(st.floats(1e-90, 1e90))
def test_a_number_in_fortran_s_form_has_ten_characters_and_four_digits(value: float) -> None:
    written = fortran_e10_4(value)
    assert re.fullmatch(r"0\.[1-9]\d{3}E[+-]\d\d", written)
    assert float(written) == pytest.approx(value, rel=5.1e-4)


def test_fortran_s_form_is_what_6sv_itself_prints() -> None:
    # 6SV echoes the profile in E10.4.
    point = (0.28713, 2.713, 0, 987.6, 0, 90, 30, 20)
    report = _run(_write(0, point), "2.1")
    echoed = re.findall(r"^\* +(?:-?0\.\d{4}E[+-]\d\d) ((?:0\.\d{4}E[+-]\d\d ){4})", report, re.M)
    ours = [
        [fortran_e10_4(float(number)) for number in line.split()[1:]]
        for line in _write(0, point).splitlines()[_PROFILE]
    ]
    assert [line.split() for line in echoed] == ours


def test_the_profile_has_34_levels_that_rise() -> None:
    levels = [level[0] for level in US62]
    assert len(levels) == 34
    assert levels == sorted(set(levels))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("alti", [0, 2.5])
def test_the_profile_at_its_own_columns_is_the_us62_of_6sv(version: str, alti: float) -> None:
    # With atmospheric model 6 in place of the profile, 6SV takes the US 1962 standard it carries.
    deck = _write(0, (0.344, 1.424, 0, 1013, alti, 90, 30, 20))
    lines = deck.splitlines()
    carried = "\n".join([*lines[:2], "6", *lines[_PROFILE.stop :], ""])
    assert integrated(_run(deck, version)) == integrated(_run(carried, version))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ["desert", "high-target"])
def test_6sv_prints_the_same_for_our_deck_and_the_hand_written_one(name: str, version: str) -> None:
    report = _run(_write(*_STORED[name]), version)
    assert integrated(report) == integrated(stored_report(name, version))


@pytest.mark.parametrize("version", VERSIONS)
def test_a_black_surface_changes_only_what_contains_the_surface(version: str) -> None:
    black = _write(0, (*_DESERT[:2], 0, *_DESERT[3:]))
    assert black.endswith("\n0\n0\n0\n0\n-1\n")
    bright = black.removesuffix("0\n-1\n") + "0.3\n-1\n"
    tables = [
        [line for line in integrated(_run(deck, version)).splitlines() if "trans. :" in line]
        for deck in (black, bright)
    ]
    assert len(tables[0]) == 2
    assert tables[0] == tables[1]
