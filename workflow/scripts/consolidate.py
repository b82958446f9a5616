"""Make the LUT of a band."""

from pathlib import Path

from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.campaign.recipe import read_recipe_of
from sixsv_lut.host.script import configuration_of, running
from sixsv_lut.lut.consolidate import consolidate

with running(snakemake.log[0]):
    campaign = Campaign(configuration_of(snakemake))
    consolidate(
        campaign,
        read_recipe_of(
            Path(snakemake.input.recipe), campaign.configuration, snakemake.wildcards.band
        ),
        [Path(path) for path in snakemake.input.batches],
        [Path(path) for path in snakemake.output],
    )
