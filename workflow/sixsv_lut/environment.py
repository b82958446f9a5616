"""Environment variables by which a Snakemake tells its scripts and helpers what they work for."""

from __future__ import annotations

import os
import shlex
import sys

# The process id of the Snakemake that runs a batch.
SNAKEMAKE_PID = "SIXSV_LUT_SNAKEMAKE_PID"

# The command that the user typed.
COMMAND = "SIXSV_LUT_COMMAND"


def prepare(folder: str, *, main_process: bool) -> None:
    """Set the variables.

    Parameters
    ----------
    folder : str
        Folder of the Snakefile.
    main_process : bool
        Whether this is the Snakemake that the user started, not one inside a job.
    """
    library = f"{folder}/workflow"
    others = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    os.environ["PYTHONPATH"] = os.pathsep.join([library, *(p for p in others if p != library)])
    os.environ[SNAKEMAKE_PID] = str(os.getpid())
    # There is no linear algebra here, for which NumPy would start a thread for each core whenever a
    # batch process starts.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if main_process:
        os.environ[COMMAND] = shlex.join(["snakemake", *sys.argv[1:]])
