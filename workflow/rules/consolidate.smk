# Takes: all batches of a band, and its recipe.
# Makes: the LUT of that band in every format asked for, with a description beside it.


rule consolidate:
    """Make the look-up table of a band from its batches."""
    input:
        configuration=campaign.configuration_file,
        recipe=lambda wildcards: ancient(campaign.recipe(wildcards.band)),
        batches=lambda wildcards: campaign.batch_files(wildcards.band),
    output:
        [
            directory(path) if is_folder else path
            for path, is_folder in campaign.lut_patterns.items()
        ],
    log:
        campaign.paths.log("consolidate"),
    benchmark:
        campaign.paths.benchmark("consolidate")
    conda:
        "../envs/sixsv-lut.yaml"
    resources:
        mem_mb=campaign.consolidation_memory,
        runtime=30,
    script:
        "../scripts/consolidate.py"
