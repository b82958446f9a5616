"""The script of a batch starts fast: thousands of processes run it."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from sixsv_lut.campaign.batches import RangeBatches
from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.campaign.grid import Grid
from sixsv_lut.campaign.table import write_table
from sixsv_lut.host.script import handed_to_scripts
from sixsv_lut.store.sealed import read_sealed
from unit.support import FakeSixSV, configuration, recipe_with

_WORKFLOW = Path(__file__).parents[2] / "workflow"

# Runs the script with what Snakemake would give it, and tells which packages that has loaded.
_RUN = """
import json, pickle, runpy, sys
from types import SimpleNamespace

given = pickle.loads(sys.stdin.buffer.read())
snakemake = SimpleNamespace(**{
    name: SimpleNamespace(**value) if name in ("input", "wildcards") else value
    for name, value in given.items()
})
runpy.run_path(sys.argv[1], {"snakemake": snakemake})
print(json.dumps(sorted({name.split(".")[0] for name in sys.modules})))
"""


def loaded_by_a_batch(folder: Path, executable: Path) -> set[str]:
    made = configuration(
        store=str(folder / "store"),
        sixsv={"executable": str(executable), "timeout": 20, "retries": 0},
        batch_size=4,
    )
    given = {
        "input": {"table": str(folder / "table.parquet"), "recipe": str(folder / "recipe.json")},
        "output": [str(folder / "batch.parquet")],
        "log": [str(folder / "batch.log")],
        "wildcards": {"band": "Oa08", "batch": "00000"},
        "threads": 1,
        "config": {"batch": handed_to_scripts(Campaign(made))["batch"]},
    }
    ended = subprocess.run(
        [sys.executable, "-c", _RUN, str(_WORKFLOW / "scripts/simulate.py")],
        input=pickle.dumps(given),
        env={"PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        check=True,
    )
    return set(json.loads(ended.stdout))


@pytest.mark.parametrize("attempt", ["from nothing", "from the store"])
def test_a_batch_loads_no_large_package_that_it_does_not_need(tmp_path: Path, attempt: str) -> None:
    fake = FakeSixSV(tmp_path / "fake")
    recipe = recipe_with(fake.path)
    recipe.write(tmp_path / "recipe.json")
    grid = Grid(configuration().axes.written())
    write_table(grid, RangeBatches(grid.points, 4), tmp_path / "table.parquet")
    if attempt == "from the store":
        loaded_by_a_batch(tmp_path, fake.path)
        (tmp_path / "batch.parquet").unlink()

    loaded = loaded_by_a_batch(tmp_path, fake.path)

    assert len(read_sealed(tmp_path / "batch.parquet", recipe.fingerprint).status) == 4
    assert "pyarrow" in loaded
    assert loaded & {"pandas", "pydantic", "yaml", "xarray", "netCDF4", "Py6S", "scipy"} == set()
