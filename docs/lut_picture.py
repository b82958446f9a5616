"""Draw the picture of the README: a slice of the table of the campaign ``geometry``.

In the project's folder, with the packages of ``make install-dev``::

    snakemake --profile local --configfile config/examples/geometry.yaml
    python docs/lut_picture.py results/geometry/OUTLUT_S3A_OLCI_Oa03.nc docs/lut.png
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.ticker import MultipleLocator

# Dust enough that the direction of the view matters.
_AOT550 = 0.4

# Between two colours, in reflectance.
_STEP = 0.02


def all_around(reflectance: xr.DataArray) -> xr.DataArray:
    """Continue a reflectance from half the azimuths to all.

    Parameters
    ----------
    reflectance : xarray.DataArray
        With the dimension ``phi``, from 0 to 180 degrees.

    Returns
    -------
    xarray.DataArray
        The same with ``phi`` from 0 to 360 degrees: the atmosphere is the same on both sides of
        the plane in which the sun stands.
    """
    other_half = reflectance.isel(phi=slice(-2, None, -1))
    other_half = other_half.assign_coords(phi=360 - other_half.phi)
    return xr.concat([reflectance, other_half], dim="phi")


def draw(lut: xr.Dataset, picture: Path) -> None:
    """Draw the reflectance of the atmosphere over all view directions, one panel for each sun.

    Parameters
    ----------
    lut : xarray.Dataset
        A table of the workflow, with ``phi`` from 0 to 180 degrees.
    picture : Path
        The PNG file to write.
    """
    state = lut.isel(uo3=0, uw=0, psurf=0, alti=0).sel(aot550=_AOT550)
    reflectance = all_around(state.rho_atm.where(state.status == 0))
    lowest, highest = float(reflectance.min()), float(reflectance.max())
    levels = _STEP * np.arange(np.floor(lowest / _STEP), np.ceil(highest / _STEP) + 1)
    plt.rc("axes", titlesize=11)
    figure, panels = plt.subplots(
        1,
        lut.sizes["thetas"],
        figsize=(9.6, 3.6),
        subplot_kw={"projection": "polar"},
        layout="constrained",
    )
    for panel, thetas in zip(panels, lut.thetas.values, strict=True):
        values = reflectance.sel(thetas=thetas).transpose("thetav", "phi")
        # Viridis goes from dark to light, also for people who do not tell red from green.
        filled = panel.contourf(
            np.radians(values.phi), values.thetav, values, levels=levels, cmap="viridis"
        )
        panel.plot(0, thetas, "*", markersize=13, color="white", mec="black", clip_on=False)
        panel.set_theta_zero_location("N")
        panel.set_thetagrids([0, 90, 180, 270])
        panel.set_rgrids([20, 40], ["20°", "40°"], angle=135, color="white")
        panel.grid(color="white", alpha=0.4, linewidth=0.6)
        panel.set_title(f"sun at {thetas:g}° zenith angle")
    bar = figure.colorbar(filled, ax=panels, shrink=0.8, pad=0.03, ticks=MultipleLocator(0.1))
    bar.set_label("rho_atm (dimensionless)")
    figure.suptitle(
        f"Intrinsic reflectance of the atmosphere: {lut.attrs['satellite']} "
        f"{lut.attrs['instrument']} {lut.attrs['band']} ({float(lut.band_wavelength):g} nm), "
        f"aot550 = {_AOT550:g}"
    )
    figure.supxlabel(
        "radius: view zenith angle, to 60°;   angle: relative azimuth, 0° with the sensor on the "
        "sun's side;   star: the sun",
        fontsize=9,
    )
    # White around it, so that it reads on dark pages too.
    figure.savefig(picture, dpi=150, facecolor="white", bbox_inches="tight", pad_inches=0.15)


def main() -> None:
    """Draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", type=Path, help="the NetCDF table of the campaign geometry")
    parser.add_argument("picture", type=Path, help="the PNG file to write")
    arguments = parser.parse_args()
    with xr.open_dataset(arguments.table) as lut:
        draw(lut, arguments.picture)


if __name__ == "__main__":
    main()
