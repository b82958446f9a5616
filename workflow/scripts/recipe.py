"""Write the recipe of a band."""

from pathlib import Path

from sixsv_lut.configuration import from_effective
from sixsv_lut.instruments import find_band
from sixsv_lut.recipe import make_recipe
from sixsv_lut.script import running

with running(snakemake.log[0]):
    configuration = from_effective(snakemake.config)
    band = find_band(configuration.instrument, snakemake.wildcards.band)
    make_recipe(configuration, band).write(Path(snakemake.output[0]))
