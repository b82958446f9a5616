"""Which pages a report has, and where they stand in it; Snakemake reads this with the Snakefile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.pictures.kinds import pictures_of_campaign

# Snakemake sorts the categories, and the pages of each, by the alphabet.
_PAGES = {
    "Campaign": ("bands_and_grid", "configuration", "cost", "provenance"),
    "Quality and accuracy": ("accuracy", "quality"),
    "Tables": ("tables",),
}

# In the place of a band, where pictures show all of them.
ALL_BANDS = "all"


@dataclass(frozen=True)
class Page:
    """A page of the report.

    Attributes
    ----------
    name : str
        Name of its file.
    category : str
        Heading under which the report lists it.
    labels : mapping of str to str
        What the list says of it.
    caption : str
        Name of the file of its caption, without folder and suffix.
    """

    name: str
    category: str
    labels: Mapping[str, str]
    caption: str


def pages_of(campaign: Campaign) -> list[Page]:
    """Give the pages of a campaign's report.

    Parameters
    ----------
    campaign : Campaign
        The campaign.

    Returns
    -------
    list of Page
        The same whether the campaign is finished or not.
    """
    pages = [
        Page(name, category, {"page": name.capitalize().replace("_", " ")}, name)
        for category, names in _PAGES.items()
        for name in names
    ]
    if campaign.configuration.pictures:
        bands = list(campaign.band_names)
        if pictures_of_campaign(campaign):
            bands.insert(0, ALL_BANDS)
        pages += [
            Page(f"pictures_{band}", "Pictures", {"band": band}, "pictures") for band in bands
        ]
    return pages
