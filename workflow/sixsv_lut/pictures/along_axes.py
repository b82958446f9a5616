"""Draws a quantity along each axis, a panel an axis."""

from __future__ import annotations

from collections import Counter

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.pictures import choices
from sixsv_lut.pictures.choices import Varied
from sixsv_lut.pictures.kinds import whose
from sixsv_lut.pictures.nodes import at_nodes, failures
from sixsv_lut.pictures.style import BLACK, COLOURS, MARKERS, grid_of_panels, new_figure


def along_axes(campaign: Campaign, band: str, lut: xr.Dataset, quantity: str) -> Figure:
    """Draw a quantity of a LUT along each axis that has more than one value.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    band : str
        Name of the band.
    lut : xarray.Dataset
        Its LUT.
    quantity : str
        Name of the quantity.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.
    """
    axes = choices.varying(campaign)
    columns = min(4, len(axes)) if len(axes) not in (5, 6) else 3
    rows = -(-len(axes) // columns)
    figure = new_figure(
        max(5.4, 2.35 * columns + 1.2),
        2.2 * rows + 1.2,
        f"{quantity} along the axes of the LUT",
        whose(campaign, band),
        f"Fixed: {choices.fixed_values(campaign)}\n{failures(lut)}",
    )
    seconds = {axis: choices.curves(campaign, quantity, axis) for axis in axes}
    usual = Counter(second for second in seconds.values() if second).most_common(1)
    panels = grid_of_panels(figure, len(axes), columns, share_y=True)
    for number, (panel, axis) in enumerate(zip(panels, axes, strict=True)):
        second = seconds[axis]
        lines = _draw_panel(campaign, panel, lut, quantity, axis, second)
        panel.set_xlabel(choices.label(axis).replace(f" {axis} ", f"\n{axis} "))
        if number % columns == 0:
            panel.set_ylabel(f"{quantity} (dimensionless)")
        if second and usual and second != usual[0][0]:
            panel.legend(lines, _names(campaign, second), title=_title(second), framealpha=0.8)
    if usual:
        second = usual[0][0]
        handles = [_line(number, [], []) for number in range(len(second.nodes))]
        others = [axis for axis in axes if seconds[axis] != second]
        title = _title(second)
        if others:
            title += f"\n(not in {', '.join(others)})"
        figure.legend(
            handles, _names(campaign, second), title=title, loc="outside right upper", frameon=False
        )
    return figure


def _draw_panel(
    campaign: Campaign,
    panel: Axes,
    lut: xr.Dataset,
    quantity: str,
    axis: str,
    second: Varied | None,
) -> list[Line2D]:
    free = {axis} | ({second.axis} if second else set())
    nodes = choices.fixed(campaign, free)
    values = at_nodes(lut, quantity, {**nodes, **({second.axis: second.nodes} if second else {})})
    curves = values.transpose(..., axis).values.reshape(-1, lut.sizes[axis])
    at = np.asarray(choices.numbers_of(campaign, axis))
    lines = []
    for number, curve in enumerate(curves):
        line = _line(number, at, curve)
        panel.add_line(line)
        lines.append(line)
    failed = np.isnan(curves).any(axis=0)
    panel.plot(
        at[failed],
        np.full(np.count_nonzero(failed), 0.04),
        "x",
        color=BLACK,
        markersize=6,
        transform=panel.get_xaxis_transform(),
    )
    panel.autoscale_view()
    return lines


def _line(number: int, x: object, y: object) -> Line2D:
    return Line2D(
        np.asarray(x, dtype=float),
        np.asarray(y, dtype=float),
        color=COLOURS[number],
        marker=MARKERS[number],
    )


def _names(campaign: Campaign, second: Varied) -> list[str]:
    numbers = choices.numbers_of(campaign, second.axis)
    return [f"{numbers[node]:g}" for node in second.nodes]


def _title(second: Varied) -> str:
    return f"{second.axis} ({choices.units(second.axis)})"
