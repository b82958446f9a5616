"""What the pages of the report tell of: all that is known of a campaign when the report is made."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sixsv_lut.campaign.campaign import Campaign
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
        The description of the LUT of each band that has one.
    plan : dict or None
        The plan, if one was made.
    """

    campaign: Campaign
    state: CampaignState
    progress: Mapping[str, Progress]
    costs: Mapping[str, CampaignCost]
    descriptions: Mapping[str, dict[str, Any]]
    plan: dict[str, Any] | None

    @property
    def unfinished(self) -> list[str]:
        """Names of the bands without a LUT."""
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
    return Material(
        campaign=campaign,
        state=state,
        progress=progress,
        costs=account_bands(campaign, state),
        descriptions=of_bands(campaign, lambda band: Path(campaign.lut_files(band)[0])),
        plan=read_json(campaign.paths.plan),
    )


def of_bands(campaign: Campaign, path_of: Callable[[str], Path]) -> dict[str, dict[str, Any]]:
    """Read the JSON file of each band, where there is one."""
    read = {band: read_json(path_of(band)) for band in campaign.band_names}
    return {band: content for band, content in read.items() if content is not None}


def read_json(path: Path) -> dict[str, Any] | None:
    """Read a JSON file that holds an object; None if it cannot be read."""
    with contextlib.suppress(OSError, ValueError):
        content = json.loads(path.read_text())
        if isinstance(content, dict):
            return content
    return None
