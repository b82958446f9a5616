"""A launch from point to result: its deck is written, 6SV runs, its report is read."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sixsv_lut.campaign.recipe import Recipe
from sixsv_lut.sixsv.executable import launch_environment
from sixsv_lut.sixsv.launcher import Launcher, LaunchError
from sixsv_lut.sixsv.report import QUANTITY_NAMES, ReportError, Status, parse_report
from sixsv_lut.store.records import Result


def launcher_of(recipe: Recipe, timeout: float) -> Launcher:
    """Give what starts the executable of a recipe.

    Parameters
    ----------
    recipe : Recipe
        The recipe.
    timeout : float
        Seconds after which a launch is killed.

    Returns
    -------
    Launcher
        The launcher, to be stopped in the end.

    Raises
    ------
    CampaignError
        6SV cannot start, or its executable is not the one of the recipe.
    """
    return Launcher(
        Path(recipe.executable), launch_environment(), timeout, recipe.executable_sha256
    )


class Launches:
    """Launches points of one band, from several threads.

    Parameters
    ----------
    recipe : Recipe
        The band's recipe.
    launcher : Launcher
        What starts 6SV.
    """

    def __init__(self, recipe: Recipe, launcher: Launcher) -> None:
        self._writer = recipe.deck_writer()
        self._launcher = launcher

    def launch(self, point: npt.NDArray[np.float64], retries: int = 0) -> Result:
        """Launch a point.

        Parameters
        ----------
        point : ndarray of float64, shape (8,)
            Its 8 values.
        retries : int
            How many times a failed launch is tried again at once.

        Returns
        -------
        Result
            How the last launch ended.
        """
        deck = self._writer.deck(point)
        for attempt in range(1, retries + 2):
            started = time.monotonic()
            try:
                quantities = parse_report(self._launcher.launch(deck.text), deck.inputs)
            except (LaunchError, ReportError) as error:
                seconds = time.monotonic() - started
                result = Result(error.status, attempt, seconds, reason=error.reason)
            else:
                seconds = time.monotonic() - started
                numbers = tuple(quantities[name] for name in QUANTITY_NAMES)
                return Result(Status.OK, attempt, seconds, numbers)
        return result
