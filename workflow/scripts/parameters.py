"""Write the parameter table, and a text that shows it."""

from pathlib import Path

from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.campaign.table import describe_table, write_table
from sixsv_lut.files import atomic_write
from sixsv_lut.host.script import configuration_of, running

with running(snakemake.log[0]):
    campaign = Campaign(configuration_of(snakemake))
    write_table(campaign.grid, campaign.batches, Path(snakemake.output.table))
    text = describe_table(campaign.grid, campaign.batches)
    with atomic_write(Path(snakemake.output.text)) as temporary:
        temporary.write_text(text)
