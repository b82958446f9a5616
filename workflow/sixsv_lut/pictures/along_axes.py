"""Draws a quantity along each axis, a panel an axis."""

from __future__ import annotations

import textwrap
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
from sixsv_lut.pictures.style import COLOURS, FAILED, MARKERS, grid_of_panels, new_figure

# Characters in a line below a panel.
_LABEL_WIDTH = 27


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
        max(6.4, 2.0 * columns + 1.6),
        2.1 * rows + 1.2,
        f"{quantity} along the axes of the LUT",
        whose(campaign, band),
        f"Where not varied: {choices.fixed_values(campaign)}\n{failures(lut)}",
    )
    seconds = {axis: choices.curves(campaign, quantity, axis) for axis in axes}
    counted = Counter(second for second in seconds.values() if second).most_common()
    usual = counted[0][0] if counted else None
    panels = grid_of_panels(figure, len(axes), columns, share_y=True)
    for number, (panel, axis) in enumerate(zip(panels, axes, strict=True)):
        second = seconds[axis]
        own = second is not None and second != usual
        _draw_panel(campaign, panel, lut, quantity, axis, second, own=own)
        what, name = choices.label_lines(axis)
        panel.set_xlabel(f"{textwrap.fill(what, _LABEL_WIDTH)}\n{name}")
        panel.locator_params(axis="x", nbins=4)
        if number % columns == 0:
            panel.set_ylabel(f"{quantity} (dimensionless)")
    handles: list[Line2D] = []
    for second, _ in counted:
        of = [axis for axis in axes if seconds[axis] == second]
        title = f"{second.axis} ({choices.units(second.axis)})"
        if len(counted) > 1:
            title += f"\nin the panel of {of[0]}" if len(of) == 1 else "\nin the other panels"
        numbers = choices.numbers_of(campaign, second.axis)
        handles.append(Line2D([], [], linestyle="none", label=title))
        for number, node in enumerate(second.nodes):
            handles.append(_line(number, [], [], own=second != usual))
            handles[-1].set_label(f"{numbers[node]:g}")
    if handles:
        figure.legend(handles=handles, loc="outside right center", frameon=False)
    return figure


def _draw_panel(
    campaign: Campaign,
    panel: Axes,
    lut: xr.Dataset,
    quantity: str,
    axis: str,
    second: Varied | None,
    *,
    own: bool,
) -> None:
    free = {axis} | ({second.axis} if second else set())
    nodes = choices.fixed(campaign, free)
    values = at_nodes(lut, quantity, {**nodes, **({second.axis: second.nodes} if second else {})})
    curves = values.transpose(..., axis).values.reshape(-1, lut.sizes[axis])
    at = np.asarray(choices.numbers_of(campaign, axis))
    for number, curve in enumerate(curves):
        panel.add_line(_line(number, at, curve, own=own))
        failed = at[np.isnan(curve)]
        # One above the other, in the colour of the curve.
        height = np.full(len(failed), 0.04 + 0.06 * number)
        marks = panel.plot(failed, height, **FAILED, transform=panel.get_xaxis_transform())
        marks[0].set_markeredgecolor(COLOURS[number])
    panel.autoscale_view()


def _line(number: int, x: object, y: object, *, own: bool) -> Line2D:
    """Make a curve; those of a panel with a legend of its own are dashed, with open markers."""
    return Line2D(
        np.asarray(x, dtype=float),
        np.asarray(y, dtype=float),
        color=COLOURS[number],
        marker=MARKERS[number],
        linestyle="--" if own else "-",
        markerfacecolor="white" if own else None,
    )
