# Takes: the configuration, the 6SV executable and the files of spectral responses.
# Makes: the effective configuration, the parameter table, and the recipe of each band: what all its
#        launches have in common, with the fingerprint that keys the store.


localrules:
    configuration,
    parameters,
    recipe,


rule configuration:
    """Write the effective configuration beside the results."""
    output:
        campaign.configuration_file,
    log:
        campaign.paths.log("configuration"),
    conda:
        "../envs/sixsv-lut.yaml"
    script:
        "../scripts/configuration.py"


rule parameters:
    """Write the table of all points."""
    output:
        table=campaign.table,
        text=campaign.table_text,
    log:
        campaign.paths.log("parameters"),
    benchmark:
        campaign.paths.benchmark("parameters")
    conda:
        "../envs/sixsv-lut.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    script:
        "../scripts/parameters.py"


# The executable and the responses are no inputs: their content is in the digest of the output, and
# neither a touched file nor another path to the same content is a reason to make a recipe again.
rule recipe:
    """Write what all launches of a band have in common, with its fingerprint."""
    output:
        campaign.paths.recipe,
    log:
        campaign.paths.log("recipe"),
    conda:
        "../envs/sixsv-lut.yaml"
    script:
        "../scripts/recipe.py"
