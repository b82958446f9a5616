# Takes: the parameter table and the recipe of a band.
# Makes: the batches of that band. Results are kept in the store, from which a batch file that was
#        deleted is made again without a launch.


rule simulate:
    """Run the launches of a batch, from wherever earlier attempts have left it."""
    input:
        # Which batch it is stands in the path of the output: when these were made is no matter.
        table=ancient(campaign.table),
        recipe=ancient(campaign.paths.recipe),
    output:
        campaign.paths.batch,
    log:
        campaign.paths.log("simulate"),
    benchmark:
        campaign.paths.benchmark("simulate")
    retries: jobs.batch_retries()
    group:
        jobs.group
    conda:
        "../envs/sixsv-lut.yaml"
    threads: 1
    resources:
        mem_mb=jobs.batch_memory,
        runtime=jobs.batch_minutes,
    script:
        "../scripts/simulate.py"
