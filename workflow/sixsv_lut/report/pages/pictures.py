"""The pages of pictures: one for each band, and one for all bands together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from sixsv_lut.campaign.paths import filled
from sixsv_lut.pictures.kinds import (
    Picture,
    pictures_of_accuracy,
    pictures_of_band,
    pictures_of_campaign,
)
from sixsv_lut.report.pages.html import heading, page, paragraph, picture
from sixsv_lut.report.pages.material import Material

# Drawings of many points are larger than their images.
_LARGEST_DRAWING = 250_000


def pictures_page(material: Material, band: str) -> str:
    """Write the page of a band; see `sixsv_lut.report.pages.bands_and_grid.bands_and_grid_page`."""
    campaign = material.campaign
    pictures = [*pictures_of_band(campaign, band)]
    if band in material.accuracy:  # else those that are there are of an earlier table
        pictures += pictures_of_accuracy(campaign, band)
    return _page(
        f"Pictures of {band}",
        pictures,
        lambda name, suffix: filled(campaign.paths.picture(name, suffix), band=band),
    )


def pictures_of_all_page(material: Material) -> str:
    """Write the page of all bands together."""
    campaign = material.campaign
    return _page(
        "Pictures of all bands", pictures_of_campaign(campaign), campaign.paths.picture_of_campaign
    )


def _page(title: str, pictures: Iterable[Picture], path_of: Callable[[str, str], str]) -> str:
    parts, category = [], ""
    for one in pictures:
        drawing, image = (Path(path_of(one.name, suffix)) for suffix in (".svg", ".png"))
        if not (drawing.exists() and image.exists()):
            continue
        if one.category != category:
            category = one.category
            parts.append(heading(category))
        shown = drawing if drawing.stat().st_size <= _LARGEST_DRAWING else image
        parts.append(picture(shown, one.title, one.caption))
    return page(title, parts or [paragraph("No picture is drawn yet.")])
