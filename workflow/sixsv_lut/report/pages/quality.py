"""The page of what was checked in the tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sixsv_lut.report.pages.html import Verdict, facts, heading, items, page, paragraph, table
from sixsv_lut.report.pages.material import Material


def quality_page(material: Material) -> str:
    """Write the page; see `sixsv_lut.report.pages.bands_and_grid.bands_and_grid_page`."""
    verdicts = material.verdicts
    if not verdicts:
        return page("Quality", [paragraph("No table was checked yet.")])
    unchecked = [band for band in material.campaign.band_names if band not in verdicts]
    return page(
        "Quality",
        [
            paragraph(
                "Each table is checked once it is made: whether a quantity lies where physics "
                "demands, and changes from point to point as it must. A violation says where to "
                "look; the numbers in the table stay as 6SV gave them."
            ),
            facts([("Not checked yet", ", ".join(unchecked))]),
            table(
                ["band", "verdict", "checks passed", "violated", "not applicable"],
                [_row(band, verdict) for band, verdict in verdicts.items()],
                texts=2,
            ),
            heading("Checks"),
            _checks(verdicts),
            *_violations(verdicts),
        ],
    )


def _row(band: str, verdict: Mapping[str, Any]) -> list[str | Verdict]:
    found = [check["verdict"] for check in verdict["checks"]]
    counts = [str(found.count(kind)) for kind in ("passed", "violated", "not applicable")]
    return [band, Verdict(verdict["verdict"], good=verdict["verdict"] == "passed"), *counts]


def _checks(verdicts: Mapping[str, Mapping[str, Any]]) -> str:
    by_title: dict[str, dict[str, Mapping[str, Any]]] = {}
    for band, verdict in verdicts.items():
        for check in verdict["checks"]:
            by_title.setdefault(check["title"], {})[band] = check
    rows: list[list[str | Verdict]] = []
    for title, of_bands in by_title.items():
        violating = [band for band, check in of_bands.items() if check["verdict"] == "violated"]
        reasons = {check["reason"]: None for check in of_bands.values() if check["reason"]}
        outcome: str | Verdict = "not applicable"
        if violating:
            outcome = Verdict(f"violated by {', '.join(violating)}", good=False)
        elif any(check["verdict"] == "passed" for check in of_bands.values()):
            outcome = Verdict("passed", good=True)
        rows.append([title, outcome, "; ".join(reasons)])
    return table(["what is checked", "verdict", ""], rows, texts=3)


def _violations(verdicts: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for band, verdict in verdicts.items():
        for check in verdict["checks"]:
            if check["verdict"] != "violated":
                continue
            yield heading(f"{band}: {check['title']}")
            yield paragraph(
                f"{check['violations']:,} violations; the worst is {check['worst']:.3g}, the limit "
                f"is {check['limit']:.3g}. Points, the worst ones first:"
            )
            yield items(check["points"])
