"""Reduced launches of a 6SV with noise or steps in rho_atm, whose true errors are all known.

All points of a small campaign are launched with the real 6SV, once. In each case noise or a step is
added to the rho_atm that it printed, which is then rounded as 6SV rounds, and every block is
searched as the workflow does it. As all values are known, so is the true error of every derived
one. The seeds draw the noise, and all that a search draws. Prints one JSON object for each case and
seed, and at last a table:

launches         of all points
whole            blocks of which all points were launched
stated           the bound of the statement: the largest error of the hold-out points
largest          the largest error of all values that were derived, those of the hold-out points too
above            share of these that err by more than the bound, the mean of all blocks
above_left       the same of those values that are in the table: without the hold-out points, which
                 are launched by then
above_tolerance  share of the values in the table that err by more than the tolerance
outcome          refused: the hold-out points err by more than the tolerance, and no table is made;
                 true: the statement is; false: more than a thousandth of the values is above the
                 bound, which the statement's confidence allows in one of twenty cases; broken: more
                 than a thousandth is above the tolerance

Launches are kept in a file, so that the command can be interrupted and given again.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from reduced_blocks import KeptLaunches

from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.campaign.configuration import Configuration, validate
from sixsv_lut.campaign.hold_out import LEFT_OUT, points_of_block, statement
from sixsv_lut.campaign.promise import Promise
from sixsv_lut.campaign.recipe import make_recipe
from sixsv_lut.reduced.block import RHO, VALUES, Block
from sixsv_lut.reduced.search import search
from sixsv_lut.reduced.skeleton import Method, derive, interpolate
from sixsv_lut.sixsv.axes import AXIS_NAMES
from sixsv_lut.sixsv.instruments import find_band

# 9 blocks of 1,056 points; without aerosol, because that is fast.
AXES: dict[str, Any] = {
    "uo3": [0.3],
    "uw": [0.5, 2, 4, 6],
    "aot550": [0],
    "psurf": [650, 720, 790, 850, 900, 950, 1000, 1050],
    "alti": [0, 1, 3],
    "phi": {"start": 0, "stop": 180, "step": 18},
    "thetas": [10, 25, 40],
    "thetav": [5, 20, 35],
}

Values = npt.NDArray[np.float64]
# What is added to rho_atm: points of shape (n, 8) and a seed give n numbers.
Disturbance = Callable[[Values, int], Values]


def noise(amplitude: float) -> Disturbance:
    """Make noise of a uniform distribution, a hash of the point."""

    def disturb(points: Values, seed: int) -> Values:
        numbers = [
            int.from_bytes(hashlib.sha256(b"%d " % seed + point.tobytes()).digest()[:6], "big")
            for point in points
        ]
        return amplitude * (np.array(numbers) / 2.0**47 - 1)

    return disturb


def step(height: float, **where: tuple[float, float]) -> Disturbance:
    """Make a step: added where all of some values are within limits, both included."""

    def disturb(points: Values, _seed: int) -> Values:
        inside = np.ones(len(points), dtype=bool)
        for name, (low, high) in where.items():
            column = points[:, AXIS_NAMES.index(name)]
            inside &= (column >= low) & (column <= high)
        return height * inside

    return disturb


CASES: dict[str, Disturbance] = {
    "nothing": noise(0.0),
    **{f"noise of {size:g}": noise(size) for size in (1e-6, 2e-6, 5e-6, 1e-5, 1e-4, 1e-3)},
    "step of 1e-4: psurf > 900": step(1e-4, psurf=(901, 9999)),
    "step of 1e-4: alti = 1": step(1e-4, alti=(1, 1)),
    "step of 1e-4: uw > 4": step(1e-4, uw=(4.1, 99)),
    "step of 1e-4: phi > 90": step(1e-4, phi=(91, 180)),
    "step of 1e-4: phi = 54": step(1e-4, phi=(54, 54)),
    "step of 1e-4: thetas = 40, thetav = 35": step(1e-4, thetas=(40, 40), thetav=(35, 35)),
    "step of 1e-4: psurf > 900, phi > 90": step(1e-4, psurf=(901, 9999), phi=(91, 180)),
    "step of 1e-4: psurf = 850, alti = 1": step(1e-4, psurf=(850, 850), alti=(1, 1)),
    "step of 1e-4: psurf = 850, alti = 1, phi > 90": step(
        1e-4, psurf=(850, 850), alti=(1, 1), phi=(91, 180)
    ),
    "step of 1e-4: psurf = 850, alti = 1, uw = 2": step(
        1e-4, psurf=(850, 850), alti=(1, 1), uw=(2, 2)
    ),
    "step of 1e-4: psurf = 850, alti = 1, uw = 2, phi > 90": step(
        1e-4, psurf=(850, 850), alti=(1, 1), uw=(2, 2), phi=(91, 180)
    ),
    "step of 1e-4: psurf = 850, alti = 1, phi > 90, thetas = 40, thetav = 35": step(
        1e-4, psurf=(850, 850), alti=(1, 1), phi=(91, 180), thetas=(40, 40), thetav=(35, 35)
    ),
    "step of 1e-4: psurf = 850, alti = 1, uw = 2, phi = 54": step(
        1e-4, psurf=(850, 850), alti=(1, 1), uw=(2, 2), phi=(54, 54)
    ),
    "step of 1e-5: psurf > 900, phi > 90": step(1e-5, psurf=(901, 9999), phi=(91, 180)),
    "step of 1e-3: phi > 90": step(1e-3, phi=(91, 180)),
}


@dataclass(frozen=True)
class Launched:
    """A block of which every point was launched.

    Attributes
    ----------
    block : Block
        The block.
    points : ndarray of float64, shape (n, 8)
        Its points.
    values : ndarray of float64, shape (n, 8)
        What 6SV printed (`sixsv_lut.reduced.block.VALUES`).
    """

    block: Block
    points: Values
    values: Values


def launch_all(configuration: Configuration, band: str, cache: Path, cores: int) -> list[Launched]:
    """Launch all points, as far as they are not in the file."""
    grid = Campaign(configuration).grid
    recipe = make_recipe(configuration, find_band(configuration.instrument, band))
    launches = KeptLaunches(cache, recipe, cores)
    launched = []
    for angles in np.ndindex(grid.shape[6:]):
        block = Block.of_grid(grid, *angles)
        points = grid.values_of(block.numbers(grid))
        values = launches.values([tuple(point) for point in points.tolist()])
        launched.append(Launched(block, points, values))
        print(f"{len(launched)} blocks launched", file=sys.stderr, flush=True)
    return launched


def try_case(
    blocks: list[Launched], disturb: Disturbance, seed: int, promise: Promise
) -> dict[str, Any]:
    """Search all blocks, and compare what is derived with what is known."""
    hold_out = points_of_block(len(blocks))
    launches = whole = 0
    refused = False
    derived: list[Values] = []
    left: list[Values] = []
    errors_of_hold_out: list[list[float]] = []
    for one in blocks:
        values = one.values.copy()
        disturbed = values[:, RHO] + disturb(one.points, seed)
        values[:, RHO] = np.round(np.maximum(disturbed, 0.0), 7)
        running = search(one.block, promise, f"seed {seed}", hold_out)
        launched = np.zeros(one.block.points, dtype=bool)
        wanted = next(running)
        while True:
            launched[wanted] = True
            try:
                wanted = running.send(values[wanted])
            except StopIteration as ended:
                skeleton = ended.value
                break
        launches += int(np.count_nonzero(launched))
        if launched.all():
            whole += 1
            continue
        assert skeleton.method is not Method.LAUNCHED
        known = np.where(launched[:, None], values, np.nan)
        found = derive(one.block, skeleton, launched, known).hold_out_errors.tolist()
        errors_of_hold_out.append(found)
        refused |= max(found) > promise.absolute(skeleton.largest)
        # What the statement speaks of: all that was derived when the hold-out points were drawn.
        candidates = ~launched
        candidates[skeleton.hold_out] = True
        rho = interpolate(one.block, skeleton, known[:, RHO])
        errors = np.abs(rho - values[:, RHO])
        derived.append(errors[candidates])
        left.append(errors[~launched])
    said = statement(errors_of_hold_out)
    row = dict.fromkeys(("stated", "largest", "above", "above_left", "above_tolerance"), 0.0)
    if derived:
        row["stated"] = said.largest
        row["largest"] = max(float(errors.max()) for errors in derived)
        row["above"] = _share_above(said.largest, derived)
        row["above_left"] = _share_above(said.largest, left)
        row["above_tolerance"] = _share_above(promise.error, left)
    if refused:
        outcome = "refused"
    elif row["above_tolerance"] > LEFT_OUT:
        outcome = "broken"
    else:
        outcome = "true" if row["above"] <= LEFT_OUT else "false"
    rounded = {key: float(f"{value:.3g}") for key, value in row.items()}
    return {"launches": launches, "whole": whole, **rounded, "outcome": outcome}


def _share_above(bound: float, errors: list[Values]) -> float:
    return float(np.mean([np.mean(of_block > bound) for of_block in errors]))


def table(rows: list[dict[str, Any]], blocks: int, points: int) -> str:
    """Give a table of all cases, each over its seeds."""
    lines = [
        f"| {points:,} points in {blocks} blocks, with | launches | whole blocks | stated error "
        "| largest error | above the tolerance | outcomes |",
        "| --- | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    for case in dict.fromkeys(row["case"] for row in rows):
        of_case = [row for row in rows if row["case"] == case]
        outcomes = Counter(row["outcome"] for row in of_case)
        told = ", ".join(f"{number} {outcome}" for outcome, number in sorted(outcomes.items()))
        launches, whole = (
            _range([row[key] for row in of_case], "{:,.0f}") for key in ("launches", "whole")
        )
        errors = (_range([row[key] for row in of_case], "{:.1e}") for key in ("stated", "largest"))
        above = f"{100 * max(row['above_tolerance'] for row in of_case):.2g} %"
        lines.append(" | ".join([f"| {case}", launches, whole, *errors, above, f"{told} |"]))
    return "\n".join(lines)


def _range(numbers: list[float], form: str) -> str:
    ends = dict.fromkeys(form.format(number) for number in (min(numbers), max(numbers)))
    return " to ".join(ends)


def main() -> None:
    """Try all cases, and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--band", default="Oa20")
    parser.add_argument("--aerosol", type=int, default=0, help="6SV's number; 0 is the fastest")
    parser.add_argument("--seeds", type=int, default=5, help="how many for each case")
    parser.add_argument("--cases", nargs="+", help="words of which one is in the name of a case")
    parser.add_argument("--tolerance", type=float, default=1e-5)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--cache", type=Path, default=Path("noise_and_steps.jsonl"))
    arguments = parser.parse_args()
    axes = AXES
    if arguments.aerosol:
        axes = AXES | {"aot550": [0.05, 0.3, 0.8], "psurf": [700, 850, 950, 1013], "alti": [0, 1]}
    configuration = validate(
        {
            "campaign": "noise",
            "bands": [arguments.band],
            "aerosol": {"model": arguments.aerosol},
            "axes": axes,
        },
        __file__,
    )
    blocks = launch_all(configuration, arguments.band, arguments.cache, arguments.processes)
    assert not any(np.isnan(one.values).any() for one in blocks), "a launch failed"
    assert blocks[0].values.shape[1] == len(VALUES)
    rows = []
    for case, disturb in CASES.items():
        if arguments.cases and not any(words in case for words in arguments.cases):
            continue
        for seed in range(1, arguments.seeds + 1):
            found = try_case(blocks, disturb, seed, Promise(arguments.tolerance))
            rows.append({"case": case, "seed": seed} | found)
            print(json.dumps(rows[-1]), flush=True)
    print(table(rows, len(blocks), sum(one.block.points for one in blocks)))
    outcomes = Counter(row["outcome"] for row in rows)
    print(f"{len(rows)} in all: {dict(outcomes)}")


if __name__ == "__main__":
    main()
