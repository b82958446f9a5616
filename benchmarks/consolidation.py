"""What consolidation costs: a full band of synthetic results through the real store and formats.

Makes the batches of the full-size OLCI grid (3,123,120 points; or part of it, by cutting the first
axes) with random numbers in place of 6SV, seals them in a store, and measures time and peak memory
of turning them into the text and NetCDF tables. Prints one JSON object for each size.
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

import numpy as np
import yaml

from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.campaign.configuration import effective_yaml, validate
from sixsv_lut.campaign.recipe import make_recipe
from sixsv_lut.sixsv.instruments import find_band
from sixsv_lut.sixsv.report import QUANTITY_NAMES, REQUIRED, Status
from sixsv_lut.store.batch_store import BatchStore
from sixsv_lut.store.records import Records

PROJECT = Path(__file__).resolve().parents[1]

CONSOLIDATE = """
import json, resource, sys, time
from pathlib import Path
import yaml
from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.campaign.configuration import validate
from sixsv_lut.lut.consolidate import consolidate
from sixsv_lut.campaign.recipe import read_recipe

started = time.perf_counter()
config = yaml.safe_load(Path("configuration.yaml").read_text())
campaign = Campaign(validate(config, "the benchmark"))
batches = sorted(Path("batches").iterdir())
outputs = [Path(name) for name in ("lut.json", "lut.csv", "lut.nc")]
consolidate(campaign, read_recipe(Path("recipe.json")), batches, outputs)
print(json.dumps({
    "seconds": round(time.perf_counter() - started, 1),
    "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
}))
"""


def make_batches(folder: Path, part: float) -> dict[str, float]:
    """Make a store with all batches of one band, and give what it took."""
    config = yaml.safe_load((PROJECT / "config/examples/olci_full.yaml").read_text())
    if part < 1:
        config["axes"]["uo3"] = [0.3]  # a quarter
    if part < 0.25:
        config["axes"]["psurf"] = [1000]  # a sixteenth
    campaign = Campaign(validate(config, "the benchmark"))
    configuration = campaign.configuration
    recipe = make_recipe(configuration, find_band("OLCI", "Oa08"))
    recipe.write(folder / "recipe.json")
    (folder / "configuration.yaml").write_text(effective_yaml(configuration))
    rng = np.random.default_rng(1)
    started = time.perf_counter()
    for batch in range(len(campaign.batches)):
        values = campaign.grid.rows(*campaign.batches[batch])
        records = Records(values)
        rows = len(values)
        records.status[:] = Status.OK
        records.launches[:] = 1
        records.seconds[:] = 0.3
        # Most quantities of a real batch have few different numbers: 150 bytes a point in all.
        records.quantities[:] = rng.integers(0, 400, (rows, len(QUANTITY_NAMES))) / 400
        for name in REQUIRED:
            numbers = np.round(rng.random(rows), 5)
            records.quantities[:, QUANTITY_NAMES.index(name)] = numbers
        kept = BatchStore(folder / "store", recipe.fingerprint, values)
        kept.make_folder()
        kept.seal(records)
        kept.publish(folder / f"batches/{batch:05d}.parquet")
    return {
        "points": campaign.points,
        "batches": len(campaign.batches),
        "sealing_seconds": round(time.perf_counter() - started, 1),
    }


def main() -> None:
    """Measure each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", type=float, nargs="+", default=[1 / 16, 1 / 4, 1])
    arguments = parser.parse_args()
    for part in arguments.parts:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            made = make_batches(folder, part)
            environment = os.environ
            ended = subprocess.run(
                [sys.executable, "-c", CONSOLIDATE],
                cwd=folder,
                env=environment,
                check=True,
                stdout=subprocess.PIPE,
                text=True,
            )
            sizes = {
                f"{path.suffix[1:]}_mb": round(path.stat().st_size / 1e6, 1)
                for path in folder.glob("lut.*")
            }
            print(json.dumps(made | json.loads(ended.stdout) | sizes), flush=True)


if __name__ == "__main__":
    main()
