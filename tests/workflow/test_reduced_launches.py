"""A campaign of reduced launches with real 6SV: killed on the way, it gives what 6SV prints."""

from __future__ import annotations

import json
import os
import time

import numpy as np
import xarray as xr

from sixsv_lut.campaign.campaign import load_campaign
from sixsv_lut.campaign.recipe import make_recipe
from sixsv_lut.simulate.launches import Launches, launcher_of
from sixsv_lut.sixsv.axes import AXIS_NAMES
from sixsv_lut.sixsv.instruments import find_band
from sixsv_lut.sixsv.report import QUANTITY_NAMES, Status
from support import Workspace
from workflow.test_resume import wait_until_nothing_runs

CORES = os.cpu_count() or 1

# Without aerosol a launch takes some hundredths of a second.
CAMPAIGN = {
    "campaign": "small",
    "bands": ["Oa20"],
    "aerosol": {"model": 0},
    "axes": {
        "uo3": [0.2, 0.35, 0.5],
        "uw": [0.5, 2.5, 4, 6],
        "aot550": [0],
        "psurf": [700, 800, 900, 950, 1000, 1050],
        "alti": [0, 1, 3],
        "phi": {"start": 0, "stop": 180, "step": 18},
        "thetas": [20, 60],
        "thetav": [10, 40],
    },
    "batch_size": 2000,
    "launches": "reduced",
    "formats": ["netcdf"],
    "pictures": False,
    "extra_outputs": ["water_vapour_transmittance_total", "optical_depth_total"],
}
EXACT = {
    "Tdown": ("gas_transmittance_downward", "scattering_transmittance_downward"),
    "Tup": ("gas_transmittance_upward", "scattering_transmittance_upward"),
    "Ttotal": ("gas_transmittance_total", "scattering_transmittance_total"),
    "S": ("spherical_albedo_total",),
    "water_vapour_transmittance_total": ("water_vapour_transmittance_total",),
    "optical_depth_total": ("optical_depth_total",),
}


def test_a_killed_campaign_launches_the_rest_and_its_derived_numbers_are_those_of_6sv(
    workspace: Workspace,
) -> None:
    executable = workspace.counting_executable()
    workspace.configure(CAMPAIGN | {"sixsv": {"executable": executable}})
    running = workspace.start("--cores", str(CORES))
    kills = 0
    for most in (150, 1500):
        while running.poll() is None and workspace.launches() < most:
            time.sleep(0.05)
        assert running.poll() is None
        running.kill()
        running.wait()
        kills += 1
        wait_until_nothing_runs(workspace)
        running = workspace.start("--cores", str(CORES))
    assert running.wait(timeout=300) == 0, (workspace.folder / "output.txt").read_text()

    path = workspace.lut("Oa20", "nc")
    described = json.loads(workspace.lut("Oa20", "json").read_text())
    assert described["launched_points"] < described["points"] / 2
    assert workspace.launches() <= described["launched_points"] + kills * CORES
    assert (
        "with 95 % confidence at least 99.9 % of the derived" in described["derived_rho_atm_error"]
    )
    assert " of 4 blocks (" in (workspace.folder / "output.txt").read_text()

    # What was derived is what 6SV prints: T and S exactly, rho_atm within the tolerance.
    campaign = load_campaign([workspace.folder / "config/config.yaml"])
    recipe = make_recipe(campaign.configuration, find_band("OLCI", "Oa20"))
    launcher = launcher_of(recipe, 60)
    launches = Launches(recipe, launcher)
    with xr.open_dataset(path) as lut:
        derived = np.argwhere(lut.status.values == Status.DERIVED)
        assert len(derived) == described["derived_points"]
        for at in np.random.default_rng(1).choice(derived, 40, replace=False):
            place = dict(zip(AXIS_NAMES, map(int, at), strict=True))
            point = campaign.grid.values_of(campaign.grid.point([[i] for i in at]))[0]
            printed = dict(zip(QUANTITY_NAMES, launches.launch(point).quantities, strict=True))
            for name, factors in EXACT.items():
                product = np.prod([printed[factor] for factor in factors])
                assert lut[name].isel(place).item() == np.float32(product)
            error = abs(lut.rho_atm.isel(place).item() - printed["apparent_reflectance"])
            assert error < 1e-5
    launcher.stop()
