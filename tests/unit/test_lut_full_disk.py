"""Look-up tables on a full disk: the file is named, nothing is left of it, and no traceback."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sixsv_lut.campaign.batches import RangeBatches
from sixsv_lut.campaign.grid import Grid
from sixsv_lut.campaign.table import write_table
from sixsv_lut.host.script import running
from sixsv_lut.lut.collect import BandResults
from sixsv_lut.lut.dataset import build_dataset, write_netcdf, write_zarr
from sixsv_lut.lut.quantities import LUT_NAMES
from sixsv_lut.lut.text import write_text
from unit.support import recipe_with, small_disk

_ONE = ("1",)
_GRID = Grid((_ONE, _ONE, _ONE, _ONE, _ONE, *([tuple(map(str, range(30)))] * 3)))


def _results() -> BandResults:
    rng = np.random.default_rng(1)
    numbers = {name: rng.random(_GRID.points) for name in LUT_NAMES}
    return BandResults(np.zeros(_GRID.points, np.int8), numbers, [], _GRID.points, 1.0)


def _text(path: Path) -> None:
    write_text(_GRID, _results(), path)


def _netcdf(path: Path) -> None:
    write_netcdf(build_dataset(_GRID, _results(), {}, band_wavelength=1, response_centre=1), path)


def _zarr(path: Path) -> None:
    write_zarr(build_dataset(_GRID, _results(), {}, band_wavelength=1, response_centre=1), path)


def _parameters(path: Path) -> None:
    write_table(_GRID, RangeBatches(_GRID.points, 10), path)


def _recipe(path: Path) -> None:
    recipe_with(version="2" * 300_000).write(path)


_WRITERS = [_text, _netcdf, _zarr, _parameters, _recipe]


@pytest.mark.parametrize("write", _WRITERS)
def test_a_full_disk_is_named_with_the_file_and_nothing_is_left(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], write: Callable[[Path], None]
) -> None:
    with small_disk(tmp_path / "disk", "200k") as disk:
        path = disk / "product"
        with pytest.raises(SystemExit), running(str(tmp_path / "log")):
            write(path)
        printed = capfd.readouterr().err
        assert f"Error: {path}: No space left on device: the file system of {disk}" in printed
        assert "Make room there, then run the same command again" in printed
        assert "Traceback" not in printed + (tmp_path / "log").read_text()
        assert list(disk.iterdir()) == []


@pytest.mark.parametrize("write", ["_text", "_netcdf"])
def test_a_limit_on_the_size_of_files_is_named_with_the_file(tmp_path: Path, write: str) -> None:
    path = tmp_path / "product"
    script = (
        f"from pathlib import Path; from unit.test_lut_full_disk import {write}, running\n"
        f"with running({str(tmp_path / 'log')!r}): {write}(Path({str(path)!r}))"
    )
    folders = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2] / "workflow")]
    ended = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": ":".join(folders)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert f"Error: {path}: File too large. Raise the limit" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert [one.name for one in tmp_path.iterdir()] == ["log"]
