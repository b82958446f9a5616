"""What a batch costs beyond its launches: the batch job against a plain shell loop.

Both run the same decks with the same executable, one launch at a time, in turns. The loop is
``for deck in *; do 6sv < $deck > $deck.out; done``; the batch is ``sixsv_lut.simulate.batch`` in a
process of its own, from an empty store to the sealed file. Prints the medians and their ratio.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

from sixsv_lut.campaign.batches import RangeBatches
from sixsv_lut.campaign.configuration import validate
from sixsv_lut.campaign.grid import Grid
from sixsv_lut.campaign.recipe import make_recipe
from sixsv_lut.campaign.table import write_table
from sixsv_lut.sixsv.executable import launch_environment
from sixsv_lut.sixsv.instruments import find_band

PROJECT = Path(__file__).resolve().parents[1]

BATCH = """
import json, sys
from pathlib import Path
from sixsv_lut.campaign.batches import RangeBatches
from sixsv_lut.campaign.grid import Grid
from sixsv_lut.campaign.recipe import read_recipe
from sixsv_lut.campaign.table import read_batch
from sixsv_lut.simulate.batch import run_batch

folder = Path(sys.argv[1])
axes, batch_size = json.loads((folder / "grid.json").read_text())
grid = Grid(tuple(map(tuple, axes)))
values, keys = read_batch(folder / "table.parquet", 0, grid, RangeBatches(grid.points, batch_size))
run_batch(
    values, read_recipe(folder / "recipe.json"), folder / "store", folder / "batch.parquet",
    threads=1, timeout=120, retries=1, campaign_keys=keys,
)
"""

LOOP = 'for deck in "$1"/*.deck; do "$2" < "$deck" > "${deck%.deck}.out"; done'


def _seconds(command: list[str], environment: dict[str, str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, env=environment, check=True)
    return time.perf_counter() - started


def main() -> None:
    """Measure, and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--launches", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--band", default="Oa03")
    arguments = parser.parse_args()

    config = yaml.safe_load((PROJECT / "config/config.yaml").read_text())
    configuration = validate(config, "config/config.yaml")
    grid = Grid(configuration.axes.written())
    if arguments.launches > grid.points:
        parser.error(f"the default campaign has only {grid.points} points")
    recipe = make_recipe(configuration, find_band(configuration.instrument, arguments.band))
    environment = launch_environment()

    loop_seconds, batch_seconds = [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        recipe.write(folder / "recipe.json")
        write_table(grid, RangeBatches(grid.points, arguments.launches), folder / "table.parquet")
        (folder / "grid.json").write_text(json.dumps([grid.values, arguments.launches]))
        writer = recipe.deck_writer()
        for i, point in enumerate(grid.rows(0, arguments.launches)):
            (folder / f"{i:05d}.deck").write_text(writer.deck(point).text)
        loop = ["bash", "-c", LOOP, "loop", name, recipe.executable]
        batch = [sys.executable, "-c", BATCH, name]
        for turn in range(arguments.rounds):
            # Which goes first changes: a machine that slows down or speeds up favours neither.
            for command in (loop, batch) if turn % 2 == 0 else (batch, loop):
                shutil.rmtree(folder / "store", ignore_errors=True)
                seconds = _seconds(command, environment)
                (loop_seconds if command is loop else batch_seconds).append(seconds)
    ratios = [b / a for a, b in zip(loop_seconds, batch_seconds, strict=True)]
    print(
        json.dumps(
            {
                "launches": arguments.launches,
                "cores": os.cpu_count(),
                "loop_seconds": [round(s, 2) for s in loop_seconds],
                "batch_seconds": [round(s, 2) for s in batch_seconds],
                "ratio_of_medians": round(
                    statistics.median(batch_seconds) / statistics.median(loop_seconds), 4
                ),
                "ratios": [round(r, 4) for r in ratios],
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main()
