"""Make the LUT of a band."""

from pathlib import Path

from sixsv_lut.configuration import from_effective
from sixsv_lut.lut.consolidate import consolidate
from sixsv_lut.recipe import read_recipe_of
from sixsv_lut.script import running

with running(snakemake.log[0]):
    configuration = from_effective(snakemake.config)
    consolidate(
        configuration,
        read_recipe_of(Path(snakemake.input.recipe), configuration, snakemake.wildcards.band),
        [Path(path) for path in snakemake.input.batches],
        [Path(path) for path in snakemake.output],
    )
