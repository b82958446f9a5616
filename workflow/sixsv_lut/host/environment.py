"""What a Snakemake tells its scripts and helpers in environment variables, and in which folders."""

from __future__ import annotations

import os
import re
import shlex
import sys

from sixsv_lut.errors import CampaignError
from sixsv_lut.variables import COMMAND, SNAKEMAKE_PID

# What a shell would not take as it stands in a path: blanks, quotes, $ and the like.
_NOT_FOR_SHELLS = re.compile(r"[^\w@%+=:,./~-]")


def prepare(folder: str, *, main_process: bool) -> None:
    """Set the variables.

    Parameters
    ----------
    folder : str
        Folder of the Snakefile.
    main_process : bool
        Whether this is the Snakemake that the user started, not one inside a job.

    Raises
    ------
    CampaignError
        The path of the Snakefile or of the Python environment is one that Snakemake cannot use.
    """
    if "{" in folder or "}" in folder:
        raise CampaignError(
            f"the project's folder is {folder}: Snakemake takes braces in paths for wildcards. "
            "Move or rename it."
        )
    sys.executable = _python_for_shells(sys.executable)
    # For jobs in an environment that conda made: it has what library and reader need, not these.
    own = [f"{folder}/workflow", f"{folder}/reader"]
    others = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    os.environ["PYTHONPATH"] = os.pathsep.join([*own, *(p for p in others if p not in own)])
    os.environ[SNAKEMAKE_PID] = str(os.getpid())
    # There is no linear algebra here, for which NumPy would start a thread for each core whenever a
    # batch process starts.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if main_process:
        os.environ[COMMAND] = shlex.join(["snakemake", *sys.argv[1:]])


def _python_for_shells(python: str) -> str:
    # Snakemake puts this path, as it is, into shell commands that run in its working folder: the
    # way from there may be free of what is in the way to that folder.
    if not _NOT_FOR_SHELLS.search(python):
        return python
    relative = os.path.relpath(python)
    found = _NOT_FOR_SHELLS.search(relative)
    if not found:
        return relative
    raise CampaignError(
        f"the Python that runs Snakemake is {python}: Snakemake cannot start its scripts with it, "
        f"because of the {_spelled(found.group())} in its path. Make the environment in another "
        "folder: python3 -m venv /another/folder, then /another/folder/bin/pip install -r "
        "requirements.txt -e . -e reader in the project, and run /another/folder/bin/snakemake."
    )


def _spelled(character: str) -> str:
    return "blank" if character.isspace() else f"sign {character}"
