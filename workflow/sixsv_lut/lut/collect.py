"""All launches of a band, collected from its batches and checked to be complete."""

from __future__ import annotations

import functools
import logging
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sixsv_lut.campaign.batches import Batches, BlockBatches
from sixsv_lut.campaign.grid import Grid
from sixsv_lut.campaign.points import batch_key
from sixsv_lut.errors import CampaignError
from sixsv_lut.lut.derived import NEEDED, DerivedBlocks, DerivedResults
from sixsv_lut.lut.quantities import LUT_QUANTITIES
from sixsv_lut.sixsv.convention import STANDARD, Convention
from sixsv_lut.sixsv.report import OF_LAUNCHES, Status
from sixsv_lut.store.sealed import SealedBatch

log = logging.getLogger(__name__)

_SHOWN = 20

_FAILED = [one for one in OF_LAUNCHES if one is not Status.OK]


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
        The `sixsv_lut.lut.quantities.LUT_QUANTITIES` (float64) and the extra outputs (float32), by
        their names; NaN where the launch failed.
    failures : list of Failure
        The points without a good result.
    launches : int
        How often 6SV was launched.
    seconds : float
        Elapsed time of all launches, in seconds.
    derived : DerivedResults or None
        What is known of the points that were not launched; None where all were.
    """

    status: npt.NDArray[np.int8]
    quantities: dict[str, npt.NDArray[np.floating[Any]]]
    failures: list[Failure]
    launches: int
    seconds: float
    derived: DerivedResults | None = None


def collect(
    grid: Grid,
    batches: Batches,
    fingerprint: str,
    files: Sequence[Path],
    *,
    extra_outputs: Sequence[str] = (),
    convention: Convention = STANDARD,
) -> BandResults:
    """Read the batches of a band.

    Parameters
    ----------
    grid : Grid
        The grid of the campaign.
    batches : Batches
        Its batches.
    fingerprint : str
        Fingerprint of the band's recipe.
    files : sequence of Path
        The batch files, in the order of the points.
    extra_outputs : sequence of str
        Names of further quantities of 6SV's report.
    convention : Convention
        How printed numbers become quantities.

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
    if len(files) != len(batches):
        raise CampaignError(
            f"{len(files)} batch files for {grid.points} points in batches of {batches.size}: "
            "run the same snakemake command again"
        )
    needed = [name for quantity in LUT_QUANTITIES for name in quantity.factors(convention)]
    extras = tuple(name for name in extra_outputs if name not in needed)
    columns = [*needed, *extras]
    derived = DerivedBlocks(grid, batches) if isinstance(batches, BlockBatches) else None
    of_file = ["status", "launches", "seconds", "reason", *columns]
    if derived is not None:
        of_file = list(dict.fromkeys((*of_file, *NEEDED)))

    status = np.empty(grid.points, dtype=np.int8)
    # The text needs every digit of the five; extras are only ever written as float32.
    quantities: dict[str, npt.NDArray[np.floating[Any]]] = {
        quantity.name: np.empty(grid.points, dtype=np.float64) for quantity in LUT_QUANTITIES
    }
    quantities |= {name: np.empty(grid.points, dtype=np.float32) for name in extra_outputs}
    failures: list[Failure] = []
    damaged: list[tuple[Path, str]] = []
    launches, seconds = 0, 0.0
    for batch, file in enumerate(files):
        numbers = batches.numbers(batch)
        key = batch_key(grid.values_of(numbers), batches.name)
        try:
            sealed = SealedBatch(file, fingerprint, key)
            table = sealed.table(of_file)
            if derived is not None:
                read = derived.read(batch, sealed, table, columns)
            else:
                read = {name: table[name].to_numpy() for name in ("status", *columns)}
        except FileNotFoundError:
            damaged.append((file, f"{file} is not there"))
            continue
        except CampaignError as error:
            damaged.append((file, str(error)))
            continue
        status[numbers] = read["status"]
        launches += int(table["launches"].to_numpy().sum())
        seconds += float(table["seconds"].to_numpy().sum())
        for quantity in LUT_QUANTITIES:
            factors = [read[name] for name in quantity.factors(convention)]
            quantities[quantity.name][numbers] = _product(factors, convention)
        for name in extra_outputs:
            quantities[name][numbers] = read[name]
        failed = np.flatnonzero(np.isin(read["status"], _FAILED))
        for column in quantities.values():
            column[numbers[failed]] = np.nan
        if len(failed):
            reasons = table["reason"].to_pylist()
            rows = np.flatnonzero(table["status"].to_numpy() != Status.OK)
            failures += [
                Failure(int(numbers[at]), Status(int(read["status"][at])), reasons[row] or "", file)
                for at, row in zip(failed, rows, strict=True)
            ]
    if damaged:
        raise CampaignError(_how_to_repair(damaged))
    return BandResults(
        status, quantities, failures, launches, seconds, derived.results() if derived else None
    )


def _product(
    factors: Sequence[npt.NDArray[np.float64]], convention: Convention
) -> npt.NDArray[np.float64]:
    multiply = truncated_product if convention.products_cut_off else np.multiply
    return functools.reduce(multiply, factors)


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
    finite = np.isfinite(first) & np.isfinite(second)
    a = np.rint(np.where(finite, first, 0) * 1e5).astype(np.int64)
    b = np.rint(np.where(finite, second, 0) * 1e5).astype(np.int64)
    product = a * b
    cut = np.sign(product) * (np.abs(product) // 100_000)
    return np.where(finite, cut / 1e5, np.nan)


def _how_to_repair(damaged: Sequence[tuple[Path, str]]) -> str:
    lines = [f"no LUT is made, because batch files cannot be used ({len(damaged)}):"]
    lines += [f"  {error}" for _, error in damaged[:_SHOWN]]
    if len(damaged) > _SHOWN:
        lines.append(f"  and {len(damaged) - _SHOWN} more (all are in the log)")
        for _, error in damaged:
            log.error("%s", error)
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
    launched = grid.points if results.derived is None else results.derived.launched
    lines = [
        f"band {band}: {len(failures)} of {launched} launches failed, {allowed} allowed; "
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
