"""What the workflow itself costs: a campaign of very many batches of launches that take no time.

All 21 bands of OLCI, 4 launches to a batch, through the real workflow from an empty folder to the
text and NetCDF tables. In the place of 6SV stands a compiled program that reads its deck and prints
a report of the real 6SV, so that what is left is the cost of Snakemake and of the batch processes.
Prints one JSON object for each size.

While it runs, the batches that are done and the CPU time of the Snakemake process are noted; its
cost for each batch is given for every tenth of the run, and shows whether it grows.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT / "tests"))

from sixsv_lut.campaign.campaign import Campaign  # noqa: E402
from sixsv_lut.campaign.configuration import validate  # noqa: E402
from sixsv_lut.campaign.recipe import make_recipe  # noqa: E402
from sixsv_lut.sixsv.executable import launch_environment  # noqa: E402
from sixsv_lut.sixsv.instruments import BANDS, find_band  # noqa: E402
from support import Workspace  # noqa: E402

BAND = "Oa08"
BATCH_SIZE = 4
_LOOK_SECONDS = 2.0
_TICKS = os.sysconf("SC_CLK_TCK")


def configuration(batches: int, executable: str) -> dict[str, Any]:
    """Give a configuration with so many batches in all, or up to 20 more."""
    each = max(2, math.ceil(batches / len(BANDS["OLCI"])))
    return {
        "campaign": "many",
        "pictures": False,
        "sixsv": {"executable": executable},
        "bands": "all",
        "axes": {
            "uo3": [0.3],
            "uw": [1.5],
            "aot550": [0.2],
            "psurf": [1013],
            "alti": [0],
            "phi": {"start": 0, "stop": 180, "number": each},
            "thetas": [20, 50],
            "thetav": [10, 40],
        },
        "batch_size": BATCH_SIZE,
    }


def compile_printer(folder: Path) -> Path:
    """Compile the program that prints a report, with a report of the real 6SV in it."""
    config = configuration(1, "2.1")
    campaign = Campaign(validate(config, "the benchmark"))
    recipe = make_recipe(campaign.configuration, find_band("OLCI", BAND))
    point = campaign.grid.rows(0, 1)[0]
    report = subprocess.run(
        [recipe.executable],
        input=recipe.deck_writer().deck(point).text,
        env=launch_environment(),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    lines = (json.dumps(line) for line in report.splitlines(keepends=True))
    (folder / "report.inc").write_text("\n".join(lines) + "\n")
    printer = folder / "report_printer"
    source = PROJECT / "benchmarks/report_printer.c"
    subprocess.run(["cc", "-O2", f"-I{folder}", "-o", printer, source], check=True)
    return printer


@dataclass(frozen=True)
class Sample:
    """What was seen at one moment: times in seconds, memory in MB."""

    elapsed: float
    batches: int
    snakemake_cpu: float
    children_cpu: float
    memory: float


def look(process: int, started: float, batches: Path) -> Sample | None:
    """Look at the Snakemake process; None once it has ended."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        status = Path(f"/proc/{process}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    if fields[0] == "Z":
        return None
    user, system, children_user, children_system = (int(ticks) / _TICKS for ticks in fields[11:15])
    memory = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return Sample(
        time.monotonic() - started,
        count_files(batches),
        user + system,
        children_user + children_system,
        int(memory.split()[1]) / 1024,
    )


def count_files(folder: Path) -> int:
    """Count the files in a folder and its subfolders."""
    return sum(len(files) for _, _, files in os.walk(folder))


def consolidation_cpu(folder: Path) -> float:
    """Give the CPU time of all consolidations, in seconds, as Snakemake measured it."""
    seconds = 0.0
    for path in folder.glob("benchmarks/consolidate/*.tsv"):
        with path.open(newline="") as file:
            seconds += sum(float(row["cpu_time"]) for row in csv.DictReader(file, delimiter="\t"))
    return seconds


def tenths(samples: list[Sample], total: int) -> list[dict[str, float]]:
    """Give the cost of a batch in each tenth of the run, in ms of CPU and of elapsed time."""
    ends = [next(s for s in samples if s.batches >= total * tenth / 10) for tenth in range(11)]
    rows = []
    for before, after in itertools.pairwise(ends):
        done = max(1, after.batches - before.batches)
        rows.append(
            {
                "batches": after.batches,
                "snakemake_ms": round(
                    (after.snakemake_cpu - before.snakemake_cpu) / done * 1000, 1
                ),
                "children_ms": round((after.children_cpu - before.children_cpu) / done * 1000, 1),
                "elapsed_ms": round((after.elapsed - before.elapsed) / done * 1000, 1),
            }
        )
    return rows


def measure(batches: int, log: Path | None) -> dict[str, Any]:
    """Run a campaign of so many batches, and give what it took."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        workspace = Workspace(folder)
        config = configuration(batches, str(compile_printer(folder)))
        workspace.configure(config)
        campaign = Campaign(validate(config, "the benchmark"))
        total = len(campaign.batches) * len(campaign.band_names)
        results = folder / campaign.folder
        started = time.monotonic()
        process = workspace.start()
        first_job = first_batch = math.nan
        samples: list[Sample] = []
        while sample := look(process.pid, started, results / "batches"):
            samples.append(sample)
            if math.isnan(first_job) and count_files(results / "logs"):
                first_job = sample.elapsed
            if math.isnan(first_batch) and count_files(results / "logs/simulate"):
                first_batch = sample.elapsed
            if log:
                with log.open("a") as file:
                    file.write(f"{sample}\n")
            time.sleep(_LOOK_SECONDS / 10 if math.isnan(first_batch) else _LOOK_SECONDS)
        code = process.wait()
        seconds = time.monotonic() - started
        printed = (folder / "output.txt").read_text()
        if code != 0:
            sys.exit(printed)
        last = samples[-1]
        consolidations = consolidation_cpu(results)
        # The recipes are made in the first tenth, the tables in the others.
        tenth = next(s for s in samples if s.batches >= total / 10)
        batch_cpu = last.children_cpu - tenth.children_cpu - consolidations
        return {
            "batches": total,
            "launches": total * BATCH_SIZE,
            "cores": os.cpu_count(),
            "seconds": round(seconds, 1),
            "seconds_to_first_job": round(first_job, 1),
            "seconds_to_first_batch": round(first_batch, 1),
            "snakemake_cpu_seconds": round(last.snakemake_cpu, 1),
            "snakemake_cpu_ms_per_batch": round(last.snakemake_cpu / total * 1000, 1),
            "snakemake_peak_mb": round(last.memory),
            "children_cpu_seconds": round(last.children_cpu, 1),
            "consolidation_cpu_seconds": round(consolidations, 1),
            "batch_cpu_ms": round(batch_cpu / (total - tenth.batches) * 1000, 1),
            "files": {
                "results": count_files(results),
                "store": count_files(folder / "store"),
                ".snakemake": count_files(folder / ".snakemake"),
            },
            "tenths": tenths(samples, total),
        }


def main() -> None:
    """Measure each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, nargs="+", default=[16000])
    parser.add_argument("--log", type=Path, help="write every observation to this file")
    arguments = parser.parse_args()
    if shutil.which("cc") is None:
        parser.error("a C compiler is needed, under the name cc")
    for batches in arguments.batches:
        print(json.dumps(measure(batches, arguments.log)), flush=True)


if __name__ == "__main__":
    main()
