"""Environment variables by which a Snakemake tells its scripts and helpers what they work for."""

from __future__ import annotations

# The process id of the Snakemake that runs a batch.
SNAKEMAKE_PID = "SIXSV_LUT_SNAKEMAKE_PID"

# The command that the user typed.
COMMAND = "SIXSV_LUT_COMMAND"
