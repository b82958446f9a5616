"""Measure how long a launch of each band takes."""

from pathlib import Path

from sixsv_lut.configuration import from_effective
from sixsv_lut.grid import Grid
from sixsv_lut.probe import describe, measure, remember
from sixsv_lut.recipe import make_recipe
from sixsv_lut.script import running

with running(snakemake.log[0]):
    configuration = from_effective(snakemake.config)
    probes = measure(
        [make_recipe(configuration, band) for band in configuration.selected_bands()],
        Grid(configuration.axes.written()),
        at_a_time=snakemake.threads,
        timeout=configuration.sixsv.timeout,
    )
    for probe in probes:
        remember(probe, Path(configuration.store))
    print(describe(probes), flush=True)
