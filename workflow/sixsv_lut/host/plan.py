"""What `snakemake plan` does: tell what the campaign will cost, for what the profile asks for."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.cluster.job_shape import Site
from sixsv_lut.report.plan import make_plan
from sixsv_lut.report.plan_text import print_plan, write_json
from sixsv_lut.report.state import CampaignState
from sixsv_lut.simulate.probe import expected_times, known_gases


def tell_plan(campaign: Campaign, site: Site) -> None:
    """Print the plan of a campaign, and write it as JSON beside the results.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    site : Site
        Where launches run.

    Raises
    ------
    CampaignError
        The store cannot be read, or the campaign is none that can be planned.
    OSError
        The plan cannot be written.
    """
    state = CampaignState(campaign)
    fingerprints = {band: of_band.fingerprint for band, of_band in state.bands.items()}
    store = Path(campaign.configuration.store)
    times = expected_times(
        fingerprints,
        store,
        campaign.configuration.sixsv.seconds_per_launch,
        on_cluster=site.jobs is not None,
    )
    gases = {band: known_gases(fingerprint, store) for band, fingerprint in fingerprints.items()}
    plan = make_plan(campaign, site, state.read(), times, gases)
    write_json(plan, campaign.paths.plan)
    console = Console(highlight=False)
    print_plan(plan, console)
    console.print(f"Written to {campaign.paths.plan}. Nothing was started.", soft_wrap=True)
