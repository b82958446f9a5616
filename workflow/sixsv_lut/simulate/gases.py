"""What the gases of the atmosphere let through at single wavelengths, as 6SV computes it.

6SV takes the transmittance of the gases at each sample of a spectral response (2.5 nm apart) and
averages. A launch whose response has one sample tells what it takes there.
"""

from __future__ import annotations

import csv
import logging
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from sixsv_lut.campaign.recipe import Recipe
from sixsv_lut.files import atomic_write
from sixsv_lut.simulate.launches import Launches, launcher_of
from sixsv_lut.sixsv.axes import AXIS_NAMES
from sixsv_lut.sixsv.deck import GRID_START, GRID_STEP
from sixsv_lut.sixsv.report import QUANTITY_NAMES, Status
from sixsv_lut.sixsv.responses import HIGHEST_WAVELENGTH, LOWEST_WAVELENGTH, Response

log = logging.getLogger(__name__)

# Columns of the table: the wavelength (nm), the two-way transmittance of all gases, and of each.
WAVELENGTH = "wavelength"
GASES: dict[str, str] = {
    "gas": "all gases",
    "water_vapour": "water vapour",
    "ozone": "ozone",
    "oxygen": "oxygen",
    "co2": "carbon dioxide",
    "ch4": "methane",
    "no2": "nitrous oxide",
    "co": "carbon monoxide",
}

# So many samples are shown on either side of a band.
_BESIDE = 8

# Of wide bands every second sample is launched, or fewer.
_MOST_LAUNCHES = 120


def launch_gases(recipe: Recipe, point: Sequence[float], timeout: float, path: Path) -> None:
    """Launch 6SV at single wavelengths of a band and a little beside it, and write a table.

    Parameters
    ----------
    recipe : Recipe
        The recipe of the band.
    point : sequence of float, shape (8,)
        The point at which the launches are made; its aerosol does not count.
    timeout : float
        Seconds after which a launch is killed.
    path : Path
        The table to write, as CSV: empty where a launch failed.

    Raises
    ------
    CampaignError
        6SV cannot start, or its executable is not the one of the recipe.
    """
    values = np.asarray(point, dtype=np.float64)
    values[AXIS_NAMES.index("aot550")] = 0
    launcher = launcher_of(recipe, timeout)
    rows = []
    try:
        for sample in _samples(recipe.response):
            alone = Response(sample, (1.0,), "one wavelength")
            launches = Launches(replace(recipe, aerosol_model=0, response=alone), launcher)
            result = launches.launch(values)
            wavelength = f"{1000 * (GRID_START + GRID_STEP * sample):.1f}"
            if result.status != Status.OK:
                log.warning("%s nm: %s", wavelength, result.reason)
                rows.append([wavelength, *[""] * len(GASES)])
                continue
            printed = dict(zip(QUANTITY_NAMES, result.quantities, strict=True))
            through = [printed[f"{gas}_transmittance_total"] for gas in GASES]
            rows.append([wavelength, *["" if math.isnan(one) else f"{one:.5f}" for one in through]])
    finally:
        launcher.stop()
    with atomic_write(path) as temporary, temporary.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([WAVELENGTH, *GASES])
        writer.writerows(rows)


def _samples(response: Response) -> range:
    first = response.lowest_sample - _BESIDE
    last = response.lowest_sample + len(response.values) - 1 + _BESIDE
    lowest = math.ceil((LOWEST_WAVELENGTH - GRID_START) / GRID_STEP - 1e-6)
    highest = math.floor((HIGHEST_WAVELENGTH - GRID_START) / GRID_STEP + 1e-6)
    first, last = max(first, lowest), min(last, highest)
    return range(first, last + 1, math.ceil((last - first + 1) / _MOST_LAUNCHES))
