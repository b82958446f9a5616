"""Run a batch."""

from pathlib import Path

from sixsv_lut.axes import AXIS_NAMES
from sixsv_lut.batch import run_batch
from sixsv_lut.grid import Grid
from sixsv_lut.parameters import read_batch
from sixsv_lut.recipe import read_recipe
from sixsv_lut.script import running

with running(snakemake.log[0]):
    # What the Snakefile has checked is not checked again in every batch.
    sixsv = snakemake.config["sixsv"]
    axes = snakemake.config["axes"]
    values, campaign_keys = read_batch(
        Path(snakemake.input.table),
        int(snakemake.wildcards.batch),
        Grid(tuple(tuple(axes[name]) for name in AXIS_NAMES)),
        snakemake.config["batch_size"],
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
