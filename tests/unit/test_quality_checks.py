"""Checks of a LUT: real tables pass them all, and each finds the damage that it is for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xarray as xr

from sixsv_lut.campaign.promise import Promise
from sixsv_lut.lut.quantities import LUT_NAMES
from sixsv_lut.quality.checked_lut import TRANSMITTANCES, CheckedLut
from sixsv_lut.quality.findings import SHOWN, Outcome
from sixsv_lut.quality.lut_quality import CHECKS
from sixsv_lut.sixsv.axes import AXIS_NAMES
from sixsv_lut.sixsv.convention import RUN6SV
from sixsv_lut.sixsv.report import Status
from unit.quality_support import lut_with_aerosol, lut_without_aerosol, reversed_along

# A point with a place of its own on every axis; its thetas is no value of thetav.
POINT = {"uo3": 1, "uw": 0, "psurf": 2, "alti": 1, "phi": 1, "thetas": 3, "thetav": 2}


def outcomes(lut: xr.Dataset, **how: Any) -> dict[str, Outcome]:
    return {
        outcome.name: outcome for outcome in (check(CheckedLut(lut, **how)) for check in CHECKS)
    }


def violated(lut: xr.Dataset, **how: Any) -> list[str]:
    found = outcomes(lut, **how).values()
    return [outcome.name for outcome in found if outcome.verdict == "violated"]


def number(lut: xr.Dataset, at: dict[str, int]) -> int:
    shape = tuple(lut.sizes[name] for name in AXIS_NAMES)
    return int(np.ravel_multi_index([at.get(name, 0) for name in AXIS_NAMES], shape))


def with_changed(lut: xr.Dataset, name: str, at: dict[str, Any], change: float) -> xr.Dataset:
    lut[name][at] = lut[name][at] + change
    return lut


def test_a_real_lut_without_aerosol_passes_every_check() -> None:
    found = outcomes(lut_without_aerosol())
    assert {outcome.verdict for outcome in found.values()} == {"passed"}


@pytest.mark.parametrize("band", ["Oa11", "Oa20"])
def test_a_real_lut_with_aerosol_passes_all_that_its_axes_allow(band: str) -> None:
    found = outcomes(lut_with_aerosol(band))
    assert {name for name, outcome in found.items() if outcome.verdict == "not applicable"} == {
        "exchange_of_transmittance",
        "exchange_of_rho_atm",
    }
    assert {outcome.verdict for outcome in found.values()} == {"passed", "not applicable"}


# ------------------------------------------------------------------ one damage for each check


def _failed(lut: xr.Dataset) -> xr.Dataset:
    lut["status"][POINT] = Status.TIMEOUT
    for name in LUT_NAMES:
        lut[name][POINT] = np.nan
    return lut


def _lost(lut: xr.Dataset) -> xr.Dataset:
    lut["S"][POINT] = np.nan
    return lut


def _beyond_1(lut: xr.Dataset) -> xr.Dataset:
    lut["S"] = lut["S"] + 1
    return lut


def _other_albedo(lut: xr.Dataset) -> xr.Dataset:
    return with_changed(lut, "S", POINT, 1e-4)


def _pressures_exchanged(lut: xr.Dataset) -> xr.Dataset:
    return reversed_along(lut, "psurf")


def _less_upward(lut: xr.Dataset) -> xr.Dataset:
    lut["Tup"], lut["Ttotal"] = 0.9 * lut["Tup"], 0.9 * lut["Ttotal"]
    return lut


def _brighter_under_a_low_sun(lut: xr.Dataset) -> xr.Dataset:
    lut["rho_atm"] = (lut["rho_atm"] * (1 + lut["thetas"] / 700)).transpose(*AXIS_NAMES)
    return lut


def _two_ways_below_the_product(lut: xr.Dataset) -> xr.Dataset:
    lut["Ttotal"] = 0.99 * lut["Tdown"] * lut["Tup"]
    return lut


def _spike(lut: xr.Dataset) -> xr.Dataset:
    return with_changed(lut, "rho_atm", POINT, 0.05)


@pytest.mark.parametrize(
    ("damage", "check"),
    [
        (_failed, "failed_points"),
        (_lost, "numbers_and_status"),
        (_beyond_1, "physical_range"),
        (_other_albedo, "independence"),
        (_pressures_exchanged, "monotony_of_transmittance"),
        (_less_upward, "exchange_of_transmittance"),
        (_brighter_under_a_low_sun, "exchange_of_rho_atm"),
        (_two_ways_below_the_product, "two_way_transmittance"),
        (_spike, "jumps"),
    ],
)
def test_a_damage_is_found_by_its_check_alone(
    damage: Callable[[xr.Dataset], xr.Dataset], check: str
) -> None:
    assert violated(damage(lut_without_aerosol())) == [check]


def test_every_check_has_a_damage_above() -> None:
    assert len(CHECKS) == 9


@pytest.mark.parametrize("damage", [_failed, _lost, _other_albedo, _spike])
def test_the_worst_violation_is_the_damaged_point(
    damage: Callable[[xr.Dataset], xr.Dataset],
) -> None:
    lut = damage(lut_without_aerosol())
    (outcome,) = (one for one in outcomes(lut).values() if one.verdict == "violated")
    assert outcome.worst_violations[0].point == number(lut, POINT)
    assert outcome.worst_violations[0].amount == outcome.worst


# ------------------------------------------------------------------ each check by itself


def test_a_failed_point_is_named_with_how_it_failed() -> None:
    lut = _failed(lut_without_aerosol())
    lut["status"][dict.fromkeys(AXIS_NAMES, 0)] = Status.UNPHYSICAL
    found = outcomes(lut)["failed_points"]
    named = [(one.subject, one.point) for one in found.worst_violations]
    assert named == [("unphysical", 0), ("timeout", number(lut, POINT))]


@pytest.mark.parametrize("axis", ["uo3", "uw", "psurf", "alti"])
def test_transmittances_in_the_wrong_order_are_found_on_every_axis(axis: str) -> None:
    lut = reversed_along(lut_without_aerosol(), axis)
    assert violated(lut) == ["monotony_of_transmittance"]


def test_transmittances_in_the_wrong_order_of_aerosol_are_found() -> None:
    lut = reversed_along(lut_with_aerosol("Oa20"), "aot550")
    found = outcomes(lut)["monotony_of_transmittance"]
    assert {one.subject for one in found.worst_violations} <= {
        f"{name} along aot550" for name in TRANSMITTANCES
    }
    assert found.violations > SHOWN == len(found.worst_violations)


@pytest.mark.parametrize("axis", ["thetas", "thetav"])
def test_transmittances_in_the_wrong_order_of_angles_are_found(axis: str) -> None:
    assert "monotony_of_transmittance" in violated(reversed_along(lut_without_aerosol(), axis))


@pytest.mark.parametrize(
    ("name", "value"),
    [("Tdown", 1.001), ("Tup", -0.001), ("S", np.inf), ("rho_atm", -1e-3), ("rho_atm", 60.0)],
)
def test_a_number_that_cannot_be_is_found(name: str, value: float) -> None:
    lut = lut_without_aerosol()
    lut[name][POINT] = value
    found = outcomes(lut)["physical_range"]
    assert (found.violations, found.worst_violations[0].subject) == (1, name)
    assert found.worst_violations[0].point == number(lut, POINT)


def test_numbers_of_a_failed_point_are_found() -> None:
    lut = lut_without_aerosol()
    lut["status"][POINT] = Status.CRASHED
    assert violated(lut) == ["failed_points", "numbers_and_status"]


def test_derived_points_count_as_launched_ones() -> None:
    lut = lut_without_aerosol()
    lut["status"][:] = Status.DERIVED
    assert violated(lut) == []


def test_the_azimuth_is_no_matter_under_the_zenith() -> None:
    lut = with_changed(lut_without_aerosol(), "rho_atm", {"thetas": 3, "thetav": 0, "phi": 1}, 1e-3)
    found = outcomes(lut)["independence"]
    assert {one.subject for one in found.worst_violations} == {"rho_atm along phi, thetav 0"}


def test_a_point_that_is_not_its_like_is_named_and_not_those_beside_it() -> None:
    lut = with_changed(lut_without_aerosol(), "Tdown", POINT | {"thetav": 0}, -0.01)
    found = outcomes(lut)["independence"]
    # Once along the azimuth, once along the view zenith angle.
    assert found.violations == 2
    assert {one.point for one in found.worst_violations} == {number(lut, POINT | {"thetav": 0})}


def test_a_step_of_all_values_beyond_a_node_is_found() -> None:
    lut = with_changed(lut_without_aerosol(), "rho_atm", {"thetas": slice(3, None)}, 0.05)
    found = outcomes(lut)["jumps"]
    assert {one.subject for one in found.worst_violations} == {"rho_atm along thetas"}
    at = np.unravel_index([one.point for one in found.worst_violations], CheckedLut(lut).shape)
    assert set(at[AXIS_NAMES.index("thetas")].tolist()) == {3}


def test_failed_points_hide_no_other_violation_and_make_none() -> None:
    lut = _failed(lut_without_aerosol())
    assert violated(with_changed(lut, "rho_atm", POINT | {"phi": 2}, 0.05)) == [
        "failed_points",
        "jumps",
    ]


def test_a_lut_without_a_good_point_is_only_said_to_have_none() -> None:
    lut = lut_without_aerosol()
    lut["status"][:] = Status.TIMEOUT
    for name in LUT_NAMES:
        lut[name][:] = np.nan
    assert violated(lut) == ["failed_points"]


def test_axes_of_one_value_leave_what_needs_more_out() -> None:
    lut = lut_without_aerosol().isel({name: [1] for name in AXIS_NAMES if name != "aot550"})
    found = outcomes(lut)
    applied = [name for name, outcome in found.items() if outcome.verdict == "passed"]
    # The first value but 0 of both zenith angles is 20.
    assert applied == [
        "failed_points",
        "numbers_and_status",
        "physical_range",
        "exchange_of_transmittance",
        "two_way_transmittance",
    ]
    assert found["jumps"].reason == "needs an axis of 5 values"


# ------------------------------------------------------------------ how numbers were made


def _as_run6sv(lut: xr.Dataset) -> xr.Dataset:
    """Make the LUT that the older tool makes: angles exchanged, fewer digits."""
    both = np.intersect1d(lut["thetas"], lut["thetav"])
    lut = lut.sel(thetas=both, thetav=both)
    exchanged = {name: np.swapaxes(lut[name].values, -1, -2) for name in LUT_NAMES}
    for name in TRANSMITTANCES:
        lut[name].values = np.floor(exchanged[name].astype(np.float64) * 1e5) / 1e5
    lut["rho_atm"].values = np.round(exchanged["rho_atm"], 3)
    return lut


def test_a_lut_of_the_older_tool_passes_by_its_own_convention() -> None:
    lut = _as_run6sv(lut_without_aerosol())
    assert violated(lut, convention=RUN6SV) == []
    assert "independence" in violated(lut)


def test_derived_values_may_be_as_far_off_as_promised() -> None:
    lut = with_changed(lut_without_aerosol(), "rho_atm", POINT, 0.03)
    assert violated(lut) == ["jumps"]
    assert violated(lut, promise=Promise(0.005)) == []
    assert violated(lut, promise=Promise(0.2, relative=True)) == []
