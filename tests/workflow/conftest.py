"""A workspace for each test, and one in which the small campaign has run."""

from __future__ import annotations

from pathlib import Path

import pytest

from support import SMALL, Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Give a folder of its own to each test."""
    return Workspace(tmp_path)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Give a folder in which the small campaign has run; tests only look at it."""
    workspace = Workspace(tmp_path_factory.mktemp("finished"))
    workspace.configure(
        SMALL | {"formats": ["text", "netcdf", "zarr"], "extra_outputs": ["optical_depth_total"]}
    )
    (workspace.folder / "printed.txt").write_text(workspace.snakemake())
    return workspace
