"""How fast the reader interpolates, against what SciPy and xarray have for it, on the same table.

The table has the size of a full OLCI band (3,123,120 points, five quantities, float32). Its numbers
are smooth functions in place of 6SV: no contender looks at them. Three cases:

- ``all``: every pixel of a scene has its own 8 values, smooth fields with noise;
- ``geometry``: the three angles differ from pixel to pixel, the atmosphere is one;
- ``state``: a single state, as in a loop of single calls.

Each contender runs in a process of its own, so that its peak memory is its own, once on one core
and once on two: the reader in threads, the others in two processes, half of the pixels each. The
others get what a careful user would give them: all five quantities at a time where that can be,
and in the case ``geometry`` a table that is interpolated along the other axes first. Results must
be equal to 1e-6. Prints one JSON object for each measurement, then a table.

Elapsed time is told, and CPU time of all processes, which a busy machine disturbs less.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

NODES: dict[str, list[float]] = {
    "uo3": [0.2, 0.3, 0.4, 0.5],
    "uw": [0.5, 1, 2, 3, 5],
    "aot550": [0, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6],
    "psurf": [700, 850, 950, 1030],
    "alti": [0, 1, 3],
    "phi": [0, 18, 36, 54, 72, 90, 108, 126, 144, 162, 180],
    "thetas": [0, 6, 12, 18, 24, 30, 36, 42, 48, 54, 60, 66, 72],
    "thetav": [0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60],
}
QUANTITIES = ("Tdown", "Tup", "Ttotal", "rho_atm", "S")
GEOMETRY = ("phi", "thetas", "thetav")
STATE = {"uo3": 0.31, "uw": 1.7, "aot550": 0.17, "psurf": 1003.0, "alti": 0.4}
CONTENDERS = ("reader", "RegularGridInterpolator", "xarray.interp", "map_coordinates")
CASES = ("all", "geometry", "state")
# Enough for the time of a call not to count, and not hours for the slow.
PIXELS = {"all": 200_000, "geometry": 1_000_000, "state": 1}
_EQUAL = 1e-6

Values = dict[str, Any]
Work = Callable[[Values], np.ndarray]


def make_table() -> xr.Dataset:
    """Make the table: products of a smooth function of each axis."""
    shape = tuple(map(len, NODES.values()))
    data: dict[str, Any] = {}
    for number, name in enumerate(QUANTITIES):
        values = np.ones(shape, np.float32)
        for place, axis in enumerate(NODES.values()):
            along = np.array(axis) / max(axis)
            factor = 1 - (0.1 + 0.02 * number) * np.sin((place + 1) * along / 2) ** 2
            values *= factor.astype(np.float32).reshape([-1 if i == place else 1 for i in range(8)])
        data[name] = (tuple(NODES), values)
    data["status"] = (tuple(NODES), np.zeros(shape, np.int8))
    return xr.Dataset(data, NODES)


def make_scene(case: str, pixels: int) -> Values:
    """Make the values of the pixels, row after row of a scene."""
    if case == "state":
        return {**STATE, "phi": 33.0, "thetas": 41.0, "thetav": 17.0}
    rng = np.random.default_rng(1)
    width = int(np.sqrt(pixels))
    at = np.arange(pixels)
    x, y = (at % width) / width, at / pixels
    values: Values = {}
    for place, (name, axis) in enumerate(NODES.items()):
        smooth = 0.5 + 0.35 * np.sin((place + 1) * x + 2 * y) * np.cos(place + 3 * y)
        noisy = np.clip(smooth + 0.03 * rng.standard_normal(pixels), 0, 1)
        values[name] = axis[0] + (axis[-1] - axis[0]) * noisy
    return values | STATE if case == "geometry" else values


def reader(lut: xr.Dataset, cores: int) -> Work:
    """Prepare the reader."""
    from sixsv_reader import interpolate

    def work(values: Values) -> np.ndarray:
        result = interpolate(lut, threads=cores, **values)
        return np.stack([result[name].values for name in QUANTITIES])

    return work


def _reduced(lut: xr.Dataset, values: Values) -> tuple[xr.Dataset, Values]:
    fixed = {name: value for name, value in values.items() if np.ndim(value) == 0}
    if not fixed or len(fixed) == len(values):
        return lut, values
    varying = {name: value for name, value in values.items() if name not in fixed}
    return lut.drop_vars("status").interp(fixed), varying


def regular_grid_interpolator(lut: xr.Dataset) -> Work:
    """Prepare SciPy's interpolator, the five quantities side by side."""
    from scipy.interpolate import RegularGridInterpolator

    def work(values: Values) -> np.ndarray:
        table, values = _reduced(lut, values)
        axes = [name for name in NODES if name in values]
        numbers = np.stack([table[name].values for name in QUANTITIES], axis=-1)
        found = RegularGridInterpolator([table[name].values for name in axes], numbers)
        return found(np.stack(np.broadcast_arrays(*(values[name] for name in axes)), -1)).T

    return work


def xarray_interp(lut: xr.Dataset) -> Work:
    """Prepare xarray's own interpolation."""

    def work(values: Values) -> np.ndarray:
        named = {
            name: xr.DataArray(value, dims="pixel") if np.ndim(value) else value
            for name, value in values.items()
        }
        result = lut.drop_vars("status").interp(named)
        return np.stack([result[name].values for name in QUANTITIES])

    return work


def map_coordinates(lut: xr.Dataset) -> Work:
    """Prepare SciPy's interpolation of images, which wants positions in place of values."""
    from scipy import ndimage

    def work(values: Values) -> np.ndarray:
        table, values = _reduced(lut, values)
        axes = [name for name in NODES if name in values]
        places = np.stack(
            np.broadcast_arrays(
                *(
                    np.interp(values[name], table[name].values, np.arange(table.sizes[name]))
                    for name in axes
                )
            )
        ).reshape(len(axes), -1)
        return np.stack(
            [
                ndimage.map_coordinates(table[name].values, places, np.float64, order=1)
                for name in QUANTITIES
            ]
        )

    return work


OTHERS = {
    "RegularGridInterpolator": regular_grid_interpolator,
    "xarray.interp": xarray_interp,
    "map_coordinates": map_coordinates,
}


def _cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def in_two_processes(work: Work) -> Work:
    """Let each of two processes do half of the pixels."""

    def halves(values: Values) -> np.ndarray:
        pixels = max(np.size(value) for value in values.values())
        context = multiprocessing.get_context("fork")
        shared = context.RawArray("d", len(QUANTITIES) * pixels)
        out = np.frombuffer(shared).reshape(len(QUANTITIES), pixels)

        def half(part: slice) -> None:
            out[:, part] = work({n: v[part] if np.ndim(v) else v for n, v in values.items()})

        parts = (slice(0, pixels // 2), slice(pixels // 2, pixels))
        processes = [context.Process(target=half, args=(part,)) for part in parts]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        return out

    return halves


def measure(contender: str, case: str, cores: int, rounds: int, results: Path) -> None:
    """Measure one contender, and print what was found."""
    lut = make_table()
    values = make_scene(case, PIXELS[case])
    if contender == "reader":
        work = reader(lut, cores)
    else:
        work = OTHERS[contender](lut)
        work = work if cores == 1 else in_two_processes(work)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    first = work(values)
    first_seconds = time.perf_counter() - started
    elapsed, used = [], []
    for _ in range(rounds):
        started, cpu = time.perf_counter(), _cpu_seconds()
        work(values)
        elapsed.append(time.perf_counter() - started)
        used.append(_cpu_seconds() - cpu)
    np.save(results, np.reshape(first, (len(QUANTITIES), -1)))
    mine = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(
        json.dumps(
            {
                "case": case,
                "contender": contender,
                "cores": cores,
                "pixels": PIXELS[case],
                "first_call_s": round(first_seconds, 3),
                "elapsed_s": round(min(elapsed), 5),
                "cpu_s": round(min(used), 5),
                "peak_mb": (max(mine, children)) // 1024,
                "peak_mb_above_table": max(mine, children) // 1024 - before // 1024,
            }
        )
    )


def _table(rows: list[dict[str, Any]]) -> str:
    lines = [
        "| case | contender | cores | Mpixel/s | Mpixel per CPU second | time of a call (ms) | "
        "peak memory (MB) | largest difference |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in rows:
        speed, of_cpu = (
            f"{row['pixels'] / 1e6 / row[key]:.3g}" if row["pixels"] > 1 and row[key] else "-"
            for key in ("elapsed_s", "cpu_s")
        )
        lines.append(
            f"| {row['case']} | {row['contender']} | {row['cores']} | {speed} | {of_cpu} | "
            f"{1000 * row['elapsed_s']:.3g} | {row['peak_mb']} | {row['difference']:.0e} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure each contender in each case."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--contenders", nargs="+", default=CONTENDERS, choices=CONTENDERS)
    parser.add_argument("--cases", nargs="+", default=CASES, choices=CASES)
    parser.add_argument("--cores", nargs="+", type=int, default=[1, 2], choices=[1, 2])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", nargs=5, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        contender, case, cores, rounds, results = arguments.one
        measure(contender, case, int(cores), int(rounds), Path(results))
        return
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for case in arguments.cases:
            expected = None
            for cores in arguments.cores:
                if case == "state" and cores > 1:
                    continue
                for contender in arguments.contenders:
                    results = Path(folder) / "results.npy"
                    told = subprocess.run(
                        [
                            *(sys.executable, __file__, "--one", contender, case, str(cores)),
                            *(str(arguments.rounds), str(results)),
                        ],
                        check=True,
                        stdout=subprocess.PIPE,
                        text=True,
                    ).stdout
                    found = np.load(results)
                    expected = found if expected is None else expected
                    difference = float(np.abs(found - expected).max())
                    if not difference <= _EQUAL:
                        sys.exit(f"{contender} differs by {difference} in the case {case}")
                    rows.append(json.loads(told) | {"difference": difference})
                    print(json.dumps(rows[-1]), flush=True)
    print(_table(rows))


if __name__ == "__main__":
    main()
