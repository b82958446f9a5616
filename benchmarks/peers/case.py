"""What every contender launches: the same points of one band, through the same 6SV."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sixsv_lut.campaign.configuration import validate
from sixsv_lut.campaign.grid import Grid
from sixsv_lut.campaign.recipe import make_recipe
from sixsv_lut.sixsv.deck import US62
from sixsv_lut.sixsv.executable import find_executable, launch_environment
from sixsv_lut.sixsv.instruments import find_band
from sixsv_lut.sixsv.report import APPARENT_REFLECTANCE, SPHERICAL_ALBEDO, ReportError, parse_report

PROJECT = Path(__file__).resolve().parents[2]

# Py6S refuses the report of any other version.
SIXSV = "1.1"
# The band with the fastest launches, with which overhead weighs most.
BAND = "Oa21"
AEROSOL = 5

# 20,000 points; smaller sizes take the first values, and vary the last axes first.
AXES: dict[str, list[float]] = {
    "uo3": [0.25, 0.35],
    "uw": [0.5, 1.5, 2.5, 3.5, 4.5],
    "aot550": [0.05, 0.1, 0.2, 0.4, 0.8],
    "psurf": [980, 1013],
    "alti": [0, 0.5],
    "phi": [0, 60, 120, 180],
    "thetas": [10, 25, 40, 55, 70],
    "thetav": [5, 20, 35, 50, 60],
}

QUANTITIES = ("Tdown", "Tup", "Ttotal", "rho_atm", "S")


def five_quantities(values: Mapping[str, float]) -> list[float]:
    """Make the five quantities of a LUT.

    Parameters
    ----------
    values : mapping of str to float
        What `sixsv_lut.sixsv.report.parse_report` gives.

    Returns
    -------
    list of float, length 5
        `QUANTITIES`, without unit.
    """
    transmittances = [
        values[f"gas_transmittance_{path}"] * values[f"scattering_transmittance_{path}"]
        for path in ("downward", "upward", "total")
    ]
    return [*transmittances, values[APPARENT_REFLECTANCE], values[SPHERICAL_ALBEDO]]


def axes_of_size(launches: int) -> dict[str, list[float]]:
    """Choose axis values that give exactly so many points.

    Parameters
    ----------
    launches : int
        Number of points.

    Returns
    -------
    dict of str to list of float
        Values by axis, in the units of the configuration.

    Raises
    ------
    ValueError
        No choice from `AXES` gives that number.
    """
    lengths = [range(len(values), 0, -1) for values in reversed(AXES.values())]
    for counts in itertools.product(*lengths):
        if math.prod(counts) == launches:
            chosen = zip(AXES.items(), reversed(counts), strict=True)
            return {name: values[:count] for (name, values), count in chosen}
    raise ValueError(
        f"no grid of {launches} points can be made of the benchmark's axes: "
        "take a divisor of 20,000, such as 100, 200, 2000 or 20000"
    )


@dataclass(frozen=True)
class Case:
    """The launches, prepared in a folder from which all contenders read.

    Attributes
    ----------
    folder : Path
        Holds ``decks/``, ``names.txt``, ``points.txt``, ``recipe.json``, ``case.json``, and for
        the shell tool ``deck_tail.txt`` and ``us62.txt``.
    launches : int
        Number of points.
    cores : int
        How many launches may run at a time.
    batch_size : int
        Launches to a batch of the workflow.
    partition_size : int
        Launches to a partition of the Dask bag.
    executable : Path
        6SV, or a script that counts and then becomes it.
    config : dict
        Configuration of the workflow.
    """

    folder: Path
    launches: int
    cores: int
    batch_size: int
    partition_size: int
    executable: Path
    config: dict[str, Any] = field(repr=False)

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables of every contender."""
        return launch_environment() | {
            "PYTHONPATH": str(PROJECT / "benchmarks"),
            "SIXSV": str(self.executable),
            "CASE": str(self.folder),
        }

    def reports(self, folder: Path) -> npt.NDArray[np.float64]:
        """Read the reports ``<number>.out`` of a folder.

        Parameters
        ----------
        folder : Path
            The folder.

        Returns
        -------
        ndarray of float64, shape (launches, 5)
            `QUANTITIES` of each point; NaN where there is no good report.
        """
        table = np.full((self.launches, len(QUANTITIES)), np.nan)
        for point in range(self.launches):
            try:
                report = (folder / f"{point:05d}.out").read_text()
                table[point] = five_quantities(parse_report(report))
            except (OSError, ReportError):
                continue
        return table

    def table(self, path: Path) -> npt.NDArray[np.float64]:
        """Read a table whose rows are a point's number and its five quantities.

        Parameters
        ----------
        path : Path
            The table.

        Returns
        -------
        ndarray of float64, shape (launches, 5)
            `QUANTITIES` of each point; NaN where it has no whole row.
        """
        table = np.full((self.launches, len(QUANTITIES)), np.nan)
        for line in path.read_text().splitlines() if path.exists() else []:
            try:
                point, *values = line.split()
                table[int(point)] = [float(value) for value in values]
            except ValueError:
                continue
        return table

    def lut(self, path: Path) -> npt.NDArray[np.float64]:
        """Read the text LUT of the workflow.

        Parameters
        ----------
        path : Path
            The LUT.

        Returns
        -------
        ndarray of float64, shape (launches, 5)
            `QUANTITIES` of each point; all NaN if there is no LUT.
        """
        if not path.exists():
            return np.full((self.launches, len(QUANTITIES)), np.nan)
        return np.loadtxt(path, ndmin=2)[:, -len(QUANTITIES) :]


def make_case(
    folder: Path, launches: int, cores: int, batch_size: int | None, *, count: bool = False
) -> Case:
    """Prepare the launches.

    Parameters
    ----------
    folder : Path
        An empty folder.
    launches : int
        Number of points.
    cores : int
        How many launches may run at a time.
    batch_size : int or None
        Launches to a batch of the workflow; None: four batches for each core.
    count : bool
        Launch 6SV by a script that first appends a line to ``launched``.

    Returns
    -------
    Case
        The launches.
    """
    executable = find_executable(SIXSV)
    if count:
        script = folder / "counting-6sv"
        script.write_text(f'#!/bin/sh\necho >> "{folder}/launched"\nexec "{executable}"\n')
        script.chmod(0o755)
        executable = script
    config: dict[str, Any] = {
        "campaign": "peers",
        "pictures": False,
        "sixsv": {"executable": str(executable)},
        "bands": [BAND],
        "aerosol": {"model": AEROSOL},
        "axes": axes_of_size(launches),
        "batch_size": batch_size or max(4, launches // (4 * cores)),
    }
    configuration = validate(config, "the benchmark's configuration")
    recipe = make_recipe(configuration, find_band(configuration.instrument, BAND))
    recipe.write(folder / "recipe.json")
    writer = recipe.deck_writer()
    points = Grid(configuration.axes.written()).rows(0, launches)
    (folder / "decks").mkdir()
    decks = [writer.deck(point).text for point in points]
    for number, deck in enumerate(decks):
        (folder / f"decks/{number:05d}").write_text(deck)
    # What follows the altitude of the target is the same in all decks.
    tail = decks[0][decks[0].index("\n-1000\n") + 1 :]
    (folder / "deck_tail.txt").write_text(tail)
    (folder / "us62.txt").write_text(
        "".join(f"{' '.join(f'{value:.12g}' for value in level)}\n" for level in US62)
    )
    (folder / "names.txt").write_text("".join(f"{i:05d}\n" for i in range(launches)))
    (folder / "points.txt").write_text(
        "".join(
            f"{number:05d} {' '.join(f'{value:.12g}' for value in point)}\n"
            for number, point in enumerate(points)
        )
    )
    case = Case(
        folder=folder,
        launches=launches,
        cores=cores,
        batch_size=config["batch_size"],
        partition_size=max(1, min(100, launches // (2 * cores))),
        executable=executable,
        config=config,
    )
    settings = {"cores": cores, "partition_size": case.partition_size}
    (folder / "case.json").write_text(json.dumps(settings))
    return case


def read_points(folder: Path) -> list[tuple[int, list[float]]]:
    """Read ``points.txt`` of a case.

    Parameters
    ----------
    folder : Path
        Folder of the case.

    Returns
    -------
    list of tuple
        Number and 8 values of each point, in the order of `sixsv_lut.sixsv.axes.AXES`.
    """
    rows = [line.split() for line in (folder / "points.txt").read_text().splitlines()]
    return [(int(number), [float(value) for value in values]) for number, *values in rows]


def write_rows(path: Path, rows: list[tuple[int, list[float]]]) -> None:
    """Write a table that `Case.table` reads.

    Parameters
    ----------
    path : Path
        The table.
    rows : list of tuple
        Number and five quantities of each point.
    """
    lines = (
        f"{number} {' '.join(f'{value:.10f}' for value in values)}\n" for number, values in rows
    )
    path.write_text("".join(lines))
