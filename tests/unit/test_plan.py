"""What a campaign will cost: arithmetic that must add up."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.campaign.configuration import smallest_batch_size
from sixsv_lut.cluster.job_shape import JobShape, Site
from sixsv_lut.errors import CampaignError
from sixsv_lut.report.plan import Plan, make_plan, suggest_batch_size
from sixsv_lut.report.plan_text import print_plan, write_json
from sixsv_lut.report.state import Progress
from sixsv_lut.simulate.probe import LaunchTime
from unit.support import configuration

HERE = Site(JobShape(batches=1, threads=1, cores=4, serial=False), jobs=None)
CLUSTER = Site(JobShape(16, 4, 4, True, walltime_limit=480, memory_per_core=3000), jobs=100)
CONFIGURED = LaunchTime(0.5, "configuration")
FULL = {
    "uo3": {"start": 0.2, "stop": 0.5, "step": 0.1},
    "uw": [0.5, 1.5, 2.5, 4.0, 6.0],
    "aot550": [0.01, 0.05, 0.1, 0.2, 0.4, 0.6, 1.0],
    "psurf": [750, 850, 950, 1050],
    "alti": [0, 1, 3],
    "phi": {"start": 0, "stop": 180, "number": 11},
    "thetas": {"start": 0, "stop": 72, "step": 6},
    "thetav": {"start": 0, "stop": 60, "step": 5},
}


def _campaign(
    batch_size: int = 4096, bands: object = ("Oa03", "Oa17"), **changes: object
) -> Campaign:
    entry: dict[str, object] = {"axes": FULL, "bands": bands, "batch_size": batch_size}
    return Campaign(configuration(**(entry | changes)))


def _plan(
    campaign: Campaign,
    site: Site,
    done: int | dict[str, int] = 0,
    time: LaunchTime = CONFIGURED,
    failed: int = 0,
) -> Plan:
    bands = campaign.band_names
    finished = done if isinstance(done, dict) else dict.fromkeys(bands, done)
    progress = {
        band: Progress(points=campaign.points, finished=finished[band], failed=failed)
        for band in bands
    }
    return make_plan(campaign, site, progress, dict.fromkeys(bands, time))


def _printed(plan: Plan) -> str:
    console = Console(file=io.StringIO(), width=80, highlight=False)
    print_plan(plan, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


sites = st.one_of(
    st.builds(
        lambda threads, cores: Site(JobShape(1, threads, cores, False), None),
        st.integers(1, 8),
        st.integers(1, 64),
    ),
    st.builds(
        lambda batches, threads, side, serial, limit, jobs: Site(
            JobShape(batches, threads, threads * (1 if serial else side), serial, limit), jobs
        ),
        st.integers(1, 64),
        st.integers(1, 32),
        st.integers(1, 8),
        st.booleans(),
        st.none() | st.integers(60, 10_000),
        st.integers(1, 3000),
    ),
)


@given(
    site=sites,
    batch_size=st.integers(63, 100_000),  # fewer make too many batches
    done=st.tuples(st.integers(0, 3_123_120), st.integers(0, 3_123_120)),
    seconds=st.floats(0.01, 100),
)
def test_what_is_done_and_what_is_left_is_all(
    site: Site, batch_size: int, done: tuple[int, int], seconds: float
) -> None:
    campaign = _campaign(batch_size)
    by_band = dict(zip(campaign.band_names, done, strict=True))
    plan = _plan(campaign, site, by_band, LaunchTime(seconds, "configuration"))

    for part in (plan, *plan.bands):
        assert part.launches_done + part.launches_left == part.launches
        assert part.cpu_seconds_done + part.cpu_seconds_left == pytest.approx(part.cpu_seconds)
        assert 0 <= part.batches_left <= part.batches
        assert part.batches_left * batch_size >= part.launches_left
        if site.jobs is not None:
            assert part.cluster_jobs * site.shape.batches >= part.batches
            assert part.cluster_jobs_left * site.shape.batches >= part.batches_left
            assert part.cluster_jobs_left <= part.cluster_jobs
    assert plan.launches == 2 * campaign.points == sum(band.launches for band in plan.bands)

    # No place does more than one launch at a time, and none is faster than one batch.
    at_a_time = site.places * site.side_by_side * site.threads
    assert plan.elapsed_seconds * at_a_time >= 0.999 * plan.cpu_seconds_left
    assert (plan.elapsed_seconds == 0) == (plan.launches_left == 0)


@given(
    site=sites,
    seconds=st.floats(0.01, 20),
    configured=st.floats(0.01, 20),
    bands=st.sampled_from([["Oa08"], "all"]),
)
def test_the_suggested_batch_size_is_one_that_the_site_accepts(
    site: Site, seconds: float, configured: float, bands: object
) -> None:
    campaign = _campaign(bands=bands, sixsv={"seconds_per_launch": configured})
    suggested = suggest_batch_size(campaign, site, seconds)
    if suggested is None:
        smallest = smallest_batch_size(campaign.points, len(campaign.band_names))
        with pytest.raises(CampaignError):
            site.shape.check(smallest, max(seconds, configured))
        return
    assert 1 <= suggested.launches <= campaign.points
    _campaign(suggested.launches, bands=bands)  # a size that the configuration takes
    if site.jobs is not None:
        site.shape.check(suggested.launches, seconds)
        site.shape.check(suggested.launches, configured)


def test_a_suggested_job_takes_half_of_what_the_site_allows() -> None:
    suggested = suggest_batch_size(_campaign(bands="all"), CLUSTER, 0.5)
    assert suggested is not None
    assert 0.45 * 480 * 60 < suggested.job_seconds < 0.5 * 480 * 60


def test_a_suggested_batch_on_one_machine_takes_half_an_hour() -> None:
    suggested = suggest_batch_size(_campaign(bands="all"), HERE, 0.5)
    assert suggested is not None
    assert 25 * 60 < suggested.batch_seconds < 30 * 60


def test_a_small_campaign_is_spread_over_the_cores_but_not_into_crumbs() -> None:
    axes = FULL | {"uo3": [0.3], "uw": [1.5], "aot550": [0.1], "psurf": [950]}
    suggested = suggest_batch_size(_campaign(bands=["Oa08"], axes=axes), HERE, 0.5)
    assert suggested is not None
    assert 4 * 3 <= suggested.batches <= 4 * 5


def test_the_full_campaign_on_a_cluster() -> None:
    plan = _plan(_campaign(bands="all"), CLUSTER)

    assert plan.points == 3_123_120
    assert plan.launches == plan.launches_left == 65_585_520
    assert (plan.batches, plan.cluster_jobs, plan.consolidation_jobs) == (16_023, 1_008, 21)
    assert plan.cpu_seconds == 65_585_520 * 0.5
    assert plan.job is not None
    assert (plan.job.walltime_asked_minutes, plan.job.walltime_limit_minutes) == (16 * 14, 480)
    # 1008 jobs on 100 places: 11 rounds of 16 batches of 1024 launches one after another.
    assert plan.job.expected_seconds == 16 * (1024 * 0.5 + 10)
    assert plan.elapsed_seconds == pytest.approx(11 * plan.job.expected_seconds, rel=0.01)
    assert plan.files.journals_at_a_time == plan.files.job_logs_at_a_time == 100


def test_tables_of_many_points_are_checked_in_jobs_of_their_own() -> None:
    campaign = _campaign(bands=["Oa08"], axes=FULL | {"uo3": [i / 10 for i in range(8)]})
    assert not campaign.is_checked_at_once
    assert _plan(campaign, CLUSTER).consolidation_jobs == 2


def test_one_machine_asks_no_scheduler() -> None:
    plan = _plan(_campaign(), HERE)
    assert (plan.cluster_jobs, plan.consolidation_jobs, plan.job) == (0, 0, None)
    assert "cluster" not in _printed(plan)
    assert plan.files.journals_at_a_time == 4


def test_two_launches_at_a_time_on_three_cores_use_two() -> None:
    site = Site(JobShape(1, 2, 3, False), None)
    assert (site.places, site.launches_at_a_time) == (1, 2)


def test_zarr_is_counted_by_its_chunks() -> None:
    files = [
        _plan(_campaign(bands=["Oa08"], formats=formats), HERE).files.in_the_end
        for formats in (["text"], ["text", "zarr"])
    ]
    assert files[1] - files[0] > 54  # as many has the Zarr of a single chunk


def test_bytes_grow_with_formats_and_outputs() -> None:
    sizes = [
        _plan(_campaign(**changes), HERE).lut_bytes
        for changes in (
            {"formats": ["netcdf"]},
            {"formats": ["netcdf"], "extra_outputs": ["optical_depth_total"]},
            {"formats": ["netcdf", "text"]},
        )
    ]
    assert sizes == sorted(sizes)
    assert len(set(sizes)) == 3


@pytest.mark.parametrize(
    ("measured", "advised"),
    [(0.5, None), (0.45, None), (0.601, 0.61), (0.123, 0.13), (1.9, 1.9), (12.3, 13)],
)
def test_a_measurement_far_from_the_configuration_gives_the_line_to_write(
    measured: float, advised: float | None
) -> None:
    plan = _plan(_campaign(), HERE, time=LaunchTime(measured, "probe"))
    assert plan.advised_seconds_per_launch == advised
    line = f"sixsv: {{seconds_per_launch: {advised}}}"
    assert (line in " ".join(_printed(plan).split())) == (advised is not None)


def test_a_band_that_was_not_measured_is_named() -> None:
    campaign = _campaign()
    times = {"Oa03": LaunchTime(0.5, "probe"), "Oa17": LaunchTime(0.5, "other bands")}
    nothing = Progress(points=campaign.points)
    plan = make_plan(campaign, HERE, dict.fromkeys(times, nothing), times)
    assert "not measured: Oa17, for which the mean of the others stands" in _printed(plan)


def test_when_all_is_in_the_store_nothing_is_left() -> None:
    campaign = _campaign()
    plan = _plan(campaign, CLUSTER, campaign.points)
    printed = _printed(plan)
    assert (plan.batches_left, plan.cluster_jobs_left, plan.elapsed_seconds) == (0, 0, 0)
    assert "none: all launches are in the store" in printed
    assert "keep it, because launches are in the store" in printed


def test_failed_launches_in_the_store_are_named() -> None:
    campaign = _campaign()
    plan = _plan(campaign, CLUSTER, campaign.points, failed=3)
    assert plan.launches_failed == 6
    assert "6 launches of those in the store; not run again before" in " ".join(
        _printed(plan).split()
    )
    assert "not run again" not in _printed(_plan(campaign, CLUSTER, campaign.points))


def test_the_largest_campaign_fits_80_columns_without_cutting_a_number() -> None:
    printed = _printed(_plan(_campaign(bands="all"), CLUSTER, 3_123_120))
    assert max(map(len, printed.splitlines())) <= 80
    assert "…" not in printed
    assert "65,585,520  65,585,520" in printed
    assert "\x1b" not in printed


def test_the_json_has_the_same_numbers(tmp_path: Path) -> None:
    plan = _plan(_campaign(), CLUSTER, 4096)
    write_json(plan, tmp_path / "plan.json")
    read = json.loads((tmp_path / "plan.json").read_text())
    assert read["launches_left"] == plan.launches_left
    assert [band["launches_done"] for band in read["bands"]] == [4096, 4096]
    assert read["job"]["walltime_limit_minutes"] == 480
