"""6SV look-up tables: parameters, batches of launches, LUT.

Only declarations stand here; each stage is a file in workflow/rules, what it does is in
workflow/sixsv_lut, and the science is in config/config.yaml.
"""

from snakemake.utils import min_version

min_version("9.19")


include: "workflow/rules/common.smk"
include: "workflow/rules/parameters.smk"
include: "workflow/rules/simulate.smk"
include: "workflow/rules/consolidate.smk"
include: "workflow/rules/plan.smk"
include: "workflow/rules/accuracy.smk"


rule all:
    """Make the look-up tables of all bands."""
    default_target: True
    input:
        [campaign.lut_files(band) for band in campaign.band_names],
        accuracy_launches.configured_results,
