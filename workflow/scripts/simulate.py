"""Run a batch."""

from pathlib import Path

from sixsv_lut.batch import run_batch
from sixsv_lut.configuration import from_effective
from sixsv_lut.parameters import read_batch
from sixsv_lut.recipe import read_recipe
from sixsv_lut.script import running

with running(snakemake.log[0]):
    configuration = from_effective(snakemake.config)
    values, campaign_keys = read_batch(Path(snakemake.input.table), int(snakemake.wildcards.batch))
    run_batch(
        values,
        read_recipe(Path(snakemake.input.recipe)),
        Path(configuration.store),
        Path(snakemake.output[0]),
        threads=snakemake.threads,
        timeout=configuration.sixsv.timeout,
        retries=configuration.sixsv.retries,
        campaign_keys=campaign_keys,
    )
