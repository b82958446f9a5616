"""Launch 6SV at the single wavelengths of a band."""

from pathlib import Path

from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.campaign.recipe import read_recipe
from sixsv_lut.host.script import configuration_of, running
from sixsv_lut.pictures.choices import typical_point
from sixsv_lut.simulate.gases import launch_gases

with running(snakemake.log[0]):
    campaign = Campaign(configuration_of(snakemake))
    sixsv = campaign.configuration.sixsv
    recipe = read_recipe(
        Path(snakemake.input.recipe), snakemake.wildcards.band, executable=sixsv.executable
    )
    launch_gases(recipe, typical_point(campaign), sixsv.timeout, Path(snakemake.output[0]))
