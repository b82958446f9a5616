"""Points of a block at which 6SV prints the same, to the last digit.

Where the sun or the view is vertical nothing depends on the azimuth. A gas that changes no digit
where it acts most (with the thickest aerosol under the most air) changes none anywhere.
"""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
import numpy.typing as npt

from sixsv_lut.reduced.block import Block
from sixsv_lut.reduced.launches import Launches


def find_gases(
    block: Block, launches: Launches
) -> Generator[list[int], npt.NDArray[np.float64], tuple[list[int], list[int]]]:
    """Find out whether ozone and water vapour change anything.

    Parameters
    ----------
    block : Block
        The block.
    launches : Launches
        Its launches.

    Yields
    ------
    list of int
        Points to launch.

    Returns
    -------
    gases : list of int
        Combinations of the gases that differ from each other.
    same_gases : list of int
        For each combination, the one of `gases` at which 6SV prints the same.
    """
    uo3, uw = block.by_size("uo3"), block.by_size("uw")
    most = block.gases(uo3[-1], uw[-1])
    least_ozone = block.gases(uo3[0], uw[-1])
    least_water = block.gases(uo3[-1], uw[0])
    place = block.pressure_and_altitude(block.by_size("psurf")[-1], block.by_size("alti")[0])
    aerosol = block.by_size("aot550")[-1]
    azimuths = dict.fromkeys((block.azimuths[0], block.azimuths[-1]))

    def at(gases: int) -> list[int]:
        return [block.point(gases, aerosol, place, azimuth) for azimuth in azimuths]

    yield from launches.launch([*at(most), *at(least_ozone), *at(least_water)])

    def same(gases: int) -> bool:
        alike = launches.gas_values[gases, place] == launches.gas_values[most, place]
        return bool(alike.all() and (launches.rho[at(gases)] == launches.rho[at(most)]).all())

    ozones = [uo3[-1]] if same(least_ozone) else sorted(uo3)
    waters = [uw[-1]] if same(least_water) else sorted(uw)
    same_gases = [
        block.gases(o if o in ozones else ozones[0], w if w in waters else waters[0])
        for o in range(len(uo3))
        for w in range(len(uw))
    ]
    return [block.gases(o, w) for o in ozones for w in waters], same_gases


def originals(block: Block, same_gases: list[int]) -> npt.NDArray[np.int64]:
    """Give for each point the one that it is a copy of, or itself.

    Parameters
    ----------
    block : Block
        The block.
    same_gases : list of int
        See `find_gases`.

    Returns
    -------
    ndarray of int64, shape (points,)
        Points.
    """
    numbers = np.arange(block.points).reshape(block.shape)
    same = numbers[same_gases][..., block.azimuths]
    return np.broadcast_to(same, block.shape).reshape(-1)
