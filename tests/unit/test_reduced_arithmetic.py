"""Interpolation from some rows: exact where it can be, and the same to the last bit anywhere."""

from __future__ import annotations

import numpy as np
import pytest

from sixsv_lut.reduced.arithmetic import (
    choose_rows,
    coefficients,
    first_largest,
    product,
    sensitive_rows,
)
from unit.reduced_reference import plain_choose_rows, plain_coefficients
from unit.reduced_support import Values


def low_rank(rows: int, columns: int, rank: int, seed: int = 1) -> Values:
    rng = np.random.default_rng(seed)
    return rng.random((rows, rank)) @ rng.random((rank, columns))


@pytest.mark.parametrize("rank", [1, 2, 3, 5])
def test_as_many_rows_are_chosen_as_the_rank_and_give_all_others(rank: int) -> None:
    matrix = low_rank(30, 8, rank)
    rows = choose_rows(matrix, 1e-10)
    assert len(rows) == len(set(rows)) == rank
    np.testing.assert_allclose(
        product(coefficients(matrix, rows), matrix[rows]), matrix, rtol=0, atol=1e-11
    )


@pytest.mark.parametrize("tolerance", [1e-2, 1e-4, 1e-6])
def test_what_is_interpolated_is_within_the_tolerance(tolerance: float) -> None:
    matrix = np.vander(np.linspace(0.2, 1, 40), 9)
    rows = choose_rows(matrix, tolerance)
    errors = np.abs(product(coefficients(matrix, rows), matrix[rows]) - matrix)
    assert errors.max() <= tolerance * (1 + 1e-6)
    fewer = rows[:-1]
    errors = np.abs(product(coefficients(matrix, fewer), matrix[fewer]) - matrix)
    assert errors.max() > tolerance, "none of them is superfluous"


def test_chosen_rows_are_themselves() -> None:
    matrix = low_rank(12, 6, 4)
    rows = choose_rows(matrix, 1e-9)
    np.testing.assert_array_equal(coefficients(matrix, rows)[rows], np.eye(4))


def test_rows_that_are_kept_come_first_and_are_not_chosen_twice() -> None:
    matrix = low_rank(12, 6, 4)
    rows = choose_rows(matrix, 1e-9, keep=[7, 2])
    assert rows[:2] == [7, 2]
    assert len(rows) == len(set(rows)) == 4


def test_no_more_rows_are_chosen_than_there_are_columns() -> None:
    assert len(choose_rows(np.random.default_rng(1).random((20, 3)), 0.0)) == 3


def test_a_matrix_of_zeros_has_one_row() -> None:
    rows = choose_rows(np.zeros((4, 3)), 1e-9)
    assert rows == [0]
    assert coefficients(np.zeros((4, 3)), rows).tolist() == [[1], [0], [0], [0]]


def test_a_row_that_adds_nothing_to_those_before_it_has_no_weight() -> None:
    matrix = low_rank(6, 4, 2)
    matrix[1] = 2 * matrix[0]
    weights = coefficients(matrix, [0, 1, 2])
    assert not weights[3:, 1].any()
    np.testing.assert_allclose(product(weights, matrix[[0, 1, 2]]), matrix, atol=1e-12)


def test_coefficients_are_those_of_least_squares() -> None:
    matrix = np.random.default_rng(2).random((15, 9))
    rows = [3, 8, 11, 0]
    expected = np.linalg.lstsq(matrix[rows].T, matrix.T, rcond=None)[0].T
    np.testing.assert_allclose(coefficients(matrix, rows), expected, atol=1e-12)


def test_of_numbers_that_are_equal_up_to_rounding_the_first_is_the_largest() -> None:
    assert first_largest(np.array([0.1, 0.3, 0.3 * (1 + 1e-12), 0.2])) == 1
    assert first_largest(np.array([0.1, 0.3, 0.31, 0.2])) == 2
    assert first_largest(np.zeros(3)) == 0


def test_the_row_that_depends_on_one_column_alone_is_the_sensitive_one() -> None:
    matrix = low_rank(20, 6, 2)
    matrix[13, 4] += 0.01
    matrix[5, 1] += 0.001
    assert sensitive_rows(matrix, 1e-9, range(20), 2) == [13, 5]
    assert sensitive_rows(matrix, 1e-9, [5, 6, 7], 1) == [5]


def test_without_a_second_column_no_row_is_known_to_be_sensitive() -> None:
    assert sensitive_rows(low_rank(20, 1, 1), 1e-9, range(20), 2) == []


@pytest.mark.parametrize("seed", range(20))
def test_every_bit_is_that_of_plain_python(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows, columns = int(rng.integers(2, 60)), int(rng.integers(1, 10))
    matrix = low_rank(rows, columns, 4, seed) + 1e-5 * rng.random((rows, columns))
    matrix = np.round(matrix, 7)
    tolerance = float(10.0 ** rng.integers(-8, -2))
    keep = [int(rng.integers(rows))] if seed % 2 else []
    plain = matrix.tolist()
    chosen = choose_rows(matrix, tolerance, keep)
    assert chosen == plain_choose_rows(plain, tolerance, keep)
    assert coefficients(matrix, chosen).tolist() == plain_coefficients(plain, chosen)
