"""A small batch of reduced launches, as a process of its own: python reduced_batch.py FOLDER.

The folder holds the recipe, and gets the store and the batch.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from sixsv_lut.campaign.grid import Grid
from sixsv_lut.campaign.promise import Promise
from sixsv_lut.campaign.recipe import Recipe, read_recipe
from sixsv_lut.host.script import running
from sixsv_lut.reduced.block import Block
from sixsv_lut.simulate.batch import BatchSummary, run_batch
from sixsv_lut.simulate.searched_rows import SearchedRows
from sixsv_lut.store.batch_store import BatchStore
from sixsv_lut.store.records import Records

# Without aerosol a launch takes some hundredths of a second.
GRID = Grid(
    (
        ("0.3",),
        ("0.5", "2.5", "6"),
        ("0",),
        ("700", "800", "900", "950", "1000", "1050"),
        ("0", "1", "3"),
        tuple(map(str, range(0, 181, 20))),
        ("20", "60"),
        ("40",),
    )
)
BLOCKS = [Block.of_grid(GRID, thetas, 0) for thetas in (0, 1)]
VALUES = GRID.values_of(np.concatenate([block.numbers(GRID) for block in BLOCKS]))
PROMISE = Promise(1e-5)
HOLD_OUT = 40
THREADS = 2


def searched_rows(records: Records, recipe: Recipe) -> SearchedRows:
    """Make what tells which points are launched."""
    return SearchedRows(records, BLOCKS, PROMISE, recipe.fingerprint, HOLD_OUT)


def store_of(folder: Path, recipe: Recipe) -> BatchStore:
    """Give the part of the store that belongs to the batch."""
    return BatchStore(folder / "store", recipe.fingerprint, VALUES, "reduced")


def run(folder: Path, recipe: Recipe) -> BatchSummary:
    """Run the batch, from wherever earlier attempts have left it."""
    return run_batch(
        VALUES,
        recipe,
        folder / "store",
        folder / "batch.parquet",
        threads=THREADS,
        timeout=60,
        retries=0,
        flush_seconds=0.2,
        name="reduced",
        work_of=lambda records: searched_rows(records, recipe),
    )


if __name__ == "__main__":
    here = Path(sys.argv[1])
    with running(str(here / "batch.log")):
        run(here, read_recipe(here / "recipe.json"))
