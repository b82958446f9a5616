"""What planning costs: dry runs of the full-size OLCI campaign, and the start of a cluster job.

Every cluster job starts Snakemake anew, which reads the Snakefile and looks for the one batch that
it is to run. This must not cost more in a large campaign than in a small one. Prints one JSON
object for each measurement: elapsed and CPU time in seconds, peak memory in MB.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT / "tests"))

from sixsv_lut.campaign.campaign import Campaign  # noqa: E402
from sixsv_lut.campaign.configuration import validate  # noqa: E402
from sixsv_lut.sixsv.instruments import BANDS  # noqa: E402
from support import SMALL, Workspace  # noqa: E402

FULL = yaml.safe_load((PROJECT / "config/examples/olci_full.yaml").read_text())
ALL = [band.name for band in BANDS["OLCI"]]


def measure(workspace: Workspace, command: list[str]) -> dict[str, float]:
    """Run a command in the workspace, and give what it took."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=workspace.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"failed: {' '.join(command)}")
    return {
        "seconds": round(time.perf_counter() - started, 1),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 1),
        "peak_mb": round(usage.ru_maxrss / 1024),
    }


def dry_run(workspace: Workspace, bands: list[str]) -> dict[str, Any]:
    """Plan the full-size campaign of some bands."""
    config = FULL | {"bands": bands}
    workspace.configure(config)
    batches = len(Campaign(validate(config, "the benchmark")).batches) * len(bands)
    plan = measure(workspace, workspace.command("-n"))
    return {"dry_run_of_bands": len(bands), "batches": batches} | plan


def job_start(workspace: Workspace, config: dict[str, Any]) -> dict[str, Any]:
    """Start Snakemake as in a cluster job that runs the first batch, but run nothing."""
    workspace.configure(config)
    campaign = Campaign(validate(config, "the benchmark"))
    band = campaign.band_names[0]
    workspace.snakemake(campaign.table, campaign.recipe(band))
    batch = f"simulate:band={band},digest={campaign.band_digests[band]},batch=00000"
    # As Snakemake's executors write it for a job, with --dry-run besides.
    options = (
        "--allowed-rules simulate --cores 1 --force --max-inventory-time 0 --no-hooks --nolock"
    )
    options += " --target-files-omit-workdir-adjustment --ignore-incomplete --mode remote --dry-run"
    command = [sys.executable, "-m", "snakemake", "--target-jobs", batch, *options.split()]
    batches = len(campaign.batches) * len(campaign.band_names)
    return {"job_start_in_campaign_of_batches": batches} | measure(workspace, command)


def main() -> None:
    """Measure each in turn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bands", type=int, nargs="+", default=[1, 4, 21])
    parser.add_argument("--rounds", type=int, default=3, help="starts of a job")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        workspace = Workspace(Path(name))
        for count in arguments.bands:
            print(json.dumps(dry_run(workspace, ALL[:count])), flush=True)
        for _ in range(arguments.rounds):
            for config in (SMALL, FULL):
                print(json.dumps(job_start(workspace, config)), flush=True)


if __name__ == "__main__":
    main()
