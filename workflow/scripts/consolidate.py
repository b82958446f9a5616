"""Make the LUT of a band."""

from pathlib import Path

from sixsv_lut.configuration import from_effective
from sixsv_lut.lut.consolidate import consolidate
from sixsv_lut.recipe import read_recipe
from sixsv_lut.script import running

with running(snakemake.log[0]):
    consolidate(
        from_effective(snakemake.config),
        read_recipe(Path(snakemake.input.recipe)),
        [Path(path) for path in snakemake.input.batches],
        [Path(path) for path in snakemake.output],
    )
