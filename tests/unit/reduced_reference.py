"""The interpolation in plain Python, number by number: what IEEE 754 defines, and nothing else."""

from __future__ import annotations

import math

from sixsv_lut.reduced.block import RHO, Block
from sixsv_lut.reduced.skeleton import Skeleton
from unit.reduced_support import Values


def plain_length(vector: list[float]) -> float:
    total = 0.0
    for number in vector:
        total += number * number
    return math.sqrt(total)


def plain_direction(residue: list[float], row: list[float]) -> list[float]:
    length = plain_length(residue)
    if length <= 1e-9 * plain_length(row):
        return [0.0] * len(residue)
    return [number / length for number in residue]


def plain_take_out(residue: list[list[float]], direction: list[float]) -> list[float]:
    parts = []
    for row in residue:
        part = 0.0
        for number, along in zip(row, direction, strict=True):
            part += number * along
        parts.append(part)
        for column, along in enumerate(direction):
            row[column] -= part * along
    return parts


def plain_choose_rows(matrix: list[list[float]], tolerance: float, keep: list[int]) -> list[int]:
    residue = [list(row) for row in matrix]
    rows = list(keep)
    for row in rows:
        plain_take_out(residue, plain_direction(residue[row], matrix[row]))
    while len(rows) < min(len(matrix), len(matrix[0])):
        sizes = [max(abs(number) for number in row) for row in residue]
        if rows and max(sizes) <= tolerance:
            break
        row = next(i for i, size in enumerate(sizes) if size >= max(sizes) * (1 - 1e-6))
        if row in rows:
            break
        rows.append(row)
        plain_take_out(residue, plain_direction(residue[row], matrix[row]))
    return rows


def plain_coefficients(matrix: list[list[float]], rows: list[int]) -> list[list[float]]:
    residue = [list(row) for row in matrix]
    directions, parts = [], []
    for row in rows:
        directions.append(plain_direction(residue[row], matrix[row]))
        parts.append(plain_take_out(residue, directions[-1]))
    result = []
    for line in range(len(matrix)):
        left = [part[line] for part in parts]
        weights = [0.0] * len(rows)
        for inner in reversed(range(len(rows))):
            if not any(directions[inner]):
                continue
            weights[inner] = left[inner] / parts[inner][rows[inner]]
            for before in range(inner):
                left[before] -= weights[inner] * parts[before][rows[inner]]
        result.append(weights)
    for inner, row in enumerate(rows):
        result[row] = [float(inner == other) for other in range(len(rows))]
    return result


def plain_sum(weights: list[float], numbers: list[float]) -> float:
    total = 0.0
    for weight, number in zip(weights, numbers, strict=True):
        total += weight * number
    return total


def plain_interpolate(block: Block, skeleton: Skeleton, values: Values) -> list[float]:
    """Compute rho_atm of all points of a block from launches that a skeleton names."""

    def rho(g: int, a: int, k: int, f: int) -> float:
        return float(values[block.point(g, a, k, f), RHO])

    aerosols, places = range(block.shape[1]), range(block.shape[2])
    by_azimuth = plain_coefficients(
        [[rho(g, a, k, f) for a, k, g in skeleton.azimuth_seeds] for f in block.azimuths],
        skeleton.azimuth_pivots,
    )
    rows = [[f, a] for f in skeleton.azimuth_pivots for a in aerosols]
    by_aerosol = plain_coefficients(
        [[rho(g, a, k, f) for k, g in skeleton.aerosol_seeds] for f, a in rows],
        [rows.index(pair) for pair in skeleton.aerosol_pivots],
    )
    by_gases = [
        plain_coefficients(
            [[rho(g, a, k, f) for g in skeleton.gas_seeds] for f, a in skeleton.aerosol_pivots],
            skeleton.gas_pivots[k],
        )
        for k in places
    ]

    def pivot(k: int, row: int, g: int) -> float:
        f, a = skeleton.aerosol_pivots[row]
        return rho(g, a, k, f)

    seeds = [(k, skeleton.gas_pivots[k][0]) for k in places]
    seeds += [(k, row) for k, row in skeleton.column_seeds]
    by_columns = plain_coefficients(
        [[pivot(k, row, g) for k, row in seeds] for g in skeleton.gases],
        [skeleton.gases.index(g) for g in skeleton.column_pivots],
    )

    def column(k: int, place_in_pivots: int, g: int) -> float:
        row = skeleton.gas_pivots[k][place_in_pivots]
        if place_in_pivots == 0:
            return pivot(k, row, g)
        weights = by_columns[skeleton.gases.index(g)]
        return plain_sum(weights, [pivot(k, row, other) for other in skeleton.column_pivots])

    def value(g: int, a: int, k: int, f: int) -> float:
        columns = [column(k, number, g) for number in range(len(skeleton.gas_pivots[k]))]
        pivots = [plain_sum(weights, columns) for weights in by_gases[k]]
        at_azimuths = [
            plain_sum(by_aerosol[rows.index([pivot_f, a])], pivots)
            for pivot_f in skeleton.azimuth_pivots
        ]
        return plain_sum(by_azimuth[f], at_azimuths)

    result = []
    for point in range(block.points):
        g, a, k, f = block.indices(point)
        result.append(value(skeleton.same_gases[g], a, k, f if f in block.azimuths else 0))
    return result
