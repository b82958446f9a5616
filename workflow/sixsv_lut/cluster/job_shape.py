"""The shape of a cluster job: what a group of batches asks of the scheduler, and whether it fits.

Three numbers shape a job: how many batches it holds, how many launches a batch runs at a time, and
how many cores it has. Memory and walltime follow from them. This is read whenever a Snakefile is
parsed, so it imports nothing heavy.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from sixsv_lut.errors import CampaignError

# Resident memory in MB, measured and rounded up: one Snakemake, the Python that runs a batch of up
# to 4096 points and what a further point takes, one 6SV process.
SNAKEMAKE_MB = 180
BATCH_MB = 170
LAUNCH_MB = 20
_POINTS_OF_BATCH = 4096
_MB_PER_POINT = 0.0025

# What a batch may cost besides its launches, in seconds: Python and Snakemake start anew for each,
# in 5 to 10 s from a local disk, but in more from a busy shared one.
BATCH_OVERHEAD_SECONDS = 30

# Walltime asked for, as a multiple of the expected time, on the first attempt; every further
# attempt doubles it: nodes differ, and what is expected may be wrong.
FIRST_MARGIN = 1.5

# What a batch was seen to take besides its launches, in seconds: on one machine, where a Snakemake
# that is there already starts it, and in a cluster job, where each starts a Snakemake of its own.
_START_SECONDS = 2.0
_START_SECONDS_IN_JOB = 10.0

# Memory asked for, as a multiple of the expected, grows by this much on each attempt.
MEMORY_GROWTH = 0.5


@dataclass(frozen=True)
class JobShape:
    """The shape of the cluster jobs of a campaign.

    Attributes
    ----------
    batches : int
        Batches in a job.
    threads : int
        Launches that a batch runs at a time.
    cores : int
        Cores of a job.
    serial : bool
        Batches of a job run one after another, whatever the cores, as on Snakemake's SLURM plugin.
    walltime_limit : int or None
        The longest walltime that the site allows, in minutes.
    memory_per_core : int or None
        The most memory that the site gives to a core, in MB.
    points : int
        Points of a batch.
    """

    batches: int
    threads: int
    cores: int
    serial: bool
    walltime_limit: int | None = None
    memory_per_core: int | None = None
    points: int = 0

    @property
    def side_by_side(self) -> int:
        """Batches that run at the same time in a job."""
        return 1 if self.serial else max(1, min(self.batches, self.cores // self.threads))

    @property
    def rounds(self) -> int:
        """How often a job starts batches, one set after another."""
        return math.ceil(self.batches / self.side_by_side)

    def batch_minutes(self, launches: int, seconds_per_launch: float, attempt: int = 1) -> int:
        """Give the walltime of one batch, in minutes.

        Snakemake adds up the walltimes of batches that run one after another, so each gets at most
        its share of what the site allows.

        Parameters
        ----------
        launches : int
            Launches of the batch.
        seconds_per_launch : float
            How long one is expected to take.
        attempt : int
            1 for the first attempt.

        Returns
        -------
        int
            Minutes, at least 1.
        """
        seconds = self._batch_seconds(launches, seconds_per_launch)
        minutes = max(1, math.ceil(seconds * FIRST_MARGIN * (1 << (attempt - 1)) / 60))
        if self.walltime_limit is None:
            return minutes
        return max(1, min(minutes, self.walltime_limit // self.rounds))

    def batch_memory(self, attempt: int = 1) -> int:
        """Give the memory of one batch with its share of the Snakemake that runs it, in MB.

        Snakemake adds up the memory of batches that run side by side.

        Parameters
        ----------
        attempt : int
            1 for the first attempt.

        Returns
        -------
        int
            MB.
        """
        needed = self._job_memory() * (1 + MEMORY_GROWTH * (attempt - 1))
        if self.memory_per_core is not None:
            needed = max(self._job_memory(), min(needed, self.memory_per_core * self.cores))
        return math.ceil(needed / self.side_by_side)

    def check(self, launches: int, seconds_per_launch: float) -> None:
        """Refuse a shape that cannot run, or does not fit what the site allows.

        Parameters
        ----------
        launches : int
            Launches of a full batch.
        seconds_per_launch : float
            How long one is expected to take.

        Raises
        ------
        CampaignError
            Something does not fit; the message gives the number that would.
        """
        self._check_cores()
        self._check_memory()
        self._check_walltime(launches, seconds_per_launch)

    def _check_cores(self) -> None:
        if self.threads > self.cores:
            raise CampaignError(
                f"a batch runs {self.threads} launches at a time (set-threads: simulate) in a job "
                f"of {self.cores} cores (cores): use --cores {self.threads}, or "
                f"--set-threads simulate={self.cores}"
            )
        if self.serial and self.threads != self.cores:
            raise CampaignError(
                "on SLURM the batches of a job run one after another, so a job with "
                f"{self.cores} cores (cores) of which a batch uses {self.threads} (set-threads: "
                f"simulate) would leave the others idle: use --set-threads simulate={self.cores}, "
                f"or --cores {self.threads}"
            )
        if self.cores % self.threads:
            fits = max(n for n in range(1, self.threads + 1) if self.cores % n == 0)
            raise CampaignError(
                f"{self.cores} cores (cores) are no multiple of the {self.threads} launches that a "
                "batch runs at a time (set-threads: simulate), so some would stay idle: use "
                f"--set-threads simulate={fits}"
            )

    def _check_memory(self) -> None:
        if self.memory_per_core is None or self._job_memory() <= self.memory_per_core * self.cores:
            return
        more = f"a job needs {self._job_memory()} MB, but the site gives its {self.cores} cores "
        more += f"{self.memory_per_core} MB each (resources: memory_per_core)"
        if self.serial:
            spare = self.memory_per_core - LAUNCH_MB
            if spare > 0:
                fits = math.ceil((2 * SNAKEMAKE_MB + self._process_memory) / spare)
                more += f": use --cores {fits} --set-threads simulate={fits}"
            raise CampaignError(more)
        raise CampaignError(
            f"{more}: use --set-threads simulate={self.cores}, which needs the least"
        )

    def _check_walltime(self, launches: int, seconds_per_launch: float) -> None:
        if self.walltime_limit is None:
            return
        seconds = self._batch_seconds(launches, seconds_per_launch) * FIRST_MARGIN
        minutes = math.ceil(seconds / 60)
        if minutes * self.rounds <= self.walltime_limit:
            return
        rounds = self.walltime_limit // minutes
        if rounds:
            remedy = f"use --group-components simulate={rounds * self.side_by_side}"
        else:
            usable = self.walltime_limit * 60 / FIRST_MARGIN - BATCH_OVERHEAD_SECONDS
            fits = int(usable / seconds_per_launch) * self.threads
            remedy = f"use batch_size: {fits}, with --group-components simulate={self.side_by_side}"
        raise CampaignError(
            f"a job of {self.batches} batches (group-components: simulate) of {launches} launches, "
            f"at {seconds_per_launch:g} s each (sixsv.seconds_per_launch), "
            f"{self.threads} at a time, needs {minutes * self.rounds} minutes with its margin; the "
            f"site allows {self.walltime_limit} (resources: walltime_limit): {remedy}"
        )

    def _batch_seconds(self, launches: int, seconds_per_launch: float) -> float:
        return math.ceil(launches / self.threads) * seconds_per_launch + BATCH_OVERHEAD_SECONDS

    @property
    def _process_memory(self) -> int:
        return BATCH_MB + math.ceil(max(0, self.points - _POINTS_OF_BATCH) * _MB_PER_POINT)

    def _job_memory(self) -> int:
        # The SLURM plugin starts a second Snakemake, for the step, inside that of the job.
        snakemakes = 2 if self.serial else 1
        batch = self._process_memory + LAUNCH_MB * self.threads
        return snakemakes * SNAKEMAKE_MB + self.side_by_side * batch


@dataclass(frozen=True)
class Site:
    """Where the launches run.

    Attributes
    ----------
    shape : JobShape
        The shape of a cluster job; of this machine, its cores and the threads of a batch.
    jobs : int or None
        Cluster jobs at a time; None on this machine alone.
    """

    shape: JobShape
    jobs: int | None

    @property
    def threads(self) -> int:
        """Launches that a batch runs at a time."""
        return min(self.shape.threads, self.shape.cores)

    @property
    def batches_per_job(self) -> int:
        """Batches that are started together: on this machine, one."""
        return 1 if self.jobs is None else self.shape.batches

    @property
    def side_by_side(self) -> int:
        """Batches of these that run at the same time."""
        return 1 if self.jobs is None else self.shape.side_by_side

    @property
    def places(self) -> int:
        """How many cluster jobs, or batches on this machine, run at the same time."""
        return self.shape.cores // self.threads if self.jobs is None else self.jobs

    @property
    def launches_at_a_time(self) -> int:
        """Launches that run at the same time on one machine: they slow each other."""
        return self.threads * (self.places if self.jobs is None else self.side_by_side)

    def batch_seconds(self, launches: int, seconds_per_launch: float) -> float:
        """Give the expected elapsed time of a batch."""
        start = _START_SECONDS if self.jobs is None else _START_SECONDS_IN_JOB
        return math.ceil(launches / self.threads) * seconds_per_launch + start

    def job_seconds(self, launches: int, batch_size: int, seconds_per_launch: float) -> float:
        """Give the expected elapsed time of a job with so many launches in all its batches."""
        rounds = math.ceil(math.ceil(launches / batch_size) / self.side_by_side)
        return rounds * self.batch_seconds(min(launches, batch_size), seconds_per_launch)
