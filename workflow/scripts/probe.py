"""Measure how long a launch of each band takes, and for reduced launches which gases act."""

from pathlib import Path

from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.campaign.recipe import make_recipe
from sixsv_lut.host.script import configuration_of, running
from sixsv_lut.simulate.probe import describe, measure, save

with running(snakemake.log[0]):
    campaign = Campaign(configuration_of(snakemake))
    configuration = campaign.configuration
    probes = measure(
        [make_recipe(configuration, band) for band in configuration.selected_bands()],
        campaign.grid,
        at_a_time=snakemake.threads,
        timeout=configuration.sixsv.timeout,
        gases=campaign.promise is not None,
    )
    for probe in probes:
        save(probe, Path(configuration.store))
    print(describe(probes), flush=True)
