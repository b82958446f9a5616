"""What a campaign will cost, told before anything runs: launches, jobs, hours, files, bytes.

Everything here is arithmetic on the configuration, on what the profile says, on how many launches
the store has and on how long one takes. Nothing is read and nothing is started.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sixsv_lut.accuracy.launches import AccuracyLaunches
from sixsv_lut.campaign.batches import BlockBatches, RangeBatches
from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.campaign.configuration import Configuration, smallest_batch_size
from sixsv_lut.cluster.job_shape import JobShape, Site
from sixsv_lut.errors import CampaignError
from sixsv_lut.lut.quantities import LUT_QUANTITIES
from sixsv_lut.pictures.files import PictureFiles
from sixsv_lut.report.expected_launches import LaunchRange, launches_of_band
from sixsv_lut.report.state import Progress
from sixsv_lut.simulate.probe import ActingGases, LaunchTime
from sixsv_lut.sixsv.convention import convention

# Bytes of products, measured on a batch and a LUT of one OLCI band with two atmospheres and the
# geometries of the full-size campaign (3718 launches), and on others of 32 to 1024 launches. A file
# has a fixed part (schema, attributes) and one that grows with the points. What compression makes
# of the numbers depends on the grid: of few geometries, a sealed batch takes half of this.
_SEALED_BYTES, _SEALED_BYTES_PER_POINT = 40_000, 150.0
_NETCDF_BYTES, _NETCDF_BYTES_PER_NUMBER = 65_000, 1.0
_ZARR_BYTES, _ZARR_BYTES_PER_NUMBER = 22_000, 1.0

# Files that stay for each batch: the sealed batch (the batch file is a second name of it), a log, a
# table of resource use, Snakemake's note.
_FILES_PER_BATCH = 4
# For each band: recipe with its log and note; log and resource use of the LUT, and its description
# with a note; its verdict with log, resource use and note.
_FILES_PER_BAND = 11
# For a campaign: configuration, parameter table and its text, each with its note; two logs, a table
# of resource use, the lock.
_FILES_PER_CAMPAIGN = 10
# For the pictures of a band: log and resource use; the transmittance of its gases, with log and
# note.
_FILES_PER_BAND_OF_PICTURES = 5
# For the pictures of all bands, and for those of a band's accuracy: log and resource use.
_FILES_OF_FURTHER_PICTURES = 2
# For the accuracy of a band: three results, each with its note; log and resource use.
_FILES_PER_BAND_OF_ACCURACY = 8

# A batch on one machine, and in a cluster job where the site names no limit of the walltime.
_BATCH_SECONDS = 30 * 60.0
# How much of the site's walltime a job should be expected to take: the margin comes on top.
_SHARE_OF_WALLTIME = 0.5
# Batches for each place on one machine, so that none is idle at the end for long.
_BATCHES_PER_PLACE = 4
# A batch should take this many times as long as its start.
_TIMES_START = 20
_LARGEST_BATCH = 1_000_000

# By how much a measurement must differ from the configuration to be worth a word.
_WORTH_TELLING = 0.2


@dataclass(frozen=True, kw_only=True)
class Amounts:
    """What adds up: of one band, or of all bands together.

    Attributes
    ----------
    launches, launches_done, launches_left : int
        In all, in the store, to be run. With reduced launches, the middle of what is expected.
    launches_least, launches_most : int
        From how many to how many in all are expected; with all launches, their number.
    launches_failed : int
        Of those in the store, those without a good result.
    batches, batches_left : int
        In all, and those that the launches left fill.
    cluster_jobs, cluster_jobs_left : int
        Jobs of these batches; 0 on this machine alone.
    cpu_seconds, cpu_seconds_done, cpu_seconds_left : float
        Of the launches.
    cpu_seconds_least, cpu_seconds_most : float
        Of the least and the most launches.
    store_bytes, lut_bytes : int
        About what sealed batches and LUT take in the end.
    """

    launches: int
    launches_done: int
    launches_left: int
    launches_least: int
    launches_most: int
    launches_failed: int
    batches: int
    batches_left: int
    cluster_jobs: int
    cluster_jobs_left: int
    cpu_seconds: float
    cpu_seconds_done: float
    cpu_seconds_left: float
    cpu_seconds_least: float
    cpu_seconds_most: float
    store_bytes: int
    lut_bytes: int


def _sums(parts: Sequence[Amounts]) -> dict[str, Any]:
    return {one.name: sum(getattr(part, one.name) for part in parts) for one in fields(Amounts)}


@dataclass(frozen=True, kw_only=True)
class BandPlan(Amounts):
    """What one band costs.

    Attributes
    ----------
    band : str
        Official name.
    launches_from : str
        How their number is known: ``points``, all of which are launched; or what is expected
        follows from the ``grid``, also from the gases that act by a ``probe``, or also from
        ``finished blocks``.
    seconds_per_launch : float
        Expected elapsed time of a launch.
    seconds_per_launch_from : str
        How that is known (see `sixsv_lut.simulate.probe.LaunchTime`).
    probe_host, probe_date : str or None
        Where and when it was measured.
    probe_launches_at_a_time : int or None
        How many launches ran there at the same time.
    """

    band: str
    launches_from: str
    seconds_per_launch: float
    seconds_per_launch_from: str
    probe_host: str | None
    probe_date: str | None
    probe_launches_at_a_time: int | None


@dataclass(frozen=True)
class JobPlan:
    """What one full cluster job takes.

    Attributes
    ----------
    batches, cores : int
        Its size.
    expected_seconds : float
        Expected elapsed time, of the slowest band.
    walltime_asked_minutes : int
        What it asks for on its first attempt, by `sixsv.seconds_per_launch` of the configuration.
    walltime_limit_minutes : int or None
        What the site allows.
    """

    batches: int
    cores: int
    expected_seconds: float
    walltime_asked_minutes: int
    walltime_limit_minutes: int | None


@dataclass(frozen=True)
class FilePlan:
    """Files on the shared file system.

    Attributes
    ----------
    in_the_end : int
        That stay.
    per_batch : int
        Of these, for each batch.
    journals_at_a_time : int
        Besides, while launches run: one for each running batch.
    job_logs_at_a_time : int
        Besides, one for each running cluster job; of a job that failed it stays.
    """

    in_the_end: int
    per_batch: int
    journals_at_a_time: int
    job_logs_at_a_time: int


@dataclass(frozen=True)
class BatchSizePlan:
    """A batch size for the aimed length of a job.

    Attributes
    ----------
    launches : int
        The size.
    batches : int
        Batches of all bands.
    batch_seconds : float
        Expected elapsed time of one, of the slowest band.
    job_seconds : float
        The same of a full cluster job; on this machine alone, of a batch.
    """

    launches: int
    batches: int
    batch_seconds: float
    job_seconds: float


@dataclass(frozen=True, kw_only=True)
class Plan(Amounts):
    """What a campaign costs, in base units: the sums over its bands, and what follows from them.

    Attributes
    ----------
    campaign : str
        Its name.
    points : int
        Points of the grid.
    launches_are_estimated : bool
        Whether the number of launches is known only when they have ended.
    batch_size_launches : int
        Launches of a batch.
    on_cluster : bool
        Whether launches run in cluster jobs.
    cores : int
        Cores of this machine that are used, or of a cluster job.
    jobs_at_a_time : int or None
        Cluster jobs at a time.
    launches_at_a_time_of_batch : int
        Launches that a batch runs at a time.
    configured_seconds_per_launch : float
        What the configuration says, from which walltimes follow.
    advised_seconds_per_launch : float or None
        What it should say, where measurements differ by more than a fifth.
    consolidation_jobs : int
        Further cluster jobs: one to make the LUT of each band, and if that has many points, one to
        check it; those that draw pictures; and where the configuration asks for the accuracy, those
        that measure it.
    accuracy_launches : int
        Launches between the nodes, besides the others; 0 unless the configuration asks for them.
    elapsed_seconds : float
        Expected time of what is left, waiting in a queue and the making of LUTs apart.
    elapsed_seconds_least, elapsed_seconds_most : float
        The same of the least and the most launches.
    job : JobPlan or None
        One cluster job.
    files : FilePlan
        Files.
    suggested_batch_size : BatchSizePlan or None
        None where no batch size fits the site.
    bands : tuple of BandPlan
        The bands.
    """

    campaign: str
    points: int
    launches_are_estimated: bool
    batch_size_launches: int
    on_cluster: bool
    cores: int
    jobs_at_a_time: int | None
    launches_at_a_time_of_batch: int
    consolidation_jobs: int
    accuracy_launches: int
    configured_seconds_per_launch: float
    advised_seconds_per_launch: float | None
    elapsed_seconds: float
    elapsed_seconds_least: float
    elapsed_seconds_most: float
    job: JobPlan | None
    files: FilePlan
    suggested_batch_size: BatchSizePlan | None
    bands: tuple[BandPlan, ...]


def make_plan(
    campaign: Campaign,
    site: Site,
    progress: Mapping[str, Progress],
    times: Mapping[str, LaunchTime],
    gases: Mapping[str, ActingGases | None] | None = None,
) -> Plan:
    """Tell what a campaign costs.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    site : Site
        Where it runs.
    progress : mapping of str to Progress
        What the store has of each band.
    times : mapping of str to LaunchTime
        How long a launch of each band is expected to take.
    gases : mapping of str to ActingGases or None, optional
        Which gases act in each band, as far as that is known; for reduced launches.

    Returns
    -------
    Plan
        The plan.
    """
    configuration = campaign.configuration
    size = campaign.batches.launches(0)
    known = gases or {}
    bands = tuple(
        _band(campaign, site, band, progress[band], times[band], known.get(band)) for band in times
    )
    slowest = max(band.seconds_per_launch for band in bands)
    sums = _sums(bands)
    return Plan(
        **sums,
        campaign=configuration.campaign,
        points=campaign.points,
        launches_are_estimated=campaign.promise is not None,
        batch_size_launches=size,
        on_cluster=site.jobs is not None,
        cores=site.shape.cores,
        jobs_at_a_time=site.jobs,
        launches_at_a_time_of_batch=site.threads,
        consolidation_jobs=0 if site.jobs is None else _further_jobs(campaign, site),
        accuracy_launches=_accuracy_launches(campaign),
        configured_seconds_per_launch=configuration.sixsv.seconds_per_launch,
        advised_seconds_per_launch=_advised(configuration, times),
        elapsed_seconds=_elapsed(campaign, site, bands, "launches"),
        elapsed_seconds_least=_elapsed(campaign, site, bands, "launches_least"),
        elapsed_seconds_most=_elapsed(campaign, site, bands, "launches_most"),
        job=_job(campaign, site, slowest),
        files=_files(campaign, site, sums["batches_left"]),
        suggested_batch_size=suggest_batch_size(campaign, site, slowest),
        bands=bands,
    )


def _band(
    campaign: Campaign,
    site: Site,
    band: str,
    progress: Progress,
    time: LaunchTime,
    gases: ActingGases | None,
) -> BandPlan:
    batches, done = len(campaign.batches), progress.finished
    if isinstance(campaign.batches, BlockBatches):
        expected = launches_of_band(campaign.grid, campaign.batches, gases, progress)
        source = "probe" if gases else "grid"
        if progress.finished_blocks:
            source = "finished blocks"
        blocks_left = progress.blocks - progress.finished_blocks
        batches_left = math.ceil(blocks_left / campaign.batches.blocks_of_batch)
    else:
        expected, source = LaunchRange(progress.points, progress.points), "points"
        # The first batch is a full one.
        batches_left = min(batches, math.ceil(progress.left / campaign.batches.launches(0)))
    launches = expected.middle
    on_cluster = site.jobs is not None
    return BandPlan(
        band=band,
        launches=launches,
        launches_done=done,
        launches_left=launches - done,
        launches_least=expected.least,
        launches_most=expected.most,
        launches_failed=progress.failed,
        launches_from=source,
        batches=batches,
        batches_left=batches_left,
        cluster_jobs=math.ceil(batches / site.batches_per_job) if on_cluster else 0,
        cluster_jobs_left=math.ceil(batches_left / site.batches_per_job) if on_cluster else 0,
        seconds_per_launch=time.seconds,
        seconds_per_launch_from=time.source,
        probe_host=time.probe.host if time.probe else None,
        probe_date=time.probe.date if time.probe else None,
        probe_launches_at_a_time=time.probe.at_a_time if time.probe else None,
        cpu_seconds=launches * time.seconds,
        cpu_seconds_done=done * time.seconds,
        cpu_seconds_left=(launches - done) * time.seconds,
        cpu_seconds_least=expected.least * time.seconds,
        cpu_seconds_most=expected.most * time.seconds,
        store_bytes=round(batches * _SEALED_BYTES + launches * _SEALED_BYTES_PER_POINT),
        lut_bytes=_lut_bytes(campaign),
    )


def _lut_bytes(campaign: Campaign) -> int:
    configuration, points = campaign.configuration, campaign.points
    numbers = points * (len(LUT_QUANTITIES) + len(configuration.extra_outputs))
    size = 0.0
    if "text" in configuration.formats:
        axes = configuration.axes.written()
        parameters = sum(sum(map(len, values)) / len(values) for values in axes)
        asked = convention(run6sv=configuration.run6sv)
        quantities = sum(quantity.written_bytes(asked) for quantity in LUT_QUANTITIES)
        # With a blank or the end of the line after each column.
        size += points * (parameters + quantities + len(axes) + len(LUT_QUANTITIES))
    if "netcdf" in configuration.formats:
        size += _NETCDF_BYTES + numbers * _NETCDF_BYTES_PER_NUMBER
    if "zarr" in configuration.formats:
        size += _ZARR_BYTES + numbers * _ZARR_BYTES_PER_NUMBER
    return round(size)


def _elapsed(campaign: Campaign, site: Site, bands: Sequence[BandPlan], launches: str) -> float:
    # All places take the next job as soon as they are free; jobs of a band are alike, but its last.
    jobs, total, longest = 0, 0.0, 0.0
    for band in bands:
        left = getattr(band, launches) - band.launches_done
        size = campaign.batches.launches(0)
        if campaign.promise is not None:
            size = max(1, math.ceil(left / max(1, band.batches_left)))
        full, rest = divmod(left, size * site.batches_per_job)
        for count, of_job in ((full, size * site.batches_per_job), (1, rest)):
            if count and of_job:
                seconds = site.job_seconds(of_job, size, band.seconds_per_launch)
                jobs += count
                total += count * seconds
                longest = max(longest, seconds)
    if not jobs:
        return 0.0
    return max(longest, math.ceil(jobs / site.places) * total / jobs)


def _job(campaign: Campaign, site: Site, slowest: float) -> JobPlan | None:
    if site.jobs is None:
        return None
    configuration = campaign.configuration
    size = campaign.batches.launches(0)
    batches = min(site.batches_per_job, len(campaign.batches))
    rounds = math.ceil(batches / site.side_by_side)
    minutes = site.shape.batch_minutes(size, configuration.sixsv.seconds_per_launch)
    return JobPlan(
        batches=batches,
        cores=site.shape.cores,
        expected_seconds=site.job_seconds(
            min(batches * size, campaign.batches.all_launches), size, slowest
        ),
        walltime_asked_minutes=rounds * minutes,
        walltime_limit_minutes=site.shape.walltime_limit,
    )


def _accuracy_launches(campaign: Campaign) -> int:
    if not campaign.configuration.accuracy_is_asked_for:
        return 0
    return len(campaign.band_names) * len(AccuracyLaunches(campaign).points)


def _further_jobs(campaign: Campaign, site: Site) -> int:
    pictures = PictureFiles(campaign)
    of_band = 1 if campaign.is_checked_at_once else 2
    of_campaign = 0
    if campaign.configuration.pictures:
        of_band += 1
        of_campaign += bool(pictures.of_campaign)
    if campaign.configuration.accuracy_is_asked_for:
        batches = len(AccuracyLaunches(campaign).batches)
        of_band += math.ceil(batches / site.batches_per_job) + 1
        of_band += bool(pictures.wanted_of_accuracy)
    return of_campaign + len(campaign.band_names) * of_band


def _files_of_pictures_and_accuracy(campaign: Campaign) -> int:
    bands = len(campaign.band_names)
    pictures = PictureFiles(campaign)
    number = 2 * len(pictures.wanted)  # each with Snakemake's note
    if campaign.configuration.pictures:
        number += _FILES_PER_BAND_OF_PICTURES * bands
        number += _FILES_OF_FURTHER_PICTURES * bool(pictures.of_campaign)
    if campaign.configuration.accuracy_is_asked_for:
        batches = len(AccuracyLaunches(campaign).batches)
        number += bands * (_FILES_PER_BAND_OF_ACCURACY + batches * _FILES_PER_BATCH)
        number += bands * _FILES_OF_FURTHER_PICTURES * bool(pictures.wanted_of_accuracy)
    return number


def _files(campaign: Campaign, site: Site, batches_left: int) -> FilePlan:
    formats = campaign.configuration.formats
    per_band = _FILES_PER_BAND + 2 * len(formats)  # each with Snakemake's note
    if "zarr" in formats:
        # Imported here: it needs xarray, and few campaigns ask for Zarr.
        from sixsv_lut.lut.dataset import zarr_files

        quantities = len(LUT_QUANTITIES) + len(campaign.configuration.extra_outputs)
        per_band += zarr_files(campaign.grid.shape, quantities) - 1
    bands = len(campaign.band_names)
    jobs = math.ceil(batches_left / site.batches_per_job)
    running = min(site.places, jobs)
    per_band += len(campaign.batches) * _FILES_PER_BATCH
    return FilePlan(
        in_the_end=_FILES_PER_CAMPAIGN
        + bands * per_band
        + _files_of_pictures_and_accuracy(campaign),
        per_batch=_FILES_PER_BATCH,
        journals_at_a_time=min(batches_left, running * site.side_by_side),
        job_logs_at_a_time=0 if site.jobs is None else running,
    )


def _advised(configuration: Configuration, times: Mapping[str, LaunchTime]) -> float | None:
    # One number serves all bands, so it must do for the slowest.
    measured = [time.seconds for time in times.values() if time.source == "probe"]
    if not measured:
        return None
    configured = configuration.sixsv.seconds_per_launch
    if abs(max(measured) / configured - 1) <= _WORTH_TELLING:
        return None
    return _two_digits(max(measured), math.ceil)


def _two_digits(number: float, rounding: Callable[[float], int]) -> float:
    exponent = math.floor(math.log10(number)) - 1
    # Through text, so that 0.19 does not become 0.19000000000000003.
    return float(f"{rounding(round(number / 10.0**exponent, 6))}e{exponent}")


def suggest_batch_size(
    campaign: Campaign, site: Site, seconds_per_launch: float
) -> BatchSizePlan | None:
    """Give a batch size for jobs that are neither short nor near the site's limit.

    A cluster job is meant to take half of the walltime that the site allows; a batch on one
    machine, or where there is no limit, half an hour. Batches are smaller where there would not be
    enough of them for all jobs or cores, but never so small that their start costs more than a
    twentieth.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    site : Site
        Where it runs, with its number of batches per job.
    seconds_per_launch : float
        Expected elapsed time of a launch of the slowest band.

    Returns
    -------
    BatchSizePlan or None
        A size that the configuration takes and `JobShape.check` accepts; None if there is none.
    """
    shape, threads = site.shape, site.threads
    start = site.batch_seconds(0, seconds_per_launch)
    aimed = _BATCH_SECONDS
    if site.jobs is not None and shape.walltime_limit is not None:
        aimed = shape.walltime_limit * 60 * _SHARE_OF_WALLTIME / shape.rounds
    by_time = threads * (aimed - start) / seconds_per_launch
    least = threads * _TIMES_START * start / seconds_per_launch
    of_band = campaign.batches.all_launches
    launches = of_band * len(campaign.band_names)
    batches_at_once = site.places * (
        _BATCHES_PER_PLACE if site.jobs is None else site.batches_per_job
    )
    wanted = min(by_time, max(least, launches / batches_at_once), of_band, _LARGEST_BATCH)
    size = max(1, int(wanted))
    seconds = (seconds_per_launch, campaign.configuration.sixsv.seconds_per_launch)
    if site.jobs is not None:
        # A size that does not fit is followed by none that does.
        size = bisect_right(range(1, size + 1), 0, key=lambda n: not _fits(shape, n, seconds))
    if not size:
        return None
    if size < of_band:
        size = int(_two_digits(size, math.floor))
        size = size // threads * threads or size
    smallest = smallest_batch_size(of_band, len(campaign.band_names))
    if size < smallest:
        size = smallest
        if site.jobs is not None and not _fits(shape, size, seconds):
            return None
    batches = len(RangeBatches(of_band, size))
    in_job = min(site.batches_per_job * size, of_band)
    return BatchSizePlan(
        launches=size,
        batches=batches * len(campaign.band_names),
        batch_seconds=site.batch_seconds(size, seconds_per_launch),
        job_seconds=site.job_seconds(in_job, size, seconds_per_launch),
    )


def _fits(shape: JobShape, launches: int, seconds: tuple[float, ...]) -> bool:
    try:
        for one in seconds:
            shape.check(launches, one)
    except CampaignError:
        return False
    return True
