"""Draws the measured error of interpolation: by axis and interval, and over the zenith angles.

The tables are those of the accuracy of a LUT, ``{band}_errors.csv`` and ``{band}_launches.csv``.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.lut.quantities import LUT_NAMES
from sixsv_lut.pictures import choices
from sixsv_lut.pictures.kinds import whose
from sixsv_lut.pictures.style import BLACK, FIELDS, grid_of_panels, new_figure

# Smaller errors are shown like this one: 6SV prints no more digits.
_SMALLEST = 1e-7

_METHOD = "linear"
# The quantities whose errors are shown over the zenith angles.
_OVER_ANGLES = ("rho_atm", "Ttotal")


def error_by_interval(campaign: Campaign, band: str, errors: pd.DataFrame) -> Figure:
    """Draw the error in the middle of each interval of each axis, a panel a quantity.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    band : str
        Name of the band.
    errors : pandas.DataFrame
        Columns ``method``, ``quantity``, ``kind``, ``axis``, ``interval`` and ``rms``.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.
    """
    axes = choices.varying(campaign)
    longest = max(len(choices.numbers_of(campaign, axis)) for axis in axes) - 1
    rows = errors[(errors["method"] == _METHOD) & (errors["kind"] == "midpoint")]
    fields = {quantity: np.full((len(axes), longest), np.nan) for quantity in LUT_NAMES}
    for row in rows[rows["axis"].isin(axes)].itertuples():
        at = axes.index(str(row.axis)), int(float(str(row.interval)))
        fields[str(row.quantity)][at] = row.rms
    figure = new_figure(
        10,
        1.7 + 2 * (0.9 + 0.22 * len(axes)),
        "Interpolation error in the middle of each interval of each axis",
        whose(campaign, band),
        "interval of the axis, counted from its lowest values; blank: the axis has no more, or "
        "nothing was launched there",
    )
    panels = grid_of_panels(figure, len(LUT_NAMES), 3)
    norm = _norm(np.stack(list(fields.values())))
    drawn = []
    for number, (panel, (quantity, field)) in enumerate(zip(panels, fields.items(), strict=True)):
        drawn.append(
            panel.pcolormesh(
                np.maximum(field, _SMALLEST), cmap=FIELDS, norm=norm, edgecolor="white", linewidth=1
            )
        )
        panel.set_title(quantity)
        panel.grid(visible=False)
        panel.invert_yaxis()
        panel.set_xticks(np.arange(longest) + 0.5, [str(i + 1) for i in range(longest)])
        panel.set_yticks(np.arange(len(axes)) + 0.5, axes if number % 3 == 0 else [""] * len(axes))
    bar = figure.colorbar(drawn[0], ax=panels, pad=0.02)
    bar.set_label("root mean square error (dimensionless)")
    return figure


def error_over_zenith_angles(campaign: Campaign, band: str, launches: pd.DataFrame) -> Figure:
    """Draw the error of random launches over solar and view zenith angle.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    band : str
        Name of the band.
    launches : pandas.DataFrame
        Columns ``kind``, ``thetas``, ``thetav``, and of each quantity what 6SV gives and what
        interpolation gives, such as ``rho_atm_6sv`` and ``rho_atm_linear``.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.
    """
    random = launches[launches["kind"] == "random"]
    sizes = {
        quantity: (random[f"{quantity}_{_METHOD}"] - random[f"{quantity}_6sv"]).abs().to_numpy()
        for quantity in _OVER_ANGLES
    }
    missing = int(np.isnan(next(iter(sizes.values()))).sum())
    figure = new_figure(
        8.4,
        4.2,
        "Interpolation error at random points",
        whose(campaign, band),
        f"{len(random)} launches, the other axes random, too; lines: nodes; no error at {missing}, "
        "where a launch or a node beside it failed",
    )
    for panel, (quantity, errors) in zip(
        grid_of_panels(figure, len(sizes), 2), sizes.items(), strict=True
    ):
        panel.grid(visible=False)
        for node in choices.numbers_of(campaign, "thetav"):
            panel.axvline(node, color="#dddddd", linewidth=0.6, zorder=0)
        for node in choices.numbers_of(campaign, "thetas"):
            panel.axhline(node, color="#dddddd", linewidth=0.6, zorder=0)
        # The largest on top.
        order = np.argsort(errors)
        order = order[~np.isnan(errors[order])]
        drawn = panel.scatter(
            random["thetav"].to_numpy()[order],
            random["thetas"].to_numpy()[order],
            c=np.maximum(errors[order], _SMALLEST),
            norm=_norm(errors),
            cmap=FIELDS,
            s=24,
            linewidth=0.3,
            edgecolor=BLACK,
        )
        panel.set_title(quantity)
        panel.set_xlabel(choices.label("thetav"))
        panel.set_ylabel(choices.label("thetas"))
        bar = figure.colorbar(drawn, ax=panel, pad=0.02)
        bar.set_label(f"error of {quantity} (dimensionless)")
    return figure


def _norm(errors: npt.NDArray[np.float64]) -> LogNorm:
    known = np.maximum(errors[np.isfinite(errors)], _SMALLEST)
    if known.size == 0:
        return LogNorm(_SMALLEST, 1)
    lowest, highest = float(known.min()), float(known.max())
    return LogNorm(lowest, max(highest, 1.01 * lowest))
