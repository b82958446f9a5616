"""What surrounds a run of Snakemake; nothing below knows Snakemake."""
