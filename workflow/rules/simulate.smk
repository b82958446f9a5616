# Takes: the parameter table and the recipe of a band.
# Makes: the batches of that band. Results are kept in the store, from which a batch file that was
#        deleted is made again without a launch.


rule simulate:
    input:
        table=campaign.table,
        recipe=f"{campaign.folder}/bands/{{band}}-{{digest}}.json",
    output:
        f"{campaign.folder}/batches/{{band}}-{{digest}}/{{batch}}.parquet",
    log:
        f"{campaign.folder}/logs/simulate/{{band}}-{{digest}}/{{batch}}.log",
    benchmark:
        f"{campaign.folder}/benchmarks/simulate/{{band}}-{{digest}}/{{batch}}.tsv"
    group:
        cluster_job
    threads: 1
    resources:
        mem_mb=batch_memory,
        runtime=batch_minutes,
    conda:
        "../envs/sixsv-lut.yaml"
    script:
        "../scripts/simulate.py"
