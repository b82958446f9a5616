"""The plan tells what a campaign will cost and computes nothing; the probe measures a launch."""

from __future__ import annotations

import json
import os
import signal
import time
from typing import Any

import pytest

from support import SMALL, SMALL_POINTS, Workspace


def _json(workspace: Workspace) -> dict[str, Any]:
    plan: dict[str, Any] = json.loads((workspace.folder / "results/small/plan.json").read_text())
    return plan


def test_a_plan_before_anything_computes_nothing(workspace: Workspace) -> None:
    workspace.configure(SMALL | {"sixsv": {"executable": workspace.counting_executable()}})
    printed = workspace.snakemake("plan")
    plan = _json(workspace)

    assert (plan["launches"], plan["launches_done"], plan["batches"]) == (2 * SMALL_POINTS, 0, 8)
    assert "0.5 s, as configured (sixsv.seconds_per_launch)" in printed
    assert "Nothing was started" in printed
    # A log file takes no colours, and a reader no announcements of jobs.
    assert "\x1b" not in printed
    assert "Job stats" not in printed
    assert not workspace.launches()
    assert not (workspace.folder / "store").exists()
    written = sorted(path.name for path in (workspace.folder / "results/small").iterdir())
    assert written == ["logs", "plan.json"]


def test_after_a_run_all_is_in_the_store_and_files_are_as_planned(workspace: Workspace) -> None:
    workspace.configure(SMALL | {"formats": ["text", "netcdf", "zarr"]})
    workspace.snakemake()
    kept = {
        path.stat().st_ino
        for folder in ("results", "store", ".snakemake/metadata")
        for path in (workspace.folder / folder).rglob("*")
        if path.is_file()
    }
    printed = workspace.snakemake("plan")
    plan = _json(workspace)

    assert plan["launches_left"] == plan["batches_left"] == plan["elapsed_seconds"] == 0
    assert "none: all launches are in the store" in printed
    assert plan["files"]["in_the_end"] == pytest.approx(len(kept), abs=3)
    sealed = sum(path.stat().st_size for path in workspace.folder.glob("store/*/*.parquet"))
    assert plan["store_bytes"] == pytest.approx(sealed, rel=0.25)


def test_launches_are_found_though_the_results_are_gone(workspace: Workspace) -> None:
    workspace.configure(SMALL | {"bands": ["Oa03"]})
    workspace.snakemake()
    (workspace.folder / "results").rename(workspace.folder / "elsewhere")
    workspace.snakemake("plan")
    assert _json(workspace)["launches_done"] == SMALL_POINTS


def test_a_plan_while_a_campaign_runs_leaves_it_alone(workspace: Workspace) -> None:
    script = f'echo >> {workspace.folder}/launches\nsleep 0.2\nexec "$SIXSV"'
    workspace.configure(SMALL | {"sixsv": {"executable": workspace.executable(script)}})
    running = workspace.start("--cores", "1")
    while workspace.launches() < 3:
        assert running.poll() is None
        time.sleep(0.02)
    workspace.snakemake("plan")
    plan = _json(workspace)
    assert running.poll() is None
    running.send_signal(signal.SIGINT)
    running.wait(timeout=60)

    assert 1 <= plan["launches_done"] < plan["launches"]
    assert "another Snakemake" not in (workspace.folder / "output.txt").read_text()


def test_what_a_probe_measures_stands_in_the_plan(workspace: Workspace) -> None:
    workspace.configure(SMALL | {"sixsv": {"executable": workspace.counting_executable()}})
    printed = workspace.snakemake("probe")
    assert "Oa17  mean" in printed
    launches = workspace.launches()
    assert 0 < launches <= 2 * SMALL_POINTS
    # Its results are not kept.
    assert not list(workspace.folder.glob("store/*/*.parquet"))
    assert not list(workspace.folder.glob("store/*/*.journal"))

    printed = workspace.snakemake("plan")
    plan = _json(workspace)
    probes = [json.loads(path.read_text()) for path in workspace.folder.glob("store/probes/*/*")]
    assert {band["band"]: band["seconds_per_launch"] for band in plan["bands"]} == {
        probe["band"]: probe["mean_seconds"] for probe in probes
    }
    assert f"measured on {probes[0]['host']}" in printed
    assert plan["launches_done"] == 0
    assert workspace.launches() == launches


def test_a_probe_narrows_the_plan_of_reduced_launches(workspace: Workspace) -> None:
    # Without aerosol launches are fast; ozone does not act in Oa20, water vapour does.
    axes = SMALL["axes"] | {
        "uo3": [0.2, 0.35, 0.5],
        "uw": [0.5, 2, 4, 6],
        "aot550": [0],
        "psurf": [800, 900, 1000],
        "phi": [0, 45, 90, 135, 180],
        "thetas": {"start": 0, "stop": 60, "step": 5},
        "thetav": {"start": 0, "stop": 60, "step": 5},
    }
    workspace.configure(
        SMALL
        | {"bands": ["Oa20"], "aerosol": {"model": 0}, "launches": "reduced", "axes": axes}
        | {"batch_size": 1000}
    )
    printed = workspace.snakemake("plan")
    before = _json(workspace)
    assert before["launches_are_estimated"]
    assert before["bands"][0]["launches_from"] == "grid"
    assert "(estimate)" in printed
    assert "snakemake probe finds out which gases act" in " ".join(printed.split())

    assert "; water vapour acts" in workspace.snakemake("probe")
    workspace.snakemake("plan")
    after = _json(workspace)
    assert after["bands"][0]["launches_from"] == "probe"
    widths = [plan["launches_most"] - plan["launches_least"] for plan in (before, after)]
    assert widths[1] < widths[0]


@pytest.mark.parametrize("profile", ["slurm", "pbs"])
def test_a_plan_for_a_cluster_needs_no_scheduler_and_refuses_what_does_not_fit(
    workspace: Workspace, profile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for command in ("sbatch", "qsub"):
        path = workspace.folder / "bin" / command
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\ntouch {workspace.folder}/submitted\nexit 1\n")
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{workspace.folder}/bin", prepend=os.pathsep)
    # As of a queued job of a Snakemake that runs the campaign.
    folder_of_a_log = workspace.folder / "logs/slurm/group_Oa03-0123456789ab-00000_simulate"
    folder_of_a_log.mkdir(parents=True)
    options = ("--profile", str(workspace.folder / "profiles" / profile))
    printed = workspace.snakemake("plan", *options)
    plan = _json(workspace)

    assert (plan["on_cluster"], plan["jobs_at_a_time"], plan["cluster_jobs"]) == (True, 100, 2)
    assert "the site allows 8 h" in printed
    assert not (workspace.folder / "submitted").exists()
    assert folder_of_a_log.exists()

    printed = workspace.snakemake(
        "plan", *options, "--group-components", "simulate=1000", succeeds=False
    )
    assert "use --group-components simulate=" in printed
    assert not (workspace.folder / "submitted").exists()
