"""Who launches 6SV: how each is prepared, started, and what it has made."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import numpy.typing as npt

from peers.case import BAND, Case
from support import Workspace

Table = npt.NDArray[np.float64]

# The LUT has 7 decimals, 6SV's report 5, of which two are multiplied.
ROUNDING = 6e-8


@dataclass(frozen=True)
class Contender:
    """One way to make the launches.

    Attributes
    ----------
    title : str
        Its name for readers.
    makes : str
        What it leaves, for readers.
    needs : str
        The program or Python package without which it cannot run.
    prepare : callable
        Puts what it needs into an empty folder and gives the command to run there.
    results : callable
        Reads the five quantities of each point from that folder; NaN where there is none.
    is_worker : callable or None
        Tells the processes by which it makes launches, between its main process and 6SV, from
        their command lines; None if there is no such process.
    exact : bool
        Whether its decks say the same as the workflow's, so that its results must be the same.
    stoppable : bool
        Whether it loses nothing when it is stopped and goes on; a server and workers that watch
        each other's heartbeats have to catch up, or give each other up for lost.
    """

    title: str
    makes: str
    needs: str
    prepare: Callable[[Case, Path], list[str]]
    results: Callable[[Case, Path], Table]
    is_worker: Callable[[list[str]], bool] | None = None
    exact: bool = True
    stoppable: bool = True

    def right(self, table: Table, reference: Table) -> int:
        """Count its right results.

        Parameters
        ----------
        table : ndarray of float64, shape (n, 5)
            Its results.
        reference : ndarray of float64, shape (n, 5)
            The right results.

        Returns
        -------
        int
            Results that equal the reference; of a contender with other decks, those that are there.
        """
        if self.exact:
            return int((np.abs(table - reference) <= ROUNDING).all(axis=1).sum())
        return int(np.isfinite(table).all(axis=1).sum())


def _xargs(case: Case, folder: Path) -> list[str]:
    (folder / "reports").mkdir()
    launch = f'exec "$SIXSV" < {case.folder}/decks/{{}} > reports/{{}}.out'
    names = f"{case.folder}/names.txt"
    return ["xargs", "-a", names, "-P", str(case.cores), "-I{}", "sh", "-c", launch]


def _parallel(case: Case, folder: Path) -> list[str]:
    (folder / "reports").mkdir()
    # With its own list of finished jobs, from which the same command goes on, and with one retry as
    # the workflow has.
    listed = ["--joblog", "joblog", "--resume-failed", "--retries", "2"]
    options = ["--will-cite", *listed, "-j", str(case.cores)]
    launch = f'"$SIXSV" < {case.folder}/decks/{{}} > reports/{{}}.out'
    return ["parallel", *options, "-a", f"{case.folder}/names.txt", launch]


def _shell_tool(case: Case, folder: Path) -> list[str]:
    for name in ("decks", "reports"):
        (folder / name).mkdir()
    points = f"{case.folder}/points.txt"
    script = Path(__file__).parent / "shell_tool/launch.sh"
    return ["xargs", "-a", points, "-P", str(case.cores), "-L1", "sh", str(script)]


def _program(name: str) -> Callable[[Case, Path], list[str]]:
    def prepare(_case: Case, folder: Path) -> list[str]:
        (folder / "reports").mkdir()
        return [sys.executable, "-m", f"peers.{name}"]

    return prepare


def _workflow(case: Case, folder: Path) -> list[str]:
    workspace = Workspace(folder)
    workspace.configure(case.config)
    return workspace.command("--cores", str(case.cores))


def _reports(case: Case, folder: Path) -> Table:
    return case.reports(folder / "reports")


def _table(case: Case, folder: Path) -> Table:
    return case.table(folder / "table.txt")


def _lut(case: Case, folder: Path) -> Table:
    return case.lut(folder / f"results/peers/OUTLUT_S3A_OLCI_{BAND}.csv")


def is_sixsv(command: list[str]) -> bool:
    """Tell 6SV by its command line."""
    return bool(command) and Path(command[0]).name.startswith("sixsV")


def _runs(script: str) -> Callable[[list[str]], bool]:
    def is_worker(command: list[str]) -> bool:
        return len(command) > 1 and any(argument.endswith(script) for argument in command[1:])

    return is_worker


def _is_dask_worker(command: list[str]) -> bool:
    return "--multiprocessing-fork" in command


def _is_batch(command: list[str]) -> bool:
    return "python" in Path(command[0] if command else "").name and _runs("simulate.py")(command)


CONTENDERS: dict[str, Contender] = {
    "xargs": Contender("6SV alone (`xargs -P`)", "reports", "xargs", _xargs, _reports),
    "parallel": Contender("GNU parallel", "reports", "parallel", _parallel, _reports),
    "shell": Contender(
        "shell script for each launch",
        "decks, reports, table",
        "awk",
        _shell_tool,
        _table,
        _runs("launch.sh"),
    ),
    "dask": Contender(
        "Dask bag",
        "table",
        "distributed",
        _program("dask_bag"),
        _table,
        _is_dask_worker,
        stoppable=False,
    ),
    "py6s": Contender("Py6S pool", "table", "Py6S", _program("py6s_pool"), _table, exact=False),
    "hyperqueue": Contender(
        "HyperQueue",
        "reports",
        "hyperqueue",
        _program("hyperqueue_tasks"),
        _reports,
        stoppable=False,
    ),
    "workflow": Contender(
        "**this workflow**", "LUT (text, NetCDF)", "snakemake", _workflow, _lut, _is_batch
    ),
}


def found_version(name: str) -> str | None:
    """Tell which version of what a contender needs is installed.

    Parameters
    ----------
    name : str
        Key in `CONTENDERS`.

    Returns
    -------
    str or None
        The version, or None if it is not installed.
    """
    needed = CONTENDERS[name].needs
    try:
        return f"{needed} {version(needed)}"
    except PackageNotFoundError:
        pass
    program = shutil.which(needed)
    if program is None:
        return None
    ended = subprocess.run(
        [program, "--version"],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    first = ended.stdout.splitlines()[:1]
    return first[0] if first else os.path.realpath(program)


def count_files(folder: Path) -> int:
    """Count the files below a folder; several names of one file count once."""
    files = set()
    for where, _, names in os.walk(folder):
        files |= {Path(where, name).lstat().st_ino for name in names}
    return len(files)
