"""Measure how long a launch of each band takes."""

from pathlib import Path

from sixsv_lut.campaign.grid import Grid
from sixsv_lut.campaign.recipe import make_recipe
from sixsv_lut.host.script import configuration_of, running
from sixsv_lut.simulate.probe import describe, measure, remember

with running(snakemake.log[0]):
    configuration = configuration_of(snakemake)
    probes = measure(
        [make_recipe(configuration, band) for band in configuration.selected_bands()],
        Grid(configuration.axes.written()),
        at_a_time=snakemake.threads,
        timeout=configuration.sixsv.timeout,
    )
    for probe in probes:
        remember(probe, Path(configuration.store))
    print(describe(probes), flush=True)
