"""Writes the pages of the report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sixsv_lut.files import atomic_write
from sixsv_lut.report.pages.accuracy import accuracy_page
from sixsv_lut.report.pages.bands_and_grid import bands_and_grid_page
from sixsv_lut.report.pages.configuration import configuration_page
from sixsv_lut.report.pages.cost import cost_page
from sixsv_lut.report.pages.material import Material
from sixsv_lut.report.pages.names import ALL_BANDS, Page, pages_of
from sixsv_lut.report.pages.pictures import pictures_of_all_page, pictures_page
from sixsv_lut.report.pages.provenance import provenance_page
from sixsv_lut.report.pages.quality import quality_page
from sixsv_lut.report.pages.tables import tables_page

_WRITERS: dict[str, Callable[[Material], str]] = {
    "bands_and_grid": bands_and_grid_page,
    "configuration": configuration_page,
    "cost": cost_page,
    "provenance": provenance_page,
    "quality": quality_page,
    "accuracy": accuracy_page,
    "tables": tables_page,
}


def write_pages(material: Material) -> None:
    """Write the pages of a campaign's report.

    Parameters
    ----------
    material : Material
        What is known of the campaign.

    Raises
    ------
    OSError
        The results cannot be read, or the pages cannot be written.
    """
    campaign = material.campaign
    for page in pages_of(campaign):
        with atomic_write(Path(campaign.paths.page(page.name))) as temporary:
            temporary.write_text(_content(material, page), encoding="utf-8")


def _content(material: Material, page: Page) -> str:
    band = page.labels.get("band")
    if band is None:
        return _WRITERS[page.name](material)
    return pictures_of_all_page(material) if band == ALL_BANDS else pictures_page(material, band)
