"""What the user reads at the end of a campaign."""

from __future__ import annotations

from pathlib import Path

from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.quality.verdict import summary_lines
from sixsv_lut.readable import duration, size
from sixsv_lut.report.accounting import account, describe
from sixsv_lut.report.sizes import size_on_disk
from sixsv_lut.report.state import CampaignState


def summary(campaign: Campaign, seconds: float) -> str:
    """Write what a campaign has made.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    seconds : float
        How long this run took.

    Returns
    -------
    str
        Paths and sizes of the LUTs that are there, their quality, what they cost, and time.
    """
    files = [
        Path(path)
        for band in campaign.band_names
        for path in campaign.lut_files(band)[1:]
        if Path(path).exists()
    ]
    if not files:
        return ""
    state = CampaignState(campaign)
    state.read()
    return "\n".join(
        [
            "",
            "Look-up tables:",
            *(f"  {path}  {size(size_on_disk(path))}" for path in files),
            *summary_lines(campaign),
            *describe(account(campaign, state)),
            f"This run took {duration(seconds)}.",
        ]
    )
