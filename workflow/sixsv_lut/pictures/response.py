"""Draws the spectral response of a band over what the gases let through."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.csv
from matplotlib.figure import Figure

from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.pictures import choices
from sixsv_lut.pictures.kinds import GAS_STATE_WITHOUT, whose
from sixsv_lut.pictures.style import BLACK, COLOURS, MARKERS, PURPLE, grid_of_panels, new_figure
from sixsv_lut.simulate.gases import GASES, WAVELENGTH
from sixsv_lut.sixsv.deck import GRID_STEP
from sixsv_lut.sixsv.responses import Response

# A gas that lets more than this through everywhere is not drawn.
_TRANSPARENT = 0.995

_LINES = dict(
    zip(GASES, (BLACK, COLOURS[0], COLOURS[4], COLOURS[2], COLOURS[3], PURPLE), strict=False)
)


def response_over_gases(campaign: Campaign, band: str, response: Response, gases: Path) -> Figure:
    """Draw a spectral response and the transmittance of the gases.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    band : str
        Name of the band.
    response : Response
        Its spectral response.
    gases : Path
        Table of the transmittance of the gases, which `sixsv_lut.simulate.gases` has made.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.
    """
    table = pyarrow.csv.read_csv(gases)
    wavelengths = table[WAVELENGTH].to_numpy()
    figure = new_figure(
        7.6,
        4.2,
        "Spectral response and gas transmittance",
        whose(campaign, band),
        "two-way gas transmittance of 6SV at single wavelengths, without aerosol, at\n"
        f"{choices.fixed_values(campaign, GAS_STATE_WITHOUT)}",
    )
    (panel,) = grid_of_panels(figure, 1, 1)
    values = np.asarray(response.values)
    panel.bar(
        response.wavelengths * 1000,
        values / values.max(),
        width=0.9 * GRID_STEP * 1000,
        color="#cccccc",
        edgecolor="#999999",
        linewidth=0.5,
        label=f"response, {len(values)} samples",
    )
    panel.axvline(
        response.centre, color="#666666", linestyle=":", label=f"centre, {response.centre:.1f} nm"
    )
    for number, (gas, name) in enumerate(GASES.items()):
        through = np.asarray(table[gas].to_numpy(), dtype=float)
        if gas != "gas" and not (through < _TRANSPARENT).any():
            continue
        panel.plot(
            wavelengths,
            through,
            color=_LINES.get(gas, COLOURS[1]),
            marker=MARKERS[number % len(MARKERS)],
            markersize=3,
            linewidth=2 if gas == "gas" else 1,
            label=name,
        )
    panel.set_ylim(0, 1.05)
    panel.set_xlabel("wavelength (nm)")
    panel.set_ylabel("relative response, transmittance\n(dimensionless)")
    figure.legend(loc="outside right center", frameon=False)
    return figure
