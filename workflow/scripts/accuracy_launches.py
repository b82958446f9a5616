"""Run a batch of launches between the nodes."""

from pathlib import Path

from sixsv_lut.accuracy.launches import AccuracyLaunches
from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.campaign.recipe import read_recipe
from sixsv_lut.host.script import configuration_of, running
from sixsv_lut.simulate.batch import run_batch

with running(snakemake.log[0]):
    configuration = configuration_of(snakemake)
    launches = AccuracyLaunches(Campaign(configuration))
    batch = int(snakemake.wildcards.batch)
    recipe = read_recipe(
        Path(snakemake.input.recipe),
        snakemake.wildcards.band,
        executable=configuration.sixsv.executable,
    )
    run_batch(
        launches.values(batch),
        recipe,
        Path(configuration.store),
        Path(snakemake.output[0]),
        threads=snakemake.threads,
        timeout=configuration.sixsv.timeout,
        retries=configuration.sixsv.retries,
        campaign_keys=launches.keys_without(batch),
    )
