"""The status command beside a run, and after it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from support import SMALL, SMALL_POINTS, Workspace


def _status(workspace: Workspace) -> dict[str, Any]:
    printed = subprocess.run(
        [sys.executable, "./status", "--json"],
        cwd=workspace.folder,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    told: dict[str, Any] = json.loads(printed.stdout)
    return told


def test_status_follows_a_run_from_outside_and_tells_what_it_cost(workspace: Workspace) -> None:
    executable = workspace.executable('sleep 0.2\nexec "$SIXSV"')
    workspace.configure(SMALL | {"sixsv": {"executable": executable}})
    before = _status(workspace)["total"]
    assert (before["points"], before["finished_points"]) == (2 * SMALL_POINTS, 0)

    run = workspace.start()
    during = before
    while run.poll() is None and not during["running_batches"]:
        during = _status(workspace)["total"]
        time.sleep(0.1)
    assert during["running_batches"] >= 1
    assert run.wait() == 0

    after = _status(workspace)
    assert after["total"]["finished_points"] == 2 * SMALL_POINTS
    assert after["total"]["core_hours_left"] == 0
    cost = after["cost_of_finished_batches"]
    assert (cost["launches"], cost["retries"], cost["failed"]) == (2 * SMALL_POINTS, 0, 0)
    # The launches of this executable sleep for most of their time.
    assert 0 < cost["launch_hours"] < cost["core_hours"]


def test_status_finds_the_environment_by_itself(workspace: Workspace) -> None:
    (workspace.folder / ".venv").symlink_to(sys.prefix)
    bare = str(Path(sys.base_prefix) / "bin/python3")
    printed = subprocess.run(
        [bare, "-S", f"{workspace.folder}/status", "--json"],
        cwd=workspace.folder,
        env={"PATH": "/usr/bin:/bin"},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert json.loads(printed.stdout)["total"]["points"] == 2 * SMALL_POINTS


def test_without_an_environment_status_says_how_to_make_one(workspace: Workspace) -> None:
    bare = str(Path(sys.base_prefix) / "bin/python3")
    ended = subprocess.run(
        [bare, "-S", f"{workspace.folder}/status"],
        cwd=workspace.folder,
        env={"PATH": "/usr/bin:/bin"},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "Run make install first" in ended.stderr


def test_without_its_store_a_complete_campaign_is_told_as_complete(workspace: Workspace) -> None:
    workspace.snakemake()
    before = _status(workspace)
    for folder in ("store", "results/small/batches"):
        shutil.rmtree(workspace.folder / folder)
        after = _status(workspace)
        assert after["total"]["finished_points"] == 2 * SMALL_POINTS
        assert after["total"]["finished_batches"] == before["total"]["finished_batches"]
        for name in ("points", "failed", "launches"):
            cost = "cost_of_finished_batches"
            assert after[cost][name] == before[cost][name]
        # And this is what Snakemake makes of it.
        assert "Nothing to be done" in workspace.snakemake("-n")
        workspace.snakemake("plan")
        plan = json.loads((workspace.folder / "results/small/plan.json").read_text())
        assert plan["launches_left"] == 0
