"""Draws the quantities of all bands over their wavelengths."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.lut.quantities import LUT_NAMES
from sixsv_lut.pictures import choices
from sixsv_lut.pictures.choices import MOST_CURVES
from sixsv_lut.pictures.nodes import at_nodes, failures
from sixsv_lut.pictures.style import COLOURS, MARKERS, grid_of_panels, new_figure

# Names of bands that would stand closer than this part of the wavelengths are left out.
_CLOSEST = 0.022


def spectra(campaign: Campaign, luts: Mapping[str, xr.Dataset], axis: str) -> Figure:
    """Draw each quantity over the nominal centres of the bands.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    luts : mapping of str to xarray.Dataset
        The LUT of each band.
    axis : str
        The axis of which several values are curves, or empty.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.
    """
    configuration = campaign.configuration
    second = choices.spread_over(campaign, axis, MOST_CURVES) if axis else None
    nodes = choices.fixed(campaign, (axis,))
    bands = configuration.selected_bands()
    wavelengths = np.array([band.wavelength for band in bands])
    order = np.argsort(wavelengths)
    figure = new_figure(
        8.4,
        9.6,
        "All quantities over the bands",
        f"{configuration.satellite} {configuration.instrument}, campaign {configuration.campaign}, "
        f"aerosol {configuration.aerosol_name}",
        f"wavelength: nominal centre of the band (nm)\n"
        f"Fixed: {choices.fixed_values(campaign, (axis,))}\n{_failures(luts)}",
    )
    panels = grid_of_panels(figure, len(LUT_NAMES), 1)
    for panel, quantity in zip(panels, LUT_NAMES, strict=True):
        values = np.stack(
            [
                at_nodes(
                    luts[band.name], quantity, {**nodes, **({axis: second.nodes} if second else {})}
                ).values.reshape(-1)
                for band in bands
            ]
        )
        for number, curve in enumerate(values.T):
            panel.plot(
                wavelengths[order],
                curve[order],
                color=COLOURS[number],
                marker=MARKERS[number],
                label=_name(campaign, axis, second.nodes[number]) if second else None,
            )
        panel.set_ylabel(f"{quantity}\n(dimensionless)")
        panel.sharex(panels[0])
        if panel is not panels[-1]:
            panel.tick_params(labelbottom=False)
    panels[-1].set_xlabel("wavelength (nm)")
    names = panels[0].secondary_xaxis("top")
    shown = _apart(wavelengths[order])
    names.set_xticks(
        wavelengths[order][shown], [bands[order[one]].name for one in shown], rotation=90
    )
    if second:
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(
            handles,
            labels,
            title=f"{axis} ({choices.units(axis)})",
            loc="outside right center",
            frameon=False,
        )
    return figure


def _name(campaign: Campaign, axis: str, node: int) -> str:
    return f"{choices.numbers_of(campaign, axis)[node]:g}"


def _apart(wavelengths: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[int]:
    least = _CLOSEST * (wavelengths[-1] - wavelengths[0])
    shown = [0]
    for place in range(1, len(wavelengths)):
        if wavelengths[place] - wavelengths[shown[-1]] >= least:
            shown.append(place)
    return shown


def _failures(luts: Mapping[str, xr.Dataset]) -> str:
    texts = {band: failures(lut) for band, lut in luts.items()}
    failed = [f"{band}: {text}" for band, text in texts.items() if not text.startswith("0 ")]
    return "; ".join(failed) if failed else f"0 points failed in {len(luts)} bands"
