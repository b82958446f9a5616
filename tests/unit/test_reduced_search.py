"""The search for what of a block must be launched, on made-up values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sixsv_lut.campaign.hold_out import statement
from sixsv_lut.campaign.promise import SMALLEST_ERROR, Promise
from sixsv_lut.reduced import arithmetic
from sixsv_lut.reduced import search as searching
from sixsv_lut.reduced.block import RHO, Block
from sixsv_lut.reduced.search import FEWEST_POINTS, search
from sixsv_lut.reduced.skeleton import Method, derive
from unit.reduced_support import (
    PROMISE,
    Found,
    Values,
    block_of,
    find,
    printed,
    recorded,
    separable,
)

SMALL = block_of()
FULL = block_of(4, 5, 7, 4, 3, 11)
# By as much as the last printed digit, which the steps of the interpolation multiply.
ROUNDING = 2e-6


def assert_true_to_launches(found: Found, values: Values) -> None:
    """Check what holds of every search."""
    result, launched = found.result, found.launched
    np.testing.assert_array_equal(result.derived, ~launched)
    np.testing.assert_array_equal(result.values[launched], values[launched])
    np.testing.assert_array_equal(result.values[:, 1:], values[:, 1:])


# What is exact


@pytest.mark.parametrize("rank", [1, 2, 3, 4])
def test_a_block_of_low_rank_is_recovered_from_few_launches(rank: int) -> None:
    values = printed(FULL, separable(FULL, rank))
    found = find(FULL, values)
    assert_true_to_launches(found, values)
    assert found.errors(values).max() <= ROUNDING
    assert found.skeleton.ranks == (rank,) * 4
    # Every aerosol at 12 places, every gas at 12 places, seeds of 5 steps, checks.
    assert found.launches <= 12 * 7 + 12 * 20 + 5 * 11 + rank * (5 * 7 + 60) + 100
    assert found.launches * 20 < FULL.points


def test_without_rounding_low_rank_is_recovered_to_the_precision_of_numbers() -> None:
    values = printed(FULL, separable(FULL, 2), decimals=None)
    found = find(FULL, values)
    assert found.errors(values).max() < 1e-13


def test_the_more_values_an_axis_has_the_more_launches_are_saved() -> None:
    ratios = []
    for phi, aot550 in [(11, 7), (36, 7), (36, 25)]:
        block = block_of(1, 5, aot550, 4, 3, phi)
        values = printed(block, separable(block, 3))
        found = find(block, values)
        assert found.errors(values).max() <= PROMISE.error
        ratios.append(block.points / found.launches)
    assert ratios == sorted(ratios)
    assert ratios[-1] > 2 * ratios[0]


# Gases, and angles of 0


def test_gases_that_change_nothing_are_launched_with_one_value() -> None:
    uo3, uw = 2, 3
    rho = separable(block_of(1, 1), 2)
    values = printed(SMALL, np.broadcast_to(rho, SMALL.shape))
    values = values.reshape(uo3 * uw, -1, values.shape[1])
    values[:] = values[-1]
    values = values.reshape(SMALL.points, -1)
    found = find(SMALL, values)
    assert found.skeleton.gases == [uo3 * uw - 1]
    assert_true_to_launches(found, values)
    # Launches at other gases are those of the first question and of random checks.
    others = found.launched.reshape(SMALL.shape)[:-1].sum()
    assert others <= 4 + 20 + 20
    assert found.errors(values).max() <= PROMISE.error


@pytest.mark.parametrize("without", ["uo3", "uw"])
def test_a_gas_that_changes_nothing_leaves_the_other(without: str) -> None:
    gases = np.arange(6).reshape(2, 3)
    same = (gases[-1:] if without == "uo3" else gases[:, -1:]).repeat(
        2 if without == "uo3" else 3, axis=0 if without == "uo3" else 1
    )
    values = printed(SMALL, separable(SMALL, 2)).reshape(6, -1, 8)[same.reshape(-1)].reshape(-1, 8)
    found = find(SMALL, values)
    assert found.skeleton.same_gases == same.reshape(-1).tolist()
    assert found.skeleton.gases == sorted(set(same.reshape(-1).tolist()))
    assert_true_to_launches(found, values)
    assert found.errors(values).max() <= PROMISE.error


def test_a_gas_that_changes_something_elsewhere_only_makes_everything_be_launched() -> None:
    values = printed(SMALL, np.broadcast_to(separable(block_of(1, 1), 2), SMALL.shape))
    values = values.reshape(6, *SMALL.shape[1:], 8)
    values[:] = values[-1]
    values[:3, :, :, :, RHO] += 1e-4  # everywhere with less ozone,
    values[:3, -1, SMALL.pressure_and_altitude(2, 0), :, RHO] -= 1e-4  # but where that is looked at
    found = find(SMALL, values.reshape(-1, 8))
    assert found.skeleton.method is Method.LAUNCHED
    assert found.skeleton.reason == "points differ that are alike elsewhere"
    assert found.launched.all()


def test_where_all_points_depend_on_the_gases_alike_one_column_of_them_is_enough() -> None:
    patterns = separable(block_of(1, 1, 7, 4, 3, 11), 3)
    gases = np.linspace(1, 0.6, 20)[:, None, None, None]
    values = printed(FULL, gases * patterns)
    found = find(FULL, values)
    assert_true_to_launches(found, values)
    assert found.errors(values).max() <= ROUNDING
    assert len(found.skeleton.gas_seeds) == 1
    # At one place the gases act in another way: that is found, and the step grows.
    other = np.linspace(1, 0.5, 20)[:, None, None]
    rho = gases * patterns
    rho[:, :3, 4] = other * patterns[:, :3, 4]
    values = printed(FULL, rho)
    found = find(FULL, values)
    assert_true_to_launches(found, values)
    assert "gases" in found.skeleton.growth
    assert found.errors(values).max() <= PROMISE.error


@pytest.mark.parametrize("angles", [(0.0, 30.0), (30.0, 0.0), (0.0, 0.0)])
def test_where_an_angle_is_0_all_azimuths_are_copies_of_the_first(
    angles: tuple[float, float],
) -> None:
    block = block_of(4, 5, 7, 4, 3, 11, thetas=angles[0], thetav=angles[1])
    values = printed(block, separable(block, 2))
    found = find(block, values)
    assert_true_to_launches(found, values)
    assert found.errors(values).max() <= ROUNDING
    other_azimuths = found.launched.reshape(block.shape)[..., 1:].sum()
    assert other_azimuths <= 20 + 20, "only random points"
    derived = np.where(found.launched, np.nan, found.result.values[:, RHO]).reshape(block.shape)
    assert np.nanmax(np.nanmax(derived, axis=3) - np.nanmin(derived, axis=3)) == 0


def test_few_points_that_differ_are_all_launched_and_the_others_are_copies() -> None:
    block = block_of(1, 1, 7, 4, 3, 11, thetas=0.0)
    rng = np.random.default_rng(1)
    rho = np.broadcast_to(rng.random((1, 7, 12, 1)), block.shape)  # of full rank
    values = printed(block, rho)
    found = find(block, values)
    assert found.skeleton.method is Method.COPIED
    np.testing.assert_array_equal(found.result.values, values)
    assert found.launches == 7 * 12 + 20 + 20


def test_where_copies_differ_everything_is_launched() -> None:
    block = block_of(1, 1, 7, 4, 3, 11, thetas=0.0)
    values = printed(block, np.random.default_rng(1).random(block.shape))
    found = find(block, values)
    assert found.skeleton.method is Method.LAUNCHED
    np.testing.assert_array_equal(found.result.values, values)


# Small blocks and short axes


def test_a_small_block_is_launched_at_once() -> None:
    block = block_of(1, 2, 3, 2, 2, 8)
    assert block.points < FEWEST_POINTS
    values = printed(block, separable(block, 1))
    found = find(block, values)
    assert found.requests == [list(range(block.points))]
    assert found.skeleton.method is Method.LAUNCHED
    assert found.skeleton.reason == "too few points to gain anything"
    np.testing.assert_array_equal(found.result.values, values)
    assert len(found.result.hold_out_errors) == 0


@pytest.mark.parametrize(
    "shape",
    [
        (1, 1, 7, 4, 3, 11),
        (4, 5, 1, 4, 3, 11),
        (4, 5, 7, 1, 1, 11),
        (4, 5, 7, 4, 3, 1),
        (2, 2, 2, 2, 2, 36),
        (1, 1, 1, 1, 1, 400),
        (20, 20, 1, 1, 1, 1),
        (1, 1, 25, 1, 1, 36),
        (1, 2, 1, 20, 10, 1),
    ],
)
def test_axes_may_have_one_or_two_values(shape: tuple[int, ...]) -> None:
    block = block_of(*shape)
    values = printed(block, separable(block, 2))
    found = find(block, values)
    assert_true_to_launches(found, values)
    assert found.errors(values).max(initial=0) <= PROMISE.error
    assert found.launches <= block.points


@pytest.mark.parametrize("seed", range(3))
def test_axes_may_be_in_any_order(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shuffled = [rng.permutation(len(axis)) for axis in FULL.axes]
    block = Block(
        tuple(
            tuple(np.array(axis)[order].tolist())
            for axis, order in zip(FULL.axes, shuffled, strict=True)
        ),
        FULL.thetas,
        FULL.thetav,
    )
    values = printed(FULL, separable(FULL, 2)).reshape(*map(len, FULL.axes), -1)
    values = values[np.ix_(*shuffled)].reshape(block.points, -1)
    found = find(block, values)
    assert_true_to_launches(found, values)
    assert found.errors(values).max() <= ROUNDING
    # The same extremes are looked at, wherever they stand.
    place = block.pressure_and_altitude(block.by_size("psurf")[-1], block.by_size("alti")[0])
    assert found.skeleton.azimuth_seeds[0][:2] == [block.by_size("aot550")[0], place]


# Noise and steps


@pytest.mark.parametrize("seed", range(4))
def test_noise_below_the_tolerance_costs_few_launches(seed: int) -> None:
    noise = np.random.default_rng(seed).uniform(-1e-6, 1e-6, FULL.shape)
    values = printed(FULL, separable(FULL, 2, seed) + noise)
    found = find(FULL, values)
    assert_true_to_launches(found, values)
    assert np.quantile(found.errors(values), 0.999) <= PROMISE.error
    assert found.launches * 15 < FULL.points


@pytest.mark.parametrize("noise", [1e-5, 1e-4])
def test_noise_above_the_tolerance_ends_with_everything_launched(noise: float) -> None:
    rng = np.random.default_rng(1)
    values = printed(SMALL, separable(SMALL, 2) + rng.uniform(-noise, noise, SMALL.shape))
    found = find(SMALL, values)
    assert found.launched.all()
    np.testing.assert_array_equal(found.result.values, values)


def with_steps(block: Block, size: float, seed: int) -> Values:
    """Make a block with relative steps at two pairs of aerosol and place."""
    rng = np.random.default_rng(seed)
    rho = separable(block, 2, seed)
    for _ in range(2):
        aerosol, place = rng.integers(block.shape[1]), rng.integers(block.shape[2])
        rho[:, aerosol, place] *= 1 + size * (1 + 0.02 * rng.random(block.shape[3]))
    return printed(block, rho)


def test_steps_are_found_by_the_checks_and_not_by_random_points(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    block = block_of(1, 5, 7, 4, 3, 7)

    def share_of_wrong_values() -> float:
        shares = []
        for seed in range(20):
            values = with_steps(block, 1e-3, seed)
            found = find(block, values)
            assert_true_to_launches(found, values)
            shares.append(np.mean(found.errors(values) > PROMISE.error))
        return float(np.mean(shares))

    def points_for_the_transmittances_only(self: searching._Search) -> Iterator[list[int]]:
        unknown = np.argwhere(np.isnan(self._launches.scattering_values[..., 0]))
        yield from self._launches.launch(block.point(0, int(a), int(k), 0) for a, k in unknown)

    with_checks = share_of_wrong_values()
    monkeypatch.setattr(searching._Search, "_first_checks", points_for_the_transmittances_only)
    monkeypatch.setattr(searching, "_CHECKED_AGAIN", 0)
    without_checks = share_of_wrong_values()
    assert with_checks < 0.0005
    assert without_checks > 10 * with_checks


@pytest.mark.parametrize("size", [2e-4, 1e-3])
def test_the_statement_on_a_band_with_steps_is_true(size: float) -> None:
    block = block_of(1, 5, 7, 4, 3, 5)
    blocks, hold_out = 30, 100
    errors, derived = [], []
    for seed in range(blocks):
        values = with_steps(block, size, seed)
        found = find(block, values, fingerprint=str(size), hold_out=hold_out)
        errors.append(found.result.hold_out_errors.tolist())
        derived.append(found.errors(values))
    said = statement(errors)
    assert said.points >= 2995 or any(len(block_errors) == 0 for block_errors in errors)
    shares = [
        np.mean(block_errors <= said.largest) for block_errors in derived if len(block_errors)
    ]
    assert np.mean(shares) >= said.share


# Promises


def test_a_relative_promise_is_a_part_of_the_largest_value() -> None:
    relative = Promise(1e-4, relative=True)
    assert relative.absolute(0.2) == pytest.approx(2e-5)
    assert relative.reference(0.2) == 0.2
    assert relative.reference(1e-3) == relative.least_reference == pytest.approx(0.01)
    assert relative.absolute(1e-3) == pytest.approx(SMALLEST_ERROR)
    assert Promise(1e-4).absolute(0.2) == 1e-4
    assert Promise(1e-4).reference(0.2) == 1


@pytest.mark.parametrize(
    ("error", "relative"), [(9e-7, False), (0, False), (0, True), (-1e-5, True), (1, False)]
)
def test_what_cannot_be_kept_is_not_promised(error: float, relative: bool) -> None:
    with pytest.raises(ValueError, match=f"error of {error:g} cannot be promised"):
        Promise(error, relative)


def test_a_dark_block_takes_more_launches_if_the_promise_is_relative() -> None:
    rng = np.random.default_rng(1)
    rho = 0.02 * separable(FULL, 3) + rng.uniform(-2e-7, 2e-7, FULL.shape)
    values = printed(FULL, rho)
    absolute = find(FULL, values, Promise(1e-3))
    relative = find(FULL, values, Promise(1e-3, relative=True))
    largest = float(values[:, RHO].max())
    assert relative.skeleton.largest <= largest
    assert relative.skeleton.tolerance == pytest.approx(0.5e-3 * relative.skeleton.largest)
    assert absolute.skeleton.tolerance == 0.5e-3
    assert relative.launches > absolute.launches
    assert relative.errors(values).max() <= 1e-3 * largest < absolute.errors(values).max()


# Determinism


def noisy_values(block: Block, noise: float) -> tuple[Block, Values]:
    rng = np.random.default_rng(1)
    rho = separable(block, 3) + rng.uniform(-noise, noise, block.shape)
    return block, printed(block, rho)


@pytest.mark.parametrize(
    ("block", "values"),
    [noisy_values(FULL, 5e-7), noisy_values(SMALL, 3e-6), recorded("Oa11")],
    ids=["full", "small", "Oa11"],
)
def test_noise_in_the_last_bits_changes_no_decision(
    block: Block, values: Values, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(1)
    quiet = find(block, values)
    take_out = arithmetic._take_out

    def disturbed(numbers: Values) -> Values:
        return numbers * (1 + 1e-14 * rng.uniform(-1, 1, numbers.shape))

    def take_out_disturbed(residue: Values, direction: Values) -> Values:
        parts = take_out(residue, direction)
        residue[:] = disturbed(residue)
        return disturbed(parts)

    def launch_disturbed(points: Sequence[int]) -> Values:
        rows = values[points]
        rows[:, RHO] = disturbed(rows[:, RHO])
        return rows

    monkeypatch.setattr(arithmetic, "_take_out", take_out_disturbed)
    noisy = find(block, values, launch=launch_disturbed)
    assert noisy.requests == quiet.requests
    np.testing.assert_allclose(noisy.result.values, quiet.result.values, rtol=0, atol=1e-12)


def test_the_same_block_is_searched_in_the_same_way_again() -> None:
    values = printed(FULL, separable(FULL, 2))
    first, second = find(FULL, values), find(FULL, values)
    assert first.requests == second.requests
    assert first.skeleton == second.skeleton
    np.testing.assert_array_equal(first.result.values, second.result.values)


def test_other_fingerprints_angles_and_promises_draw_other_points() -> None:
    values = printed(FULL, separable(FULL, 2))
    turned = Block(FULL.axes, FULL.thetas, FULL.thetav + 1)
    searches = [
        find(FULL, values),
        find(FULL, values, fingerprint="g"),
        find(turned, values),
        find(FULL, values, Promise(2e-5)),
    ]
    assert len({tuple(found.skeleton.hold_out) for found in searches}) == 4


def test_a_second_draw_asks_for_more_and_draws_other_points() -> None:
    noise = np.random.default_rng(1).uniform(-5e-7, 5e-7, FULL.shape)
    values = printed(FULL, separable(FULL, 3) + noise)
    running, known = search(FULL, PROMISE, "f", 20, draw=2), find(FULL, values)
    wanted, asked = next(running), []
    while True:
        asked += wanted
        try:
            wanted = running.send(values[wanted])
        except StopIteration as ended:
            skeleton = ended.value
            break
    assert skeleton.draw == 2
    assert skeleton.tolerance == known.skeleton.tolerance / 2
    assert not set(skeleton.hold_out) & set(known.skeleton.hold_out)
    assert len(asked) >= known.launches
    # Most of it is known from the first time.
    assert np.count_nonzero(known.launched[asked]) > known.launches / 2


def test_hold_out_points_change_nothing_but_their_own_status() -> None:
    values = printed(FULL, separable(FULL, 3))
    few, many = find(FULL, values, hold_out=5), find(FULL, values, hold_out=50)
    both = few.result.derived & many.result.derived
    np.testing.assert_array_equal(few.result.values[both], many.result.values[both])
    assert many.launches - few.launches == 45
    assert few.skeleton.hold_out == many.skeleton.hold_out[:5] or len(few.skeleton.hold_out) == 5


def test_hold_out_points_are_drawn_from_all_derived_points() -> None:
    block = block_of(4, 5, 7, 4, 3, 11, thetas=0.0)
    values = printed(block, separable(block, 2))
    found = find(block, values, hold_out=300)
    azimuths = [block.indices(point)[3] for point in found.skeleton.hold_out]
    assert set(azimuths) == set(range(11))


# Growth: for each step, a block in which it alone is wrong


def grown(rho: Values) -> list[str]:
    values = printed(FULL, rho)
    found = find(FULL, values)
    assert_true_to_launches(found, values)
    assert found.errors(values).max(initial=0) <= PROMISE.error
    return found.skeleton.growth


def test_an_azimuth_pattern_of_one_aerosol_makes_the_first_step_grow() -> None:
    rho = separable(FULL, 2)
    rho[:, 4] += 1e-3 * np.random.default_rng(1).random(11)
    assert "azimuth" in grown(rho)


def test_an_aerosol_pattern_of_one_place_makes_the_second_step_grow() -> None:
    rho = separable(FULL, 2)
    rho[:, :, 4] += 1e-3 * np.random.default_rng(1).random((7, 1))
    assert "aerosol" in grown(rho)


def test_a_pattern_of_one_combination_of_gases_makes_the_third_step_grow() -> None:
    # Of rank 1 where the seeds are, of rank 2 where other gases are.
    rho = separable(FULL, 1)
    extra = separable(FULL, 1, seed=5)
    extra[[0, -1]] = 0
    assert "gases" in grown(rho + 0.01 * extra)


def test_other_gases_at_one_place_make_the_fourth_step_grow() -> None:
    first, second = separable(FULL, 1), 0.1 * separable(FULL, 1, seed=5)
    # The second of two patterns is that of thin aerosol. It depends on the gases in another way at
    # a place that is no seed, but for the gases that are seeds.
    first[:, 6] *= 3
    second[:, 2:] = 0
    second[1:19, :, 4] *= 1 + 0.3 * np.random.default_rng(2).random((18, 1, 1))
    assert "columns" in grown(first + second)


def test_where_no_seed_can_be_added_pivots_are_chosen_more_sharply(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Each step alone is within its tolerance at a place that all seeds know, but their sum is not.
    monkeypatch.setattr(searching, "_PIVOTS", 1.0)
    block = block_of(2, 2, 3, 2, 2, 24)
    place = block.pressure_and_altitude(1, 0)
    sharpened = 0
    for seed in range(8):
        rho = separable(block, 5, seed)
        signs = np.random.default_rng(seed).choice([-1, 1], rho[0, :, place].shape)
        rho[0, :, place] += 4.75e-6 * signs
        values = printed(block, rho)
        found = find(block, values)
        steps = found.skeleton.growth.count("tolerance")
        assert found.skeleton.pivot_tolerance == pytest.approx(5e-6 / 3**steps)
        assert_true_to_launches(found, values)
        assert np.mean(found.errors(values) > PROMISE.error) < 0.01
        sharpened += steps > 0
    assert sharpened


def test_growth_that_does_not_end_launches_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "_MOST_GROWTH", 7)
    values = printed(SMALL, np.random.default_rng(1).random(SMALL.shape))
    found = find(SMALL, values)
    assert found.skeleton.method is Method.LAUNCHED
    assert found.skeleton.reason == "the interpolation still errs after 7 steps"
    assert len(found.skeleton.growth) == 7
    assert found.launched.all()
    np.testing.assert_array_equal(found.result.values, values)


# Failed launches


def with_failures(values: Values, points: Sequence[int] | np.ndarray) -> Values:
    failing = values.copy()
    failing[points] = np.nan
    return failing


@pytest.mark.parametrize("share", [0.0005, 0.005, 0.05, 0.5])
def test_failed_launches_are_never_a_number_and_never_a_source(share: float) -> None:
    values = printed(FULL, separable(FULL, 2))
    rng = np.random.default_rng(3)
    failing = with_failures(values, rng.random(FULL.points) < share)
    found = find(FULL, failing)
    result = found.result
    failed = found.launched & np.isnan(failing[:, RHO])
    assert np.isnan(result.values[failed]).all()
    good = ~failed
    np.testing.assert_allclose(result.values[good, RHO], values[good, RHO], rtol=0, atol=ROUNDING)
    np.testing.assert_array_equal(result.values[good, 1:], values[good, 1:])


def test_a_seed_that_fails_is_replaced() -> None:
    values = printed(FULL, separable(FULL, 2))
    seed = find(FULL, values).skeleton.azimuth_seeds[1]
    aerosol, place, gases = seed
    failing = with_failures(values, [FULL.point(gases, aerosol, place, 5)])
    found = find(FULL, failing)
    assert found.skeleton.method is Method.INTERPOLATED
    assert seed not in found.skeleton.azimuth_seeds
    assert len(found.skeleton.azimuth_seeds) == 5
    assert found.launches < 2 * find(FULL, values).launches


def test_a_pivot_that_fails_makes_everything_be_launched() -> None:
    values = printed(FULL, separable(FULL, 2))
    skeleton = find(FULL, values).skeleton
    azimuth, aerosol = skeleton.aerosol_pivots[skeleton.gas_pivots[4][0]]
    failing = with_failures(values, [FULL.point(7, aerosol, 4, azimuth)])
    found = find(FULL, failing)
    assert found.skeleton.method is Method.LAUNCHED
    assert "failed" in found.skeleton.reason
    assert found.launched.all()


def test_random_points_that_fail_are_drawn_again() -> None:
    values = printed(FULL, separable(FULL, 2))
    first = find(FULL, values)
    for drawn in (first.skeleton.hold_out[:7], first.skeleton.fresh[:7]):
        failing = with_failures(values, drawn)
        found = find(FULL, failing)
        assert len(found.skeleton.hold_out) == len(found.skeleton.fresh) == 20
        assert not np.isnan(failing[found.skeleton.hold_out + found.skeleton.fresh]).any()
        assert found.launches == first.launches + 7
        assert np.isnan(found.result.values[drawn]).all()


def test_where_every_launch_fails_nothing_is_derived() -> None:
    found = find(FULL, np.full((FULL.points, 8), np.nan))
    assert found.launched.all()
    assert np.isnan(found.result.values).all()


def test_transmittances_that_are_not_as_6sv_prints_them_make_everything_be_launched() -> None:
    values = printed(FULL, separable(FULL, 2))
    rng = np.random.default_rng(1)
    for column in range(1, 8):
        strange = values.copy()
        strange[rng.random(FULL.points) < 0.5, column] += 1e-5
        found = find(FULL, strange)
        assert found.skeleton.method is Method.LAUNCHED
        assert "transmittances" in found.skeleton.reason
        np.testing.assert_array_equal(found.result.values, strange)


# Anything


@st.composite
def blocks_and_values(draw: st.DrawFn) -> tuple[Block, Values]:
    shape = [draw(st.integers(1, most)) for most in (4, 5, 7, 4, 3, 11)]
    angles = [draw(st.sampled_from([0.0, 30.0, 60.0])) for _ in range(2)]
    block = block_of(*shape, thetas=angles[0], thetav=angles[1])
    seed = draw(st.integers(0, 2**32))
    rank = draw(st.integers(1, 3))
    noise = draw(st.sampled_from([0.0, 1e-6, 1e-5, 1e-3]))
    rng = np.random.default_rng(seed)
    rho = separable(block, rank, seed)
    rho += noise * rng.random((*block.shape[:3], len(block.azimuths) if noise else 1))[..., :1]
    values = printed(block, rho, seed)
    failed = rng.random(block.points) < draw(st.sampled_from([0.0, 0.0, 0.001, 0.1]))
    return block, with_failures(values, failed)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(blocks_and_values())
def test_whatever_the_block_launches_are_kept_and_none_is_superfluous(
    drawn: tuple[Block, Values],
) -> None:
    block, values = drawn
    found = find(block, values)
    launched, result = found.launched, found.result
    assert found.launches <= block.points
    np.testing.assert_array_equal(result.values[launched], values[launched])
    assert not np.isnan(result.values[~launched]).any()
    known = ~launched & ~np.isnan(values[:, RHO])
    np.testing.assert_array_equal(result.values[known, 1:], values[known, 1:])
    assert found.requests == find(block, values).requests
    # Deriving looks at no other launch, whatever is known besides.
    again = derive(block, found.skeleton, launched, values)
    np.testing.assert_array_equal(again.values, result.values)
