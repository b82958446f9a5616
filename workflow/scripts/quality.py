"""Check the LUT of a band."""

from pathlib import Path

from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.host.script import configuration_of, running
from sixsv_lut.quality.lut_quality import check_quality

with running(snakemake.log[0]):
    check_quality(
        Campaign(configuration_of(snakemake)),
        snakemake.wildcards.band,
        Path(snakemake.output[0]),
    )
