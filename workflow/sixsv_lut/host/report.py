"""What ``snakemake --report`` does besides: write the campaign's pages first, from what is on disk.

Snakemake refuses a report of files that are not there. So what it reports are pages, which tell of
a campaign that is not finished too, and which no run for the tables has to wait for.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.host import snakemake_internals
from sixsv_lut.host.script import running
from sixsv_lut.readable import size

if TYPE_CHECKING:
    from sixsv_lut.report.pages.tables import TableFile

_STYLE = "workflow/report/style.css"


class Report:
    """The report of a campaign.

    Parameters
    ----------
    workflow : snakemake.workflow.Workflow
        The workflow.
    campaign : Campaign
        The campaign.
    config : dict
        What captions find in ``snakemake.config``; what they need is added when a report is made.

    Attributes
    ----------
    is_made : bool
        Whether this Snakemake is making a report.
    """

    def __init__(self, workflow: Any, campaign: Campaign, config: dict[str, Any]) -> None:
        self._campaign = campaign
        self._config = config
        self._style = Path(workflow.basedir) / _STYLE
        self.is_made = False
        if workflow.is_main_process:
            snakemake_internals.surround_report(workflow, self._make)

    def pages(self, pages: list[str]) -> Callable[[Any], list[str]]:
        """Give a function for the input of a rule: these pages, if a report is made."""
        return lambda wildcards: pages if self.is_made else []

    def _make(self, create: Callable[[], None], settings: Any) -> None:
        # Imported here: it needs NumPy, and every cluster job imports this module.
        from sixsv_lut.report.pages.material import read_material
        from sixsv_lut.report.pages.tables import table_files
        from sixsv_lut.report.pages.write import write_pages

        with running(f"{self._campaign.folder}/logs/pages.log"):
            material = read_material(self._campaign)
            write_pages(material)
            # Only Snakemake's own reporter has these settings.
            path = Path(getattr(settings, "path", None) or "report.html")
            path.parent.mkdir(parents=True, exist_ok=True)
            if getattr(settings, "stylesheet_path", self._style) is None:
                settings.stylesheet_path = self._style
            self._config["report"] = self._for_captions(table_files(material), path.parent)
            self.is_made = True
            create()
        if path.exists():
            print(f"Report: {path}  {size(path.stat().st_size)}", file=sys.stderr)

    def _for_captions(self, files: list[TableFile], folder: Path) -> dict[str, Any]:
        configuration = self._campaign.configuration
        return {
            "campaign": configuration.campaign,
            "satellite": configuration.satellite,
            "instrument": configuration.instrument,
            "aerosol": configuration.aerosol_name,
            "bands": len(self._campaign.band_names),
            "points": f"{self._campaign.points:,}",
            "folder": str(self._campaign.folder),
            "files": [
                {
                    "name": file.path.name,
                    "size": file.size,
                    "link": quote(os.path.relpath(file.path, folder)),
                }
                for file in files
            ],
        }
