"""Blocks with made-up values, recorded blocks, and what stands for the launches of a search."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sixsv_lut.campaign.promise import Promise
from sixsv_lut.reduced.block import GAS_VALUES, RHO, SCATTERING_VALUES, VALUES, Block
from sixsv_lut.reduced.search import search
from sixsv_lut.reduced.skeleton import DerivedBlock, Skeleton, derive
from unit.support import DATA

Values = npt.NDArray[np.float64]
# Factors of one term of rho_atm, over gases, aerosols, places and azimuths.
Term = tuple[Values, Values, Values, Values]

PROMISE = Promise(1e-5)


def block_of(
    uo3: int = 2,
    uw: int = 3,
    aot550: int = 5,
    psurf: int = 3,
    alti: int = 2,
    phi: int = 7,
    *,
    thetas: float = 40.0,
    thetav: float = 20.0,
) -> Block:
    """Give a block with so many values on each axis."""
    numbers = (uo3, uw, aot550, psurf, alti, phi)
    return Block(
        tuple(tuple(float(10 + value) for value in range(number)) for number in numbers),
        thetas,
        thetav,
    )


def separable(block: Block, rank: int, seed: int = 1) -> Values:
    """Make rho_atm, in the shape of the block, as a sum of so many products over its axes."""
    rng = np.random.default_rng(seed)
    gases, aerosols, places, azimuths = block.shape
    if len(block.azimuths) == 1:
        azimuths = 1
    total = np.zeros((gases, aerosols, places, azimuths))
    for term in range(rank):
        total += (
            0.2
            * 0.3**term
            * np.einsum(
                "g,a,k,f->gakf",
                *(0.2 + 0.8 * rng.random(number) for number in (gases, aerosols, places, azimuths)),
            )
        )
    return np.broadcast_to(total, block.shape).copy()


def printed(block: Block, rho: Values, seed: int = 1, decimals: int | None = 7) -> Values:
    """Add made-up transmittances to rho_atm, with the structure that 6SV's have."""
    rng = np.random.default_rng(seed)
    gases, aerosols, places, _ = block.shape
    values = np.empty((*block.shape, len(VALUES)))
    values[..., RHO] = rho if decimals is None else np.round(rho, decimals)
    by_gases = np.round(rng.random((gases, 1, places, 1, len(GAS_VALUES))), 5)
    by_aerosol = np.round(rng.random((1, aerosols, places, 1, len(SCATTERING_VALUES))), 5)
    values[..., GAS_VALUES] = by_gases
    values[..., SCATTERING_VALUES] = by_aerosol
    return values.reshape(-1, len(VALUES))


@dataclass(frozen=True)
class Found:
    """What a search did.

    Attributes
    ----------
    skeleton : Skeleton
        What it gave.
    requests : list of list of int
        What it asked for.
    launched : ndarray of bool
        The same, as a mask.
    result : DerivedBlock
        What was derived from it.
    """

    skeleton: Skeleton
    requests: list[list[int]]
    launched: npt.NDArray[np.bool_]
    result: DerivedBlock

    @property
    def launches(self) -> int:
        return int(np.count_nonzero(self.launched))

    def errors(self, values: Values) -> Values:
        """Give the errors of the derived values of rho_atm."""
        derived = self.result.derived
        return np.abs(self.result.values[derived, RHO] - values[derived, RHO])


def find(
    block: Block,
    values: Values,
    promise: Promise = PROMISE,
    *,
    fingerprint: str = "f",
    hold_out: int = 20,
    launch: Callable[[Sequence[int]], Values] | None = None,
) -> Found:
    """Run a search on values that are known."""
    launch = launch or (lambda points: values[points])
    launched = np.zeros(block.points, dtype=bool)
    requests = []
    running = search(block, promise, fingerprint, hold_out)
    wanted = next(running)
    while True:
        assert wanted, "a search asks for something or ends"
        assert len(set(wanted)) == len(wanted)
        assert not launched[wanted].any(), "no point is launched twice"
        launched[wanted] = True
        requests.append(wanted)
        try:
            wanted = running.send(launch(wanted))
        except StopIteration as ended:
            skeleton = ended.value
            break
    known = np.where(launched[:, None], values, np.nan)
    return Found(skeleton, requests, launched, derive(block, skeleton, launched, known))


def recorded(band: str) -> tuple[Block, Values]:
    """Give a block all of whose points were launched with 6SV, and what 6SV printed."""
    with np.load(DATA / "reduced_blocks" / f"{band}.npz") as file:
        names = ("uo3", "uw", "aot550", "psurf", "alti", "phi")
        block = Block(
            tuple(tuple(file[name].tolist()) for name in names), *file["zeniths"].tolist()
        )
        values = np.empty((block.points, len(VALUES)))
        values[:, RHO] = file["rho"] / 1e7
        values[:, [i for i in range(len(VALUES)) if i != RHO]] = file["others"] / 1e5
    return block, values
