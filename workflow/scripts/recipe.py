"""Write the recipe of a band."""

from pathlib import Path

from sixsv_lut.campaign.configuration import from_effective
from sixsv_lut.campaign.recipe import make_recipe
from sixsv_lut.host.script import running
from sixsv_lut.sixsv.instruments import find_band

with running(snakemake.log[0]):
    configuration = from_effective(snakemake.config)
    band = find_band(configuration.instrument, snakemake.wildcards.band)
    make_recipe(configuration, band).write(Path(snakemake.output[0]))
