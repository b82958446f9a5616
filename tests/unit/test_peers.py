"""The benchmark against peers: its grid, what it refuses to compare, what it shows."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from peers.__main__ import _compare
from peers.case import axes_of_size
from peers.tables import short_table, summary, tables, update_page
from support import PROJECT


@pytest.mark.parametrize("launches", [20, 160, 2000, 20_000])
def test_the_grid_has_exactly_the_launches_asked_for(launches: int) -> None:
    assert math.prod(len(values) for values in axes_of_size(launches).values()) == launches


def test_a_number_of_launches_that_no_grid_has_is_refused_with_others_that_work() -> None:
    with pytest.raises(ValueError, match="such as 100, 200, 2000 or 20000"):
        axes_of_size(2003)


def _tables(difference: float, name: str) -> dict[str, np.ndarray]:
    lut = np.full((3, 5), 0.5)
    other = lut.copy()
    other[1, 2] += difference
    return {name: other, "workflow": lut}


def test_the_rounding_of_the_lut_is_no_difference() -> None:
    measured: dict[str, dict[str, Any]] = {"xargs": {}, "workflow": {}}
    _compare(_tables(5e-8, "xargs"), measured, 3)
    assert measured["xargs"]["right"] == 3


def test_contenders_with_other_results_are_not_compared() -> None:
    with pytest.raises(SystemExit, match="xargs has 2 right results of 3"):
        _compare(_tables(2e-7, "xargs"), {"xargs": {}, "workflow": {}}, 3)


def test_a_missing_result_is_not_right() -> None:
    with pytest.raises(SystemExit, match="dask has 2 right results of 3"):
        _compare(_tables(math.nan, "dask"), {"dask": {}, "workflow": {}}, 3)


def test_py6s_may_differ_because_its_decks_do_and_its_missing_results_are_counted() -> None:
    measured: dict[str, dict[str, Any]] = {"py6s": {}, "workflow": {}}
    _compare(_tables(1e-4, "py6s"), measured, 3)
    assert measured["py6s"]["right"] == 3
    _compare(_tables(math.nan, "py6s"), measured, 3)
    assert measured["py6s"]["right"] == 2


def _entry(floor: list[float], other: list[float]) -> dict[str, Any]:
    rest = {"cpu_seconds": 1.0, "files": 1, "right": 100}
    walls = {"xargs": floor, "workflow": other}
    rounds = {name: [rest | {"wall_seconds": s} for s in wall] for name, wall in walls.items()}
    contenders = {name: {"rounds": of_one} for name, of_one in rounds.items()}
    return {
        "launches": 100,
        "cores": 2,
        "contenders": contenders,
        "rounds": len(floor),
        "seconds_per_launch": 0.06,
        "sixsv": "1.1",
        "aerosol": 5,
        "machine": {"cpu": "a processor"},
        "turn_seconds": None,
        "date": "2026-01-31",
    }


def test_ratios_are_of_the_same_round_so_that_a_slower_machine_favours_nobody() -> None:
    reduced = summary(_entry([10, 20, 30], [11, 22, 33]))["workflow"]
    assert reduced["ratio"] == pytest.approx(1.1)
    assert reduced["overhead_ms"] == pytest.approx(40)


def test_only_what_is_between_the_markers_of_a_page_changes(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text("before\n<!-- peers -->\nold\n<!-- /peers -->\nafter\n")
    update_page(page, "new")
    text = page.read_text()
    assert text == "before\n<!-- peers -->\n\nnew\n<!-- /peers -->\nafter\n"


def test_a_page_without_markers_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text("no markers\n")
    with pytest.raises(ValueError, match="between which the tables go"):
        update_page(page, "new")


def _after_kill(right: int, launches: int, again: int | None) -> dict[str, Any]:
    second = None if again is None else {"right": 40, "launches": again, "exit_code": 0}
    return {"right": right, "launches": launches, "exit_code": 1, "again": second}


def test_the_short_table_has_the_size_with_most_contenders_and_what_a_kill_left() -> None:
    alone = {"launches": 100, "cores": 2, "contenders": {"xargs": {"rounds": []}}}
    killed = {"launch": _after_kill(39, 40, 80), "main": _after_kill(16, 16, 57)}
    record = {
        "sizes": {"2000": _entry([10], [11]), "20000": alone},
        "kill": {"launches": 40, "contenders": {"workflow": killed}},
    }
    rows = short_table(record).splitlines()[4:]
    assert rows == [
        "| 6SV alone (`xargs -P`) | 1.00 | 1 | reports |  |  |",
        "| **this workflow** | 1.10 | 1 | LUT (text, NetCDF) | 39 of 40 | 17 |",
    ]


def _record() -> dict[str, Any]:
    record: dict[str, Any] = json.loads((PROJECT / "benchmarks/peers.json").read_text())
    return record


def test_the_table_of_the_readme_is_that_of_the_record() -> None:
    assert short_table(_record()) in (PROJECT / "README.md").read_text()


def test_the_tables_of_the_benchmarks_are_those_of_the_record() -> None:
    assert tables(_record()) in (PROJECT / "benchmarks/README.md").read_text()
