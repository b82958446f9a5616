# Takes: the LUT of a band and its recipe, or what was measured of its accuracy; or all LUTs.
# Makes: pictures of them, each as SVG and as PNG. Which there are follows from the configuration.


localrules:
    gas_transmittance,


rule gas_transmittance:
    """Launch 6SV at the single wavelengths of a band, for what its gases let through there."""
    input:
        recipe=ancient(campaign.paths.recipe),
    output:
        campaign.paths.gas_transmittance,
    log:
        campaign.paths.log("gas_transmittance"),
    conda:
        "../envs/sixsv-lut.yaml"
    script:
        "../scripts/gas_transmittance.py"


rule pictures:
    """Draw the pictures of a band."""
    input:
        lut=lambda wildcards: campaign.lut_files(wildcards.band),
        recipe=lambda wildcards: ancient(campaign.recipe(wildcards.band)),
        gas_transmittance=lambda wildcards: ancient(campaign.gas_transmittance(wildcards.band)),
    output:
        picture_files.of_band,
    log:
        campaign.paths.log("pictures"),
    benchmark:
        campaign.paths.benchmark("pictures")
    conda:
        "../envs/sixsv-lut.yaml"
    resources:
        mem_mb=campaign.pictures_memory,
        runtime=15,
    script:
        "../scripts/pictures.py"


rule pictures_of_campaign:
    """Draw the pictures of all bands together, where there are enough bands."""
    input:
        [campaign.lut_files(band) for band in campaign.band_names],
    output:
        picture_files.of_campaign,
    log:
        campaign.paths.log("pictures_of_campaign"),
    benchmark:
        campaign.paths.benchmark("pictures_of_campaign")
    conda:
        "../envs/sixsv-lut.yaml"
    resources:
        mem_mb=campaign.pictures_memory,
        runtime=15,
    script:
        "../scripts/pictures_of_campaign.py"


# A LUT of one point has nothing between its nodes.
if picture_files.of_accuracy:

    rule pictures_of_accuracy:
        """Draw the pictures of the measured error of a band."""
        input:
            errors=campaign.paths.accuracy_errors,
            launches=campaign.paths.accuracy_launches,
        output:
            picture_files.of_accuracy,
        log:
            campaign.paths.log("pictures_of_accuracy"),
        benchmark:
            campaign.paths.benchmark("pictures_of_accuracy")
        conda:
            "../envs/sixsv-lut.yaml"
        resources:
            mem_mb=1000,
            runtime=15,
        script:
            "../scripts/pictures_of_accuracy.py"
