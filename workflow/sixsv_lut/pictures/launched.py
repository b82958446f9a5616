"""Draws which points of a LUT of reduced launches were launched, and which derived."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib import colormaps
from matplotlib.colors import BoundaryNorm
from matplotlib.figure import Figure

from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.pictures import choices
from sixsv_lut.pictures.kinds import BLOCK, whose
from sixsv_lut.pictures.nodes import failures, is_good
from sixsv_lut.pictures.style import BLACK, FAILED, FIELDS, GREY, grid_of_panels, new_figure
from sixsv_lut.sixsv.report import Status

_MOST_COLUMNS, _MOST_ROWS = 3, 4
_WHITE = "#ffffff"


def launched_points(campaign: Campaign, band: str, lut: xr.Dataset) -> Figure:
    """Draw which points of one block were launched.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    band : str
        Name of the band.
    lut : xarray.Dataset
        Its LUT.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.
    """
    block = choices.fixed(campaign, BLOCK)
    pressures = choices.spread_over(campaign, "psurf", _MOST_ROWS)
    altitudes = choices.spread_over(campaign, "alti", _MOST_COLUMNS)
    of_block = lut["status"].isel(block).load()
    status = of_block.isel(psurf=list(pressures.nodes), alti=list(altitudes.nodes))
    status = status.transpose("psurf", "alti", "aot550", "phi", "uo3", "uw")
    launched = (status != Status.DERIVED).sum(["uo3", "uw"])
    failed = (~is_good(status)).any(["uo3", "uw"])
    gases = status.sizes["uo3"] * status.sizes["uw"]
    share = float((of_block != Status.DERIVED).mean())
    most = max(1, int(launched.max()))
    rows, columns = len(pressures.nodes), len(altitudes.nodes)
    figure = new_figure(
        max(5.4, 2.4 * columns + 1.2),
        max(3.2, (0.9 + 0.14 * status.sizes["aot550"]) * rows + 1.6),
        f"Points of one block that were launched: {share:.1%}",
        whose(campaign, band),
        f"Block: {choices.fixed_values(campaign, BLOCK)}    white: all derived\n{failures(lut)}",
    )
    panels = grid_of_panels(figure, rows * columns, columns)
    colours = colormaps[FIELDS].with_extremes(under=_WHITE)
    steps = np.unique(np.linspace(1, most + 1, min(most, 10) + 1).round())
    drawn = []
    for number, panel in enumerate(panels):
        at = divmod(number, columns)
        field = panel.pcolormesh(
            launched[at].values,
            cmap=colours,
            norm=BoundaryNorm(steps, colours.N),
            edgecolor="#dddddd",
            linewidth=0.3,
        )
        drawn.append(field)
        rows_failed, columns_failed = np.nonzero(failed[at].values)
        panel.plot(columns_failed + 0.5, rows_failed + 0.5, **FAILED)
        panel.grid(visible=False)
        for axis, ticks, labels in (
            ("phi", panel.set_xticks, panel.set_xticklabels),
            ("aot550", panel.set_yticks, panel.set_yticklabels),
        ):
            shown = choices.spread(status.sizes[axis], 5)
            ticks([place + 0.5 for place in shown])
            labels([f"{float(status[axis][place]):g}" for place in shown])
        pressure, altitude = float(launched[at]["psurf"]), float(launched[at]["alti"])
        panel.set_title(
            f"{choices.value('psurf', pressure)}, {choices.value('alti', altitude)}", fontsize=8
        )
        if number % columns == 0:
            panel.set_ylabel("aot550\n(dimensionless)", fontsize=8)
        if number >= (rows - 1) * columns:
            panel.set_xlabel("phi (°)", fontsize=8)
    bar = figure.colorbar(drawn[0], ax=panels, shrink=0.8, pad=0.02, extend="min")
    bar.set_ticks(list((steps[:-1] + steps[1:]) / 2 if most <= 10 else steps[:-1]))
    bar.set_ticklabels([f"{step:.0f}" for step in steps[:-1]])
    bar.set_label(f"launched, of {gases} pairs of uo3 and uw")
    return figure


def points_per_launch(campaign: Campaign, band: str, lut: xr.Dataset) -> Figure:
    """Draw how many points each block has for one that was launched.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    band : str
        Name of the band.
    lut : xarray.Dataset
        Its LUT.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.
    """
    blocks = (lut["status"] != Status.DERIVED).load()
    launched = blocks.sum([axis for axis in blocks.dims if axis in BLOCK])
    launched = launched.transpose("thetas", "thetav")
    ratio = blocks.size / launched.size / np.maximum(launched.values, 1)
    number, other = launched.shape
    figure = new_figure(
        max(5.4, 0.42 * other + 3),
        max(3.4, 0.36 * number + 2),
        f"Points for each launched one: {blocks.size / max(1, int(blocks.sum())):.3g} in all",
        whose(campaign, band),
        failures(lut),
    )
    (panel,) = grid_of_panels(figure, 1, 1)
    drawn = panel.pcolormesh(ratio, cmap=FIELDS, edgecolor=GREY, linewidth=0.3)
    middle = (ratio.min() + ratio.max()) / 2
    for (row, column), of_block in np.ndenumerate(ratio):
        panel.text(
            column + 0.5,
            row + 0.5,
            f"{of_block:.0f}" if of_block >= 10 else f"{of_block:.1f}",
            ha="center",
            va="center",
            fontsize=7,
            color=_WHITE if of_block <= middle else BLACK,
        )
    panel.grid(visible=False)
    panel.set_xticks(np.arange(other) + 0.5, [f"{v:g}" for v in launched["thetav"].values])
    panel.set_yticks(np.arange(number) + 0.5, [f"{v:g}" for v in launched["thetas"].values])
    panel.set_xlabel(choices.label("thetav"))
    panel.set_ylabel(choices.label("thetas"))
    figure.colorbar(drawn, ax=panel, pad=0.02).set_label("points a launch (dimensionless)")
    return figure
