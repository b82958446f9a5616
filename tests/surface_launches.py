"""6SV over surfaces that are not black: what the correction of the reader is checked against."""

from __future__ import annotations

import dataclasses
import subprocess
from collections.abc import Iterable

from sixsv_lut.campaign.configuration import Configuration
from sixsv_lut.campaign.recipe import make_recipe
from sixsv_lut.sixsv.convention import STANDARD
from sixsv_lut.sixsv.deck import DeckWriter
from sixsv_lut.sixsv.executable import find_executable, launch_environment
from sixsv_lut.sixsv.instruments import find_band
from sixsv_lut.sixsv.report import parse_report
from sixsv_lut.sixsv.responses import Response


class Surface:
    """Launches of 6SV over a uniform Lambertian surface, for one band.

    Parameters
    ----------
    configuration : Configuration
        The campaign, whose executable, band and aerosol are used.
    band : str
        The band.
    reflectance : float
        Reflectance of the surface: at most 3 decimals, which the report echoes.
    response : Response, optional
        A spectral response in place of the band's.
    """

    def __init__(
        self,
        configuration: Configuration,
        band: str,
        reflectance: float,
        response: Response | None = None,
    ) -> None:
        recipe = make_recipe(configuration, find_band(configuration.instrument, band))
        response = response or recipe.response
        self._executable = find_executable(configuration.sixsv.executable)
        self._environment = launch_environment()
        self._writer = DeckWriter(
            recipe.aerosol_model,
            response.lowest_sample,
            response.values,
            dataclasses.replace(STANDARD, surface_reflectance=reflectance),
        )

    def report(self, point: Iterable[float]) -> dict[str, float]:
        """Give the numbers of the report at a point, by their names."""
        deck = self._writer.deck(point)
        ended = subprocess.run(
            [self._executable],
            input=deck.text,
            env=self._environment,
            text=True,
            capture_output=True,
            check=True,
        )
        return parse_report(ended.stdout, deck.inputs)

    def apparent_reflectance(self, point: Iterable[float]) -> float:
        """Give the reflectance at the top of the atmosphere."""
        return self.report(point)["apparent_reflectance"]
