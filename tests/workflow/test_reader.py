"""The reader and 6SV agree on the tables that the workflow makes, and its notebook runs."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import numpy as np
import pytest
import xarray as xr
import yaml
from nbclient import NotebookClient

from sixsv_lut.campaign.configuration import validate
from sixsv_lut.sixsv.axes import AXIS_NAMES
from sixsv_reader import interpolate, open_campaign, open_lut, surface_reflectance, toa_reflectance
from support import PROJECT, Workspace
from surface_launches import Surface

NOTEBOOK = PROJECT / "examples/correct_a_scene.ipynb"


@pytest.mark.parametrize("suffix", ["nc", "zarr"])
def test_the_points_of_a_table_are_given_as_its_text_has_them(
    finished: Workspace, suffix: str
) -> None:
    text = np.loadtxt(finished.lut("Oa17"))
    at = dict(zip(reversed(AXIS_NAMES), text.T, strict=False))
    with open_lut(finished.lut("Oa17", suffix)) as lut:
        assert lut.attrs["lut_format_version"] == 1
        result = interpolate(lut, **at)
    for column, name in enumerate(("Tdown", "Tup", "Ttotal", "rho_atm", "S")):
        np.testing.assert_allclose(result[name].values, text[:, 8 + column], atol=6e-8)
    assert "optical_depth_total" in result


def test_correction_agrees_with_6sv_over_surfaces_that_are_not_black(finished: Workspace) -> None:
    with open_campaign(finished.lut("Oa03").parent) as opened:
        luts = opened.load()
    configuration = validate(yaml.safe_load(luts.attrs["effective_configuration"]), "the table")
    nodes = list(itertools.product(*(luts[name].values for name in AXIS_NAMES)))
    rng = np.random.default_rng(0)
    work = [
        (band, reflectance, point)
        for band in luts["band"].values
        for reflectance in (0.05, 0.3, 0.9)
        for point in rng.permutation(nodes)[:16]
    ]

    def seen(item: tuple[str, float, tuple[float, ...]]) -> float:
        band, reflectance, point = item
        return Surface(configuration, band, reflectance).apparent_reflectance(point)

    with ThreadPoolExecutor(2) as pool:
        by_6sv = np.array(list(pool.map(seen, work)))
    for band in luts["band"].values:
        mine = np.array([i for i, item in enumerate(work) if item[0] == band])
        points = np.array([work[i][2] for i in mine])
        at = {name: xr.DataArray(points[:, i], dims="launch") for i, name in enumerate(AXIS_NAMES)}
        surfaces = xr.DataArray([work[i][1] for i in mine], dims="launch")
        lut = luts.sel(band=band)
        toa = toa_reflectance(lut, surfaces, **at)
        np.testing.assert_allclose(toa.values, by_6sv[mine], atol=3e-5)
        back = surface_reflectance(lut, xr.DataArray(by_6sv[mine], dims="launch"), **at)
        np.testing.assert_allclose(back.values, surfaces.values, atol=4e-5)


def test_the_notebook_runs(finished: Workspace, tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    (tmp_path / "results/olci-small").symlink_to(finished.lut("Oa03").parent)
    (tmp_path / "examples").mkdir()
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = NotebookClient(
        notebook, timeout=120, resources={"metadata": {"path": str(tmp_path / "examples")}}
    )
    client.execute()
    printed = "".join(
        output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", [])
    )
    assert "on a point         Oa03: surface 0.3, corrected 0.30000" in printed
    images = [
        output
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    assert len(images) == 2


def test_the_notebook_is_kept_without_outputs() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
