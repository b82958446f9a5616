"""The launches through Py6S, in a pool of threads as Py6S's own parallel helpers make it.

Those helpers vary one azimuth and one zenith angle, or the wavelength; this grid has eight axes.
So this does what they do, a copy of one ``SixS`` for each launch in a
``multiprocessing.dummy.Pool``, with all eight values. A launch that Py6S refuses is counted, and
does not end the others.

Its decks differ in one thing: Py6S writes the profile with 6 decimals, which leaves 2 digits of
the ozone density near the ground, and neither ozone nor water vapour above 50 km.
"""

from __future__ import annotations

import copy
import json
import os
import sys
from multiprocessing.dummy import Pool
from pathlib import Path

from Py6S import AeroProfile, AtmosProfile, Geometry, GroundReflectance, SixS, Wavelength

from peers.case import AEROSOL, read_points, write_rows
from sixsv_lut.campaign.recipe import Recipe, read_recipe
from sixsv_lut.sixsv.deck import (
    GRID_START,
    GRID_STEP,
    US62,
    US62_OZONE,
    US62_PRESSURE,
    US62_WATER_VAPOUR,
)


def _template(recipe: Recipe) -> SixS:
    model = SixS(path=os.environ["SIXSV"])
    model.aero_profile = AeroProfile.PredefinedType(AEROSOL)
    model.ground_reflectance = GroundReflectance.HomogeneousLambertian(0.0)
    model.geometry = Geometry.User()
    model.altitudes.set_sensor_satellite_level()
    response = recipe.response
    lowest = GRID_START + GRID_STEP * response.lowest_sample
    highest = lowest + GRID_STEP * (len(response.values) - 1)
    model.wavelength = Wavelength(lowest, highest, list(response.values))
    return model


def _profile(psurf: float, uw: float, uo3: float) -> str:
    altitude, pressure, temperature, water, ozone = zip(*US62, strict=True)
    return AtmosProfile.RadiosondeProfile(
        {
            "altitude": altitude,
            "pressure": [psurf * (value / US62_PRESSURE) for value in pressure],
            "temperature": temperature,
            "water": [uw * (value / US62_WATER_VAPOUR) for value in water],
            "ozone": [uo3 * (value / US62_OZONE) for value in ozone],
        }
    )


def _launch(template: SixS, values: list[float]) -> list[float]:
    uo3, uw, aot550, psurf, alti, phi, thetas, thetav = values
    model = copy.deepcopy(template)
    model.atmos_profile = _profile(psurf, uw, uo3)
    model.aot550 = aot550
    if alti:
        model.altitudes.set_target_custom_altitude(alti)
    else:
        model.altitudes.set_target_sea_level()
    model.geometry.solar_z, model.geometry.solar_a = thetas, phi
    model.geometry.view_z, model.geometry.view_a = thetav, 0
    model.run()
    outputs = model.outputs
    gas, scattering = outputs.transmittance_global_gas, outputs.transmittance_total_scattering
    return [
        gas.downward * scattering.downward,
        gas.upward * scattering.upward,
        gas.total * scattering.total,
        outputs.apparent_reflectance,
        outputs.spherical_albedo.total,
    ]


def main() -> int:
    """Run all launches of the case, and write the table.

    Returns
    -------
    int
        1 if Py6S refused a launch, else 0.
    """
    folder = Path(os.environ["CASE"])
    settings = json.loads((folder / "case.json").read_text())
    template = _template(read_recipe(folder / "recipe.json"))

    def launch(point: tuple[int, list[float]]) -> tuple[int, list[float]] | None:
        try:
            return point[0], _launch(template, point[1])
        except Exception as error:  # Py6S has no common exception
            print(f"point {point[0]}: {error!r}", file=sys.stderr)
            return None

    with Pool(settings["cores"]) as pool:
        rows = pool.map(launch, read_points(folder))
    good = [row for row in rows if row is not None]
    write_rows(Path("table.txt"), good)
    return int(len(good) < len(rows))


if __name__ == "__main__":
    sys.exit(main())
