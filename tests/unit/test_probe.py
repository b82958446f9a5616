"""Some launches tell how long one takes and which gases act; saved by band and machine."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sixsv_lut.simulate.probe
from sixsv_lut.campaign.grid import Grid
from sixsv_lut.campaign.recipe import make_recipe
from sixsv_lut.errors import CampaignError
from sixsv_lut.simulate.probe import (
    LEAST_LAUNCHES,
    MOST_LAUNCHES,
    ActingGases,
    LaunchTime,
    Probe,
    describe,
    expected_times,
    known_gases,
    load,
    measure,
    save,
    spread_points,
)
from sixsv_lut.sixsv.instruments import find_band
from unit.support import FakeSixSV, configuration, recipe_with, response

GRID = Grid((("0.3",), ("1", "2"), ("0.1",), ("1013",), ("0",), ("0", "90"), ("30",), ("10", "20")))
HERE, NODE, OTHER_NODE = "login", "node1", "node2"


@pytest.fixture(autouse=True)
def _on_the_login_node(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sixsv_lut.simulate.probe.socket, "gethostname", lambda: HERE)


def _probe(**changes: object) -> Probe:
    probe = Probe("Oa08", "f", HERE, "a processor", 2, 32, 0, 0.3, 0.3, 0.1, 0.5, "2026-11-21")
    return dataclasses.replace(probe, **changes)  # type: ignore[arg-type]


@given(
    shape=st.lists(st.integers(1, 13), min_size=8, max_size=8),
    number=st.integers(1, 64),
    seed=st.integers(0, 3),
)
def test_the_points_are_distinct_and_in_the_grid_and_always_the_same(
    shape: list[int], number: int, seed: int
) -> None:
    grid = Grid(tuple(tuple(str(value) for value in range(length)) for length in shape))
    points = spread_points(grid, number, seed)
    assert len(points) == min(number, grid.points)
    assert len(np.unique(points)) == len(points)
    assert 0 <= points.min() <= points.max() < grid.points
    assert np.array_equal(points, spread_points(grid, number, seed))


def test_the_points_take_every_value_of_every_axis() -> None:
    shape = (4, 5, 7, 4, 3, 11, 13, 13)
    grid = Grid(tuple(tuple(str(value) for value in range(length)) for length in shape))
    positions = grid.indices(spread_points(grid, MOST_LAUNCHES))
    for length, of_axis in zip(shape, positions, strict=True):
        counts = np.bincount(of_axis, minlength=length)
        assert counts.max() - counts.min() <= 1


def test_every_band_is_measured(tmp_path: Path) -> None:
    fake = FakeSixSV(tmp_path)
    recipes = [
        recipe_with(fake.path),
        recipe_with(fake.path, band="Oa17", response=response(lowest_sample=200)),
    ]
    probes = measure(recipes, GRID, at_a_time=2, timeout=20)

    assert [probe.band for probe in probes] == ["Oa08", "Oa17"]
    assert [probe.fingerprint for probe in probes] == [recipe.fingerprint for recipe in recipes]
    assert len(fake.launches) == 2 * GRID.points
    for probe in probes:
        assert (probe.launches, probe.failed, probe.at_a_time) == (GRID.points, 0, 2)
        assert 0 < probe.min_seconds <= probe.median_seconds <= probe.max_seconds
        assert probe.min_seconds <= probe.mean_seconds <= probe.max_seconds
    assert "Oa17  mean" in describe(probes)


def test_a_large_node_is_kept_busy_for_two_rounds(tmp_path: Path) -> None:
    fake = FakeSixSV(tmp_path)
    angles = tuple(str(angle) for angle in range(50))
    grid = Grid(
        (("0.3",), ("1", "2"), *((one,) for one in ("0.1", "1013", "0", "0", "30")), angles)
    )
    (probe,) = measure([recipe_with(fake.path)], grid, at_a_time=40, timeout=60)
    assert (probe.launches, probe.at_a_time) == (80, 40)


def test_when_time_is_up_the_least_is_measured(tmp_path: Path) -> None:
    fake = FakeSixSV(tmp_path)
    (probe,) = measure([recipe_with(fake.path)], GRID, at_a_time=1, timeout=20, seconds=-1)
    assert probe.launches == len(fake.launches) == LEAST_LAUNCHES


def test_failed_launches_are_counted_and_not_measured(tmp_path: Path) -> None:
    fake = FakeSixSV(tmp_path)
    fake.fail_at(10)
    (probe,) = measure([recipe_with(fake.path)], GRID, at_a_time=1, timeout=20)
    assert (probe.launches, probe.failed) == (GRID.points // 2, GRID.points // 2)


def test_a_band_of_which_all_launches_fail_is_named_with_the_reason(tmp_path: Path) -> None:
    fake = FakeSixSV(tmp_path)
    fake.fail_at(10, 20)
    with pytest.raises(CampaignError, match=r"band Oa08: all 8 launches .* exit code 3: no luck"):
        measure([recipe_with(fake.path)], GRID, at_a_time=1, timeout=20)


def test_each_machine_is_saved_once_and_the_newest_comes_first(tmp_path: Path) -> None:
    save(_probe(mean_seconds=9.0), tmp_path)
    save(_probe(), tmp_path)
    save(_probe(host=NODE, date="2026-11-22"), tmp_path)
    save(_probe(fingerprint="another"), tmp_path)
    assert load("f", tmp_path) == [_probe(host=NODE, date="2026-11-22"), _probe()]
    assert load("unknown", tmp_path) == []


def test_a_damaged_file_is_passed_over(tmp_path: Path) -> None:
    save(_probe(), tmp_path)
    for content in ("{", "[]", '{"band": "Oa08"}'):
        (tmp_path / "probes/f/damaged.json").write_text(content)
        assert load("f", tmp_path) == [_probe()]


def test_without_a_measurement_the_configuration_counts(tmp_path: Path) -> None:
    times = expected_times({"Oa08": "f"}, tmp_path, 0.5, on_cluster=True)
    assert times == {"Oa08": LaunchTime(0.5, "configuration")}


@pytest.mark.parametrize(
    ("measured_on", "on_cluster", "taken"),
    [
        ([HERE, NODE, OTHER_NODE], True, OTHER_NODE),
        ([OTHER_NODE, NODE, HERE], True, NODE),
        ([HERE], True, HERE),
        ([HERE, NODE, OTHER_NODE], False, HERE),
        ([NODE, OTHER_NODE], False, None),
    ],
)
def test_a_cluster_takes_the_newest_of_its_nodes_and_a_machine_its_own(
    tmp_path: Path, measured_on: list[str], on_cluster: bool, taken: str | None
) -> None:
    for day, host in enumerate(measured_on, start=10):
        save(_probe(host=host, date=f"2026-11-{day}"), tmp_path)
    time = expected_times({"Oa08": "f"}, tmp_path, 0.5, on_cluster=on_cluster)["Oa08"]
    assert (time.probe.host if time.probe else None) == taken


def test_a_band_that_was_not_measured_takes_the_mean_of_the_others(tmp_path: Path) -> None:
    save(_probe(mean_seconds=0.2), tmp_path)
    save(_probe(fingerprint="g", mean_seconds=0.4), tmp_path)
    bands = {"Oa08": "f", "Oa09": "g", "Oa10": "h"}
    times = expected_times(bands, tmp_path, 0.5, on_cluster=False)
    assert [time.source for time in times.values()] == ["probe", "probe", "other bands"]
    assert times["Oa10"].seconds == pytest.approx(0.3)


def _grid_of_gases(uo3: list[str], uw: list[str]) -> Grid:
    # Launches with the sun at the zenith are fast.
    others = (["0.1", "0.4"], ["950", "1013"], ["0"], ["0", "90"], ["0"], ["0", "30"])
    return Grid(tuple(map(tuple, (uo3, uw, *others))))


@pytest.mark.parametrize(
    ("band", "ozone", "water_vapour"),
    [("Oa01", False, False), ("Oa06", True, False), ("Oa20", False, True), ("Oa11", True, True)],
)
def test_three_launches_tell_which_gases_act_in_a_band(
    band: str, ozone: bool, water_vapour: bool
) -> None:
    recipe = make_recipe(configuration(bands=[band]), find_band("OLCI", band))
    grid = _grid_of_gases(["0.5", "0.2", "0.3"], ["0.5", "6", "2"])
    (probe,) = measure([recipe], grid, at_a_time=1, timeout=20, seconds=-1, gases=True)
    assert probe.gases == ActingGases(ozone, water_vapour)
    assert probe.launches == LEAST_LAUNCHES  # those three tell nothing of the time


def test_a_gas_with_one_value_does_not_act() -> None:
    recipe = make_recipe(configuration(bands=["Oa11"]), find_band("OLCI", "Oa11"))
    grid = _grid_of_gases(["0.3"], ["0.5", "6"])
    (probe,) = measure([recipe], grid, at_a_time=1, timeout=20, seconds=-1, gases=True)
    assert probe.gases == ActingGases(ozone=False, water_vapour=True)


def test_gases_are_asked_if_wanted_and_on_the_longest_way_through_the_air(tmp_path: Path) -> None:
    fake = FakeSixSV(tmp_path)
    (without,) = measure([recipe_with(fake.path)], GRID, at_a_time=1, timeout=20, seconds=-1)
    launched = len(fake.launches)
    (probe,) = measure(
        [recipe_with(fake.path)], GRID, at_a_time=1, timeout=20, seconds=-1, gases=True
    )
    assert without.gases is None
    assert probe.gases == ActingGases(ozone=False, water_vapour=False)
    assert len(fake.launches) == 2 * launched + 2  # the grid has one value of uo3
    suns, views = zip(*(map(float, line.split()[:3:2]) for line in fake.launches[-2:]), strict=True)
    assert (set(suns), set(views)) == ({30}, {20})


def test_where_a_launch_fails_nothing_is_said_of_the_gases(tmp_path: Path) -> None:
    fake = FakeSixSV(tmp_path)
    fake.fail_at(20)
    (probe,) = measure([recipe_with(fake.path)], GRID, at_a_time=1, timeout=20, gases=True)
    assert probe.gases is None


def test_gases_are_known_from_the_newest_probe_that_asked(tmp_path: Path) -> None:
    assert known_gases("f", tmp_path) is None
    save(_probe(host=NODE, ozone_acts=False, water_vapour_acts=True), tmp_path)
    save(_probe(host=OTHER_NODE, date="2026-11-22"), tmp_path)
    assert known_gases("f", tmp_path) == ActingGases(ozone=False, water_vapour=True)
    save(_probe(date="2026-11-23", ozone_acts=True, water_vapour_acts=True), tmp_path)
    assert known_gases("f", tmp_path) == ActingGases(ozone=True, water_vapour=True)


def test_a_probe_that_was_saved_before_gases_were_asked_is_still_read(tmp_path: Path) -> None:
    path = save(_probe(), tmp_path)
    content = json.loads(path.read_text())
    del content["ozone_acts"], content["water_vapour_acts"]
    path.write_text(json.dumps(content))
    assert load("f", tmp_path) == [_probe()]


@pytest.mark.parametrize(
    ("ozone", "water_vapour", "said"),
    [
        (None, None, "(32 launches)"),
        (False, False, "(32 launches); no gas acts"),
        (True, False, "(32 launches); ozone acts"),
        (False, True, "(32 launches); water vapour acts"),
        (True, True, "(32 launches); ozone and water vapour act"),
    ],
)
def test_the_gases_that_act_are_named(
    ozone: bool | None, water_vapour: bool | None, said: str
) -> None:
    described = describe([_probe(ozone_acts=ozone, water_vapour_acts=water_vapour)])
    assert described.endswith(said)
