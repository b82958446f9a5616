"""Draw the pictures of the measured error of a band."""

from pathlib import Path

from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.host.script import configuration_of, running
from sixsv_lut.pictures.draw import draw_accuracy

with running(snakemake.log[0]):
    draw_accuracy(
        Campaign(configuration_of(snakemake)),
        snakemake.wildcards.band,
        Path(snakemake.input.errors),
        Path(snakemake.input.launches),
        [Path(path) for path in snakemake.output],
    )
