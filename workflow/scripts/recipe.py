"""Write the recipe of a band."""

from pathlib import Path

from sixsv_lut.campaign.recipe import make_recipe
from sixsv_lut.host.script import configuration_of, running
from sixsv_lut.sixsv.instruments import find_band

with running(snakemake.log[0]):
    configuration = configuration_of(snakemake)
    band = find_band(configuration.instrument, snakemake.wildcards.band)
    make_recipe(configuration, band).write(Path(snakemake.output[0]))
