# Takes: the LUT of a band, and an earlier one if the configuration names it.
# Makes: the verdict of its checks, which takes some seconds: on a cluster no job is made for it, but
#        for a LUT of many points.


rule quality:
    """Check the look-up table of a band."""
    input:
        lut=lambda wildcards: campaign.lut_files(wildcards.band),
        earlier=lambda wildcards: campaign.compared_with(wildcards.band),
    output:
        campaign.paths.quality,
    log:
        campaign.paths.log("quality"),
    benchmark:
        campaign.paths.benchmark("quality")
    # What it finds stays as it is.
    retries: 0
    localrule: campaign.is_checked_at_once
    conda:
        "../envs/sixsv-lut.yaml"
    resources:
        mem_mb=campaign.quality_memory,
        runtime=30,
    script:
        "../scripts/quality.py"
