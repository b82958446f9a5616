"""The page of the effective configuration."""

from __future__ import annotations

from sixsv_lut.campaign.configuration import effective_yaml
from sixsv_lut.report.pages.html import page, paragraph, verbatim
from sixsv_lut.report.pages.material import Material


def configuration_page(material: Material) -> str:
    """Write the page; see `sixsv_lut.report.pages.bands_and_grid.bands_and_grid_page`."""
    return page(
        "Configuration",
        [
            paragraph(
                "Every key of the campaign's configuration with the value that was used, also "
                "those that the user left at their defaults. As a file given with --configfile it "
                "makes the same tables again."
            ),
            paragraph(f"It is kept in {material.campaign.configuration_file}."),
            verbatim(effective_yaml(material.campaign.configuration)),
        ],
    )
