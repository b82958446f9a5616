"""Reduced launches on real blocks: how many launches they need, and how well they do.

Blocks (all points with one pair of zenith angles) of the full-size OLCI grid are drawn by a seed,
the same for every band, and searched with real launches of 6SV. Then more points are drawn at
random among those that were derived, and launched, to see by how much they differ. Prints one JSON
object for each block, and one for each band:

launches, ratio   launches of the block, hold-out included, and points for each of them
cpu_seconds       CPU time of these launches
cpu_ratio         CPU time of launching all points, from the mean of the extra launches, over that
requests          how many times the search waited for launches
ranks             pivots over azimuths, aerosols, gases and columns of the gases
growth            what was added because launches differed from their interpolation
hold_out          number, largest and root mean square error of the hold-out points
extra             the same of the points that were launched afterwards
wrong_digits      transmittances and spherical albedos of all these that are not as 6SV printed them

Launches are kept in a file, so that the command can be interrupted and given again.

``--record`` launches all points of one block of a small grid instead, and writes them to a file for
the unit tests.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import resource
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.campaign.configuration import validate
from sixsv_lut.campaign.grid import Grid
from sixsv_lut.campaign.hold_out import points_of_block, statement
from sixsv_lut.campaign.promise import Promise
from sixsv_lut.campaign.recipe import Recipe, make_recipe
from sixsv_lut.reduced.block import RHO, VALUES, Block
from sixsv_lut.reduced.draws import Draws
from sixsv_lut.reduced.search import search
from sixsv_lut.reduced.skeleton import derive
from sixsv_lut.simulate.launches import Launches, launcher_of
from sixsv_lut.sixsv.instruments import find_band
from sixsv_lut.sixsv.report import QUANTITY_NAMES, Status

PROJECT = Path(__file__).resolve().parents[1]
FULL = PROJECT / "config/examples/olci_full.yaml"

# The recorded blocks have 3 or 4 values on each axis that matters.
RECORDED_AXES: dict[str, list[float]] = {
    "uw": [0.5, 2.5, 6.0],
    "aot550": [0.01, 0.1, 0.4, 1.0],
    "psurf": [750, 950, 1050],
    "alti": [0, 1],
    "phi": [0, 36, 54, 90, 126, 144, 180],
}
RECORDED_OZONE = {"Oa20": [0.2, 0.5], "Oa11": [0.2, 0.3, 0.5]}
RECORDED_ANGLES = {"Oa20": (60.0, 40.0), "Oa11": (30.0, 25.0)}

Point = tuple[float, ...]


class KeptLaunches:
    """Launches of one band, kept in a file.

    Parameters
    ----------
    path : Path
        One JSON object a line, for any number of bands.
    recipe : Recipe
        The recipe of the band.
    processes : int
        How many launches run at a time.
    """

    def __init__(self, path: Path, recipe: Recipe, processes: int) -> None:
        self._recipe = recipe
        self._launches = Launches(recipe, launcher_of(recipe, 120))
        self._path = path
        self._processes = processes
        self._known: dict[Point, tuple[list[float], float]] = {}
        if path.exists():
            for line in path.read_text().splitlines():
                self._load(line)

    def _load(self, line: str) -> None:
        try:
            entry = json.loads(line)
        except ValueError:  # the last line of an interrupted run
            return
        if self._recipe.fingerprint.startswith(entry["fingerprint"]):
            self._known[tuple(entry["point"])] = entry["values"], entry["cpu"]

    def values(self, points: Sequence[Point]) -> npt.NDArray[np.float64]:
        """Give what 6SV prints at some points; NaN where it fails."""
        new = [point for point in points if point not in self._known]
        with self._path.open("a") as file, ThreadPoolExecutor(self._processes) as pool:
            # In parts, so that little is lost.
            for start in range(0, len(new), 5 * self._processes):
                part = new[start : start + 5 * self._processes]
                before = _cpu_seconds()
                results = list(pool.map(self._launch, part))
                each = round((_cpu_seconds() - before) / len(part), 4)
                for point, values in zip(part, results, strict=True):
                    entry = {"fingerprint": self._recipe.fingerprint[:16], "point": point}
                    file.write(json.dumps(entry | {"values": values, "cpu": each}) + "\n")
                    self._known[point] = values, each
                file.flush()
        values = [self._known[point][0] for point in points]
        return np.array(values, dtype=np.float64).reshape(-1, len(VALUES))

    def cpu_seconds(self, points: Sequence[Point]) -> float:
        """Give the CPU time of some launches that were made."""
        return sum(self._known[point][1] for point in points)

    def _launch(self, point: Point) -> list[float]:
        result = self._launches.launch(np.array(point))
        if result.status != Status.OK:
            return [np.nan] * len(VALUES)
        return [result.quantities[QUANTITY_NAMES.index(name)] for name in VALUES]


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def try_block(
    grid: Grid,
    angles: tuple[int, int],
    launches: KeptLaunches,
    recipe: Recipe,
    promise: Promise,
    hold_out: int,
    extra: int,
) -> tuple[dict[str, Any], list[float]]:
    """Search one block; give what is to be said of it, and the errors of its hold-out points."""
    block = Block.of_grid(grid, *angles)
    numbers = block.numbers(grid)
    rows = np.stack([axis[i] for axis, i in zip(grid.axes, grid.indices(numbers), strict=True)], 1)
    points = [tuple(row) for row in rows.tolist()]
    values = np.full((block.points, len(VALUES)), np.nan)
    launched = np.zeros(block.points, dtype=bool)
    running = search(block, promise, recipe.fingerprint, hold_out)
    requests = 0
    wanted = next(running)
    while True:
        launched[wanted] = True
        values[wanted] = launches.values([points[i] for i in wanted])
        requests += 1
        try:
            wanted = running.send(values[wanted])
        except StopIteration as ended:
            skeleton = ended.value
            break
    result = derive(block, skeleton, launched, values)
    draws = Draws("extra", recipe.fingerprint, *map(str, angles))
    more = draws.sample(np.flatnonzero(result.derived).tolist(), extra)
    printed = launches.values([points[i] for i in more])
    differences = np.abs(result.values[more] - printed)
    number = int(np.count_nonzero(launched))
    seconds = launches.cpu_seconds([points[i] for i in np.flatnonzero(launched)])
    seconds_of_all = (
        block.points / max(1, len(more)) * launches.cpu_seconds([points[i] for i in more])
    )
    row = {
        "band": recipe.band,
        "thetas": block.thetas,
        "thetav": block.thetav,
        "method": str(skeleton.method),
        "launches": number,
        "ratio": round(block.points / number, 1),
        "cpu_seconds": round(seconds),
        "cpu_ratio": round(seconds_of_all / seconds, 1),
        "requests": requests,
        "ranks": skeleton.ranks,
        "growth": skeleton.growth,
        "rounds": skeleton.rounds,
        "hold_out": _errors(result.hold_out_errors),
        "extra": _errors(differences[:, RHO]),
        "wrong_digits": int(np.count_nonzero(np.delete(differences, RHO, axis=1))),
    }
    if skeleton.reason:
        row["reason"] = skeleton.reason
    return row, result.hold_out_errors.tolist()


def _errors(errors: npt.NDArray[np.float64]) -> list[float]:
    if not len(errors):
        return [0, 0.0, 0.0]
    rms = np.sqrt(np.mean(errors * errors))
    return [len(errors), float(f"{errors.max():.2g}"), float(f"{rms:.2g}")]


def _drawn_blocks(grid: Grid, seed: int, number: int) -> Iterator[tuple[int, int]]:
    zeniths = grid.shape[6] * grid.shape[7]
    for block in Draws("blocks", str(seed)).sample(range(zeniths), number):
        yield divmod(block, grid.shape[7])


def _block_at(grid: Grid, angles: str) -> tuple[int, int]:
    thetas, thetav = map(float, angles.split(","))
    return grid.axes[6].tolist().index(thetas), grid.axes[7].tolist().index(thetav)


def record(recipe: Recipe, launches: KeptLaunches, path: Path) -> None:
    """Launch all points of a small block, and write them as whole multiples of the last digit."""
    thetas, thetav = RECORDED_ANGLES[recipe.band]
    axes = [RECORDED_OZONE[recipe.band], *RECORDED_AXES.values()]
    points = [(*map(float, point), thetas, thetav) for point in itertools.product(*axes)]
    values = launches.values(points)
    np.savez_compressed(
        path,
        zeniths=np.array([thetas, thetav]),
        **{
            name: np.array(axis, dtype=float)
            for name, axis in zip(("uo3", *RECORDED_AXES), axes, strict=True)
        },
        rho=np.round(values[:, RHO] * 1e7).astype(np.int32),
        others=np.round(np.delete(values, RHO, axis=1) * 1e5).astype(np.int32),
    )


def main() -> None:
    """Try the blocks, and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--configuration", type=Path, default=FULL)
    parser.add_argument("--bands", nargs="+", default=["Oa01", "Oa11", "Oa20"])
    parser.add_argument("--blocks", type=int, default=2, help="how many blocks of each band")
    parser.add_argument("--seed", type=int, default=1, help="of the draw of the blocks")
    parser.add_argument(
        "--at",
        nargs="+",
        metavar="THETAS,THETAV",
        help="the blocks with these zenith angles instead of drawn ones",
    )
    parser.add_argument("--extra", type=int, default=200, help="launches to see the error")
    parser.add_argument("--promise", type=float, default=1e-5)
    parser.add_argument("--relative", action="store_true")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--cache", type=Path, default=Path("reduced_blocks.jsonl"))
    parser.add_argument("--record", type=Path, help="folder to write the blocks of the tests to")
    arguments = parser.parse_args()

    content = yaml.safe_load(arguments.configuration.read_text())
    configuration = validate(content, str(arguments.configuration))
    grid = Campaign(configuration).grid
    promise = Promise(arguments.promise, arguments.relative)
    hold_out = points_of_block(grid.shape[6] * grid.shape[7])
    for band in arguments.bands:
        recipe = make_recipe(configuration, find_band(configuration.instrument, band))
        launches = KeptLaunches(arguments.cache, recipe, arguments.processes)
        if arguments.record:
            record(recipe, launches, arguments.record / f"{band}.npz")
            continue
        rows, errors = [], []
        if arguments.at:
            blocks = [_block_at(grid, angles) for angles in arguments.at]
        else:
            blocks = list(_drawn_blocks(grid, arguments.seed, arguments.blocks))
        for angles in blocks:
            row, errors_of_block = try_block(
                grid, angles, launches, recipe, promise, hold_out, arguments.extra
            )
            print(json.dumps(row), flush=True)
            rows.append(row)
            errors.append(errors_of_block)
        points = grid.points // (grid.shape[6] * grid.shape[7]) * len(rows)
        total = sum(row["launches"] for row in rows)
        said = statement(errors)
        summary = {
            "band": band,
            "blocks": len(rows),
            "ratio": round(points / total, 1),
            "cpu_seconds_a_block": round(sum(row["cpu_seconds"] for row in rows) / len(rows)),
            "hold_out": [said.points, float(f"{said.largest:.2g}"), float(f"{said.rms:.2g}")],
            "extra": [
                sum(row["extra"][0] for row in rows),
                max(largest for row in rows for largest in row["extra"][1:2]),
            ],
        }
        print(json.dumps(summary), flush=True)


if __name__ == "__main__":
    main()
