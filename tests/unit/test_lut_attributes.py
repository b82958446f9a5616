"""Attributes that a LUT gets after it was made."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from sixsv_lut.campaign.promise import Promise
from sixsv_lut.lut.attributes import kept_accuracy, kept_with, put_accuracy
from sixsv_lut.lut.dataset import write_netcdf, write_zarr
from sixsv_lut.report.pages.material import said_by_luts
from sixsv_lut.sixsv.axes import AXIS_NAMES

_ATTRIBUTES = {"accuracy_comment": "wrong by little", "accuracy_S_linear_rms": 1.5e-4}
_AXES = {"uw": ("1", "2.0")}


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Write a LUT in all formats."""
    shape = (1,) * 7 + (2,)
    data = {
        "S": (AXIS_NAMES, np.float32([0.1, 0.2]).reshape(shape)),
        "status": (AXIS_NAMES, np.zeros(shape, np.int8)),
    }
    dataset = xr.Dataset(data, attrs={"title": "a LUT", "accuracy_old": 1})
    paths = [tmp_path / f"LUT{suffix}" for suffix in (".json", ".csv", ".nc", ".zarr")]
    paths[0].write_text(json.dumps({"points": 2, "accuracy_old": 1}))
    paths[1].write_text("1 2\n")
    write_netcdf(dataset, paths[2])
    write_zarr(dataset, paths[3])
    return paths


def test_they_are_in_every_format_that_has_attributes_in_place_of_earlier_ones(
    files: list[Path],
) -> None:
    put_accuracy(files, _ATTRIBUTES)

    assert json.loads(files[0].read_text()) == {"points": 2, **_ATTRIBUTES}
    assert files[1].read_text() == "1 2\n"
    for path, engine in ((files[2], "netcdf4"), (files[3], "zarr")):
        with xr.open_dataset(path, engine=engine) as lut:
            assert lut.attrs == {"title": "a LUT", **_ATTRIBUTES}
            assert lut["S"].to_numpy().ravel().tolist() == [np.float32(0.1), np.float32(0.2)]
    with xr.open_zarr(files[3], consolidated=False) as lut:
        assert lut.attrs["accuracy_comment"] == "wrong by little"


def test_no_file_becomes_newer(files: list[Path]) -> None:
    before = [path.stat().st_mtime_ns for path in files]
    put_accuracy(files, _ATTRIBUTES)
    assert [path.stat().st_mtime_ns for path in files] == before
    assert sorted(files[0].parent.iterdir()) == sorted(files)


def test_a_lut_takes_them_from_where_they_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "kept.json"
    path.write_text(json.dumps(kept_with("f" * 64, _AXES, _ATTRIBUTES)))
    assert kept_accuracy(path, "f" * 64, {"uw": ("1.0", "2")}) == _ATTRIBUTES


@pytest.mark.parametrize(
    ("fingerprint", "axes"), [("0" * 64, _AXES), ("f" * 64, {"uw": ("1", "2", "3")})]
)
def test_those_of_another_lut_are_not_taken(
    tmp_path: Path, fingerprint: str, axes: dict[str, tuple[str, ...]]
) -> None:
    path = tmp_path / "kept.json"
    path.write_text(json.dumps(kept_with("f" * 64, _AXES, _ATTRIBUTES)))
    assert kept_accuracy(path, fingerprint, axes) == {}


@pytest.mark.parametrize("content", ["", "[]", '{"fingerprint": 1}', None])
def test_a_file_that_is_damaged_or_missing_gives_none(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "kept.json"
    if content is not None:
        path.write_text(content)
    assert kept_accuracy(path, "f" * 64, _AXES) == {}


def test_those_of_launches_are_not_taken_for_derived_values(tmp_path: Path) -> None:
    path = tmp_path / "kept.json"
    promise = Promise(1e-4)
    path.write_text(json.dumps(kept_with("f" * 64, _AXES, _ATTRIBUTES)))
    assert kept_accuracy(path, "f" * 64, _AXES, promise) == {}
    path.write_text(json.dumps(kept_with("f" * 64, _AXES, _ATTRIBUTES, promise)))
    assert kept_accuracy(path, "f" * 64, _AXES, promise) == _ATTRIBUTES
    assert kept_accuracy(path, "f" * 64, _AXES, Promise(1e-3)) == {}
    assert kept_accuracy(path, "f" * 64, _AXES) == {}


def test_the_report_shows_what_was_measured_of_the_luts_that_are_there() -> None:
    of_this, of_earlier = ({"attributes": {"accuracy_S_linear_rms": x}} for x in (1e-4, 2e-4))
    described = {"points": 2, "effective_configuration": {"axes": {}}}
    results = {"Oa03": of_this, "Oa08": of_earlier, "Oa17": of_this, "Oa21": {}}
    descriptions = {
        "Oa03": described | {"accuracy_S_linear_rms": 1e-4},
        "Oa08": described | {"accuracy_S_linear_rms": 1e-4},
        "Oa17": described,
        "Oa21": described,
    }
    assert said_by_luts(results, descriptions) == {"Oa03": of_this}
