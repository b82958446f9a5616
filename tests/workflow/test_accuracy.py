"""The error between the nodes, measured by real 6SV: in the products, and lowered as advised."""

from __future__ import annotations

import csv
import json
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import pytest
import xarray as xr

from support import SMALL, Workspace
from workflow.test_resume import slow_counting, wait_until_nothing_runs

LAUNCHES = 40
CAMPAIGN: dict[str, Any] = SMALL | {
    "bands": ["Oa08"],
    "axes": {
        "uo3": ["0.30"],
        "uw": [1.5],
        "aot550": [0],
        "psurf": [950, 1013],
        "alti": [0],
        "phi": [0, 90],
        "thetas": [20, 50],
        "thetav": [10, 30, 40],
    },
    "batch_size": 32,
    "formats": ["text", "netcdf", "zarr"],
    "accuracy": {"launches": LAUNCHES, "target": {"Ttotal": 8e-4}},
}
POINTS = 24


def result_of(workspace: Workspace) -> dict[str, Any]:
    path = workspace.folder / "results/small/accuracy/Oa08.json"
    result: dict[str, Any] = json.loads(path.read_text())
    return result


def products(workspace: Workspace) -> dict[Path, int]:
    """Give the times of the products' files."""
    folder = workspace.folder / "results/small"
    files = [*folder.glob("OUT*"), *folder.glob("accuracy/Oa08*")]
    return {path: path.stat().st_mtime_ns for path in files}


def copy_work(source: Workspace, target: Workspace, *folders: str) -> None:
    """Copy what was done; the times of files stay, as Snakemake goes by them."""
    for name in folders:
        shutil.copytree(source.folder / name, target.folder / name, symlinks=True)


@pytest.fixture(scope="session")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Give a folder in which the accuracy was measured; tests only look at it."""
    workspace = Workspace(tmp_path_factory.mktemp("measured"))
    config = CAMPAIGN | {"sixsv": {"executable": workspace.counting_executable()}}
    workspace.configure(config)
    (workspace.folder / "printed.txt").write_text(workspace.snakemake("accuracy"))
    (workspace.folder / "launched.txt").write_text(str(workspace.launches()))
    return workspace


def test_errors_and_advice_are_printed(measured: Workspace) -> None:
    printed = (measured.folder / "printed.txt").read_text()
    assert f"6SV at {LAUNCHES} random points of each band" in printed
    assert "Oa08: error of Ttotal comes from theta" in printed
    assert "target Ttotal 0.0008 is not reached" in printed
    assert "  thetas: [20, " in printed


def test_every_launch_is_in_a_table_and_next_to_the_lut(measured: Workspace) -> None:
    path = measured.folder / "results/small/accuracy/Oa08_launches.csv"
    with path.open() as file:
        rows = list(csv.DictReader(file))
    assert sum(row["kind"] == "random" for row in rows) == LAUNCHES
    assert int((measured.folder / "launched.txt").read_text()) == POINTS + len(rows)
    for row in rows:
        assert float(row["Ttotal_linear"]) == pytest.approx(float(row["Ttotal_6sv"]), abs=0.02)
        assert float(row["rho_atm_linear"]) == pytest.approx(float(row["rho_atm_6sv"]), abs=0.02)


def test_the_products_say_how_wrong_they_are(measured: Workspace) -> None:
    result = result_of(measured)
    rms = result["errors"]["linear"]["Ttotal"]["rms"]
    with xr.open_dataset(measured.lut("Oa08", "nc")) as lut:
        from_netcdf = lut.attrs
    with xr.open_dataset(measured.lut("Oa08", "zarr"), engine="zarr") as lut:
        from_zarr = lut.attrs
    described = json.loads(measured.lut("Oa08", "json").read_text())
    for attributes in (from_netcdf, from_zarr, described):
        assert attributes["accuracy_Ttotal_linear_rms"] == pytest.approx(rms, rel=0.01)
        assert attributes["accuracy_launches"] == LAUNCHES
        assert f"{rms:.2g} for Ttotal" in attributes["accuracy_comment"]


def test_then_nothing_is_left_to_do(measured: Workspace) -> None:
    before = products(measured)
    assert "Nothing to be done" in measured.snakemake()
    printed = measured.snakemake("accuracy")
    assert "Oa08: error of Ttotal" in printed
    assert products(measured) == before


def test_neither_plan_nor_status_count_launches_between_the_nodes(measured: Workspace) -> None:
    measured.snakemake("plan")
    plan = json.loads((measured.folder / "results/small/plan.json").read_text())
    assert plan["bands"][0]["launches"] == plan["bands"][0]["launches_done"] == POINTS


def test_a_lut_that_is_made_anew_says_it_again(measured: Workspace, workspace: Workspace) -> None:
    copy_work(measured, workspace, "results", "store")
    config = CAMPAIGN | {"sixsv": {"executable": str(measured.folder / "fake-6sv")}}
    del config["accuracy"]
    workspace.configure(config)
    workspace.lut("Oa08", "nc").unlink()
    workspace.snakemake()
    with xr.open_dataset(workspace.lut("Oa08", "nc")) as lut:
        assert "accuracy_comment" in lut.attrs

    axes = {**CAMPAIGN["axes"], "thetav": [10, 40]}
    workspace.configure(config | {"axes": axes})
    workspace.snakemake()
    with xr.open_dataset(workspace.lut("Oa08", "nc")) as lut:
        assert not [name for name in lut.attrs if name.startswith("accuracy")]


def test_a_value_that_is_added_as_advised_lowers_the_error_as_predicted(
    measured: Workspace, workspace: Workspace
) -> None:
    result = result_of(measured)
    [advised] = [one for one in result["advice"]["add"] if one["quantity"] == "Ttotal"]
    copy_work(measured, workspace, "store")
    before = measured.launches()
    (workspace.folder / "advice.yaml").write_text(advised["axes_yaml"])
    workspace.configure(CAMPAIGN | {"sixsv": {"executable": str(measured.folder / "fake-6sv")}})
    files = "--configfile", "config/config.yaml", "advice.yaml"
    workspace.snakemake("--until", "consolidate", *files)
    with workspace.lut("Oa08").open() as lut:
        assert sum(1 for _ in lut) == advised["points"]
    # Only what is not known: neither the nodes that were there, nor midpoints that are nodes now.
    assert measured.launches() - before == advised["launches"]
    assert advised["launches"] < advised["points"] - POINTS

    workspace.snakemake(*files)
    errors = result_of(workspace)["errors"]["linear"]["Ttotal"]
    assert advised["predicted_rms"] < 0.8 * advised["rms"]
    assert errors["rms"] == pytest.approx(advised["predicted_rms"], rel=0.25)


def test_killed_in_the_middle_no_launch_is_run_twice(workspace: Workspace) -> None:
    config = CAMPAIGN | {
        "sixsv": {"executable": slow_counting(workspace)},
        "axes": {**CAMPAIGN["axes"], "thetav": [10, 40]},
    }
    workspace.configure(config)
    running = workspace.start("accuracy", "--cores", "1")
    nodes = 16
    while workspace.launches() < nodes + 15:
        assert running.poll() is None
        time.sleep(0.05)
    running.send_signal(signal.SIGKILL)
    running.wait()
    wait_until_nothing_runs(workspace)
    assert not (workspace.folder / "results/small/accuracy/Oa08.json").exists()
    workspace.snakemake("accuracy")

    compared = result_of(workspace)["launches"]
    # That which was under way may be run again.
    assert workspace.launches() <= nodes + compared["random"] + compared["midpoints"] + 1


def test_without_the_key_accuracy_is_measured_only_when_asked_for(workspace: Workspace) -> None:
    config = {name: value for name, value in CAMPAIGN.items() if name != "accuracy"}
    workspace.configure(config)
    assert "accuracy" not in workspace.snakemake("-n")
    assert "measure_accuracy" in workspace.snakemake("-n", "accuracy")
    workspace.configure(CAMPAIGN)
    assert "measure_accuracy" in workspace.snakemake("-n")


def test_launches_that_fail_are_left_out_and_counted(workspace: Workspace) -> None:
    # 6SV fails where the azimuth is neither 0 nor 90: at some of the launches between the nodes.
    script = 'deck=$(cat)\ncase "$deck" in *" 45 "*) exit 3;; esac\necho "$deck" | "$SIXSV"'
    workspace.configure(CAMPAIGN | {"sixsv": {"executable": workspace.executable(script)}})
    printed = workspace.snakemake("accuracy")
    left_out = result_of(workspace)["launches"]["not_compared"]
    assert left_out > 0
    assert f"Oa08: {left_out} launches are left out" in printed


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"run6sv": True}, "no error of interpolation can be told from their rounding"),
        (
            {"axes": {name: values[:1] for name, values in CAMPAIGN["axes"].items()}},
            "every axis has one value",
        ),
    ],
)
def test_what_cannot_be_measured_is_refused_before_anything_runs(
    workspace: Workspace, changes: dict[str, Any], said: str
) -> None:
    config = CAMPAIGN | changes
    workspace.configure(config)
    printed = workspace.snakemake(succeeds=False)
    assert "  accuracy: " in printed
    assert said in printed
    del config["accuracy"]
    workspace.configure(config)
    printed = workspace.snakemake("accuracy", succeeds=False)
    assert said in printed
    assert "Traceback" not in printed
    assert not (workspace.folder / "store").exists()
