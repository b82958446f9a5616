"""Advice on nodes, for functions of which it is known which nodes are the best."""

from __future__ import annotations

import math
from decimal import Decimal
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sixsv_lut.accuracy.advice import (
    best_addition,
    best_removal,
    launches_beyond,
    nodes_for_target,
)
from sixsv_lut.accuracy.nodes import axes_yaml, divided_values, numbers, with_parts, without
from sixsv_lut.accuracy.points import MIDPOINT, Nodes, draw_points
from sixsv_lut.accuracy.removal import loss_of_node
from sixsv_lut.sixsv.axes import AXIS_NAMES, values_as_written
from unit.accuracy_support import Floats, Function, lut_of, model_of, nodes_of, rms_of, sum_of

_GRID = nodes_of(
    uw=["0.5", "1", "3"], aot550=["0.1", "0.3", "0.7", "1.5"], thetas=["0", "20", "30", "60"]
)
_WIDTHS = {"uw": 2.5, "aot550": 1.4, "thetas": 60}

_bends = st.tuples(*[st.floats(-1, 1).filter(lambda bend: abs(bend) > 0.05)] * 3)


def _squares(*bends: float) -> Function:
    """Make a sum of squares along uw, aot550 and thetas: the model holds exactly."""
    return sum_of(
        {
            name: lambda x, bend=bend, width=width: bend * (x / width) ** 2
            for bend, (name, width) in zip(bends, _WIDTHS.items(), strict=True)
        }
    )


def _more_nodes() -> list[tuple[tuple[int, int], Nodes]]:
    return [
        ((a, i), Nodes(with_parts(_GRID, {(a, i): 2})))
        for a in _GRID.divided
        for i in range(len(_GRID.written[a]) - 1)
    ]


@given(_bends)
@settings(max_examples=20)
def test_the_model_tells_the_errors_of_squares_with_their_signs(bends: tuple[float, ...]) -> None:
    model = model_of(_squares(*bends), _GRID)
    np.testing.assert_allclose(model.modelled, model.measured, atol=1e-6)
    assert model.correlation > 0.999


@given(_bends)
@settings(max_examples=20)
def test_the_value_to_add_is_the_one_that_turns_out_best(bends: tuple[float, ...]) -> None:
    function = _squares(*bends)
    model = model_of(function, _GRID)
    tried = {where: rms_of(function, nodes, model.points) for where, nodes in _more_nodes()}
    advised = best_addition(_GRID, model, "S")

    best = min(tried.values())
    now = rms_of(function, _GRID, model.points)
    if advised is None:
        assert best >= now * (1 - 1e-3)
        return
    assert rms_of(function, Nodes(advised.axes), model.points) <= best * (1 + 1e-3)
    assert advised.predicted.rms == pytest.approx(best, rel=1e-3)
    assert advised.predicted.low <= advised.predicted.rms <= advised.predicted.high
    assert advised.rms == pytest.approx(now, rel=1e-3)


def test_all_shares_together_are_one_and_an_axis_that_cancels_has_a_negative_one() -> None:
    shares = model_of(_squares(1, -0.3, 0.8), _GRID).shares()
    assert shares.keys() == {"uw", "aot550", "thetas"}
    assert [len(of_intervals) for of_intervals in shares.values()] == [2, 3, 3]
    assert sum(map(sum, shares.values())) == pytest.approx(1)
    assert sum(shares["aot550"]) < 0 < sum(shares["thetas"])


@given(_bends)
@settings(max_examples=20)
def test_the_value_that_goes_is_the_one_that_is_missed_least(bends: tuple[float, ...]) -> None:
    function = _squares(*bends)
    lut = lut_of(function, _GRID)
    advised = best_removal(_GRID, {"S": lut["S"].to_numpy()}, {"S": 0.1})
    assert advised is not None
    axes = numbers(_GRID.written)
    others = [
        loss_of_node(lut["S"].to_numpy(), axes, a, node).added_mean_square
        for a in _GRID.divided
        for node in range(1, len(axes[a]) - 1)
    ]
    assert advised.losses["S"].added_mean_square == min(others)
    assert advised.axes == without(
        _GRID,
        AXIS_NAMES.index(advised.axis),
        _GRID.written[AXIS_NAMES.index(advised.axis)].index(advised.value),
    )


def test_the_loss_of_a_node_is_that_of_the_lut_without_it() -> None:
    function = sum_of({"aot550": np.square})
    nodes = nodes_of(aot550=["0.1", "0.3", "0.7", "1.5"], thetas=["0", "50"])
    loss = loss_of_node(lut_of(function, nodes)["S"].to_numpy(), numbers(nodes.written), 2, 1)
    fewer = Nodes(without(nodes, 2, 1))
    points = np.array([point.values for point in draw_points(nodes.written, 20_000)])
    squares = [rms_of(function, one, points) ** 2 for one in (nodes, fewer)]
    # (0.3 - 0.1) (0.7 - 0.3)
    assert loss.rms == pytest.approx(0.08)
    assert loss.largest == pytest.approx(0.08)
    assert loss.added_mean_square == pytest.approx(squares[1] - squares[0], rel=0.05)


def test_a_failed_node_is_not_counted_as_a_loss() -> None:
    function = sum_of({"aot550": np.square})
    nodes = nodes_of(aot550=["0.1", "0.3", "0.7"], thetas=["0", "50"])
    lut = lut_of(function, nodes, failed=0)
    advised = best_removal(nodes, {"S": lut["S"].to_numpy()}, {"S": 0.1})
    assert advised is not None
    assert advised.losses["S"].rms == pytest.approx(0.08)


def test_two_values_stay() -> None:
    nodes = nodes_of(aot550=["0.1", "0.3"])
    lut = lut_of(sum_of({"aot550": np.square}), nodes)
    assert best_removal(nodes, {"S": lut["S"].to_numpy()}, {"S": 0.1}) is None


def _like_a_transmittance(points: Floats) -> Floats:
    """Bend as a transmittance does: more with more aerosol and at larger angles, and together."""
    slant = 1 / np.cos(np.radians(points[:, 6]))
    return np.exp(-0.5 * points[:, 2] * slant) * (1 - 0.02 * points[:, 1])


@pytest.mark.parametrize("part", [0.5, 0.2, 0.05])
def test_the_nodes_for_a_target_reach_it_about(part: float) -> None:
    model = model_of(_like_a_transmittance, _GRID, 300)
    target = part * model.predicted_rms(model.modelled)
    advised = nodes_for_target(_GRID, {"S": model}, {"S": target})
    assert advised.reached
    assert advised.predicted["S"].rms <= target
    other = np.array([point.values for point in draw_points(advised.axes, 1000)[:1000]])
    assert rms_of(_like_a_transmittance, Nodes(advised.axes), other) < 1.25 * target
    # Along uw, it is straight.
    assert advised.axes[1] == _GRID.written[1]


def test_no_grid_with_fewer_values_in_the_middles_reaches_the_target() -> None:
    model = model_of(_squares(1, 0.5, 0.8), _GRID)
    target = 0.5 * model.predicted_rms(model.modelled)
    advised = nodes_for_target(_GRID, {"S": model}, {"S": target})
    points = math.prod(map(len, advised.axes))
    intervals = [where for where, _ in _more_nodes()]
    for parts in product((1, 2), repeat=len(intervals)):
        axes = with_parts(_GRID, dict(zip(intervals, parts, strict=True)))
        errors = sum(model.part(a, axis) for a, axis in enumerate(numbers(axes)))
        if model.predicted_rms(np.asarray(errors)) <= target:
            assert math.prod(map(len, axes)) >= 0.9 * points


def test_a_target_that_is_reached_needs_no_value() -> None:
    model = model_of(_like_a_transmittance, _GRID)
    advised = nodes_for_target(_GRID, {"S": model}, {"S": 0.5})
    assert advised.reached
    assert advised.axes == _GRID.written


def test_a_target_that_no_table_can_reach_is_told() -> None:
    nodes = nodes_of(**{name: ["0", "10", "30"] for name in ("uw", "alti", "thetas", "thetav")})
    model = model_of(lambda points: np.square(points).sum(axis=1), nodes, 40)
    advised = nodes_for_target(nodes, {"S": model}, {"S": 1e-6})
    assert not advised.reached
    assert advised.predicted["S"].rms > 1e-6


def test_no_value_is_advised_where_the_function_is_straight() -> None:
    model = model_of(sum_of({"uw": np.zeros_like}), _GRID)
    assert best_addition(_GRID, model, "S") is None
    assert math.isnan(model.correlation)


def test_a_half_is_exact_and_other_parts_are_short() -> None:
    assert divided_values(Decimal("0.25"), Decimal("0.35"), 2) == ["0.3"]
    assert divided_values(Decimal(950), Decimal(1013), 2) == ["981.5"]
    assert divided_values(Decimal(0), Decimal(6), 3) == ["2", "4"]
    assert divided_values(Decimal(0), Decimal(1), 3) == ["0.3333", "0.6667"]
    assert divided_values(Decimal(0), Decimal(1), 4) == ["0.25", "0.5", "0.75"]
    assert divided_values(Decimal(0), Decimal(100), 2) == ["50"]


@given(st.integers(0, 10**6), st.integers(1, 10**6), st.integers(0, 12), st.integers(1, 12))
def test_values_that_divide_an_interval_make_an_axis(
    start: int, width: int, decimals: int, parts: int
) -> None:
    scale = Decimal(1).scaleb(-decimals)
    lower, upper = start * scale, (start + width) * scale
    values = [str(lower), *divided_values(lower, upper, parts), str(upper)]
    assert len(values_as_written("uw", values, any_value=True)) == parts + 1


def test_the_advised_nodes_are_a_section_that_can_be_pasted() -> None:
    assert axes_yaml(with_parts(_GRID, {(6, 1): 2})).splitlines() == [
        "axes:",
        "  uo3: [0.3]",
        "  uw: [0.5, 1, 3]",
        "  aot550: [0.1, 0.3, 0.7, 1.5]",
        "  psurf: [1013]",
        "  alti: [0]",
        "  phi: [90]",
        "  thetas: [0, 20, 25, 30, 60]",
        "  thetav: [20]",
    ]


def test_launches_at_midpoints_are_not_run_again_where_they_become_nodes() -> None:
    points = draw_points(_GRID.written, 60)
    known = np.array([point.values for point in points])
    axes = with_parts(_GRID, {(6, 2): 2})
    there = sum(
        point.kind == MIDPOINT and point.axis == "thetas" and point.interval == 2
        for point in points
    )
    assert there > 0
    assert launches_beyond(axes, _GRID.written, known) == 3 * 4 - there
    assert launches_beyond(_GRID.written, _GRID.written, known) == 0
    assert launches_beyond(without(_GRID, 1, 1), _GRID.written, known) == 0
