"""Interpolation of the rows of a matrix from a few of them, with the same bits on every machine.

A skeleton decomposition (Goreinov, Tyrtyshnikov & Zamarashkin 1997, Linear Algebra and its
Applications 261, 1-21) writes all rows of a matrix as linear combinations of some of its rows, the
pivots. Here the coefficients are those of least squares, by the modified Gram-Schmidt process
(Björck 1967, BIT 7, 1-21).

Which pivots are taken decides which points are launched, and must not depend on the machine. So
nothing here calls BLAS or LAPACK, nor a reduction of NumPy, whose order of summation depends on the
width of the processor's vectors. Every operation is an elementwise addition, subtraction,
multiplication, division or square root of float64, which IEEE 754 defines to the last bit, and each
is an operation of NumPy of its own, so that no compiler fuses two; sums run over the short side of
a matrix in a fixed order. Only the largest of some numbers is left to NumPy, because it is the same
in any order. Among rows that are equally large up to rounding the first is taken.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]

# Rows whose residues differ by less than this, relatively, count as equal.
_EQUAL = 1e-6
# A pivot of which less than this, relatively, is independent of those before it adds nothing:
# numbers of 7 decimals are never so close to dependent.
_DEPENDENT = 1e-9


def first_largest(values: npt.NDArray[np.float64]) -> int:
    """Give the position of the first of the numbers that are the largest, up to rounding.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        Numbers that are not negative.

    Returns
    -------
    int
        A position.
    """
    return int(np.argmax(values >= values.max() * (1 - _EQUAL)))


def product(left: Matrix, right: Matrix) -> Matrix:
    """Multiply two matrices.

    Parameters
    ----------
    left : ndarray of float64, shape (m, r)
        A matrix.
    right : ndarray of float64, shape (r, n)
        Another.

    Returns
    -------
    ndarray of float64, shape (m, n)
        Their product, summed over r from the first to the last.
    """
    total = np.zeros((left.shape[0], right.shape[1]))
    for inner in range(left.shape[1]):
        total = total + left[:, inner, None] * right[inner]
    return total


def choose_rows(matrix: Matrix, tolerance: float, keep: Sequence[int] = ()) -> list[int]:
    """Choose rows from which all rows can be interpolated.

    Parameters
    ----------
    matrix : ndarray of float64, shape (m, n)
        The matrix.
    tolerance : float
        What no element of the interpolated matrix may differ by.
    keep : sequence of int
        Rows that are chosen in any case, and first.

    Returns
    -------
    list of int
        Numbers of the chosen rows: those to keep, then always the row of the largest residue. At
        least one; beyond those to keep, never more than columns.
    """
    residue = matrix.copy()
    rows = list(keep)
    for row in rows:
        _take_out(residue, _direction(residue[row], matrix[row]))
    while len(rows) < min(matrix.shape):
        sizes = np.abs(residue).max(axis=1)
        if rows and sizes.max() <= tolerance:
            break
        row = first_largest(sizes)
        if row in rows:
            break
        rows.append(row)
        _take_out(residue, _direction(residue[row], matrix[row]))
    return rows


def coefficients(matrix: Matrix, rows: Sequence[int]) -> Matrix:
    """Give the coefficients that interpolate all rows of a matrix from some of them.

    Parameters
    ----------
    matrix : ndarray of float64, shape (m, n)
        The matrix.
    rows : sequence of int, r of them
        The rows to interpolate from.

    Returns
    -------
    ndarray of float64, shape (m, r)
        Coefficients; their product with ``matrix[rows]`` is the best approximation of the matrix in
        the sense of least squares. At the chosen rows themselves, the identity.
    """
    residue = matrix.copy()
    directions, projections = [], []
    for row in rows:
        direction = _direction(residue[row], matrix[row])
        directions.append(direction)
        projections.append(_take_out(residue, direction))
    # The chosen rows in terms of the directions.
    triangle = [[float(parts[row]) for row in rows] for parts in projections]
    result = np.zeros((len(matrix), len(rows)))
    for inner in range(len(rows) - 1, -1, -1):
        if not directions[inner].any():
            continue
        result[:, inner] = projections[inner] / triangle[inner][inner]
        for before in range(inner):
            projections[before] = projections[before] - result[:, inner] * triangle[before][inner]
    for inner, row in enumerate(rows):
        result[row] = 0.0
        result[row, inner] = 1.0
    return result


def sensitive_rows(
    matrix: Matrix, tolerance: float, candidates: Sequence[int], number: int
) -> list[int]:
    """Choose the rows whose interpolation depends most on which columns are known.

    Every column is left out in turn, and interpolated from pivots that are chosen without it.

    Parameters
    ----------
    matrix : ndarray of float64, shape (m, n)
        The matrix.
    tolerance : float
        As for `choose_rows`.
    candidates : sequence of int
        The rows to choose from.
    number : int
        How many to choose.

    Returns
    -------
    list of int
        The chosen rows, at most `number`. None if there are fewer than two columns.
    """
    columns = matrix.shape[1]
    if columns < 2 or not candidates:
        return []
    residue = np.empty_like(matrix)
    for column in range(columns):
        others = np.delete(matrix, column, axis=1)
        rows = choose_rows(others, tolerance)
        left_out = matrix[:, column, None]
        residue[:, column] = (left_out - product(coefficients(others, rows), left_out[rows]))[:, 0]
    chosen: list[int] = []
    free = list(candidates)
    while free and len(chosen) < number:
        row = free.pop(first_largest(np.abs(residue[free]).max(axis=1)))
        chosen.append(row)
        _take_out(residue, _direction(residue[row], residue[row]))
    return chosen


def _direction(residue: npt.NDArray[np.float64], row: npt.NDArray[np.float64]) -> Matrix:
    # A unit vector along what is left of a row; zero where nothing is.
    length = _length(residue)
    if length <= _DEPENDENT * _length(row):
        return np.zeros_like(residue)
    return residue / length


def _length(vector: npt.NDArray[np.float64]) -> float:
    total = 0.0
    for number in vector.tolist():
        total += number * number
    return float(np.sqrt(total))


def _take_out(residue: Matrix, direction: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    # Subtracts from every row its part along a direction, in place, and gives these parts.
    parts = np.zeros(len(residue))
    for column in range(residue.shape[1]):
        parts = parts + residue[:, column] * direction[column]
    for column in range(residue.shape[1]):
        residue[:, column] -= parts * direction[column]
    return parts
