"""All launches of a band, collected from its batches and checked to be complete."""

from __future__ import annotations

import logging
import math
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sixsv_lut.campaign.grid import Grid
from sixsv_lut.campaign.points import batch_key
from sixsv_lut.errors import CampaignError
from sixsv_lut.sixsv.report import (
    APPARENT_REFLECTANCE,
    INTRINSIC_REFLECTANCE,
    SPHERICAL_ALBEDO,
    TRANSMITTANCES,
    Status,
)
from sixsv_lut.store.sealed import read_sealed_table

log = logging.getLogger(__name__)

# Names of the five quantities, in the order of the text LUT.
LUT_QUANTITIES: tuple[str, ...] = ("Tdown", "Tup", "Ttotal", "rho_atm", "S")

_SHOWN = 20


@dataclass(frozen=True)
class Failure:
    """A point without a good result.

    Attributes
    ----------
    point : int
        Its number.
    status : Status
        How its launch ended.
    reason : str
        Why.
    file : Path
        The batch it is in.
    """

    point: int
    status: Status
    reason: str
    file: Path


@dataclass(frozen=True)
class BandResults:
    """What 6SV gave for every point of a band.

    Attributes
    ----------
    status : ndarray of int8, shape (points,)
        A `sixsv_lut.sixsv.report.Status` for each point.
    quantities : dict of str to ndarray, each of shape (points,)
        `LUT_QUANTITIES` (float64) and the extra outputs (float32); NaN where the launch failed.
    failures : list of Failure
        The points without a good result.
    launches : int
        How often 6SV was launched.
    seconds : float
        Elapsed time of all launches, in seconds.
    """

    status: npt.NDArray[np.int8]
    quantities: dict[str, npt.NDArray[np.floating[Any]]]
    failures: list[Failure]
    launches: int
    seconds: float


def collect(
    grid: Grid,
    batch_size: int,
    fingerprint: str,
    files: Sequence[Path],
    *,
    extra_outputs: Sequence[str] = (),
    run6sv: bool = False,
) -> BandResults:
    """Read the batches of a band.

    Parameters
    ----------
    grid : Grid
        The grid of the campaign.
    batch_size : int
        Points of a batch.
    fingerprint : str
        Fingerprint of the band's recipe.
    files : sequence of Path
        The batch files, in the order of the points.
    extra_outputs : sequence of str
        Names of further quantities of 6SV's report.
    run6sv : bool
        Make the quantities as the older shell tool did.

    Returns
    -------
    BandResults
        Every point, once.

    Raises
    ------
    CampaignError
        A batch is missing, damaged, or not of this campaign; the message names every such file and
        the command that repairs it.
    OSError
        A file cannot be read just now.
    """
    if len(files) != math.ceil(grid.points / batch_size):
        raise CampaignError(
            f"{len(files)} batch files for {grid.points} points in batches of {batch_size}: "
            "run the same snakemake command again"
        )
    reflectance = INTRINSIC_REFLECTANCE if run6sv else APPARENT_REFLECTANCE
    needed = (*TRANSMITTANCES, SPHERICAL_ALBEDO, reflectance)
    extras = tuple(name for name in extra_outputs if name not in needed)
    columns = ["status", "launches", "seconds", "reason", *needed, *extras]

    status = np.empty(grid.points, dtype=np.int8)
    # The text needs every digit of the five; extras are only ever written as float32.
    quantities: dict[str, npt.NDArray[np.floating[Any]]] = {
        name: np.empty(grid.points, dtype=np.float64) for name in LUT_QUANTITIES
    }
    quantities |= {name: np.empty(grid.points, dtype=np.float32) for name in extra_outputs}
    failures: list[Failure] = []
    damaged: list[tuple[Path, str]] = []
    launches, seconds = 0, 0.0
    for batch, file in enumerate(files):
        start = batch * batch_size
        stop = min(start + batch_size, grid.points)
        key = batch_key(grid.rows(start, stop))
        try:
            table = read_sealed_table(file, fingerprint, columns, key=key)
        except FileNotFoundError:
            damaged.append((file, f"{file} is not there"))
            continue
        except CampaignError as fault:
            damaged.append((file, str(fault)))
            continue
        read = {name: table[name].to_numpy() for name in columns if name != "reason"}
        rows = slice(start, stop)
        status[rows] = read["status"]
        launches += int(read["launches"].sum())
        seconds += float(read["seconds"].sum())
        failed = np.flatnonzero(read["status"] != Status.OK)
        for name, values in _lut_quantities(read, reflectance, run6sv).items():
            quantities[name][rows] = values
        for name in extra_outputs:
            quantities[name][rows] = read[name]
        for column in quantities.values():
            column[start + failed] = np.nan
        if len(failed):
            reasons = table["reason"].to_pylist()
            failures += [
                Failure(start + row, Status(int(read["status"][row])), reasons[row] or "", file)
                for row in map(int, failed)
            ]
    if damaged:
        raise CampaignError(_how_to_repair(damaged))
    return BandResults(status, quantities, failures, launches, seconds)


def _lut_quantities(
    read: dict[str, npt.NDArray[np.float64]], reflectance: str, run6sv: bool
) -> dict[str, npt.NDArray[np.float64]]:
    made = {}
    for name, path in zip(LUT_QUANTITIES[:3], ("downward", "upward", "total"), strict=True):
        gas, scattering = (
            read[f"gas_transmittance_{path}"],
            read[f"scattering_transmittance_{path}"],
        )
        made[name] = truncated_product(gas, scattering) if run6sv else gas * scattering
    made["rho_atm"] = read[reflectance]
    made["S"] = read[SPHERICAL_ALBEDO]
    return made


def truncated_product(
    first: npt.NDArray[np.float64], second: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Multiply numbers of 5 decimals as ``bc`` with ``scale=5`` does: cut off, not rounded.

    Parameters
    ----------
    first, second : ndarray of float64, shape (n,)
        Numbers with 5 decimals; NaN is kept.

    Returns
    -------
    ndarray of float64, shape (n,)
        Numbers with 5 decimals.
    """
    # Whole hundred-thousandths, so that nothing depends on how a decimal is rounded to binary.
    there = np.isfinite(first) & np.isfinite(second)
    a = np.rint(np.where(there, first, 0) * 1e5).astype(np.int64)
    b = np.rint(np.where(there, second, 0) * 1e5).astype(np.int64)
    product = a * b
    cut = np.sign(product) * (np.abs(product) // 100_000)
    return np.where(there, cut / 1e5, np.nan)


def _how_to_repair(damaged: Sequence[tuple[Path, str]]) -> str:
    lines = [f"no LUT is made, because batch files cannot be used ({len(damaged)}):"]
    lines += [f"  {fault}" for _, fault in damaged[:_SHOWN]]
    if len(damaged) > _SHOWN:
        lines.append(f"  and {len(damaged) - _SHOWN} more (all are in the log)")
        for _, fault in damaged:
            log.error("%s", fault)
    lines += ["Remove them, and run the same snakemake command again:", f"  {_remove(damaged)}"]
    return "\n".join(lines)


def _remove(files: Sequence[tuple[Path, str]]) -> str:
    folder = files[0][0].parent
    names = [file.name for file, _ in files]
    remove = "rm -rf" if any(file.is_dir() for file, _ in files) else "rm -f"
    if len(names) == 1:
        return f"{remove} {shlex.quote(str(folder / names[0]))}"
    return f"(cd {shlex.quote(str(folder))} && {remove} {shlex.join(names)})"


def refuse_too_many_failures(results: BandResults, grid: Grid, band: str, allowed: int) -> None:
    """Refuse results with more failed launches than allowed.

    Parameters
    ----------
    results : BandResults
        The results of the band.
    grid : Grid
        The grid of the campaign.
    band : str
        Name of the band.
    allowed : int
        How many failed launches are allowed.

    Raises
    ------
    CampaignError
        More failed; the message names the points, the reasons, and how to try them again.
    """
    failures = results.failures
    for failure in failures:
        log.warning(
            "%s failed (%s): %s",
            grid.describe(failure.point),
            failure.status.meaning,
            failure.reason,
        )
    if len(failures) <= allowed:
        return
    lines = [
        f"band {band}: {len(failures)} of {grid.points} launches failed, {allowed} allowed; "
        "no LUT is made. They are:"
    ]
    lines += [
        f"  {grid.describe(failure.point)}: {failure.status.meaning}: {failure.reason}"
        for failure in failures[:_SHOWN]
    ]
    if len(failures) > _SHOWN:
        lines.append(f"  and {len(failures) - _SHOWN} more (all are in the log)")
    files = [(file, "") for file in sorted({failure.file for failure in failures})]
    lines += [
        "To try these launches again (and no others), remove their batches and run the same "
        "snakemake command again:",
        f"  {_remove(files)}",
        f"To go on without them, set allowed_failures to {len(failures)} or more: "
        "they are marked as failed in the LUT.",
    ]
    raise CampaignError("\n".join(lines))
