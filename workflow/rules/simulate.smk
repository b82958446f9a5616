# Takes: the parameter table and the recipe of a band.
# Makes: the batches of that band. Results are kept in the store, from which a batch file that was
#        deleted is made again without a launch.


rule simulate:
    input:
        # Which batch it is stands in the path of the output: when these were made is no matter.
        table=ancient(campaign.table),
        recipe=ancient(f"{campaign.folder}/bands/{{band}}-{{digest}}.json"),
    output:
        f"{campaign.folder}/batches/{{band}}-{{digest}}/{{batch}}.parquet",
    log:
        f"{campaign.folder}/logs/simulate/{{band}}-{{digest}}/{{batch}}.log",
    benchmark:
        f"{campaign.folder}/benchmarks/simulate/{{band}}-{{digest}}/{{batch}}.tsv"
    retries: batch_retries()
    group:
        cluster_job
    conda:
        "../envs/sixsv-lut.yaml"
    threads: 1
    resources:
        mem_mb=batch_memory,
        runtime=batch_minutes,
    script:
        "../scripts/simulate.py"
