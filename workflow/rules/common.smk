# Takes: the configuration files, and what the command line says besides.
# Makes: the campaign, from which all rules take their paths; what happens at start and end.

import sys

sys.path.insert(0, f"{workflow.basedir}/workflow")

from snakemake.logging import logger

from sixsv_lut.host import environment
from sixsv_lut.host import run
from sixsv_lut.campaign.campaign import load_campaign
from sixsv_lut.campaign.configuration import effective
from sixsv_lut.campaign.configuration_file import DEFAULT_FILE
from sixsv_lut.host.terminal import shown_on_terminal
from sixsv_lut.errors import CampaignError
from sixsv_lut.host.checks import check_files

# A configuration that is given with --configfile replaces the default one, it does not extend it.
if not workflow.configfiles:
    workflow.configfiles.append(str(DEFAULT_FILE))

try:
    environment.prepare(workflow.basedir, main_process=workflow.is_main_process)
    # Read here, not by Snakemake: what is wrong with a file is told with the line.
    campaign = load_campaign(workflow.configfiles, workflow.config_settings.config)
    if workflow.is_main_process:
        check_files(campaign)
except CampaignError as fault:
    # Snakemake would put the place in this file around any other error.
    raise SystemExit(f"Error: {fault}") from None


def asked_for_only(*targets):
    """Tell whether nothing but these targets was asked for."""
    asked = workflow.dag_settings.targets if workflow.dag_settings else ()
    return bool(asked) and set(asked) <= set(targets)


def only_looks():
    """Tell whether this Snakemake computes nothing, so that it may run beside one that does."""
    return asked_for_only("plan")


def shown(record):
    """Tell whether a message of Snakemake is worth a line on the terminal."""
    return shown_on_terminal(record, only_warnings=only_looks() and not workflow.dryrun)


if workflow.is_main_process and not workflow.output_settings.verbose:
    for handler in logger.handlers:
        if handler.name == "DefaultStreamHandler":
            handler.addFilter(shown)

# Scripts read the effective configuration from here.
config.clear()
config.update(effective(campaign.configuration))


def lut_outputs():
    """Give the LUT's files with {band} for the band; Zarr makes a folder."""
    paths = campaign.lut_files("{band}")
    return [directory(path) if path.endswith(".zarr") else path for path in paths]


wildcard_constraints:
    band="[A-Za-z0-9]+",
    digest="[0-9a-f]{12}",
    batch=r"\d+",


onstart:
    if only_looks():
        stay_on_this_machine()
    else:
        try:
            run.start(campaign, progress=not asked_for_only("plan", "probe"))
            start_scheduling()
            start_on_cluster()
        except CampaignError as fault:
            raise SystemExit(f"Error: {fault}") from None


onsuccess:
    if not only_looks():
        end_on_cluster()
        try:
            run.refuse_missing_products(workflow.dag)
        except CampaignError as fault:
            run.end(campaign, succeeded=False)
            raise SystemExit(f"Error: {fault}") from None
        run.end(campaign, succeeded=not asked_for_only("plan", "probe"))
    if "probe" in workflow.dag_settings.targets:
        print("snakemake plan, with the same options, tells what follows.", file=sys.stderr)


onerror:
    if not only_looks():
        run.end(campaign, succeeded=False)
        end_on_cluster()
