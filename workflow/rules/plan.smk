# Takes: the configuration, what the profile says, and what the store has.
# Makes: the plan, which tells what the campaign will cost, and the probe, which measures how long a
#        launch takes. Neither is needed for the LUT.


# No job makes the plan: it is told when the run starts (hooks.start).
rule plan:
    """Tell what the campaign will cost; nothing is started."""
    localrule: True


rule probe:
    """Measure how long a launch of each band takes, in about a minute."""
    log:
        campaign.paths.log("probe"),
    conda:
        "../envs/sixsv-lut.yaml"
    threads: jobs.probe_threads
    resources:
        mem_mb=jobs.probe_memory,
        runtime=jobs.probe_minutes,
    script:
        "../scripts/probe.py"
