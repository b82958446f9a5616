"""Which pages a report has, and where they stand in it; Snakemake reads this with the Snakefile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sixsv_lut.campaign.campaign import Campaign


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
    return [
        Page(name, category, {"page": name.capitalize().replace("_", " ")}, name)
        for category, names in {
            "Campaign": ("bands_and_grid", "configuration", "cost", "provenance"),
            "Tables": ("tables",),
        }.items()
        for name in names
    ]
