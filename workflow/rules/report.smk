# Takes: what is on disk of a campaign, finished or not.
# Makes: the pages of its report: what it is, configuration, provenance, cost, tables. They are
#        written anew whenever snakemake --report makes a report, and no run for the LUT needs them.

from sixsv_lut.report.pages.names import pages_of


# What the report says first.
report: "../report/campaign.rst"


localrules:
    pages,


rule pages:
    """Write the pages of the report, which snakemake --report puts together."""
    output:
        [
            report(
                campaign.paths.page(page.name),
                caption=f"../report/{page.caption}.rst",
                category=page.category,
                labels=page.labels,
            )
            for page in pages_of(campaign)
        ],
    log:
        campaign.paths.log("pages"),
    conda:
        "../envs/sixsv-lut.yaml"
    script:
        "../scripts/pages.py"
