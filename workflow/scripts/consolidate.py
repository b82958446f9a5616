"""Make the LUT of a band."""

from pathlib import Path

from sixsv_lut.campaign.recipe import read_recipe_of
from sixsv_lut.host.script import configuration_of, running
from sixsv_lut.lut.consolidate import consolidate

with running(snakemake.log[0]):
    configuration = configuration_of(snakemake)
    consolidate(
        configuration,
        read_recipe_of(Path(snakemake.input.recipe), configuration, snakemake.wildcards.band),
        [Path(path) for path in snakemake.input.batches],
        [Path(path) for path in snakemake.output],
    )
