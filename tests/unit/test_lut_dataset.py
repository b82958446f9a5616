"""The LUT as a labelled array: what xarray reads back, and what a CF checker says of it."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from sixsv_lut.campaign.grid import Grid
from sixsv_lut.lut.collect import BandResults
from sixsv_lut.lut.dataset import build_dataset, chunk_shape, write_netcdf, write_zarr
from sixsv_lut.lut.quantities import LUT_NAMES
from sixsv_lut.sixsv.axes import AXES, AXIS_NAMES
from sixsv_lut.sixsv.convention import RUN6SV
from sixsv_lut.sixsv.report import OF_LAUNCHES, Status

_GRID = Grid(
    (
        ("0.25", "0.35"),
        ("1",),
        ("0.1", "0.2"),
        ("950", "1013"),
        ("0", "0.5"),
        ("0", "90", "180"),
        ("10", "20"),
        ("5", "15", "25"),
    )
)
_FAILED = (3, 17)


def _results() -> BandResults:
    points = _GRID.points
    status = np.zeros(points, dtype=np.int8)
    status[list(_FAILED)] = Status.TIMEOUT
    quantities = {
        name: np.linspace(0, 0.9, points) + i / 100
        for i, name in enumerate((*LUT_NAMES, "optical_depth_total"))
    }
    for values in quantities.values():
        values[list(_FAILED)] = math.nan
    return BandResults(status, quantities, [], points, 1.0)


def _dataset(**options: Any) -> xr.Dataset:
    attributes = {
        "Conventions": "CF-1.8",
        "title": "a table",
        "history": "made",
        "source": "6SV",
        "references": "none",
        "points": _GRID.points,
    }
    return build_dataset(
        _GRID, _results(), attributes, band_wavelength=665.0, response_centre=664.8, **options
    )


def _written(folder: Path, form: str, **options: Any) -> Path:
    path = folder / f"lut.{form}"
    (write_netcdf if form == "nc" else write_zarr)(_dataset(**options), path)
    return path


def _open(path: Path, **options: Any) -> xr.Dataset:
    opened: xr.Dataset = xr.open_dataset(
        path, engine="zarr" if path.suffix == ".zarr" else "netcdf4", **options
    )
    return opened


_FORMS = pytest.mark.parametrize("form", ["nc", "zarr"])


@_FORMS
def test_every_number_comes_back_at_its_point(tmp_path: Path, form: str) -> None:
    with _open(_written(tmp_path, form)) as read:
        for name, values in _results().quantities.items():
            assert read[name].dims == AXIS_NAMES
            assert np.array_equal(
                read[name].to_numpy().ravel(), values.astype(np.float32), equal_nan=True
            )


@_FORMS
def test_the_axes_come_back_as_coordinates_with_units_and_names(tmp_path: Path, form: str) -> None:
    with _open(_written(tmp_path, form)) as read:
        for axis, values in zip(AXES, _GRID.axes, strict=True):
            assert np.array_equal(read[axis.name], values)
            assert read[axis.name].attrs["units"] == axis.units
            assert read[axis.name].attrs["standard_name"] == axis.standard_name
            assert "_FillValue" not in read[axis.name].encoding


@_FORMS
def test_a_value_is_found_by_the_values_of_its_point(tmp_path: Path, form: str) -> None:
    point = 100
    values = dict(zip(AXIS_NAMES, _GRID.rows(point, point + 1)[0], strict=True))
    with _open(_written(tmp_path, form)) as read:
        found = float(read["rho_atm"].sel(values))
    assert found == np.float32(_results().quantities["rho_atm"][point])


@_FORMS
def test_failed_points_hold_the_fill_value(tmp_path: Path, form: str) -> None:
    with _open(_written(tmp_path, form), mask_and_scale=False) as read:
        for name in (*LUT_NAMES, "optical_depth_total"):
            raw = read[name].to_numpy().ravel()
            assert read[name].dtype == np.float32
            assert np.flatnonzero(raw == read[name].attrs["_FillValue"]).tolist() == list(_FAILED)
            assert np.isfinite(raw).all()


@_FORMS
def test_the_status_tells_how_each_launch_ended(tmp_path: Path, form: str) -> None:
    with _open(_written(tmp_path, form)) as read:
        status = read["status"]
        assert status.dtype == np.int8
        assert np.flatnonzero(status.to_numpy().ravel()).tolist() == list(_FAILED)
        meanings = dict(
            zip(
                np.atleast_1d(status.attrs["flag_values"]).tolist(),
                status.attrs["flag_meanings"].split(),
                strict=True,
            )
        )
    assert meanings == {one.value: one.name.lower() for one in OF_LAUNCHES}


@_FORMS
def test_a_chunk_holds_whole_geometries(tmp_path: Path, form: str) -> None:
    with _open(_written(tmp_path, form)) as read:
        for name in (*LUT_NAMES, "status"):
            encoding = read[name].encoding
            chunks = encoding["chunksizes"] if form == "nc" else encoding["chunks"]
            assert tuple(chunks)[-3:] == (3, 2, 3)


def test_netcdf_is_compressed(tmp_path: Path) -> None:
    with _open(_written(tmp_path, "nc")) as read:
        assert read["rho_atm"].encoding["zlib"] is True


def test_zarr_is_of_the_format_that_every_reader_knows(tmp_path: Path) -> None:
    path = _written(tmp_path, "zarr")
    assert json.loads((path / ".zgroup").read_text()) == {"zarr_format": 2}
    assert (path / ".zmetadata").exists()


@pytest.mark.parametrize(
    ("shape", "least", "chunk"),
    [
        ((4, 5, 7, 4, 3, 11, 13, 13), 64 * 1024, (1, 1, 1, 4, 3, 11, 13, 13)),
        ((4, 5, 7, 4, 3, 11, 13, 13), 1, (1, 1, 1, 1, 1, 11, 13, 13)),
        ((1, 1, 1, 1, 1, 200, 90, 90), 64 * 1024, (1, 1, 1, 1, 1, 200, 90, 90)),
        ((2, 2, 2, 2, 2, 2, 2, 2), 64 * 1024, (2, 2, 2, 2, 2, 2, 2, 2)),
        ((9, 9, 9, 9, 9, 1, 1, 1), 320, (1, 1, 1, 9, 9, 1, 1, 1)),
    ],
)
def test_chunks_grow_from_the_geometry_outwards_until_they_are_large_enough(
    shape: tuple[int, ...], least: int, chunk: tuple[int, ...]
) -> None:
    assert chunk_shape(shape, least) == chunk


@_FORMS
def test_global_attributes_are_kept(tmp_path: Path, form: str) -> None:
    with _open(_written(tmp_path, form)) as read:
        assert read.attrs["title"] == "a table"
        assert read.attrs["points"] == _GRID.points


def test_the_older_tool_s_exchange_of_angles_is_told() -> None:
    plain, older = _dataset(), _dataset(convention=RUN6SV)
    for name in ("thetas", "thetav"):
        assert "exchanged" not in plain[name].attrs.get("comment", "")
        assert "exchanged" in older[name].attrs["comment"]
    assert older["rho_atm"].attrs["comment"] == "printed with 3 decimals"


def test_a_cf_checker_finds_no_error(tmp_path: Path) -> None:
    pytest.importorskip("compliance_checker")
    conventions = ("cf:1.8", "cf:1.11")
    program = Path(sys.executable).parent / "compliance-checker"
    ended = subprocess.run(
        [
            program,
            *(f"--test={convention}" for convention in conventions),
            *("--format", "json", "--output", "-", _written(tmp_path, "nc")),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    said = json.loads(ended.stdout[ended.stdout.index("{") :])
    for convention in conventions:
        errors = [
            (one["name"], one["msgs"])
            for one in said[convention]["high_priorities"]
            if one["value"][0] < one["value"][1]
        ]
        assert errors == []
        assert said[convention]["possible_points"] > 50
