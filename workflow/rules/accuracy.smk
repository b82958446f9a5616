# Takes: the recipe and the LUT of a band, and the nodes of its grid.
# Makes: launches of 6SV between the nodes, kept in the store as all launches are; the errors of the
#        LUT there, with advice on its nodes; and the same in the attributes of the LUT.

accuracy_launches = jobs.accuracy_launches


wildcard_constraints:
    launches=r"\d+",


localrules:
    accuracy,


rule accuracy:
    """Tell how wrong the LUTs are between their nodes, and which nodes would mend it."""
    input:
        results=jobs.accuracy_results,
        quality=[campaign.quality_file(band) for band in campaign.band_names],
        pictures=picture_files.wanted_of_accuracy,
    log:
        campaign.paths.log("accuracy"),
    conda:
        "../envs/sixsv-lut.yaml"
    script:
        "../scripts/accuracy.py"


rule accuracy_launches:
    """Run a batch of launches between the nodes, from wherever earlier attempts have left it."""
    input:
        table=ancient(campaign.table),
        recipe=ancient(campaign.paths.recipe),
    output:
        campaign.paths.accuracy_batch,
    log:
        campaign.paths.log("accuracy_launches"),
    benchmark:
        campaign.paths.benchmark("accuracy_launches")
    retries: jobs.batch_retries()
    group:
        jobs.accuracy_group
    conda:
        "../envs/sixsv-lut.yaml"
    threads: jobs.accuracy_threads
    resources:
        mem_mb=jobs.batch_memory,
        runtime=jobs.accuracy_minutes,
    script:
        "../scripts/accuracy_launches.py"


rule measure_accuracy:
    """Measure the error of a band's LUT between its nodes."""
    input:
        configuration=campaign.configuration_file,
        recipe=lambda wildcards: ancient(campaign.recipe(wildcards.band)),
        lut=lambda wildcards: campaign.lut_files(wildcards.band),
        batches=lambda wildcards: accuracy_launches.files(wildcards.band),
    output:
        result=campaign.paths.accuracy,
        errors=campaign.paths.accuracy_errors,
        launches=campaign.paths.accuracy_launches,
    log:
        campaign.paths.log("measure_accuracy"),
    benchmark:
        campaign.paths.benchmark("measure_accuracy")
    conda:
        "../envs/sixsv-lut.yaml"
    resources:
        mem_mb=campaign.consolidation_memory,
        runtime=30,
    script:
        "../scripts/measure_accuracy.py"
