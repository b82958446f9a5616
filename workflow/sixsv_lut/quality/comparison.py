"""Comparison with an earlier LUT of the same band, at the nodes that both have."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import xarray as xr

from sixsv_lut.campaign.formats import SUFFIXES
from sixsv_lut.errors import CampaignError
from sixsv_lut.lut.quantities import LUT_NAMES
from sixsv_lut.quality.checked_lut import REFLECTANCE, ROUNDING, Array, CheckedLut
from sixsv_lut.quality.findings import Findings, Outcome
from sixsv_lut.sixsv.axes import AXIS_NAMES

# 6SV's own steps along aot550, the largest that were seen.
_REFLECTANCE_LIMIT = 1e-4

# Axis values that are written alike may differ in their last bits when one was computed.
_SAME_NODE = 1e-9

# Where the configuration names no earlier LUT.
NO_COMPARISON = Findings((), 0.0).outcome(
    "comparison",
    "The quantities are those of an earlier LUT.",
    needs="an earlier LUT, which quality.compare_with of the configuration can name",
)

Nodes = Mapping[str, npt.NDArray[np.int64]]


def open_earlier(path: Path, band: str) -> xr.Dataset:
    """Open the LUT with which one is compared.

    Parameters
    ----------
    path : Path
        A LUT as NetCDF or Zarr.
    band : str
        Name of the band that it must have.

    Returns
    -------
    xarray.Dataset
        The LUT.

    Raises
    ------
    CampaignError
        It cannot be read, lacks an axis or a quantity, or is the LUT of another band.
    """
    advice = "set quality.compare_with to a NetCDF or Zarr file that this workflow made"
    engine = "zarr" if path.suffix == SUFFIXES["zarr"] else "netcdf4"
    try:
        earlier = xr.open_dataset(path, engine=engine)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise CampaignError(
            f"quality.compare_with: {path} cannot be read ({error}): {advice}, or leave it empty."
        ) from None
    missing = [
        name
        for name in (*AXIS_NAMES, *LUT_NAMES)
        if name not in earlier.variables
        or set(earlier[name].dims) != ({name} if name in AXIS_NAMES else set(AXIS_NAMES))
    ]
    if missing:
        raise CampaignError(
            f"quality.compare_with: {path} is no such LUT, it lacks {', '.join(missing)}: {advice}."
        )
    if earlier.attrs.get("band", band) != band:
        raise CampaignError(
            f"quality.compare_with: {path} is a LUT of band {earlier.attrs['band']}, not of "
            f"{band}: name the band's own LUT; {{band}} in the path stands for the band's name."
        )
    return earlier


def common_nodes(
    axes: Mapping[str, npt.NDArray[np.float64]], earlier: xr.Dataset, path: Path, file: str
) -> tuple[Nodes, Nodes]:
    """Find the values that the axes of two LUTs share.

    Parameters
    ----------
    axes : mapping of str to ndarray of float64
        The values of each axis of the LUT.
    earlier : xarray.Dataset
        The earlier LUT.
    path : Path
        Its path, for the message.
    file : str
        Path of the LUT, for the message.

    Returns
    -------
    tuple of mapping of str to ndarray of int
        Where they stand on each axis of the LUT, and of the earlier one.

    Raises
    ------
    CampaignError
        An axis has no value in common.
    """
    ours, theirs = {}, {}
    for name in AXIS_NAMES:
        values = np.asarray(earlier[name].values, dtype=np.float64)
        same = np.isclose(axes[name][:, np.newaxis], values, rtol=_SAME_NODE, atol=_SAME_NODE)
        ours[name], theirs[name] = np.nonzero(same)
        if not len(ours[name]):
            raise CampaignError(
                f"quality.compare_with: {path} and {file} have no value of {name} in common "
                f"({_listed(values)} there, {_listed(axes[name])} here), so they cannot be "
                "compared: name another LUT, or leave quality.compare_with empty."
            )
    return ours, theirs


def _listed(values: npt.NDArray[np.float64]) -> str:
    some = ", ".join(f"{value:g}" for value in values[:6])
    return some if len(values) <= 6 else f"{some}, ..."


def compare(lut: CheckedLut, earlier: xr.Dataset, path: Path, file: str) -> list[Outcome]:
    """Measure how far a LUT is from an earlier one, at the nodes that both have.

    Parameters
    ----------
    lut : CheckedLut
        The LUT.
    earlier : xarray.Dataset
        The earlier one.
    path : Path
        Its path.
    file : str
        Path of the LUT.

    Returns
    -------
    list of Outcome
        One for each quantity, with the largest and the root mean square difference.

    Raises
    ------
    CampaignError
        An axis has no value in common.
    """
    ours, theirs = common_nodes({name: lut.axis(name) for name in AXIS_NAMES}, earlier, path, file)
    outcomes = []
    for name in LUT_NAMES:
        limit = ROUNDING
        if name == REFLECTANCE:
            limit = _REFLECTANCE_LIMIT + float(np.max(lut.reflectance_error))
        there = np.asarray(earlier[name].transpose(*AXIS_NAMES).values)
        difference = _at(lut.values(name), ours) - _at(there, theirs)
        found = Findings(lut.shape, limit)
        found.enter(name, np.abs(difference), ours)
        compared = difference[np.isfinite(difference)].astype(np.float64)
        measures = {"compared_points": float(len(compared))}
        if len(compared):
            measures["largest_difference"] = float(np.abs(compared).max())
            measures["rms_difference"] = float(np.sqrt(np.mean(compared**2)))
        outcomes.append(
            found.outcome(
                f"comparison_of_{name}",
                f"{name} is that of the earlier LUT.",
                needs="a point with a good result in both LUTs",
                reason=f"at {len(compared)} of {lut.good.size} points, with {path}",
                measures=measures,
            )
        )
    return outcomes


def _at(values: Array, nodes: Nodes) -> Array:
    return values[np.ix_(*(nodes[name] for name in AXIS_NAMES))]
