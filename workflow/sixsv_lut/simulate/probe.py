"""How long a launch takes, and which gases act: measured by some real launches, and saved.

The store keeps the last measurement of each machine.
"""

from __future__ import annotations

import datetime
import itertools
import json
import logging
import math
import platform
import re
import socket
import statistics
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from sixsv_lut.campaign.grid import Grid
from sixsv_lut.campaign.recipe import Recipe
from sixsv_lut.errors import CampaignError
from sixsv_lut.files import open_regular, write_as_json
from sixsv_lut.reduced.block import BLOCK_AXES, VALUES, Block
from sixsv_lut.reduced.copies import find_gases
from sixsv_lut.reduced.launches import LaunchAllError
from sixsv_lut.reduced.launches import Launches as LaunchesOfBlock
from sixsv_lut.simulate.launches import Launches, launcher_of
from sixsv_lut.sixsv.axes import AXIS_NAMES
from sixsv_lut.sixsv.report import QUANTITY_NAMES, Status
from sixsv_lut.store.folder import StoreFolder
from sixsv_lut.store.records import Result

log = logging.getLogger(__name__)

# Launches of a band at most, and seconds after which none is started any more, but for the least
# that a mean can be taken of.
MOST_LAUNCHES = 32
LEAST_LAUNCHES = 4
PROBE_SECONDS = 60.0

_COLUMNS = [QUANTITY_NAMES.index(name) for name in VALUES]


@dataclass(frozen=True)
class ActingGases:
    """Which gases that have an axis change what 6SV prints for a band.

    Attributes
    ----------
    ozone, water_vapour : bool
        Whether it does.
    """

    ozone: bool
    water_vapour: bool


@dataclass(frozen=True)
class Probe:
    """What the launches of one band took on one machine.

    Attributes
    ----------
    band : str
        Official name of the band.
    fingerprint : str
        Fingerprint of its recipe.
    host : str
        Name of the machine.
    cpu : str
        Its processor.
    at_a_time : int
        How many launches ran at the same time: they slow each other.
    launches : int
        How many were measured.
    failed : int
        How many failed; they are not in the numbers that follow.
    mean_seconds, median_seconds, min_seconds, max_seconds : float
        Elapsed time of a launch.
    date : str
        When, in ISO 8601, UTC.
    ozone_acts, water_vapour_acts : bool or None
        Which gases change what 6SV prints; None if that was not asked, or a launch failed.
    """

    band: str
    fingerprint: str
    host: str
    cpu: str
    at_a_time: int
    launches: int
    failed: int
    mean_seconds: float
    median_seconds: float
    min_seconds: float
    max_seconds: float
    date: str
    ozone_acts: bool | None = None
    water_vapour_acts: bool | None = None

    @property
    def gases(self) -> ActingGases | None:
        """Which gases act; None if that is not known."""
        if self.ozone_acts is None or self.water_vapour_acts is None:
            return None
        return ActingGases(self.ozone_acts, self.water_vapour_acts)


@dataclass(frozen=True)
class LaunchTime:
    """How long a launch of a band is expected to take.

    Attributes
    ----------
    seconds : float
        Elapsed time.
    source : str
        ``probe``; ``other bands``, the mean of their probes; or ``configuration``.
    probe : Probe or None
        The measurement, if there is one of this band.
    """

    seconds: float
    source: Literal["probe", "other bands", "configuration"]
    probe: Probe | None = None


def spread_points(grid: Grid, number: int, seed: int = 0) -> npt.NDArray[np.int64]:
    """Choose points from all over the grid: a Latin hypercube of its cells.

    Each value of an axis is taken as often as any other, so the mean over these points is an
    unbiased estimate of the mean over the grid, and the ends of the axes are among them.

    Parameters
    ----------
    grid : Grid
        The grid.
    number : int
        How many points to choose.
    seed : int
        The same seed gives the same points.

    Returns
    -------
    ndarray of int64, shape (min(number, points of the grid),)
        Numbers of points, each once, in no order: any first few of them are spread too.
    """
    number = min(number, grid.points)
    rng = np.random.default_rng(seed)
    middles = 2 * np.arange(number) + 1
    positions = [rng.permutation(middles * size // (2 * number)) for size in grid.shape]
    _, first = np.unique(grid.point(positions), return_index=True)
    chosen = grid.point(positions)[np.sort(first)]
    missing = number - len(chosen)
    if missing:  # a small grid, in which the same cell came up twice
        others = np.setdiff1d(np.arange(grid.points), chosen)
        chosen = np.concatenate([chosen, rng.choice(others, missing, replace=False)])
    return chosen


def measure(
    recipes: Sequence[Recipe],
    grid: Grid,
    *,
    at_a_time: int,
    timeout: float,
    seconds: float = PROBE_SECONDS,
    gases: bool = False,
) -> list[Probe]:
    """Launch 6SV for some points of every band, and tell how long it took.

    Parameters
    ----------
    recipes : sequence of Recipe
        The bands.
    grid : Grid
        The grid of the campaign.
    at_a_time : int
        How many launches run at the same time.
    timeout : float
        Seconds after which a launch is killed.
    seconds : float
        When to stop: then `LEAST_LAUNCHES` of each band are brought to an end, and no more.
    gases : bool
        Whether to find out, by three more launches of each band, which gases act.

    Returns
    -------
    list of Probe
        One for each band. The results of the launches are not kept.

    Raises
    ------
    CampaignError
        All launches of a band failed, or 6SV cannot start.
    """
    # Twice as many as run at a time: with fewer, most would run beside idle cores.
    number = max(MOST_LAUNCHES, math.ceil(2 * at_a_time / len(recipes)))
    points = [grid.rows(point, point + 1)[0] for point in spread_points(grid, number)]
    launcher = launcher_of(recipes[0], timeout)
    bands = [Launches(recipe, launcher) for recipe in recipes]
    end = time.monotonic() + seconds

    def launch(turn: int, band: Launches) -> Result | None:
        if turn >= LEAST_LAUNCHES and time.monotonic() > end:
            return None
        return band.launch(points[turn])

    pool = ThreadPoolExecutor(at_a_time, thread_name_prefix="launch")
    try:
        # In turn, so that all bands have about as many when time is up.
        futures = [
            [pool.submit(launch, turn, band) for band in bands] for turn in range(len(points))
        ]
        ended = [[future.result() for future in turn] for turn in futures]
        acting = [_acting_gases(grid, band, pool) if gases else None for band in bands]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        launcher.stop()
        pool.shutdown(wait=True)
    by_band = zip(recipes, zip(*ended, strict=True), acting, strict=True)
    return [_probe(recipe, of_band, at_a_time, found) for recipe, of_band, found in by_band]


def _acting_gases(grid: Grid, band: Launches, pool: Executor) -> ActingGases | None:
    # As a block of reduced launches is asked, but at one azimuth, and with one aerosol under one
    # atmosphere: the thickest and the most air, and the longest way through both.
    values = {name: axis.tolist() for name, axis in zip(AXIS_NAMES, grid.axes, strict=True)}
    most = {"aot550": max, "psurf": max, "alti": min, "phi": min}
    axes = tuple(
        (most[name](values[name]),) if name in most else _ends(values[name]) for name in BLOCK_AXES
    )
    block = Block(axes, max(values["thetas"]), max(values["thetav"]))
    points = list(itertools.product(*block.axes, (block.thetas,), (block.thetav,)))
    search = find_gases(block, LaunchesOfBlock(block))
    asked = [np.array(points[point]) for point in next(search)]
    results = list(pool.map(band.launch, asked))
    if any(result.status != Status.OK for result in results):
        return None
    try:
        search.send(np.array([result.quantities for result in results])[:, _COLUMNS])
    except StopIteration as end:
        columns, _ = end.value
    except LaunchAllError:  # nothing can be left out, whichever gases act
        return None
    ozones, waters = zip(*(divmod(column, len(axes[1])) for column in columns), strict=True)
    return ActingGases(ozone=len(set(ozones)) > 1, water_vapour=len(set(waters)) > 1)


def _ends(values: Sequence[float]) -> tuple[float, ...]:
    return tuple(sorted({min(values), max(values)}))


def _probe(
    recipe: Recipe, ended: Sequence[Result | None], at_a_time: int, gases: ActingGases | None
) -> Probe:
    times = [one.seconds for one in ended if one and one.status == Status.OK]
    reasons = [one.reason for one in ended if one and one.status != Status.OK]
    for reason in reasons:
        log.warning("band %s: a launch failed: %s", recipe.band, reason)
    if not times:
        raise CampaignError(
            f"band {recipe.band}: all {len(reasons)} launches of the probe failed, the first with: "
            f"{reasons[0]}. Check sixsv.executable, sixsv.timeout and the axes of the "
            "configuration; the log names all reasons."
        )
    probe = Probe(
        band=recipe.band,
        fingerprint=recipe.fingerprint,
        host=socket.gethostname(),
        cpu=processor(),
        at_a_time=at_a_time,
        launches=len(times),
        failed=len(reasons),
        mean_seconds=round(statistics.fmean(times), 4),
        median_seconds=round(statistics.median(times), 4),
        min_seconds=round(min(times), 4),
        max_seconds=round(max(times), 4),
        date=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        ozone_acts=gases.ozone if gases else None,
        water_vapour_acts=gases.water_vapour if gases else None,
    )
    log.info("%s", probe)
    return probe


def processor() -> str:
    """Name the processor of this machine."""
    try:
        said = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.M)
    except OSError:
        said = None
    return said.group(1).strip() if said else platform.processor() or platform.machine()


def save(probe: Probe, store: Path) -> Path:
    """Write a measurement into the store, in the place of an earlier one of the same machine.

    Parameters
    ----------
    probe : Probe
        The measurement.
    store : Path
        Folder of the store.

    Returns
    -------
    Path
        The file.
    """
    path = StoreFolder(store, probe.fingerprint).probe(probe.host)
    write_as_json(path, asdict(probe))
    return path


def load(fingerprint: str, store: Path) -> list[Probe]:
    """Give all measurements of a band that the store has, the newest first.

    Parameters
    ----------
    fingerprint : str
        Fingerprint of the band's recipe.
    store : Path
        Folder of the store.

    Returns
    -------
    list of Probe
        One for each machine; files that cannot be read are passed over.
    """
    probes = []
    for path in StoreFolder(store, fingerprint).probes():
        try:
            with open_regular(path) as file:
                probes.append(Probe(**json.load(file)))
        except (OSError, CampaignError, ValueError, TypeError) as error:
            log.warning("%s is passed over: %s", path, error)
    return sorted(probes, key=lambda probe: probe.date, reverse=True)


def expected_times(
    fingerprints: Mapping[str, str], store: Path, configured_seconds: float, *, on_cluster: bool
) -> dict[str, LaunchTime]:
    """Tell how long a launch of each band is expected to take, and how that is known.

    Parameters
    ----------
    fingerprints : mapping of str to str
        Fingerprint of each band's recipe.
    store : Path
        Folder of the store.
    configured_seconds : float
        What the configuration says: it counts where nothing was measured.
    on_cluster : bool
        Whether launches run on nodes of a cluster: then the newest measurement from another
        machine is taken, and one from this machine only if there is no other. Else one from this
        machine is taken, and no other.

    Returns
    -------
    dict of str to LaunchTime
        For each band.
    """
    here = socket.gethostname()
    found: dict[str, Probe] = {}
    for band, fingerprint in fingerprints.items():
        probes = load(fingerprint, store)
        mine = [probe for probe in probes if probe.host == here]
        others = [probe for probe in probes if probe.host != here] if on_cluster else []
        if others or mine:
            found[band] = (others or mine)[0]
    if not found:
        return dict.fromkeys(fingerprints, LaunchTime(configured_seconds, "configuration"))
    mean = statistics.fmean(probe.mean_seconds for probe in found.values())
    times = dict.fromkeys(fingerprints, LaunchTime(mean, "other bands"))
    return times | {
        band: LaunchTime(probe.mean_seconds, "probe", probe) for band, probe in found.items()
    }


def known_gases(fingerprint: str, store: Path) -> ActingGases | None:
    """Tell which gases act in a band, by the newest probe that has asked, of any machine.

    Parameters
    ----------
    fingerprint : str
        Fingerprint of the band's recipe.
    store : Path
        Folder of the store.

    Returns
    -------
    ActingGases or None
        None if no probe has told.
    """
    found = (probe.gases for probe in load(fingerprint, store))
    return next((gases for gases in found if gases is not None), None)


def describe(probes: Sequence[Probe]) -> str:
    """Write measurements for people: a line for each band."""
    first = probes[0]
    lines = [f"Seconds a launch on {first.host} ({first.cpu}), {first.at_a_time} at a time:"]
    for probe in probes:
        failed = f", {probe.failed} failed" if probe.failed else ""
        lines.append(
            f"  {probe.band}  mean {probe.mean_seconds:.3g}, median {probe.median_seconds:.3g}, "
            f"from {probe.min_seconds:.3g} to {probe.max_seconds:.3g} "
            f"({probe.launches} launches{failed}){_described(probe.gases)}"
        )
    return "\n".join(lines)


def _described(gases: ActingGases | None) -> str:
    if gases is None:
        return ""
    acting = {"ozone": gases.ozone, "water vapour": gases.water_vapour}
    names = " and ".join(name for name, acts in acting.items() if acts)
    return f"; {names} {'act' if all(acting.values()) else 'acts'}" if names else "; no gas acts"
