"""The loops over pixels, compiled by numba on the first call and kept on disk for the next ones.

Importing this module imports numba, which takes most of a second: it is imported where the first
pixels are interpolated, and not before.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@njit(nogil=True, cache=True, error_model="numpy")
def cells_of(nodes: Floats, first: Integers, lengths: Integers, coordinates: Floats) -> Integers:
    """Give the number of the cell of the grid in which each pixel lies.

    Parameters
    ----------
    nodes : ndarray of float64
        The values of all axes, one axis after the other.
    first, lengths : ndarray of int64, shape (axes,)
        Where each axis begins in it, and how many values it has.
    coordinates : ndarray of float64, shape (axes, pixels)
        The values of the pixels.

    Returns
    -------
    ndarray of int64, shape (pixels,)
        Numbers that are the same for pixels of the same cell, and near for those of near cells.
    """
    axes, pixels = coordinates.shape
    cells = np.zeros(pixels, np.int64)
    for axis in range(axes):
        start = first[axis]
        length = lengths[axis]
        i = 0
        for pixel in range(pixels):
            x = coordinates[axis, pixel]
            while i > 0 and x < nodes[start + i]:
                i -= 1
            while i < length - 2 and x >= nodes[start + i + 1]:
                i += 1
            cells[pixel] = cells[pixel] * length + i
    return cells


@njit(nogil=True, cache=True, error_model="numpy")
def interpolate_pixels(
    table: npt.NDArray[Any],
    strides: Integers,
    nodes: Floats,
    first: Integers,
    lengths: Integers,
    neighbours: Integers,
    lowest: Floats,
    highest: Floats,
    coordinates: Floats,
    order: Integers,
    out: Floats,
    start_of_block: int,
) -> int:
    """Interpolate all quantities at the pixels of a block.

    A value that is on a node takes nothing from its neighbours, so that nodes are reproduced to the
    last digit, also beside points that failed. All arithmetic is in double precision, in an
    order that depends on nothing but the table and the pixel.

    Parameters
    ----------
    table : ndarray of float32 or float64
        The quantities of each point side by side, points with the last axis fastest, as one row.
    strides : ndarray of int64, shape (axes,)
        From one value of an axis to the next, in elements of the table.
    nodes, first, lengths
        The grid, as in `cells_of`.
    neighbours : ndarray of int64, shape (axes,)
        How many values of an axis are used: 2 for linear, 4 for cubic interpolation.
    lowest, highest : ndarray of float64, shape (axes,)
        Values outside of these give NaN; those between them and the ends of the axis are on its
        ends.
    coordinates : ndarray of float64, shape (axes, pixels)
        The values of the pixels.
    order : ndarray of int64, shape (pixels,)
        In which order to visit them.
    out : ndarray of float64, shape (quantities, all pixels)
        The results.
    start_of_block : int
        Where the results of the block begin in it.

    Returns
    -------
    int
        How many pixels have NaN because a point failed that they need.
    """
    axes, pixels = coordinates.shape
    quantities = out.shape[0]
    most = 1
    for axis in range(axes):
        most *= neighbours[axis]
    weights = np.empty(most)
    offsets = np.empty(most, np.int64)
    cell = np.zeros(axes, np.int64)
    weight = np.empty(4)
    failed = 0
    for visit in range(pixels):
        pixel = order[visit]
        count = 1
        weights[0] = 1.0
        offsets[0] = 0
        inside = True
        for axis in range(axes):
            x = coordinates[axis, pixel]
            if not (lowest[axis] <= x <= highest[axis]):
                inside = False
                break
            start = first[axis]
            last = lengths[axis] - 1
            x = min(max(x, nodes[start]), nodes[start + last])
            # From the cell of the pixel before, which is often the same.
            i = cell[axis]
            while i > 0 and x < nodes[start + i]:
                i -= 1
            while i < last - 1 and x >= nodes[start + i + 1]:
                i += 1
            cell[axis] = i
            stride = strides[axis]
            if x == nodes[start + i] or x == nodes[start + i + 1]:
                shift = stride * (i if x == nodes[start + i] else i + 1)
                for j in range(count):
                    offsets[j] += shift
                continue
            if neighbours[axis] == 2:
                fraction = (x - nodes[start + i]) / (nodes[start + i + 1] - nodes[start + i])
                lower = stride * i
                upper = lower + stride
                for j in range(count):
                    weights[count + j] = weights[j] * fraction
                    offsets[count + j] = offsets[j] + upper
                    weights[j] *= 1.0 - fraction
                    offsets[j] += lower
                count *= 2
                continue
            lower_node = min(max(i - 1, 0), last - 3)
            for t in range(4):
                product = 1.0
                here = nodes[start + lower_node + t]
                for u in range(4):
                    if u != t:
                        there = nodes[start + lower_node + u]
                        product *= (x - there) / (here - there)
                weight[t] = product
            for t in range(3, -1, -1):
                shift = stride * (lower_node + t)
                for j in range(count):
                    weights[t * count + j] = weights[j] * weight[t]
                    offsets[t * count + j] = offsets[j] + shift
            count *= 4
        at = start_of_block + pixel
        if not inside:
            for quantity in range(quantities):
                out[quantity, at] = np.nan
            continue
        good = True
        # Five quantities at a time, as many as a table has: their sums stay in registers. Where
        # there are less, the last one is summed more than once.
        for quantity in range(0, quantities, 5):
            more = quantities - quantity - 1
            d1, d2, d3, d4 = min(1, more), min(2, more), min(3, more), min(4, more)
            s0 = s1 = s2 = s3 = s4 = 0.0
            for j in range(count):
                w = weights[j]
                k = offsets[j] + quantity
                s0 += w * table[k]
                s1 += w * table[k + d1]
                s2 += w * table[k + d2]
                s3 += w * table[k + d3]
                s4 += w * table[k + d4]
            out[quantity, at] = s0
            if more > 0:
                out[quantity + 1, at] = s1
            if more > 1:
                out[quantity + 2, at] = s2
            if more > 2:
                out[quantity + 3, at] = s3
            if more > 3:
                out[quantity + 4, at] = s4
            total = s0 + s1 + s2 + s3 + s4
            good = good and total == total
        if not good:
            failed += 1
    return failed
