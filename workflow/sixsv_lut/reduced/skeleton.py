"""The skeleton of a block: which of its launches all its other values are computed from, and how.

What 6SV prints has this structure (see `VALUES` for the numbers):

- The transmittances of the gases depend on (gases, pressure and altitude) alone, those of
  scattering and the spherical albedo on (aerosol, pressure and altitude) alone. So they are copied
  from a launch of the block, to the printed digit.
- rho_atm, as an array v[g, a, k, f] over gases g, aerosol a, pressure and altitude k, azimuth f,
  has a low numerical rank. It is interpolated in four nested steps, each from rows of a matrix of
  launched values, its pivots (see `sixsv_lut.reduced.arithmetic`):

  azimuth   v[g,a,k,f] = sum over the pivots f' of E[f,f'] v[g,a,k,f'];
            E from the columns at some (a, k, g), the seeds
  aerosol   v[g,a,k,f'] = sum over the pivots (f'',a'') of E[(f',a),(f'',a'')] v[g,a'',k,f''];
            E from seeds (k, g)
  gases     for each k, v[g,a'',k,f''] = sum over some of these pivots; E from seeds g.
            The first of them is launched for all gases at every k
  columns   for the others, v[g,...] = sum over the pivots g' of E[g,g'] v[g',...];
            E from the first pivots at all k, and from seeds (k, pivot) that are launched for all g

The choice of seeds and pivots is `sixsv_lut.reduced.search`'s. Here nothing is decided: the same
skeleton and the same launches give the same values, bit for bit.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from sixsv_lut.reduced.arithmetic import Matrix, coefficients, product
from sixsv_lut.reduced.block import GAS_VALUES, RHO, SCATTERING_VALUES, VALUES, Block
from sixsv_lut.reduced.copies import originals
from sixsv_lut.sixsv.report import EXACT_OUTPUTS, Exact


class Method(StrEnum):
    """How the values of a block that were not launched are computed."""

    LAUNCHED = "launched"
    """Not at all: all points were launched."""
    COPIED = "copied"
    """Every point that differs from all others was launched; the others are copies."""
    INTERPOLATED = "interpolated"


@dataclass
class Skeleton:
    """What derives the points of a block that were not launched.

    Attributes
    ----------
    method : Method
        How they are derived.
    gases : list of int
        Combinations of the gases that make a difference.
    same_gases : list of int
        For each combination, the one of `gases` at which 6SV prints the same.
    azimuth_seeds : list of [aerosol, place, gases]
        Columns of the first step; `place` is an index of pressure and altitude.
    aerosol_seeds : list of [place, gases]
        Columns of the second step.
    gas_seeds : list of int
        Columns of the third step: combinations of the gases.
    column_seeds : list of [place, row]
        Columns of the fourth step beside those that are launched in any case; `row` is a position
        in `aerosol_pivots`.
    azimuth_pivots : list of int
        Azimuths.
    aerosol_pivots : list of [azimuth, aerosol]
        Pairs that are pivots of the second step.
    gas_pivots : list of list of int
        For each place, positions in `aerosol_pivots`.
    column_pivots : list of int
        Combinations of the gases.
    draw : int
        Which draw of hold-out points of the band this is.
    tolerance : float
        By how much a launched value may differ from its interpolation: half of what is promised, or
        less if it is not the first draw.
    pivot_tolerance : float
        The tolerance with which the pivots were chosen.
    largest : float
        The largest rho_atm of the first launches of the block, what a relative promise refers to.
    growth : list of str
        What was added where interpolation failed, step by step.
    rounds : int
        How many times fresh checks were drawn.
    fresh : list of int
        The points of the last fresh checks.
    hold_out : list of int
        Points that were launched only to state the error. They are drawn from all derived points.
    reason : str
        Why all points were launched, or empty.
    """

    method: Method = Method.INTERPOLATED
    gases: list[int] = field(default_factory=list)
    same_gases: list[int] = field(default_factory=list)
    azimuth_seeds: list[list[int]] = field(default_factory=list)
    aerosol_seeds: list[list[int]] = field(default_factory=list)
    gas_seeds: list[int] = field(default_factory=list)
    column_seeds: list[list[int]] = field(default_factory=list)
    azimuth_pivots: list[int] = field(default_factory=list)
    aerosol_pivots: list[list[int]] = field(default_factory=list)
    gas_pivots: list[list[int]] = field(default_factory=list)
    column_pivots: list[int] = field(default_factory=list)
    draw: int = 1
    tolerance: float = 0.0
    pivot_tolerance: float = 0.0
    largest: float = 0.0
    growth: list[str] = field(default_factory=list)
    rounds: int = 0
    fresh: list[int] = field(default_factory=list)
    hold_out: list[int] = field(default_factory=list)
    reason: str = ""

    @property
    def ranks(self) -> tuple[int, int, int, int]:
        """Numbers of pivots of the four steps; of the third, the largest of all places."""
        gas_rank = max(map(len, self.gas_pivots), default=0)
        return (
            len(self.azimuth_pivots),
            len(self.aerosol_pivots),
            gas_rank,
            len(self.column_pivots),
        )

    def to_json(self) -> str:
        """Write the skeleton as JSON; the same skeleton always gives the same text."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Skeleton:
        """Read a skeleton that `to_json` wrote.

        Raises
        ------
        ValueError
            The text is not a skeleton.
        """
        return cls.of_content(json.loads(text))

    @classmethod
    def of_content(cls, content: Any) -> Skeleton:
        """Read a skeleton from what its JSON holds; see `from_json`."""
        if not isinstance(content, dict) or set(content) != {item.name for item in fields(cls)}:
            raise ValueError("is not the skeleton of a block")
        return cls(**(content | {"method": Method(content["method"])}))


@dataclass(frozen=True)
class DerivedBlock:
    """All values of a block.

    Attributes
    ----------
    values : ndarray of float64, shape (points, 8)
        `VALUES` of each point: as launched, or derived; NaN where the launch failed.
    derived : ndarray of bool, shape (points,)
        Which points were not launched.
    hold_out_errors : ndarray of float64, shape (n,)
        By how much rho_atm of each hold-out point differs from what was derived for it. None if no
        point of the block is derived.
    """

    values: npt.NDArray[np.float64]
    derived: npt.NDArray[np.bool_]
    hold_out_errors: npt.NDArray[np.float64]


def derive(
    block: Block,
    skeleton: Skeleton,
    launched: npt.NDArray[np.bool_],
    values: npt.NDArray[np.float64],
) -> DerivedBlock:
    """Compute the values of the points of a block that were not launched.

    Parameters
    ----------
    block : Block
        The block.
    skeleton : Skeleton
        Its skeleton.
    launched : ndarray of bool, shape (points,)
        The points that the search for this skeleton asked for, no more and no less.
    values : ndarray of float64, shape (points, 8)
        `VALUES` of these, NaN where the launch failed. Other rows are not looked at.

    Returns
    -------
    DerivedBlock
        All values.

    Raises
    ------
    ValueError
        A launch is missing that the skeleton needs.
    """
    known = np.where(launched[:, None], values, np.nan)
    if skeleton.method is Method.LAUNCHED:
        if not launched.all():
            raise ValueError(f"{np.count_nonzero(~launched)} launches of the block are missing")
        return DerivedBlock(known, ~launched, np.zeros(0))
    rho = interpolate(block, skeleton, known[:, RHO])
    computed = np.empty_like(known)
    computed[:, RHO] = rho
    _copy_transmittances(block, skeleton, known, computed)
    if np.isnan(computed[~launched]).any():
        raise ValueError("launches are missing from which values of the block are derived")
    hold_out = np.array([] if launched.all() else skeleton.hold_out, dtype=np.int64)
    if np.isnan(known[hold_out, RHO]).any():
        raise ValueError("hold-out launches are missing")
    return DerivedBlock(
        np.where(launched[:, None], known, computed),
        ~launched,
        np.abs(rho[hold_out] - known[hold_out, RHO]),
    )


def interpolate(
    block: Block, skeleton: Skeleton, rho: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Compute rho_atm of all points of a block from its skeleton.

    Parameters
    ----------
    block : Block
        The block.
    skeleton : Skeleton
        Its skeleton; not one of method ``LAUNCHED``.
    rho : ndarray of float64, shape (points,)
        Launched rho_atm; NaN elsewhere.

    Returns
    -------
    ndarray of float64, shape (points,)
        Interpolated or copied rho_atm of every point, also where it was launched.
    """
    if skeleton.method is Method.COPIED:
        return rho[originals(block, skeleton.same_gases)]
    distinct = Interpolation(block, skeleton, rho.reshape(block.shape)).all_values()
    # Everything else is a copy: of the gases, and of the azimuth where there is but one.
    where = [skeleton.gases.index(gases) for gases in skeleton.same_gases]
    return np.broadcast_to(distinct[where], block.shape).reshape(-1)


class Interpolation:
    """The four steps of the interpolation of rho_atm.

    Parameters
    ----------
    block : Block
        The block.
    skeleton : Skeleton
        Its skeleton, of which only the steps that are used need to be there.
    rho : ndarray of float64, shape of the block
        Launched rho_atm.
    """

    def __init__(self, block: Block, skeleton: Skeleton, rho: npt.NDArray[np.float64]) -> None:
        self._block = block
        self._skeleton = skeleton
        self._rho = rho

    def azimuth_matrix(self) -> Matrix:
        """Give the matrix of the first step: azimuths by seeds."""
        seeds = self._skeleton.azimuth_seeds
        return np.stack([self._rho[g, a, k, self._block.azimuths] for a, k, g in seeds], axis=1)

    def azimuth_coefficients(self) -> Matrix:
        """Give the coefficients of the first step: azimuths by pivots."""
        return coefficients(self.azimuth_matrix(), self._skeleton.azimuth_pivots)

    def aerosol_rows(self) -> list[list[int]]:
        """Give the rows of the second step: every pivot azimuth with every aerosol."""
        aerosols = range(self._block.shape[1])
        return [[f, a] for f in self._skeleton.azimuth_pivots for a in aerosols]

    def aerosol_matrix(self) -> Matrix:
        """Give the matrix of the second step: `aerosol_rows` by seeds."""
        seeds = self._skeleton.aerosol_seeds
        return np.array(
            [[self._rho[g, a, k, f] for k, g in seeds] for f, a in self.aerosol_rows()],
            dtype=np.float64,
        )

    def aerosol_coefficients(self) -> Matrix:
        """Give the coefficients of the second step: `aerosol_rows` by pivots."""
        rows = self.aerosol_rows()
        pivots = [rows.index(pair) for pair in self._skeleton.aerosol_pivots]
        return coefficients(self.aerosol_matrix(), pivots)

    def gas_matrix(self, place: int) -> Matrix:
        """Give the matrix of the third step at a place: pivots of the second by seeds."""
        pairs = self._skeleton.aerosol_pivots
        seeds = self._skeleton.gas_seeds
        return np.array(
            [[self._rho[g, a, place, f] for g in seeds] for f, a in pairs], dtype=np.float64
        )

    def gas_coefficients(self, place: int) -> Matrix:
        """Give the coefficients of the third step: pivots of the second by those of the third."""
        return coefficients(self.gas_matrix(place), self._skeleton.gas_pivots[place])

    def column(self, place: int, row: int) -> npt.NDArray[np.float64]:
        """Give the launched values of a pivot of the second step at a place, for all gases."""
        azimuth, aerosol = self._skeleton.aerosol_pivots[row]
        return self._rho[self._skeleton.gases, aerosol, place, azimuth]

    def column_matrix(self) -> Matrix:
        """Give the matrix of the fourth step: gases by seeds."""
        first = [(place, rows[0]) for place, rows in enumerate(self._skeleton.gas_pivots)]
        seeds = [(place, row) for place, row in self._skeleton.column_seeds]
        return np.stack([self.column(place, row) for place, row in first + seeds], axis=1)

    def column_coefficients(self) -> Matrix:
        """Give the coefficients of the fourth step: gases by pivots."""
        return coefficients(self.column_matrix(), self._column_rows())

    def _column_rows(self) -> list[int]:
        return [self._skeleton.gases.index(gases) for gases in self._skeleton.column_pivots]

    def columns(self, place: int, column_coefficients: Matrix) -> Matrix:
        """Give the pivots of the third step at a place, for all gases: launched or interpolated."""
        pivots = self._column_rows()
        first, *others = self._skeleton.gas_pivots[place]
        rows = [self.column(place, first)]
        for row in others:
            launched = self.column(place, row)[pivots]
            rows.append(product(column_coefficients, launched[:, None])[:, 0])
        return np.stack(rows)

    def aerosol_pivot_values(self) -> npt.NDArray[np.float64]:
        """Give the pivots of the second step: shape (pivots, places, gases)."""
        by_columns = self.column_coefficients()
        places = range(self._block.shape[2])
        return np.stack(
            [product(self.gas_coefficients(k), self.columns(k, by_columns)) for k in places], axis=1
        )

    def all_values(self) -> npt.NDArray[np.float64]:
        """Give all values that differ: shape (gases, aerosols, places, azimuths)."""
        pivots = self.aerosol_pivot_values()
        number, places, gases = pivots.shape
        aerosols = self._block.shape[1]
        rows = product(self.aerosol_coefficients(), pivots.reshape(number, -1))
        rows = rows.reshape(len(self._skeleton.azimuth_pivots), -1)
        values = product(self.azimuth_coefficients(), rows)
        return values.reshape(-1, aerosols, places, gases).transpose(3, 1, 2, 0)


def copy_exact_outputs(
    block: Block,
    skeleton: Skeleton,
    launched: npt.NDArray[np.bool_],
    known: npt.NDArray[np.float64],
    names: Sequence[str],
) -> None:
    """Copy further numbers of 6SV's report to the points that were not launched.

    Parameters
    ----------
    block : Block
        The block.
    skeleton : Skeleton
        Its skeleton.
    launched : ndarray of bool, shape (points,)
        The points that were launched.
    known : ndarray of float64, shape (points, n)
        Numbers of the launches, NaN where they failed; filled where nothing was launched. The
        first columns are `VALUES`, which are left as they are.
    names : sequence of str
        Names of the columns.

    Raises
    ------
    ValueError
        Launches that 6SV prints alike in that column differ.
    """
    gases, aerosols, places, _ = np.unravel_index(np.arange(block.points), block.shape)
    of_gases = np.array(skeleton.same_gases)[gases] * block.shape[2] + places
    of_scattering = aerosols * block.shape[2] + places
    good = ~np.isnan(known[:, RHO])
    for column in range(len(VALUES), len(names)):
        by_gases = EXACT_OUTPUTS[names[column]] is Exact.BY_GASES
        state = of_gases if by_gases else of_scattering
        printed = np.full(int(state.max()) + 1, np.nan)
        printed[state[good]] = known[good, column]
        if not np.array_equal(printed[state[good]], known[good, column], equal_nan=True):
            raise ValueError(f"6SV printed different numbers as {names[column]} at like points")
        known[~launched, column] = printed[state[~launched]]


def _copy_transmittances(
    block: Block,
    skeleton: Skeleton,
    known: npt.NDArray[np.float64],
    computed: npt.NDArray[np.float64],
) -> None:
    gases, aerosols, places, _ = np.unravel_index(np.arange(block.points), block.shape)
    gases = np.array(skeleton.same_gases)[gases]
    good = np.flatnonzero(~np.isnan(known[:, RHO]))
    # All launches that are possible sources of a number have the same one.
    by_gases = np.full((block.shape[0], block.shape[2], len(VALUES)), np.nan)
    by_gases[gases[good], places[good]] = known[good]
    by_aerosol = np.full((block.shape[1], block.shape[2], len(VALUES)), np.nan)
    by_aerosol[aerosols[good], places[good]] = known[good]
    computed[:, GAS_VALUES] = by_gases[gases, places][:, GAS_VALUES]
    computed[:, SCATTERING_VALUES] = by_aerosol[aerosols, places][:, SCATTERING_VALUES]
