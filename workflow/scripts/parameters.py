"""Write the parameter table, and a text that shows it."""

from pathlib import Path

from sixsv_lut.campaign.grid import Grid
from sixsv_lut.campaign.table import describe_table, write_table
from sixsv_lut.files import appearing_at_once
from sixsv_lut.host.script import configuration_of, running

with running(snakemake.log[0]):
    configuration = configuration_of(snakemake)
    grid = Grid(configuration.axes.written())
    write_table(grid, configuration.batch_size, Path(snakemake.output.table))
    text = describe_table(grid, configuration.batch_size)
    with appearing_at_once(Path(snakemake.output.text)) as temporary:
        temporary.write_text(text)
