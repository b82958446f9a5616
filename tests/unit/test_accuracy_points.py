"""Launches between the nodes: random points inside the grid, and midpoints of its intervals."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sixsv_lut.accuracy.points import MIDPOINT, RANDOM, draw_points
from sixsv_lut.sixsv.axes import AXIS_NAMES
from unit.accuracy_support import nodes_of

_GRID = nodes_of(
    uw=["0.5", "3.0"], aot550=["0.01", "0.1", "1"], thetas=["0", "6.25", "20", "60", "72"]
)


@st.composite
def _axes(draw: st.DrawFn) -> dict[str, list[str]]:
    """Draw values for some axes, one of them at least with an interval."""
    names = draw(st.lists(st.sampled_from(AXIS_NAMES), min_size=1, max_size=4, unique=True))
    axes = {}
    for i, name in enumerate(names):
        hundredths = draw(
            st.lists(st.integers(1, 8000), min_size=2 if not i else 1, max_size=6, unique=True)
        )
        axes[name] = [f"{value / 100:.2f}" for value in sorted(hundredths)]
    return axes


@given(_axes(), st.integers(20, 60))
def test_random_points_lie_inside_and_on_no_node(axes: dict[str, list[str]], launches: int) -> None:
    nodes = nodes_of(**axes)
    random = [point for point in draw_points(nodes.written, launches) if point.kind == RANDOM]
    assert len(random) == launches
    for point in random:
        for value, axis in zip(point.values, nodes.axes, strict=True):
            values = [float(node) for node in axis]
            if len(axis) == 1:
                assert value == values[0]
            else:
                assert values[0] < value < values[-1]
                assert value not in values


@given(_axes(), st.integers(20, 60))
def test_midpoints_lie_in_the_middle_of_an_interval_of_one_axis_and_else_on_nodes(
    axes: dict[str, list[str]], launches: int
) -> None:
    nodes = nodes_of(**axes)
    for point in draw_points(nodes.written, launches):
        if point.kind != MIDPOINT:
            continue
        along = AXIS_NAMES.index(point.axis)
        for a, value in enumerate(point.values):
            if a == along:
                assert point.interval is not None
                lower, upper = nodes.ends(a, point.interval)
                assert value == float((lower + upper) / 2)
            else:
                assert value in [float(node) for node in nodes.axes[a]]


@given(_axes(), st.integers(20, 60))
def test_no_point_is_launched_twice(axes: dict[str, list[str]], launches: int) -> None:
    points = draw_points(nodes_of(**axes).written, launches)
    assert len({point.values for point in points}) == len(points)


def test_every_interval_has_midpoints_and_all_together_are_about_as_many_as_random_points() -> None:
    points = draw_points(_GRID.written, 90)
    number = Counter((point.axis, point.interval) for point in points if point.kind == MIDPOINT)
    intervals = {("uw", 0), ("aot550", 0), ("aot550", 1), *(("thetas", i) for i in range(4))}
    assert number.keys() == intervals
    assert min(number.values()) >= 3
    assert 30 <= sum(number.values()) <= 110


def test_intervals_without_so_many_midpoints_have_all_there_are() -> None:
    points = draw_points(nodes_of(uw=["1", "2"], phi=["0", "180"]).written, 50)
    midpoints = {point.values for point in points if point.kind == MIDPOINT}
    assert len(midpoints) == 4


def test_points_are_spread_over_the_volume() -> None:
    points = draw_points(_GRID.written, 1000)
    aot550 = [point.values[2] for point in points if point.kind == RANDOM]
    # The second interval takes ten elevenths of the axis.
    assert 0.88 < sum(value > 0.1 for value in aot550) / 1000 < 0.94


def test_the_draw_never_changes() -> None:
    points = draw_points(_GRID.written, 30)
    assert points[0].values == (0.3, 2.8471, 0.98533, 1013.0, 0.0, 90.0, 35.627, 20.0)
    content = json.dumps([[point.kind, point.values] for point in points])
    assert hashlib.sha256(content.encode()).hexdigest()[:12] == "614f5274400f"


def test_another_spelling_of_the_nodes_gives_the_same_points() -> None:
    other = nodes_of(
        uw=["0.50", "3"], aot550=["1e-2", "0.10", "1"], thetas=["0", "6.25", "20", "60", "72.0"]
    )
    assert draw_points(other.written, 30) == draw_points(_GRID.written, 30)


def test_values_are_short_decimals() -> None:
    for point in draw_points(_GRID.written, 50):
        assert all(len(Decimal(repr(value)).as_tuple().digits) <= 7 for value in point.values)


def test_a_midpoint_has_no_more_digits_than_an_axis_takes() -> None:
    nodes = nodes_of(uw=["1.00000000000001", "2.00000000000002"])
    [midpoint] = [point for point in draw_points(nodes.written, 20) if point.kind == MIDPOINT]
    assert midpoint.values[1] == 1.50000000000002  # half to even


def test_a_grid_without_intervals_is_refused() -> None:
    with pytest.raises(ValueError, match="axes of one value"):
        draw_points(nodes_of().written, 30)
