"""Draw the pictures of all bands together."""

from pathlib import Path

from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.host.script import configuration_of, running
from sixsv_lut.pictures.draw import draw_campaign

with running(snakemake.log[0]):
    draw_campaign(Campaign(configuration_of(snakemake)), [Path(path) for path in snakemake.output])
