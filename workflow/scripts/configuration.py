"""Write the effective configuration beside the results."""

from pathlib import Path

from sixsv_lut.campaign.configuration import effective_yaml
from sixsv_lut.files import atomic_write
from sixsv_lut.host.script import configuration_of, running

with (
    running(snakemake.log[0]),
    atomic_write(Path(snakemake.output[0])) as temporary,
):
    temporary.write_text(effective_yaml(configuration_of(snakemake)))
