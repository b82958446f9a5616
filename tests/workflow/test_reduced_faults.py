"""Reduced launches of a 6SV with noise and steps, and both modes one after the other."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from disturbed_sixsv import REAL_SIXSV, disturbed_sixsv, launched_decks
from sixsv_lut.campaign.hold_out import LEFT_OUT
from sixsv_lut.sixsv.executable import find_executable
from sixsv_lut.sixsv.report import Status
from support import Workspace

CORES = os.cpu_count() or 1

# Without aerosol a launch takes some hundredths of a second.
CAMPAIGN = {
    "campaign": "small",
    "bands": ["Oa20"],
    "aerosol": {"model": 0},
    "axes": {
        "uo3": [0.3],
        "uw": [0.5, 2.5, 4, 6],
        "aot550": [0],
        "psurf": [700, 770, 840, 900, 950, 1000, 1050],
        "alti": [0, 1, 3],
        "phi": {"start": 0, "stop": 180, "step": 15},
        "thetas": [20, 60],
        "thetav": [10, 40],
    },
    "batch_size": 1000,
    "pictures": False,
    "formats": ["text", "netcdf"],
}
POINTS = 4 * 4 * 7 * 3 * 13
TOLERANCE = 1e-5

# One block as 6SV gives it, one with noise, one with a step along two axes, and one with a step at
# one pressure and altitude.
AS_IT_IS, NOISE = (20.0, 10.0), (20.0, 40.0)
TWO_AXES, ONE_PLACE = (60.0, 10.0), (60.0, 40.0)
BLOCKS = {AS_IT_IS, NOISE, TWO_AXES, ONE_PLACE}
DISTURBANCE = (
    "thetas < 40 ? (thetav < 25 ? 0 : 1e-4 * noise)"
    " : thetav < 25 ? (psurf > 920 && phi > 90 ? 1e-4 : 0)"
    " : (psurf > 830 && psurf < 850 && alti == 1 && phi > 90 ? 1e-4 : 0)"
)


def run(workspace: Workspace) -> None:
    """Run the campaign, however long that takes on a busy machine."""
    running = workspace.start("--cores", str(CORES))
    assert running.wait(timeout=1200) == 0, (workspace.folder / "output.txt").read_text()


@dataclass
class Tables:
    """What the workflow made, one after the other.

    Attributes
    ----------
    workspace : Workspace
        Where.
    config : dict
        The configuration of reduced launches.
    reduced, every : Path
        NetCDF tables of reduced launches, and of all launches after these.
    every_text, alone_text : bytes
        Text tables of all launches after reduced ones, and of all launches alone.
    launches : list of int
        How many launches had been made after each of the three.
    described : dict
        The description of the table of reduced launches.
    """

    workspace: Workspace
    config: dict[str, Any]
    reduced: Path
    every: Path
    every_text: bytes
    alone_text: bytes
    launches: list[int]
    described: dict[str, Any]


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(REAL_SIXSV, str(find_executable("2.1")))
        workspace = Workspace(tmp_path_factory.mktemp("disturbed"))
        executable = disturbed_sixsv(workspace.folder / "6sv", DISTURBANCE)
        config = CAMPAIGN | {"sixsv": {"executable": str(executable)}}
        texts, launches, kept = [], [], {}
        for name, changes in {
            "reduced": {"launches": "reduced", "tolerance": TOLERANCE},
            "all": {},
            "alone": {"store": "another-store"},
        }.items():
            workspace.configure(config | changes)
            if name == "alone":
                workspace.lut("Oa20", "csv").unlink()
                for path in (workspace.folder / "results/small/batches").glob("*/*.parquet"):
                    path.unlink()
            run(workspace)
            launches.append(len(launched_decks(executable)))
            if name == "reduced":
                described = json.loads(workspace.lut("Oa20", "json").read_text())
            kept[name] = workspace.folder / f"{name}.nc"
            workspace.lut("Oa20", "nc").rename(kept[name])
            texts.append(workspace.lut("Oa20").read_bytes())
        return Tables(
            workspace,
            config,
            kept["reduced"],
            kept["all"],
            texts[1],
            texts[2],
            launches,
            described,
        )


def errors(tables: Tables) -> dict[tuple[float, float], np.ndarray]:
    """Give the errors of the derived values, for each block that has some."""
    with xr.open_dataset(tables.reduced) as reduced, xr.open_dataset(tables.every) as every:
        assert (every.status == Status.OK).all()
        for name in ("Tdown", "Tup", "Ttotal", "S"):
            assert np.array_equal(reduced[name], every[name])
        derived = (reduced.status == Status.DERIVED).values
        differences = np.abs(reduced.rho_atm.values - every.rho_atm.values)
        assert not differences[~derived].any()
        angles = [reduced[name].values.tolist() for name in ("thetas", "thetav")]
    of_blocks = {}
    for i, thetas in enumerate(angles[0]):
        for j, thetav in enumerate(angles[1]):
            at = derived[..., i, j]
            if at.any():
                of_blocks[thetas, thetav] = differences[..., i, j][at]
    return of_blocks


def test_noise_of_6sv_leads_to_the_launch_of_the_whole_block(tables: Tables) -> None:
    assert BLOCKS - set(errors(tables)) == {NOISE}


def test_what_is_derived_follows_the_steps_of_6sv(tables: Tables) -> None:
    of_blocks = errors(tables)
    for angles in (TWO_AXES, ONE_PLACE):
        assert of_blocks[angles].max() <= TOLERANCE


def test_what_is_said_of_the_error_is_true_under_noise_and_steps(tables: Tables) -> None:
    of_blocks = errors(tables).values()
    stated = tables.described["derived_rho_atm_hold_out_largest_error"]
    assert stated <= TOLERANCE
    # Numbers in the files have single precision.
    above = [np.mean(of_block > stated * (1 + 1e-6) + 1e-8) for of_block in of_blocks]
    assert np.mean(above) <= LEFT_OUT


def test_all_launches_after_reduced_ones_are_the_rest(tables: Tables) -> None:
    reduced, every, alone = tables.launches
    assert reduced == tables.described["launched_points"] < 0.9 * POINTS
    assert every == POINTS
    assert alone == 2 * POINTS
    assert tables.every_text == tables.alone_text


def test_reduced_launches_after_all_are_none(tables: Tables) -> None:
    workspace = tables.workspace
    workspace.configure(tables.config | {"launches": "reduced", "tolerance": "2e-4"})
    run(workspace)
    assert len(launched_decks(workspace.folder / "6sv")) == tables.launches[-1]
