# Takes: the configuration, what the profile says, and what the store has.
# Makes: the plan, which tells what the campaign will cost, and the probe, which measures how long a
#        launch takes. Neither is needed for the LUT.


localrules:
    plan,


rule plan:
    log:
        f"{campaign.folder}/logs/plan.log",
    conda:
        "../envs/sixsv-lut.yaml"
    params:
        site=site,
    script:
        "../scripts/plan.py"


rule probe:
    log:
        f"{campaign.folder}/logs/probe.log",
    conda:
        "../envs/sixsv-lut.yaml"
    threads: launches_at_a_time
    resources:
        mem_mb=probe_memory,
        runtime=probe_minutes,
    script:
        "../scripts/probe.py"
