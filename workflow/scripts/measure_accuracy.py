"""Measure the error of a band's LUT between its nodes."""

from pathlib import Path

from sixsv_lut.accuracy.result import measure_accuracy
from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.campaign.recipe import read_recipe_of
from sixsv_lut.host.script import configuration_of, running

with running(snakemake.log[0]):
    campaign = Campaign(configuration_of(snakemake))
    measure_accuracy(
        campaign,
        read_recipe_of(
            Path(snakemake.input.recipe), campaign.configuration, snakemake.wildcards.band
        ),
        result=Path(snakemake.output.result),
        errors=Path(snakemake.output.errors),
        launches=Path(snakemake.output.launches),
    )
