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
include: "workflow/rules/quality.smk"
include: "workflow/rules/plan.smk"
include: "workflow/rules/accuracy.smk"
include: "workflow/rules/pictures.smk"
include: "workflow/rules/report.smk"


rule all:
    """Make the look-up tables of all bands, check them, and draw their pictures."""
    default_target: True
    input:
        [campaign.lut_files(band) for band in campaign.band_names],
        [campaign.quality_file(band) for band in campaign.band_names],
        picture_files.wanted,
        reporting.pages(rules.pages.output),
        accuracy_launches.configured_results,
