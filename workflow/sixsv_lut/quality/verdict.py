"""The verdict on a LUT: a JSON file beside the products, and what is said of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.campaign.grid import Grid
from sixsv_lut.quality.findings import Outcome


def described(campaign: str, band: str, grid: Grid, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Give the verdict as plain data for JSON.

    Parameters
    ----------
    campaign, band : str
        Their names.
    grid : Grid
        The grid, by which points are named.
    outcomes : sequence of Outcome
        What came out of the checks.

    Returns
    -------
    dict
        The verdict, and each check with its own.
    """
    violated = any(outcome.verdict == "violated" for outcome in outcomes)
    return {
        "band": band,
        "campaign": campaign,
        "verdict": "violated" if violated else "passed",
        "checks": [
            {
                "name": outcome.name,
                "title": outcome.title,
                "verdict": outcome.verdict,
                "reason": outcome.reason,
                "violations": outcome.violations,
                # JSON knows no infinity.
                "worst": None if outcome.worst is None else min(outcome.worst, sys.float_info.max),
                "limit": outcome.limit,
                **outcome.measures,
                "points": [
                    f"{one.subject}: {one.amount:.3g} at {grid.describe(one.point)}"
                    for one in outcome.worst_violations
                ],
            }
            for outcome in outcomes
        ],
    }


def violations(verdict: dict[str, Any]) -> str:
    """Name the checks that a LUT violates, each with how often and how far."""
    return ", ".join(
        f"{check['name']} ({check['violations']}, worst {check['worst']:.3g} where "
        f"{check['limit']:.3g} is the limit)"
        for check in verdict["checks"]
        if check["verdict"] == "violated"
    )


def summary_lines(campaign: Campaign) -> list[str]:
    """Tell the quality of the LUTs of a campaign.

    Parameters
    ----------
    campaign : Campaign
        The campaign.

    Returns
    -------
    list of str
        A line for each band whose LUT violates a check, or one for all; none where no LUT was
        checked.
    """
    lines, passed, unknown = [], 0, []
    for band in campaign.band_names:
        path = Path(campaign.quality_file(band))
        verdict = _read(path, Path(campaign.lut_files(band)[0]))
        if verdict is None:
            unknown.append(band)
        elif verdict["verdict"] == "violated":
            lines.append(f"Quality: {band} violates {violations(verdict)}; see {path}")
        else:
            passed += 1
    if not passed and not lines:
        return []
    if unknown:
        lines.append(f"Quality: not checked yet: {', '.join(unknown)}")
    return lines or ["Quality: all checks passed"]


def _read(path: Path, description: Path) -> dict[str, Any] | None:
    """Give the verdict on a LUT; None where there is none, or only one on an earlier LUT."""
    try:
        if path.stat().st_mtime_ns < description.stat().st_mtime_ns:
            return None
        verdict: dict[str, Any] = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return verdict
