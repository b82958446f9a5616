# Takes: what the profile says about cluster jobs (cores, set-threads, group-components, resources).
# Makes: which batches share a cluster job, and what such a job asks for; how often the scheduler looks.

from dataclasses import asdict
from functools import cache
from pathlib import Path

from snakemake.resources import Resource

from sixsv_lut.host import cluster
from sixsv_lut.host import scheduling
from sixsv_lut.cluster.job_shape import JobShape, Site

PROFILES = Path(workflow.basedir) / "profiles"

# What a probe asks for: some minutes for machines that are slower than expected.
PROBE_MINUTES = 15


def executor():
    """Name what runs the jobs; empty in a dry run."""
    return getattr(workflow.executor_plugin, "name", "")


@cache
def job_shape():
    """Give the shape of cluster jobs, once what the profile says was read; check it."""
    settings = workflow.resource_settings
    threads = settings._parsed_overwrite_threads.get("simulate")
    limits = {name: limit.value for name, limit in settings._parsed_resources.items()}
    shape = JobShape(
        batches=workflow.group_settings.group_components.get("simulate", 1),
        threads=1 if threads is None else threads.value,
        cores=settings.cores or 1,
        # A dry run does not know the executor, so the profile says it too.
        serial=bool(limits.get("serial_batches")) or executor() == "slurm",
        walltime_limit=limits.get("walltime_limit"),
        memory_per_core=limits.get("memory_per_core"),
    )
    # Not on this machine alone (no number of jobs was given), nor again inside every job.
    if settings.nodes is not None and workflow.is_main_process:
        try:
            shape.check(
                min(campaign.configuration.batch_size, campaign.points),
                campaign.configuration.sixsv.seconds_per_launch,
            )
        except CampaignError as fault:
            raise SystemExit(f"Error: {fault}") from None
    return shape


def cluster_job(wildcards):
    """Name the cluster job of a batch.

    Neighbours share a job whatever else is to be done, so that a job which is still running when
    Snakemake is started again can be told from the others.
    """
    batches = job_shape().batches
    first = int(wildcards.batch) // batches * batches
    name = f"{wildcards.band}-{wildcards.digest}-{first:05d}"
    # The name under which profiles say how many batches go into a job.
    workflow.parent_groupids[name] = "simulate"
    return name


def batch_minutes(wildcards, attempt):
    """Give the walltime of a batch."""
    start, stop = campaign.batch_range(int(wildcards.batch))
    seconds = campaign.configuration.sixsv.seconds_per_launch
    return job_shape().batch_minutes(stop - start, seconds, attempt)


def batch_retries():
    """Give how often a batch that did not end is started again: once, or more as the profile says."""
    settings = workflow.execution_settings
    return max(1, settings.retries if settings else 0)


def batch_memory(wildcards, attempt):
    """Give the memory of a batch."""
    return job_shape().batch_memory(attempt)


def start_scheduling():
    """Keep Snakemake's scheduler from looking at all waiting jobs ever more often."""
    if executor() == "cluster-generic":
        scheduling.wake_once(workflow.scheduler)
    else:
        # No limit on the rate of jobs, and so no timers at all: on this machine there is nothing to
        # limit, and on SLURM the mended sbatch does.
        workflow.scheduler.job_rate_limiter = None


def site(_wildcards):
    """Describe in plain values where launches run: the shape of a job, and jobs at a time."""
    # By way of the shape, because that checks it.
    return {"shape": asdict(job_shape()), "jobs": workflow.resource_settings.nodes}


def launches_at_a_time(_wildcards):
    """Give how many launches run at a time on one machine."""
    settings = workflow.resource_settings
    number = Site(job_shape(), settings.nodes).launches_at_a_time
    # Goes into the job, which does not know the jobs of the profile, as if given by --set-threads.
    settings._parsed_overwrite_threads["probe"] = Resource("_cores", number)
    return number


def probe_memory(_wildcards, attempt):
    """Give the memory of a probe: that of batches with as many launches at a time."""
    shape = job_shape()
    return shape.side_by_side * shape.batch_memory(attempt)


def probe_minutes(_wildcards):
    """Give the walltime of a probe, which takes a minute or a few."""
    limit = job_shape().walltime_limit
    return PROBE_MINUTES if limit is None else min(PROBE_MINUTES, limit)


def stay_on_this_machine():
    """Part with the executor of the cluster, which a Snakemake that only looks has no job for.

    At its end it would wait for its next poll, and clear up after the jobs of another Snakemake: the
    SLURM plugin removes empty folders in which queued jobs are going to write their logs.
    """
    scheduler = workflow.scheduler
    scheduler._executor = scheduler._local_executor or scheduler._executor


def start_on_cluster():
    """Prepare the main process for a cluster."""
    cluster.name_campaign(campaign)
    if executor() == "slurm":
        settings = workflow.resource_settings
        account = settings._parsed_default_resources.get("slurm_account")
        rate = settings._parsed_resources.get("submissions_per_minute")
        cluster.start(
            campaign,
            PROFILES / "slurm",
            None if account is None else str(account.raw).strip("'\""),
            None if rate is None else rate.value,
        )


def end_on_cluster():
    """Leave no job behind, and say what failed."""
    if executor() == "slurm":
        print(cluster.end(PROFILES / "slurm"), file=sys.stderr)
    elif executor() == "cluster-generic":
        print(cluster.failures(PROFILES / "pbs"), file=sys.stderr)
