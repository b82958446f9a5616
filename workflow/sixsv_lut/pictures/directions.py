"""Draws rho_atm over all directions of the sensor, a panel for each sun and amount of aerosol."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import xarray as xr
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure
from matplotlib.projections.polar import PolarAxes
from matplotlib.ticker import MaxNLocator

from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.pictures import choices
from sixsv_lut.pictures.choices import MOST_SUNS
from sixsv_lut.pictures.kinds import whose
from sixsv_lut.pictures.nodes import at_nodes, failures
from sixsv_lut.pictures.style import BLACK, FAILED, FIELDS, grid_of_panels, new_figure

_COLOURS = 14

# Directions between which colours are interpolated (degree).
_STEP_PHI, _STEP_THETAV = 5.0, 2.5


def directions(campaign: Campaign, band: str, lut: xr.Dataset) -> Figure:
    """Draw rho_atm of a LUT over view zenith angle and relative azimuth.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    band : str
        Name of the band.
    lut : xarray.Dataset
        Its LUT, with more than one value of phi and of thetav.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.
    """
    suns = choices.spread_over(campaign, "thetas", MOST_SUNS)
    aerosols = choices.spread_over(campaign, "aot550", 2)
    free = {"aot550", "thetas", "phi", "thetav"}
    nodes = choices.fixed(campaign, free)
    values = at_nodes(
        lut, "rho_atm", {**nodes, "aot550": aerosols.nodes, "thetas": suns.nodes}
    ).transpose("aot550", "thetas", "phi", "thetav")
    columns, rows = len(suns.nodes), len(aerosols.nodes)
    figure = new_figure(
        max(6.4, 2.3 * columns + 1.4),
        2.5 * rows + 1.5,
        "rho_atm over all view directions",
        whose(campaign, band),
        "outwards: view zenith angle thetav (°)    around: relative azimuth phi (°), 0° with the "
        "sensor on the sun's side\n"
        f"star: the sun    dots: nodes    Fixed: {choices.fixed_values(campaign, free)}\n"
        f"{failures(lut)}",
    )
    panels = grid_of_panels(figure, rows * columns, columns, polar=True)
    levels = _levels(values.values)
    edge = max(
        *choices.numbers_of(campaign, "thetav"),
        *(choices.numbers_of(campaign, "thetas")[node] for node in suns.nodes),
    )
    filled = None
    for number, panel in enumerate(panels):
        assert isinstance(panel, PolarAxes)
        of_panel = values[divmod(number, columns)]
        thetas = float(of_panel["thetas"])
        filled = _draw_panel(panel, of_panel, levels) or filled
        panel.plot(0, thetas, "*", markersize=11, color="white", mec=BLACK, zorder=5, clip_on=False)
        panel.set_theta_zero_location("N")
        panel.set_thetagrids([0, 90, 180, 270], ["0°", "90°", "180°", "270°"])
        panel.set_rlim(0, edge)
        rings = _rings(edge)
        panel.set_rgrids(
            rings,
            [f"{ring:g}°" for ring in rings],
            angle=135,
            fontsize=7,
            bbox={"facecolor": "white", "alpha": 0.7, "linewidth": 0, "pad": 0.5},
        )
        panel.set_axisbelow(False)
        panel.grid(color=BLACK, alpha=0.3, linewidth=0.5)
        panel.tick_params(pad=1)
        aot550 = float(of_panel["aot550"])
        panel.set_title(f"{choices.value('thetas', thetas)}, {choices.value('aot550', aot550)}")
    if filled is not None:
        bar = figure.colorbar(filled, ax=panels, shrink=0.8, pad=0.03)
        bar.set_label("rho_atm (dimensionless)")
    return figure


def _levels(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    known = values[np.isfinite(values)]
    if known.size == 0:
        return np.array([0.0, 1.0])
    lowest, highest = float(known.min()), float(known.max())
    return np.asarray(MaxNLocator(_COLOURS).tick_values(lowest, highest))


def _rings(edge: float) -> list[float]:
    step = 20 if edge > 30 else 10
    return [step * i for i in range(1, math.ceil(edge / step))] or [edge]


def _draw_panel(
    panel: PolarAxes, values: xr.DataArray, levels: npt.NDArray[np.float64]
) -> ContourSet | None:
    phi, thetav = values["phi"].values, values["thetav"].values
    fine_phi, fine_thetav = _fine(phi, _STEP_PHI), _fine(thetav, _STEP_THETAV)
    field = _between(_between(values.values, phi, fine_phi).T, thetav, fine_thetav)
    filled = None
    half = phi[-1] <= 180
    if np.isfinite(field).any():
        for around in (fine_phi, 360 - fine_phi) if half else (fine_phi,):
            filled = panel.contourf(
                np.radians(around),
                fine_thetav,
                field,
                levels=levels,
                cmap=FIELDS,
                antialiased=False,
            )
    at_phi, at_thetav = np.meshgrid(np.radians(phi), thetav, indexing="ij")
    failed = np.isnan(values.values)
    panel.plot(at_phi[~failed], at_thetav[~failed], ".", color=BLACK, ms=2, mew=0, alpha=0.7)
    panel.plot(at_phi[failed], at_thetav[failed], **FAILED)
    return filled


def _fine(at: npt.NDArray[np.float64], step: float) -> npt.NDArray[np.float64]:
    """Give positions that include all nodes, and are not farther apart than a step."""
    parts = [
        np.linspace(low, high, max(1, math.ceil((high - low) / step)), endpoint=False)
        for low, high in pairwise(at)
    ]
    return np.concatenate([*parts, at[-1:]])


def _between(
    values: npt.NDArray[np.float64], at: npt.NDArray[np.float64], wanted: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Interpolate linearly along the first dimension; NaN spreads to its whole intervals."""
    low = np.clip(np.searchsorted(at, wanted, side="right") - 1, 0, len(at) - 2)
    part = ((wanted - at[low]) / (at[low + 1] - at[low]))[:, None]
    return np.asarray((1 - part) * values[low] + part * values[low + 1])
