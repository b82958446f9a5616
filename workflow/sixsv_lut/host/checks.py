"""What is checked before anything runs: that folders can be written, and responses used."""

from __future__ import annotations

import os
from pathlib import Path

from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.errors import CampaignError
from sixsv_lut.file_errors import no_permission
from sixsv_lut.files import closest_existing
from sixsv_lut.sixsv.instruments import BUILT_IN


def check_files(campaign: Campaign) -> None:
    """Check the folders and files that a configuration names.

    Parameters
    ----------
    campaign : Campaign
        The campaign.

    Raises
    ------
    CampaignError
        A folder cannot be made or written, unless it is the store and has all launches; a spectral
        response cannot be used, and the message names every such band; or a LUT cannot be compared
        with.
    """
    configuration = campaign.configuration
    _check_folder("results", configuration.results)
    store = Path(configuration.store)
    if not store.is_dir() or not os.access(store, os.R_OK | os.X_OK):
        _check_folder("store", configuration.store)
    elif not os.access(store, os.W_OK):
        _check_nothing_to_launch(campaign, store)
    if configuration.spectral_response != BUILT_IN:
        # Imported here: it needs NumPy, and only the Snakemake that plans checks files.
        from sixsv_lut.sixsv.responses import check_responses

        check_responses(
            configuration.spectral_response,
            configuration.satellite,
            configuration.instrument,
            configuration.selected_bands(),
        )
    if configuration.quality.compare_with:
        # Imported here: it needs xarray.
        from sixsv_lut.quality.lut_quality import check_earlier

        check_earlier(campaign)


def _check_folder(key: str, folder: str) -> None:
    path = Path(folder).absolute()
    existing = closest_existing(path)
    if not os.access(existing, os.R_OK | os.W_OK | os.X_OK):
        raise CampaignError(
            f"{key}: {path} cannot be made or written, {no_permission(existing)}, or set {key} to "
            "another folder."
        )


def _check_nothing_to_launch(campaign: Campaign, store: Path) -> None:
    # Imported here: they need NumPy, and a store that may only be read is rare.
    from sixsv_lut.report.state import CampaignState

    left = sum(band.left + band.failed for band in CampaignState(campaign).read().values())
    if left:
        raise CampaignError(
            f"store: {store.absolute()} cannot be written and lacks {left} launches of this "
            f"campaign, {no_permission(store.absolute())}, or set store to another folder."
        )
