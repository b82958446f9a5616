"""What the pages of the report tell of: all that is known of a campaign when the report is made."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.campaign.configuration import effective
from sixsv_lut.campaign.paths import filled
from sixsv_lut.report.accounting import CampaignCost, account_bands
from sixsv_lut.report.state import CampaignState, Progress


@dataclass(frozen=True)
class Material:
    """What is known of a campaign, finished or not.

    Attributes
    ----------
    campaign : Campaign
        The campaign.
    state : CampaignState
        Its state, read.
    progress : mapping of str to Progress
        How far each band is.
    costs : mapping of str to CampaignCost
        What the complete batches of each band have cost.
    descriptions : mapping of str to dict
        The description of the LUT of each band that has one of this configuration.
    outdated : collection of str
        Bands whose LUT is of another configuration.
    verdicts : mapping of str to dict
        What was found in the LUT of each band that was checked.
    accuracy : mapping of str to dict
        The measured error of the LUT of each band, where it was measured.
    plan : dict or None
        The plan, if one was made.
    """

    campaign: Campaign
    state: CampaignState
    progress: Mapping[str, Progress]
    costs: Mapping[str, CampaignCost]
    descriptions: Mapping[str, dict[str, Any]]
    outdated: Collection[str]
    verdicts: Mapping[str, dict[str, Any]]
    accuracy: Mapping[str, dict[str, Any]]
    plan: dict[str, Any] | None

    @property
    def unfinished(self) -> list[str]:
        """Names of the bands without a LUT of this configuration."""
        return [band for band in self.campaign.band_names if band not in self.descriptions]


def read_material(campaign: Campaign) -> Material:
    """Read what is known of a campaign.

    Parameters
    ----------
    campaign : Campaign
        The campaign.

    Returns
    -------
    Material
        What is there; what is not there yet is left out.

    Raises
    ------
    CampaignError, OSError
        The store cannot be read.
    """
    state = CampaignState(campaign)
    progress = state.read()
    paths = campaign.paths
    lut, *_ = campaign.lut_patterns
    described = _of_bands(campaign, lut)
    # As Snakemake sees it: a LUT of another configuration is made again.
    configured = effective(campaign.configuration)
    fitting = {
        band: description
        for band, description in described.items()
        if description.get("effective_configuration") == configured
    }
    return Material(
        campaign=campaign,
        state=state,
        progress=progress,
        costs=account_bands(campaign, state),
        descriptions=fitting,
        outdated=described.keys() - fitting.keys(),
        verdicts=_of_bands(campaign, paths.refused_quality, after=lut)
        | _of_bands(campaign, paths.quality, after=lut),
        accuracy=said_by_luts(_of_bands(campaign, paths.accuracy), fitting),
        plan=read_json(campaign.paths.plan),
    )


def said_by_luts(
    results: Mapping[str, dict[str, Any]], descriptions: Mapping[str, dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Choose the results of accuracy that are of the LUTs that are there.

    Parameters
    ----------
    results : mapping of str to dict
        What was measured, by the name of the band; maybe of an earlier grid.
    descriptions : mapping of str to dict
        The descriptions of the LUTs. One that is made anew says again what was measured of it, and
        nothing that was measured of another.

    Returns
    -------
    dict of str to dict
        The results that stand in the descriptions of their LUTs.
    """
    return {
        band: result
        for band, result in results.items()
        if isinstance(said := result.get("attributes"), dict)
        and said
        and said.items() <= descriptions.get(band, {}).items()
    }


def _of_bands(
    campaign: Campaign, pattern: str, *, after: str | None = None
) -> dict[str, dict[str, Any]]:
    """Read the JSON file of each band, where there is one that is not older than another file."""
    read = {}
    for band in campaign.band_names:
        path = Path(filled(pattern, band=band))
        content = read_json(path)
        if content is not None and (
            after is None or _changed(path) >= _changed(Path(filled(after, band=band)))
        ):
            read[band] = content
    return read


def _changed(path: Path) -> float:
    return path.stat().st_mtime_ns if path.exists() else math.inf


def read_json(path: Path) -> dict[str, Any] | None:
    """Read a JSON file that holds an object; None if it cannot be read."""
    with contextlib.suppress(OSError, ValueError):
        content = json.loads(path.read_text())
        if isinstance(content, dict):
            return content
    return None
