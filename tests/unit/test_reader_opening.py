"""Tables are opened lazily; what is no table, or does not belong together, is refused by name."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from sixsv_lut.lut.dataset import LUT_FORMAT_VERSION, write_netcdf, write_zarr
from sixsv_lut.lut.quantities import LUT_NAMES
from sixsv_lut.sixsv.axes import AXES as AXES_OF_THE_WORKFLOW
from sixsv_lut.sixsv.report import Status
from sixsv_reader import LutError, axes, interpolate, open_campaign, open_lut, opening, table
from unit.reader_support import ATTRIBUTES, AXES, NODES, QUANTITIES, random_lut, state, write_lut

BANDS = ("Oa02", "Oa10", "Oa08")


@pytest.fixture
def campaign(tmp_path: Path) -> Path:
    for seed, band in enumerate(BANDS):
        write_lut(tmp_path, band, seed)
    return tmp_path


def test_what_the_reader_knows_of_tables_is_what_the_workflow_writes() -> None:
    assert tuple(axis.name for axis in AXES_OF_THE_WORKFLOW) == axes.AXIS_NAMES
    assert opening.QUANTITIES == LUT_NAMES
    assert set(table._GOOD) == {Status.OK, Status.DERIVED}
    assert LUT_FORMAT_VERSION in opening._KNOWN_FORMATS


@pytest.mark.parametrize(("suffix", "write"), [("nc", write_netcdf), ("zarr", write_zarr)])
def test_a_table_is_opened_from_either_format_as_the_workflow_writes_it(
    tmp_path: Path, suffix: str, write: Callable[[xr.Dataset, Path], None]
) -> None:
    made = random_lut()
    made["S"][{"thetas": 1}] = np.nan
    path = tmp_path / f"OUTLUT_S3A_OLCI_Oa08.{suffix}"
    write(made, path)
    with open_lut(path) as lut:
        assert lut["S"].dims == AXES
        assert lut.equals(made)
        assert interpolate(lut, **state(thetas=60.0)).equals(
            interpolate(made, **state(thetas=60.0))
        )


def test_a_table_is_not_read_before_it_is_needed(campaign: Path) -> None:
    with open_lut(campaign / "OUTLUT_S3A_OLCI_Oa02.nc") as lut:
        assert not lut["S"].variable._in_memory
    with open_campaign(campaign) as luts:
        assert not luts["S"].variable._in_memory
        interpolate(luts, **state())
        assert not luts["S"].variable._in_memory


def test_chunks_make_dask_arrays(campaign: Path) -> None:
    with open_campaign(campaign, chunks={"band": 1}) as luts:
        assert luts["S"].chunks is not None
        chunked = interpolate(luts, **state())
    with open_campaign(campaign) as luts:
        assert chunked.equals(interpolate(luts, **state()))


def test_a_campaign_is_all_its_bands_in_the_order_of_their_names(campaign: Path) -> None:
    with open_campaign(campaign) as luts:
        assert list(luts["band"].values) == ["Oa02", "Oa08", "Oa10"]
        assert luts["S"].dims == ("band", *AXES)
        assert luts["band_wavelength"].dims == ("band",)
        assert luts.attrs["aerosol_name"] == "desert"
        assert "band" not in luts.attrs
        for seed, band in enumerate(BANDS):
            assert np.array_equal(luts["Tup"].sel(band=band), random_lut(seed=seed)["Tup"])
            part = luts["S"].sel(band=[band]).isel(thetas=[0, 2], phi=slice(1, 3), uw=1)
            expected = random_lut(seed=seed)["S"].isel(thetas=[0, 2], phi=slice(1, 3), uw=1)
            assert np.array_equal(part.values[0], expected.values)


def test_bands_can_be_chosen(campaign: Path) -> None:
    with open_campaign(campaign, bands=["Oa10", "Oa02"]) as luts:
        assert list(luts["band"].values) == ["Oa10", "Oa02"]
    with pytest.raises(LutError, match="no band Oa99: it has Oa02, Oa08, Oa10"):
        open_campaign(campaign, bands=["Oa99"])


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"aerosol_name": "maritime"}, "aerosol_name is maritime, not desert"),
        ({"instrument": "SLSTR"}, "instrument is SLSTR, not OLCI"),
        ({"executable_sha256": "a" * 64}, "executable_sha256 is aaaaaaaaaaaa..., not eeeeeeeeeeee"),
    ],
)
def test_tables_of_different_campaigns_are_refused(
    campaign: Path, attributes: dict[str, Any], message: str
) -> None:
    path = write_lut(campaign, "Oa11", **attributes)
    with pytest.raises(LutError, match="do not belong together") as caught:
        open_campaign(campaign)
    assert str(path) in str(caught.value)
    assert message in str(caught.value)
    with open_campaign(campaign, bands=BANDS) as luts:
        assert luts.sizes["band"] == 3


def test_tables_of_different_axes_or_variables_are_refused(campaign: Path) -> None:
    path = campaign / "OUTLUT_S3A_OLCI_Oa11.nc"
    random_lut(NODES | {"uw": [0.5, 4.0]}).assign_attrs(band="Oa11").to_netcdf(path)
    with pytest.raises(LutError, match=r"the axis uw is \[0.5, 4\], not \[0.5, 3\]"):
        open_campaign(campaign)
    path.unlink()
    more = random_lut().assign_attrs(band="Oa11")
    more.assign(optical_depth_total=more["S"]).to_netcdf(path)
    with pytest.raises(LutError, match="only one of them has optical_depth_total"):
        open_campaign(campaign)


def _written(folder: Path, lut: xr.Dataset) -> Path:
    path = folder / "lut.nc"
    lut.to_netcdf(path)
    return path


def _truncated(folder: Path) -> Path:
    path = write_lut(folder)
    path.write_bytes(path.read_bytes()[:-5000])
    return path


def _text(folder: Path) -> Path:
    path = folder / "OUTLUT_S3A_OLCI_Oa08.csv"
    path.write_text("10 20 0 0 1013 0 0.5 0.25 0.9 0.9 0.81 0.05 0.1\n")
    return path


def _no_netcdf(folder: Path) -> Path:
    path = folder / "lut.nc"
    path.write_text("hello")
    return path


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (_truncated, "cannot be read.*may be truncated"),
        (_no_netcdf, "cannot be read"),
        (_text, "neither NetCDF .* add netcdf to the formats"),
        (lambda folder: folder, "is a folder: open all bands of a campaign with open_campaign"),
        (lambda folder: folder / "missing.nc", "is not there"),
        (
            lambda folder: _written(folder, xr.Dataset({"t2m": ("time", [1.0, 2.0])})),
            "is no 6SV look-up table: it lacks the dimensions uo3, .*it has: time",
        ),
        (
            lambda folder: _written(folder, random_lut().drop_vars(["Ttotal", "status"])),
            "lacks the variables Ttotal, status",
        ),
        (
            lambda folder: _written(folder, random_lut().isel(uo3=0)),
            "lacks the dimensions uo3",
        ),
        (
            lambda folder: _written(folder, random_lut().drop_vars("phi")),
            "the axis phi has no values",
        ),
        (
            lambda folder: _written(folder, random_lut().isel(thetas=[0, 2, 1, 3])),
            "the axis thetas do not increase: 0, 50, 20, 70; lut.sortby",
        ),
        (
            lambda folder: _written(folder, random_lut().assign_coords(uw=[1.0, np.nan])),
            "the axis uw has values that are no numbers",
        ),
        (
            lambda folder: _written(folder, random_lut().assign(S=random_lut()["S"].isel(uw=0))),
            r"S has the dimensions \(uo3, aot550",
        ),
        (
            lambda folder: _written(folder, random_lut().assign_attrs(lut_format_version=2)),
            "format 2; this reader knows 1: install the reader that came with",
        ),
    ],
)
def test_what_is_no_table_is_refused(
    tmp_path: Path, make: Callable[[Path], Path], message: str
) -> None:
    path = make(tmp_path)
    with pytest.raises(LutError, match=f"(?s){message}") as caught:
        open_lut(path)
    assert str(path) in str(caught.value)


def test_a_table_damaged_where_it_is_not_read_at_once_is_refused_when_it_is(
    tmp_path: Path,
) -> None:
    path = tmp_path / "OUTLUT_S3A_OLCI_Oa08.nc"
    write_netcdf(random_lut(), path)
    content = bytearray(path.read_bytes())
    # The compressed values of one variable, which are far larger than all descriptions.
    at = max(range(0, len(content) - 400, 50), key=lambda i: len(set(content[i : i + 400])))
    content[at : at + 400] = bytes(400)
    path.write_bytes(content)
    with pytest.raises(LutError, match=f"{path}.*cannot be read"):
        interpolate(open_lut(path), **state(thetas=np.linspace(0, 70, 9)))


def test_a_table_in_the_way_of_the_older_tool_is_opened_with_a_warning(tmp_path: Path) -> None:
    path = write_lut(tmp_path, compatibility="run6sv")
    with pytest.warns(UserWarning, match="solar and view zenith angle are exchanged"):
        open_lut(path)


def test_folders_that_are_no_campaign_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LutError, match="has no look-up tables"):
        open_campaign(tmp_path)
    path = _text(tmp_path)
    with pytest.raises(LutError, match="only text; add netcdf to the formats"):
        open_campaign(tmp_path)
    with pytest.raises(LutError, match="is no folder of a campaign: open a single table"):
        open_campaign(path)
    with pytest.raises(LutError, match="is no folder of a campaign: check the path"):
        open_campaign(tmp_path / "nowhere")


def test_a_dataset_that_was_cut_to_less_than_a_table_is_refused() -> None:
    lut = random_lut()
    with pytest.raises(LutError, match="the dataset is no 6SV look-up table"):
        interpolate(lut.isel(uo3=0), **state())
    part = lut.isel(uo3=[1]).transpose(*reversed(AXES))
    assert float(interpolate(part, **state(uo3=0.3))["S"]) == pytest.approx(
        float(interpolate(lut, **state(uo3=0.3))["S"])
    )


def test_every_quantity_says_what_it_is(tmp_path: Path) -> None:
    with open_lut(write_lut(tmp_path)) as lut:
        assert set(lut.data_vars) == {*QUANTITIES, "status"}
        assert lut.attrs["campaign"] == ATTRIBUTES["campaign"]
        assert interpolate(lut, **state())["S"].attrs["units"] == "1"


def test_a_campaign_can_be_sent_to_another_process(campaign: Path) -> None:
    with open_campaign(campaign) as lut:
        sent = pickle.loads(pickle.dumps(lut))
        assert interpolate(sent, **state()).equals(interpolate(lut, **state()))
        sent.close()
