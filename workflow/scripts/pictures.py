"""Draw the pictures of a band."""

from pathlib import Path

from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.campaign.recipe import read_recipe
from sixsv_lut.host.script import configuration_of, running
from sixsv_lut.pictures.draw import draw_band

with running(snakemake.log[0]):
    band = snakemake.wildcards.band
    draw_band(
        Campaign(configuration_of(snakemake)),
        band,
        read_recipe(Path(snakemake.input.recipe), band).response,
        Path(snakemake.input.gas_transmittance),
        [Path(path) for path in snakemake.output],
    )
