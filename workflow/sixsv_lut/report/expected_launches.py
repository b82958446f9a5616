"""How many launches reduced launches are expected to take: from how many to how many.

The number is known only when a block is finished. Before, it follows from the number of values on
the axes, because each step of the search launches its seeds and its checks; from the number of gas
columns, which is the number of combinations of ozone and water vapour that change what 6SV prints;
and from the blocks that are finished.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sixsv_lut.campaign.batches import BlockBatches
from sixsv_lut.campaign.grid import Grid
from sixsv_lut.reduced.block import BLOCK_AXES
from sixsv_lut.reduced.search import FEWEST_POINTS
from sixsv_lut.report.state import Progress
from sixsv_lut.simulate.probe import ActingGases
from sixsv_lut.sixsv.axes import AXIS_NAMES

_ZENITH_AXES = ("thetas", "thetav")


@dataclass(frozen=True)
class LaunchRange:
    """A number of launches that is not known yet.

    Attributes
    ----------
    least, most : int
        From how many to how many are expected.
    """

    least: int
    most: int

    @property
    def middle(self) -> int:
        """The number that is expected if one must be named."""
        return (self.least + self.most) // 2


def gas_columns(grid: Grid, gases: ActingGases | None) -> tuple[int, int]:
    """Give in how many combinations of ozone and water vapour the numbers of a band differ.

    Parameters
    ----------
    grid : Grid
        The grid of the campaign.
    gases : ActingGases or None
        Which gases act in the band; None if that is not known.

    Returns
    -------
    fewest, most : int
        The same if it is known which gases act.
    """
    ozones, waters = (grid.shape[AXIS_NAMES.index(name)] for name in ("uo3", "uw"))
    if gases is None:
        return 1, ozones * waters
    columns = (ozones if gases.ozone else 1) * (waters if gases.water_vapour else 1)
    return columns, columns


def launches_of_block(
    lengths: dict[str, int], columns: tuple[int, int], hold_out: int
) -> LaunchRange:
    """Give how many launches one block is expected to take.

    The numbers that are multiplied are the ranks and the growth steps that were seen in blocks of
    OLCI and SLSTR bands, the smallest and the largest, with six aerosol models and grids of 1 to 25
    values on an axis (see ``benchmarks/README.md``).

    Parameters
    ----------
    lengths : dict of str to int
        Number of values of each axis of a block; 1 for an azimuth on which nothing depends.
    columns : tuple of int
        The fewest and the most gas columns.
    hold_out : int
        Hold-out points.

    Returns
    -------
    LaunchRange
        From how many to how many.
    """
    aerosols, azimuths = lengths["aot550"], lengths["phi"]
    places = lengths["psurf"] * lengths["alti"]
    seeds = min(5, 2 * places)
    checks = aerosols * places + 20 + hold_out
    fewest, most = columns
    states = aerosols * places * azimuths
    # Without aerosol all azimuths follow from one.
    rank = min(3 if aerosols > 1 else 1, azimuths)
    least = (
        (min(5, 2 * aerosols) if azimuths > 1 else 1) * azimuths
        + seeds * rank * aerosols
        + (3 if aerosols > 1 else 1) * places
        + round(0.7 * places * (fewest - 1))
        + round(0.8 * checks)
    )
    largest = (
        6 * azimuths
        + round(1.4 * seeds * min(5, azimuths) * aerosols)
        + (15 if most > 1 else 9) * places
        + round(1.2 * places * most)
        + checks
        + 2 * places
        + 50
    )
    # At most all that differ are launched, and copies of these: to find the gases, and to check.
    copies = 20 + hold_out
    return LaunchRange(
        min(least, fewest * states + copies), min(largest, most * states + 4 + copies)
    )


def launches_of_band(
    grid: Grid, batches: BlockBatches, gases: ActingGases | None, progress: Progress
) -> LaunchRange:
    """Give how many launches a band is expected to take, those in the store too.

    Parameters
    ----------
    grid : Grid
        The grid of the campaign.
    batches : BlockBatches
        Its batches.
    gases : ActingGases or None
        Which gases act in the band; None if that is not known.
    progress : Progress
        How far the band is. The more of its blocks are finished, the more those that are left are
        expected to be like them.

    Returns
    -------
    LaunchRange
        From how many to how many; the number itself when all blocks are finished.
    """
    finished = progress.finished_blocks
    left = batches.number_of_blocks - finished
    if not left:
        return LaunchRange(progress.finished, progress.finished)
    lengths = {name: grid.shape[AXIS_NAMES.index(name)] for name in BLOCK_AXES}
    columns = gas_columns(grid, gases)
    oblique = _of_blocks(batches, lengths, columns)
    vertical = _of_blocks(batches, lengths | {"phi": 1}, columns)
    # Where the sun or the view is vertical nothing depends on the azimuth.
    thetas, thetav = (np.count_nonzero(grid.axes[AXIS_NAMES.index(name)]) for name in _ZENITH_AXES)
    share = float(thetas * thetav) / batches.number_of_blocks
    least = share * oblique.least + (1 - share) * vertical.least
    most = share * oblique.most + (1 - share) * vertical.most
    if finished:
        mean = progress.launches_of_finished_blocks / finished
        # Squared, because blocks end in the order of their angles: those that are left differ.
        part = (finished / (finished + left)) ** 2
        least = part * mean + (1 - part) * min(least, mean)
        most = part * mean + (1 - part) * max(most, mean)
    known = progress.launches_of_finished_blocks
    return LaunchRange(
        max(progress.finished, known + round(left * least)),
        max(progress.finished, known + round(left * most)),
    )


def _of_blocks(
    batches: BlockBatches, lengths: dict[str, int], columns: tuple[int, int]
) -> LaunchRange:
    points = batches.block_points
    if points < FEWEST_POINTS:  # no point is left out
        return LaunchRange(points, points)
    expected = launches_of_block(lengths, columns, batches.hold_out)
    return LaunchRange(min(points, expected.least), min(points, expected.most))
