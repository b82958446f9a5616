"""Run a batch."""

from pathlib import Path

from sixsv_lut.campaign.grid import Grid
from sixsv_lut.campaign.recipe import read_recipe
from sixsv_lut.campaign.table import read_batch
from sixsv_lut.host.script import running
from sixsv_lut.simulate.batch import run_batch
from sixsv_lut.simulate.work import work_of

with running(snakemake.log[0]):
    # Plain values, because the types of the configuration take long to load.
    settings = snakemake.config["batch"]
    grid, batches = Grid(settings["axes"]), settings["batches"]
    batch = int(snakemake.wildcards.batch)
    values, campaign_keys = read_batch(Path(snakemake.input.table), batch, grid, batches)
    recipe = read_recipe(
        Path(snakemake.input.recipe), snakemake.wildcards.band, executable=settings["executable"]
    )
    run_batch(
        values,
        recipe,
        Path(settings["store"]),
        Path(snakemake.output[0]),
        threads=snakemake.threads,
        timeout=settings["timeout"],
        retries=settings["retries"],
        campaign_keys=campaign_keys,
        name=batches.name,
        work_of=work_of(grid, batches, batch, recipe.fingerprint),
    )
