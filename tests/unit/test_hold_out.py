"""The statement of the error, and how many launches it takes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sixsv_lut.campaign.hold_out import (
    LEFT_OUT,
    confidence,
    needed_points,
    points_of_block,
    statement,
)


def test_the_first_draw_takes_2995_points() -> None:
    assert needed_points() == 2995
    assert (1 - LEFT_OUT) ** 2995 < 0.05 < (1 - LEFT_OUT) ** 2994


def test_a_new_draw_has_half_the_chance_to_be_wrong() -> None:
    assert [confidence(draw) for draw in (1, 2, 3)] == pytest.approx([0.95, 0.975, 0.9875])
    assert needed_points(2) == 3688
    assert (1 - LEFT_OUT) ** 3688 < 0.025 < (1 - LEFT_OUT) ** 3687


@pytest.mark.parametrize(("blocks", "points"), [(169, 18), (144, 21), (1, 2995), (5000, 1)])
def test_blocks_share_the_points(blocks: int, points: int) -> None:
    assert points_of_block(blocks) == points
    assert points_of_block(blocks) * blocks >= needed_points()


def test_the_statement_gives_the_largest_error_and_the_root_mean_square() -> None:
    said = statement([[3e-6, 4e-6], [0.0, 0.0]])
    assert (said.points, said.largest) == (4, 4e-6)
    assert said.rms == pytest.approx(2.5e-6)
    assert said.share == pytest.approx(0.05 ** (1 / 4))


def test_with_enough_points_the_statement_is_on_999_of_1000_values() -> None:
    said = statement([[1e-6] * 18] * 168 + [[1e-6] * 17 + [5.41e-6]])
    assert said.share == 0.999
    assert said.sentence == (
        "with 95 % confidence at least 99.9 % of the derived rho_atm, every pair of thetas and "
        "thetav counting the same, differ from 6SV by no more than 5.5e-06 (3042 random launches, "
        "counted among them)"
    )


def test_the_share_is_never_rounded_up() -> None:
    assert "at least 99.7 %" in statement([[1e-6]] * 999).sentence
    assert 0.9970 < statement([[1e-6]] * 999).share < 0.9971
    assert "at least 99.89 %" in statement([[1e-6] * 18] * 166).sentence


def test_a_second_draw_and_a_relative_promise_are_said() -> None:
    sentence = statement([[1e-4] * 1000] * 4, draw=2, least_reference=0.01).sentence
    assert sentence.startswith("with 97.5 % confidence at least 99.9 %")
    assert (
        "no more than 1.0e-04 of the largest rho_atm of their block, which counts as 0.01 where it "
        "is less (4000 random launches, counted among them)"
    ) in sentence


def test_blocks_that_were_launched_as_a_whole_do_not_count() -> None:
    assert statement([[], [1e-6] * 18, []]).points == 18


def test_where_nothing_is_derived_nothing_is_said_of_errors() -> None:
    said = statement([[], []])
    assert said.points == 0
    assert math.isnan(said.largest)
    assert said.sentence == "every rho_atm is that of a launch: nothing is derived"


def test_blocks_with_different_numbers_of_points_are_refused() -> None:
    with pytest.raises(ValueError, match="have 17 to 18 hold-out points"):
        statement([[0.0] * 18, [0.0] * 17])


@pytest.mark.parametrize("concentrated", [1, 10, 100])
def test_the_statement_is_true_as_often_as_it_says(concentrated: int) -> None:
    # 0.2 % of all derived values are wrong, all in so many of 100 blocks of 1000 derived values.
    blocks, values, points = 100, 1000, points_of_block(100)
    wrong = 2 * blocks // concentrated
    rng = np.random.default_rng(1)
    false, trials = 0, 150
    for _ in range(trials):
        errors = []
        for block in range(blocks):
            large = rng.permutation(values)[:points] < (wrong if block < concentrated else 0)
            errors.append(np.where(large, 1e-4, 1e-6).tolist())
        said = statement(errors)
        assert said.points >= 2995
        false += said.largest < 1e-4
    assert false / trials <= 0.05
