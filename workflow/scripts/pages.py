"""Write the pages of the report."""

from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.host.script import configuration_of, running
from sixsv_lut.report.pages.material import read_material
from sixsv_lut.report.pages.write import write_pages

with running(snakemake.log[0]):
    write_pages(read_material(Campaign(configuration_of(snakemake))))
