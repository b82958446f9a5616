"""Run a batch."""

from pathlib import Path

from sixsv_lut.campaign.batches import Batches
from sixsv_lut.campaign.grid import Grid
from sixsv_lut.campaign.recipe import read_recipe
from sixsv_lut.campaign.table import read_batch
from sixsv_lut.host.script import running
from sixsv_lut.simulate.batch import run_batch
from sixsv_lut.sixsv.axes import AXIS_NAMES

with running(snakemake.log[0]):
    # What the Snakefile has checked is not checked again in every batch.
    sixsv = snakemake.config["sixsv"]
    axes = snakemake.config["axes"]
    grid = Grid(tuple(tuple(axes[name]) for name in AXIS_NAMES))
    values, campaign_keys = read_batch(
        Path(snakemake.input.table),
        int(snakemake.wildcards.batch),
        grid,
        Batches(grid.points, snakemake.config["batch_size"]),
    )
    run_batch(
        values,
        read_recipe(
            Path(snakemake.input.recipe),
            snakemake.wildcards.band,
            executable=sixsv["executable"],
        ),
        Path(snakemake.config["store"]),
        Path(snakemake.output[0]),
        threads=snakemake.threads,
        timeout=sixsv["timeout"],
        retries=sixsv["retries"],
        campaign_keys=campaign_keys,
    )
