"""Draws the pictures of a band, of its accuracy, or of all bands, and writes their files."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.lut.open import open_lut
from sixsv_lut.pictures.along_axes import along_axes
from sixsv_lut.pictures.directions import directions
from sixsv_lut.pictures.errors import error_by_interval, error_over_zenith_angles
from sixsv_lut.pictures.kinds import (
    Kind,
    Picture,
    pictures_of_accuracy,
    pictures_of_band,
    pictures_of_campaign,
)
from sixsv_lut.pictures.launched import launched_points, points_per_launch
from sixsv_lut.pictures.response import response_over_gases
from sixsv_lut.pictures.spectra import spectra
from sixsv_lut.pictures.style import save, style
from sixsv_lut.sixsv.responses import Response

log = logging.getLogger(__name__)


def draw_band(
    campaign: Campaign, band: str, response: Response, gases: Path, outputs: Sequence[Path]
) -> None:
    """Draw the pictures of a LUT.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    band : str
        Name of the band, whose LUT is there.
    response : Response
        Its spectral response.
    gases : Path
        Table of the transmittance of the gases.
    outputs : sequence of Path
        The files to write.
    """
    with open_lut(campaign, band) as lut:

        def draw(picture: Picture) -> Figure:
            match picture.kind:
                case Kind.ALONG_AXES:
                    return along_axes(campaign, band, lut, picture.of)
                case Kind.DIRECTIONS:
                    return directions(campaign, band, lut)
                case Kind.RESPONSE:
                    return response_over_gases(campaign, band, response, gases)
                case Kind.LAUNCHED_POINTS:
                    return launched_points(campaign, band, lut)
                case Kind.POINTS_PER_LAUNCH:
                    return points_per_launch(campaign, band, lut)
                case _:
                    raise AssertionError(picture)

        _draw_all(pictures_of_band(campaign, band), draw, outputs)


def draw_accuracy(
    campaign: Campaign, band: str, errors: Path, launches: Path, outputs: Sequence[Path]
) -> None:
    """Draw the pictures of the measured error of a LUT.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    band : str
        Name of the band.
    errors, launches : Path
        The tables of errors and of launches of its accuracy.
    outputs : sequence of Path
        The files to write.
    """

    def draw(picture: Picture) -> Figure:
        match picture.kind:
            case Kind.ERROR_BY_INTERVAL:
                return error_by_interval(campaign, band, pd.read_csv(errors))
            case Kind.ERROR_OVER_ZENITH_ANGLES:
                return error_over_zenith_angles(campaign, band, pd.read_csv(launches))
            case _:
                raise AssertionError(picture)

    _draw_all(pictures_of_accuracy(campaign, band), draw, outputs)


def draw_campaign(campaign: Campaign, outputs: Sequence[Path]) -> None:
    """Draw the pictures of all bands together.

    Parameters
    ----------
    campaign : Campaign
        The campaign, whose LUTs are there.
    outputs : sequence of Path
        The files to write.
    """
    with contextlib.ExitStack() as opened:
        luts = {
            band: opened.enter_context(open_lut(campaign, band)) for band in campaign.band_names
        }
        _draw_all(
            pictures_of_campaign(campaign),
            lambda picture: spectra(campaign, luts, picture.of),
            outputs,
        )


def _draw_all(
    pictures: Sequence[Picture], draw: Callable[[Picture], Figure], outputs: Sequence[Path]
) -> None:
    with style():
        for picture in pictures:
            paths = {path.suffix: path for path in outputs if path.stem == picture.name}
            save(draw(picture), paths)
            log.info("%s", picture.title)
