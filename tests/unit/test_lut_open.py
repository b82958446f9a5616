"""A LUT is opened from any of its formats, and is the same."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.campaign.formats import SUFFIXES, Format
from sixsv_lut.lut.collect import BandResults
from sixsv_lut.lut.dataset import DATASET_WRITERS, build_dataset
from sixsv_lut.lut.open import open_lut
from sixsv_lut.lut.quantities import LUT_NAMES
from sixsv_lut.lut.text import write_text
from sixsv_lut.sixsv.axes import AXIS_NAMES
from sixsv_lut.sixsv.report import Status
from unit.support import axes_entry, configuration

FAILED = (1, 6)


def _campaign(folder: Path, formats: list[Format]) -> Campaign:
    axes = axes_entry(uw=["0.5", "1.5"], phi=["0", "90", "180"], thetav=["5", "10"])
    return Campaign(configuration(results=str(folder), axes=axes, formats=formats))


def _write(campaign: Campaign) -> None:
    points = campaign.grid.points
    status = np.zeros(points, dtype=np.int8)
    status[list(FAILED)] = Status.CRASHED
    quantities = {
        name: np.round(np.linspace(0.1, 0.9, points) + i / 100, 5)
        for i, name in enumerate(LUT_NAMES)
    }
    for values in quantities.values():
        values[list(FAILED)] = math.nan
    results = BandResults(status, quantities, [], points, 1.0)
    campaign.folder.mkdir(parents=True, exist_ok=True)
    for form in campaign.configuration.formats:
        (path,) = (Path(p) for p in campaign.lut_files("Oa08") if p.endswith(SUFFIXES[form]))
        if form == "text":
            write_text(campaign.grid, results, path)
        else:
            dataset = build_dataset(
                campaign.grid, results, {}, band_wavelength=665.0, response_centre=664.8
            )
            DATASET_WRITERS[form](dataset, path)


def _opened(folder: Path, formats: list[Format]) -> xr.Dataset:
    campaign = _campaign(folder, formats)
    _write(campaign)
    with open_lut(campaign, "Oa08") as lut:
        return lut.load()


@pytest.mark.parametrize("form", ["text", "netcdf", "zarr"])
def test_all_formats_hold_the_same(tmp_path: Path, form: Format) -> None:
    lut = _opened(tmp_path, [form])
    grid = _campaign(tmp_path, [form]).grid
    expected = np.round(np.linspace(0.1, 0.9, grid.points), 5)
    expected[list(FAILED)] = math.nan
    for i, name in enumerate(LUT_NAMES):
        assert lut[name].dims == AXIS_NAMES
        assert lut[name].dtype == np.float32
        np.testing.assert_allclose(lut[name].values.ravel(), expected + i / 100, atol=1e-6)
    for name, values in zip(AXIS_NAMES, grid.axes, strict=True):
        np.testing.assert_array_equal(lut[name].values, values)
    assert lut["status"].dims == AXIS_NAMES
    assert np.flatnonzero(lut["status"]).tolist() == list(FAILED)


@pytest.mark.parametrize("form", ["netcdf", "zarr"])
def test_text_differs_in_nothing_from_what_describes_itself(tmp_path: Path, form: Format) -> None:
    text = _opened(tmp_path / "text", ["text"])
    other = _opened(tmp_path / form, [form])
    for name in (*LUT_NAMES, *AXIS_NAMES):
        xr.testing.assert_equal(text[name].variable, other[name].variable)
        assert text[name].attrs["long_name"] == other[name].attrs["long_name"]
        assert text[name].attrs["units"] == other[name].attrs["units"]


def test_of_several_formats_one_that_knows_the_status_is_taken(tmp_path: Path) -> None:
    lut = _opened(tmp_path, ["text", "netcdf"])
    assert "flag_meanings" in lut["status"].attrs
