"""Tell how wrong the LUTs are between their nodes."""

from pathlib import Path

from rich.console import Console

from sixsv_lut.accuracy.text import print_accuracy, read_results
from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.host.script import configuration_of, running

with running(snakemake.log[0]):
    campaign = Campaign(configuration_of(snakemake))
    results = read_results([Path(path) for path in snakemake.input.results])
    print_accuracy(results, campaign, Console(highlight=False))
