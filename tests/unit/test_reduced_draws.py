"""Draws are random, fair, and the same everywhere."""

from __future__ import annotations

import pytest

from sixsv_lut.reduced.draws import Draws


def test_draws_are_the_same_on_every_machine_and_with_every_python() -> None:
    draws = Draws("fingerprint", "30", "25")
    assert [draws.below(1000) for _ in range(8)] == [184, 880, 193, 496, 187, 162, 43, 448]
    assert Draws("fingerprint", "30", "25").sample(range(100), 5) == [84, 70, 39, 29, 55]


def test_another_seed_gives_other_draws() -> None:
    first = Draws("fingerprint", "30", "25")
    others = [Draws("fingerprint", "30", "24"), Draws("fingerprin", "t30", "25")]
    drawn = [first.below(1 << 32) for _ in range(4)]
    assert all([other.below(1 << 32) for _ in range(4)] != drawn for other in others)


def test_a_sample_has_no_member_twice_and_all_members_if_that_is_asked() -> None:
    draws = Draws("1")
    population = list(range(20, 60))
    sample = draws.sample(population, 12)
    assert len(set(sample)) == 12
    assert set(sample) <= set(population)
    assert sorted(draws.sample(population, 99)) == population
    assert draws.sample([], 3) == []
    assert population == list(range(20, 60)), "the population is left as it was"


@pytest.mark.parametrize("limit", [3, 7, 10])
def test_every_number_is_drawn_equally_often(limit: int) -> None:
    draws, number = Draws("fair"), 6000
    counts = [0] * limit
    for _ in range(number):
        counts[draws.below(limit)] += 1
    expected = number / limit
    chi_squared = sum((count - expected) ** 2 / expected for count in counts)
    # 99.9 % of the chi-squared distribution with 9 degrees of freedom.
    assert chi_squared < 27.9


def test_every_member_comes_first_equally_often() -> None:
    draws, counts = Draws("fair"), [0] * 5
    for _ in range(3000):
        counts[draws.sample(range(5), 2)[1]] += 1
    assert all(abs(count - 600) < 100 for count in counts)
