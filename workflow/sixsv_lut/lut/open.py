"""Opens the LUT of a band for what is made from it: its checks, its pictures, its accuracy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import xarray as xr

from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.campaign.formats import SUFFIXES
from sixsv_lut.lut.quantities import LUT_NAMES, LUT_QUANTITIES
from sixsv_lut.lut.text import PARAMETER_COLUMNS
from sixsv_lut.sixsv.axes import AXES, AXIS_NAMES
from sixsv_lut.sixsv.convention import convention
from sixsv_lut.sixsv.report import Status


def open_lut(campaign: Campaign, band: str) -> xr.Dataset:
    """Open the LUT of a band, from whichever of its formats was asked for.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    band : str
        Name of the band.

    Returns
    -------
    xarray.Dataset
        The 8 axes as dimensions, outermost first; the quantities and ``status`` as variables. Of a
        LUT that exists as text alone, without extra outputs; what failed has a missing value, and
        the status of any failure.
    """
    files = {Path(path).suffix: Path(path) for path in campaign.lut_files(band)}
    if SUFFIXES["netcdf"] in files:
        return xr.open_dataset(files[SUFFIXES["netcdf"]], engine="netcdf4")
    if SUFFIXES["zarr"] in files:
        return xr.open_dataset(files[SUFFIXES["zarr"]], engine="zarr")
    return _from_text(campaign, files[SUFFIXES["text"]])


def _from_text(campaign: Campaign, path: Path) -> xr.Dataset:
    names = [*PARAMETER_COLUMNS, *LUT_NAMES]
    table = pa.csv.read_csv(
        path,
        read_options=pa.csv.ReadOptions(column_names=names),
        parse_options=pa.csv.ParseOptions(delimiter=" "),
        convert_options=pa.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.float64()), include_columns=list(LUT_NAMES)
        ),
    )
    used = convention(run6sv=campaign.configuration.run6sv)
    shape = campaign.grid.shape
    data: dict[str, object] = {
        quantity.name: (
            AXIS_NAMES,
            table[quantity.name].to_numpy().astype(np.float32).reshape(shape),
            quantity.described(used),
        )
        for quantity in LUT_QUANTITIES
    }
    failed = np.isnan(table[LUT_NAMES[0]].to_numpy()).reshape(shape)
    data["status"] = (AXIS_NAMES, np.where(failed, Status.CRASHED, Status.OK).astype(np.int8))
    coordinates = {
        axis.name: (axis.name, values, {"long_name": axis.long_name, "units": axis.units})
        for axis, values in zip(AXES, campaign.grid.axes, strict=True)
    }
    return xr.Dataset(data, coordinates)
