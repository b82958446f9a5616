"""What the jobs of Snakemake ask for: cores, memory, walltime, and which batches share a job.

The methods of `Jobs` stand in the rules as they are: Snakemake calls them with the wildcards of a
job and the number of the attempt.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from sixsv_lut.accuracy.launches import AccuracyLaunches
from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.cluster.job_shape import JobShape, Site
from sixsv_lut.errors import CampaignError
from sixsv_lut.host import cluster, snakemake_internals

# What a probe asks for: some minutes for machines that are slower than expected.
_PROBE_MINUTES = 15


class Jobs:
    """What jobs ask for, from the configuration and from what the profile says.

    Parameters
    ----------
    workflow : snakemake.workflow.Workflow
        The workflow.
    campaign : Campaign
        The campaign.

    Attributes
    ----------
    accuracy_launches : AccuracyLaunches
        The launches between the nodes.
    """

    def __init__(self, workflow: Any, campaign: Campaign) -> None:
        self._workflow = workflow
        self._campaign = campaign
        self.accuracy_launches = AccuracyLaunches(campaign)

    @property
    def executor(self) -> str:
        """Name of what runs the jobs; empty in a dry run."""
        return getattr(self._workflow.executor_plugin, "name", "")

    @cached_property
    def shape(self) -> JobShape:
        """Shape of cluster jobs, checked; only to be asked for once the profile was read."""
        settings = self._workflow.resource_settings
        limits = _values(settings.resources)
        shape = JobShape(
            batches=self._workflow.group_settings.group_components.get("simulate", 1),
            threads=_values(settings.overwrite_threads).get("simulate", 1),
            cores=settings.cores or 1,
            # A dry run does not know the executor, so the profile says it too.
            serial=bool(limits.get("serial_batches")) or self.executor == "slurm",
            walltime_limit=limits.get("walltime_limit"),
            memory_per_core=limits.get("memory_per_core"),
            points=self._campaign.batches.largest,
        )
        # Not on this machine alone (no number of jobs was given), nor again inside every job.
        if settings.nodes is not None and self._workflow.is_main_process:
            configuration = self._campaign.configuration
            try:
                shape.check(
                    self._campaign.batches.launches(0),
                    configuration.sixsv.seconds_per_launch,
                )
            except CampaignError as error:
                raise SystemExit(f"Error: {error}") from None
        return shape

    def group(self, wildcards: Any) -> str:
        """Name the cluster job of a batch.

        Neighbours share a job whatever else is to be done, so that a job which is still running
        when Snakemake is started again can be told from the others.
        """
        return self._group_of_neighbours(f"{wildcards.band}-{wildcards.digest}", wildcards.batch)

    def _group_of_neighbours(self, name: str, batch: str) -> str:
        batches = self.shape.batches
        group = f"{name}-{int(batch) // batches * batches:05d}"
        snakemake_internals.set_parent_group(self._workflow, group, "simulate")
        return group

    def accuracy_results(self, _wildcards: Any) -> list[str]:
        """Give the results of measuring the error between the nodes, of all bands."""
        try:
            return self.accuracy_launches.results()
        except CampaignError as error:
            raise SystemExit(f"Error: {error}") from None

    def accuracy_group(self, wildcards: Any) -> str:
        """Name the cluster job of a batch of launches between the nodes."""
        name = f"accuracy-{wildcards.band}-{wildcards.digest}-{wildcards.launches}"
        return self._group_of_neighbours(name, wildcards.batch)

    def accuracy_threads(self, _wildcards: Any) -> int:
        """Give how many launches such a batch runs at a time: as many as any other."""
        number = self.shape.threads
        snakemake_internals.set_threads(
            self._workflow.resource_settings, "accuracy_launches", number
        )
        return number

    def accuracy_minutes(self, _wildcards: Any, attempt: int) -> int:
        """Give the walltime of such a batch, in minutes."""
        seconds = self._campaign.configuration.sixsv.seconds_per_launch
        return self.shape.batch_minutes(self.accuracy_launches.batches.largest, seconds, attempt)

    def batch_retries(self) -> int:
        """Give how often a batch is started again: once, or more if the profile says so."""
        settings = self._workflow.execution_settings
        return max(1, settings.retries if settings else 0)

    def batch_minutes(self, wildcards: Any, attempt: int) -> int:
        """Give the walltime of a batch, in minutes."""
        launches = self._campaign.batches.launches(int(wildcards.batch))
        seconds = self._campaign.configuration.sixsv.seconds_per_launch
        return self.shape.batch_minutes(launches, seconds, attempt)

    def batch_memory(self, wildcards: Any, attempt: int) -> int:
        """Give the memory of a batch, in MB."""
        return self.shape.batch_memory(attempt)

    @property
    def site(self) -> Site:
        """Where launches run: the shape of a job, and jobs at a time."""
        return Site(self.shape, self._workflow.resource_settings.nodes)

    def probe_threads(self, _wildcards: Any) -> int:
        """Give how many launches run at a time on one machine."""
        number = self.site.launches_at_a_time
        # The job of the probe does not know the jobs of the profile.
        snakemake_internals.set_threads(self._workflow.resource_settings, "probe", number)
        return number

    def probe_memory(self, _wildcards: Any, attempt: int) -> int:
        """Give the memory of a probe, in MB: that of batches with as many launches at a time."""
        return self.shape.side_by_side * self.shape.batch_memory(attempt)

    def probe_minutes(self, _wildcards: Any) -> int:
        """Give the walltime of a probe, which takes a minute or a few."""
        limit = self.shape.walltime_limit
        return _PROBE_MINUTES if limit is None else min(_PROBE_MINUTES, limit)

    def prepare_scheduler(self) -> None:
        """Keep Snakemake's scheduler from looking at all waiting jobs ever more often."""
        if self.executor == "cluster-generic":
            snakemake_internals.keep_one_timer(self._workflow.scheduler)
        else:
            # On this machine there is nothing to limit, and on SLURM the wrapper of sbatch does.
            snakemake_internals.remove_rate_limit(self._workflow.scheduler)

    def start_on_cluster(self, profiles: Path) -> None:
        """Prepare the main process for a cluster."""
        if self.executor == "slurm":
            settings = self._workflow.resource_settings
            account = (settings.default_resources or {}).get("slurm_account")
            cluster.start(
                self._campaign,
                profiles / "slurm",
                account=account and str(getattr(account, "raw", account)).strip("'\""),
                rate=_values(settings.resources).get("submissions_per_minute"),
            )
        elif self.executor == "cluster-generic":
            cluster.start(self._campaign, profiles / "pbs")

    def end_on_cluster(self) -> str:
        """Leave no job behind, and give what is to be said of those that failed."""
        return cluster.end() if self.executor in ("slurm", "cluster-generic") else ""


def _values(settings: Mapping[str, Any]) -> dict[str, Any]:
    # Numbers as they were given, or objects of Snakemake that hold them.
    return {name: getattr(value, "value", value) for name, value in settings.items()}
