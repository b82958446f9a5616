"""Jumps: smooth fields have none, whatever their scale and nodes; a wrong value is named."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from sixsv_lut.lut.quantities import LUT_NAMES
from sixsv_lut.quality.checked_lut import CheckedLut
from sixsv_lut.quality.findings import Outcome
from sixsv_lut.quality.smoothness import jumps
from sixsv_lut.sixsv.axes import AXIS_NAMES
from unit.quality_support import dataset

# Nodes between 0 and 80, of which neighbours are not much closer to each other than others.
_NODES = st.lists(st.integers(2, 10), min_size=6, max_size=12).map(
    lambda gaps: np.cumsum(gaps) * 80.0 / sum(gaps)
)
_RATES = st.floats(-0.05, 0.05)
_SCALES = st.floats(1e-4, 1.0)


def _outcome(nodes: npt.NDArray[np.float64], rho_atm: npt.NDArray[np.float64]) -> Outcome:
    axes = {name: np.array([1.0]) for name in AXIS_NAMES} | {"thetas": nodes}
    quantities = {name: np.full(len(nodes), 0.5) for name in LUT_NAMES}
    return jumps(CheckedLut(dataset(axes, quantities | {"rho_atm": rho_atm})))


@settings(max_examples=30)
@given(_NODES, _RATES, _SCALES)
def test_an_exponential_has_no_jump(
    nodes: npt.NDArray[np.float64], rate: float, scale: float
) -> None:
    outcome = _outcome(nodes, scale * np.exp(rate * nodes))
    assert outcome.worst is not None
    assert outcome.worst < 1


@settings(max_examples=30)
@given(_NODES, st.floats(0, 6.3), _SCALES)
def test_a_wave_that_the_nodes_resolve_has_no_jump(
    nodes: npt.NDArray[np.float64], phase: float, scale: float
) -> None:
    outcome = _outcome(nodes, scale * (2 + np.sin(nodes * 2 * np.pi / 160 + phase)))
    assert outcome.verdict == "passed"


@settings(max_examples=30)
@given(_NODES, _RATES, _SCALES, st.data())
def test_a_wrong_value_is_found_whatever_the_scale(
    nodes: npt.NDArray[np.float64], rate: float, scale: float, data: st.DataObject
) -> None:
    node = data.draw(st.integers(2, len(nodes) - 3))
    values = 1 + 0.1 * np.exp(rate * nodes) / np.exp(max(80 * rate, 0))
    values[node] += 1.0
    outcome = _outcome(nodes, scale * values)
    assert outcome.verdict == "violated"
    assert outcome.worst_violations[0].point == node


@settings(max_examples=30)
@given(_NODES, _SCALES, st.data())
def test_a_step_between_neighbours_is_found(
    nodes: npt.NDArray[np.float64], scale: float, data: st.DataObject
) -> None:
    node = data.draw(st.integers(3, len(nodes) - 3))
    values = 1 + 0.001 * nodes
    values[node:] += 0.3
    outcome = _outcome(nodes, scale * values)
    # Across a long interval a step is a bend too, at the node before it.
    assert node in (found := {one.point for one in outcome.worst_violations})
    assert found <= {node - 1, node}
