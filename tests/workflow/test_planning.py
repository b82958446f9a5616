"""Planning stays light, however large the campaign: it reads no table and lists no batches."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sixsv_lut.campaign.campaign import Campaign, load_campaign
from support import Workspace

# Notes which files Snakemake opens, which folders it lists, and what of the library it loads.
OBSERVED = """
import json, sys

opened, listed = set(), set()

def note(event, arguments):
    if event == "open":
        opened.add(str(arguments[0]))
    elif event in ("os.listdir", "os.scandir"):
        listed.add(str(arguments[0]))

sys.addaudithook(note)
from snakemake.cli import main

report, *arguments = sys.argv[1:]
try:
    main(arguments)
finally:
    loaded = [name for name in sys.modules if name.split(".")[0] == "sixsv_lut"]
    seen = {"opened": sorted(opened), "listed": sorted(listed), "loaded": sorted(loaded)}
    with open(report, "w") as file:
        json.dump(seen, file)
"""


def observed(workspace: Workspace, report: Path, *arguments: str) -> dict[str, list[str]]:
    ended = subprocess.run(
        [sys.executable, "-c", OBSERVED, str(report), *arguments],
        cwd=workspace.folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
    seen: dict[str, Any] = json.loads(report.read_text())
    return seen


def campaign(workspace: Workspace) -> Campaign:
    return load_campaign([workspace.folder / "config/config.yaml"])


def job(workspace: Workspace) -> list[str]:
    """Give what Snakemake is called with in a cluster job of one batch; nothing is run."""
    of = campaign(workspace)
    batch = f"simulate:band=Oa03,digest={of.band_digests['Oa03']},batch=00001"
    return (
        f"--target-jobs {batch} --allowed-rules simulate --cores 1 --force --no-hooks --nolock "
        "--target-files-omit-workdir-adjustment --max-inventory-time 0 --ignore-incomplete "
        "--mode remote --dry-run"
    ).split()


@pytest.fixture(params=["a dry run of everything", "the start of a cluster job"])
def seen(
    request: pytest.FixtureRequest, finished: Workspace, tmp_path: Path
) -> dict[str, list[str]]:
    arguments = {
        "a dry run of everything": ["--profile", "local", "--dry-run", "--forceall"],
        "the start of a cluster job": job(finished),
    }
    return observed(finished, tmp_path / "seen.json", *arguments[request.param])


def test_no_table_and_no_batch_is_opened(seen: dict[str, list[str]]) -> None:
    assert any(path.endswith("Snakefile") for path in seen["opened"])  # the notes are taken
    assert [path for path in seen["opened"] if path.endswith((".parquet", ".journal"))] == []


def test_no_folder_with_a_file_for_each_batch_is_listed(
    seen: dict[str, list[str]], finished: Workspace
) -> None:
    patterns = ("results/small/**/00001.*", "store/*/*.parquet")
    folders = {file.parent for pattern in patterns for file in finished.folder.glob(pattern)}
    # Of each of the two bands: batches, logs, benchmarks, and the part of the store.
    assert len(folders) == 8
    assert folders & {finished.folder / path for path in seen["listed"]} == set()


def test_the_snakefile_loads_no_part_of_the_library_that_needs_numpy(
    seen: dict[str, list[str]],
) -> None:
    # Snakemake's plugins load NumPy too, so what the Snakefile has loaded is loaded again, alone.
    assert "sixsv_lut.campaign.campaign" in seen["loaded"]
    code = f"""
import importlib, sys
for name in {seen["loaded"]}:
    importlib.import_module(name)
print({{"numpy", "pandas", "pyarrow", "xarray", "netCDF4", "Py6S"}} & set(sys.modules))
"""
    alone = [sys.executable, "-c", code]
    library = {"PYTHONPATH": str(Path(sys.modules["sixsv_lut"].__path__[0]).parent)}
    ended = subprocess.run(alone, env=library, text=True, stdout=subprocess.PIPE, check=True)
    assert ended.stdout.strip() == "set()"
