"""What a search has launched so far."""

from __future__ import annotations

from collections.abc import Generator, Iterable

import numpy as np
import numpy.typing as npt

from sixsv_lut.reduced.block import GAS_VALUES, RHO, SCATTERING_VALUES, Block

# Lists of points are yielded, and rows of `sixsv_lut.reduced.block.VALUES` are sent for each.
Launching = Generator[list[int], npt.NDArray[np.float64], None]


class LaunchAllError(Exception):
    """Nothing can be derived in this block, for a reason that is told."""


class Launches:
    """The launches of a block that were asked for.

    Parameters
    ----------
    block : Block
        The block.

    Attributes
    ----------
    done : ndarray of bool, shape (points,)
        Which points were launched.
    rho : ndarray of float64, shape (points,)
        Their rho_atm; NaN elsewhere, and where the launch failed.
    gas_values : ndarray of float64, shape (gases, places, 3)
        The transmittances of the gases, as far as they are known.
    scattering_values : ndarray of float64, shape (aerosols, places, 4)
        Those of scattering, and the spherical albedo.
    same_gases : list of int
        For each combination of the gases, the one at which 6SV prints the same.
    """

    def __init__(self, block: Block) -> None:
        self._block = block
        gases, aerosols, places, _ = block.shape
        self.done = np.zeros(block.points, dtype=bool)
        self.rho = np.full(block.points, np.nan)
        self.gas_values = np.full((gases, places, len(GAS_VALUES)), np.nan)
        self.scattering_values = np.full((aerosols, places, len(SCATTERING_VALUES)), np.nan)
        self.same_gases = list(range(gases))

    def launch(self, points: Iterable[int]) -> Launching:
        """Ask for those points that were not launched yet, and note what comes.

        Raises
        ------
        LaunchAllError
            6SV printed different numbers where it always prints the same.
        """
        new = [point for point in dict.fromkeys(points) if not self.done[point]]
        if not new:
            return
        values = yield new
        self.done[new] = True
        self.rho[new] = values[:, RHO]
        for point, numbers in zip(new, values, strict=True):
            if not np.isnan(numbers[RHO]):
                gases, aerosol, place, _ = self._block.indices(point)
                same = self.same_gases[gases]
                _note(self.gas_values[same, place], numbers[GAS_VALUES])
                _note(self.scattering_values[aerosol, place], numbers[SCATTERING_VALUES])

    def launch_needed(self, points: Iterable[int]) -> Launching:
        """Launch points that no others can replace.

        Raises
        ------
        LaunchAllError
            A launch failed.
        """
        points = list(points)
        yield from self.launch(points)
        if self.failed(points):
            raise LaunchAllError("a launch failed that nothing can replace")

    def failed(self, points: Iterable[int]) -> bool:
        """Tell whether a launch of some points has failed."""
        asked = list(points)
        return bool((self.done[asked] & np.isnan(self.rho[asked])).any())

    def errors(
        self, values: npt.NDArray[np.float64], points: Iterable[int]
    ) -> npt.NDArray[np.float64]:
        """Give by how much rho_atm of some points differs from that of their launches.

        Parameters
        ----------
        values : ndarray of float64, shape (n,)
            Interpolated values.
        points : iterable of int, n of them
            Their points.

        Returns
        -------
        ndarray of float64, shape (n,)
            The absolute differences; 0 where there is no good launch.
        """
        differences = np.abs(values - self.rho[np.array(list(points), dtype=np.int64)])
        return np.where(np.isnan(differences), 0.0, differences)


def _note(known: npt.NDArray[np.float64], printed: npt.NDArray[np.float64]) -> None:
    if np.isnan(known).any():
        known[:] = printed
    elif (known != printed).any():
        raise LaunchAllError("6SV printed different transmittances where they are always alike")
