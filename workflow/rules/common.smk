# Takes: the configuration as Snakemake merged it.
# Makes: the campaign, from which all rules take their paths; what happens at start and end.

import os
import shlex
import sys

sys.path.insert(0, f"{workflow.basedir}/workflow")

from snakemake.exceptions import WorkflowError

from sixsv_lut.campaign import load_campaign
from sixsv_lut.configuration import effective
from sixsv_lut.errors import CampaignError

# Scripts and helpers find the library, and batches the Snakemake they work for, by these.
os.environ["PYTHONPATH"] = os.pathsep.join(
    [f"{workflow.basedir}/workflow", os.environ.get("PYTHONPATH", "")]
).rstrip(os.pathsep)
os.environ["SIXSV_LUT_SNAKEMAKE_PID"] = str(os.getpid())
if workflow.is_main_process:
    os.environ["SIXSV_LUT_COMMAND"] = shlex.join(["snakemake", *sys.argv[1:]])

try:
    campaign = load_campaign(config, workflow.configfiles)
except CampaignError as fault:
    raise WorkflowError(str(fault)) from None

# Scripts read the effective configuration from here.
config.clear()
config.update(effective(campaign.configuration))


wildcard_constraints:
    band="[A-Za-z0-9]+",
    digest="[0-9a-f]{12}",
    batch=r"\d+",


onstart:
    from sixsv_lut import run

    try:
        run.start(campaign)
    except CampaignError as fault:
        raise WorkflowError(str(fault)) from None


onsuccess:
    from sixsv_lut import run

    run.end(campaign, succeeded=True)


onerror:
    from sixsv_lut import run

    run.end(campaign, succeeded=False)
