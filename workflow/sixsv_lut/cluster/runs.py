"""The run of Snakemake that submits jobs and waits for them, and how commands learn of it."""

from __future__ import annotations

import os
from dataclasses import dataclass

from sixsv_lut.processes import process_start

# Environment variables that the main process sets for the commands beside a profile: the folder of
# the records, the run, submissions a minute at most, the account of the jobs, the Python to use,
# and the folder of the profile.
FOLDER = "SIXSV_LUT_CLUSTER_FOLDER"
RUN = "SIXSV_LUT_CLUSTER_RUN"
RATE = "SIXSV_LUT_CLUSTER_RATE"
ACCOUNT = "SIXSV_LUT_CLUSTER_ACCOUNT"
PYTHON = "SIXSV_LUT_PYTHON"
PROFILE = "SIXSV_LUT_CLUSTER_PROFILE"


def this_host() -> str:
    """Name this machine."""
    return os.uname().nodename


@dataclass(frozen=True)
class Run:
    """A run of Snakemake.

    Attributes
    ----------
    key : str
        Host, process id and start of the process: names the run in the records.
    """

    key: str

    @classmethod
    def of_process(cls, pid: int) -> Run:
        """Name the run of a process of this machine."""
        return cls(f"{this_host()}-{pid}-{process_start(pid)}")

    @classmethod
    def current(cls) -> Run:
        """Give the run that started this command; without one, a run that lives no more."""
        return cls(os.environ.get(RUN, ""))

    @property
    def host(self) -> str:
        """The machine it runs on."""
        return self.key.rpartition("-")[0].rpartition("-")[0]

    @property
    def lives(self) -> bool:
        """Whether its process is there; one on another machine counts as gone."""
        rest, _, started = self.key.rpartition("-")
        host, _, pid = rest.rpartition("-")
        return host == this_host() and bool(started) and process_start(int(pid)) == started
