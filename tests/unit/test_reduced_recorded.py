"""The search on blocks all of whose points were launched with 6SV."""

from __future__ import annotations

import numpy as np
import pytest

from sixsv_lut.campaign.hold_out import statement
from sixsv_lut.campaign.promise import Promise
from sixsv_lut.reduced.skeleton import Method
from unit.reduced_support import Found, Values, find, recorded


def assert_as_6sv(found: Found, values: Values) -> None:
    np.testing.assert_array_equal(found.result.values[found.launched], values[found.launched])
    np.testing.assert_array_equal(found.result.values[:, 1:], values[:, 1:])


@pytest.mark.parametrize(("band", "most"), [("Oa20", 330), ("Oa11", 360)])
@pytest.mark.parametrize("fingerprint", ["a", "b", "c"])
def test_a_promise_of_1e_5_is_kept_with_a_part_of_the_launches(
    band: str, most: int, fingerprint: str
) -> None:
    block, values = recorded(band)
    found = find(block, values, fingerprint=fingerprint)
    assert found.skeleton.method is Method.INTERPOLATED
    assert_as_6sv(found, values)
    assert found.launches <= most
    assert found.errors(values).max() <= 1e-5


@pytest.mark.parametrize("band", ["Oa20", "Oa11"])
def test_a_smaller_promise_takes_more_launches(band: str) -> None:
    block, values = recorded(band)
    launches = []
    for promise in (Promise(1e-3), Promise(1e-5), Promise(1e-6)):
        found = find(block, values, promise)
        assert_as_6sv(found, values)
        assert np.mean(found.errors(values) > promise.error) < 0.01
        launches.append(found.launches)
    assert launches[0] < launches[-1]


def test_ozone_makes_no_difference_at_940_nm() -> None:
    block, values = recorded("Oa20")
    found = find(block, values)
    assert found.skeleton.same_gases == [3, 4, 5, 3, 4, 5]
    # So a derived value at the other ozone is a copy.
    rho = values[:, 0].reshape(block.shape)
    np.testing.assert_array_equal(rho[:3], rho[3:])


@pytest.mark.parametrize("band", ["Oa20", "Oa11"])
def test_the_statement_is_true(band: str) -> None:
    block, values = recorded(band)
    # The same block with other draws stands for the blocks of a band.
    errors, derived = [], []
    for number in range(20):
        found = find(block, values, fingerprint=str(number), hold_out=150)
        errors.append(found.result.hold_out_errors.tolist())
        derived.append(found.errors(values))
    said = statement(errors)
    assert said.points == 3000
    assert np.mean([np.mean(block_errors <= said.largest) for block_errors in derived]) >= 0.999
