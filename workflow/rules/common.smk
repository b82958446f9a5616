# Takes: the configuration files, and what the command line says besides.
# Makes: the campaign, from which all rules take their paths; what jobs ask for; what happens at start
#        and end.

try:
    from sixsv_lut.campaign.campaign import load_campaign
    from sixsv_lut.campaign.configuration_file import DEFAULT_FILE
    from sixsv_lut.errors import CampaignError
    from sixsv_lut.host import environment
    from sixsv_lut.host.checks import check_files
    from sixsv_lut.host.hooks import Hooks
    from sixsv_lut.host.jobs import Jobs
    from sixsv_lut.host.report import Report
    from sixsv_lut.host.script import handed_to_scripts
    from sixsv_lut.pictures.files import PictureFiles
except ModuleNotFoundError as missing:
    raise SystemExit(
        f"Error: {missing}. This environment lacks a part of the workflow: run make install, or "
        f"pip install -r requirements.txt -e . -e reader in {workflow.basedir}"
    ) from None

from snakemake.logging import logger

# A configuration that is given with --configfile replaces the default one, it does not extend it.
if not workflow.configfiles:
    workflow.configfiles.append(str(DEFAULT_FILE))

try:
    environment.prepare(workflow.basedir, main_process=workflow.is_main_process)
    # Read here, not by Snakemake: what is wrong with a file is told with the line.
    campaign = load_campaign(workflow.configfiles, workflow.config_settings.config)
    if workflow.is_main_process:
        check_files(campaign)
except CampaignError as error:
    # Snakemake would put the place in this file around any other error.
    raise SystemExit(f"Error: {error}") from None

jobs = Jobs(workflow, campaign)
picture_files = PictureFiles(campaign)
hooks = Hooks(workflow, campaign, jobs)
hooks.quieten(logger.handlers)

# Scripts find in it what is configured, already checked.
config.clear()
config.update(handed_to_scripts(campaign))

reporting = Report(workflow, campaign, config)


wildcard_constraints:
    band="[A-Za-z0-9]+",
    digest="[0-9a-f]{12}",
    batch=r"\d+",


onstart:
    hooks.start()


onsuccess:
    hooks.succeed()


onerror:
    hooks.fail()
