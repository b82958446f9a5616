"""What a campaign will cost: arithmetic that must add up."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from sixsv_lut.campaign.batches import BlockBatches
from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.campaign.configuration import smallest_batch_size
from sixsv_lut.cluster.job_shape import FIRST_MARGIN, JobShape, Site
from sixsv_lut.errors import CampaignError
from sixsv_lut.report.expected_launches import LaunchRange, launches_of_band, launches_of_block
from sixsv_lut.report.plan import Plan, make_plan, suggest_batch_size
from sixsv_lut.report.plan_text import print_plan, write_json
from sixsv_lut.report.state import Progress
from sixsv_lut.simulate.probe import ActingGases, LaunchTime
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
    assert (plan.batches, plan.cluster_jobs, plan.consolidation_jobs) == (16_023, 1_008, 43)
    assert plan.cpu_seconds == 65_585_520 * 0.5
    assert plan.job is not None
    assert (plan.job.walltime_asked_minutes, plan.job.walltime_limit_minutes) == (16 * 14, 480)
    # 1008 jobs on 100 places: 11 rounds of 16 batches of 1024 launches one after another.
    assert plan.job.expected_seconds == 16 * (1024 * 0.5 + 10)
    assert plan.elapsed_seconds == pytest.approx(11 * plan.job.expected_seconds, rel=0.01)
    assert plan.files.journals_at_a_time == plan.files.job_logs_at_a_time == 100


def test_tables_of_many_points_are_checked_in_jobs_of_their_own() -> None:
    campaign = _campaign(
        bands=["Oa08"], axes=FULL | {"uo3": [i / 10 for i in range(8)]}, pictures=False
    )
    assert not campaign.is_checked_at_once
    assert _plan(campaign, CLUSTER).consolidation_jobs == 2


def test_pictures_and_accuracy_are_counted_where_they_are_asked_for() -> None:
    def plan(**changes: object) -> Plan:
        return _plan(_campaign(bands=["Oa03", "Oa08", "Oa17"], **changes), CLUSTER)

    bare, drawn = plan(pictures=False), plan()
    assert (bare.consolidation_jobs, bare.accuracy_launches) == (3, 0)
    # The pictures of each band, and those of all bands together.
    assert drawn.consolidation_jobs == 3 + 3 + 1
    assert drawn.files.in_the_end > bare.files.in_the_end + 3 * 7 * 2 * 2

    measured = plan(accuracy={"launches": 300})
    assert measured.accuracy_launches > 3 * 300
    assert "more launches, between the nodes" in _printed(measured)
    # For each band its launches, some batches to a job, the measurement, and the pictures of it.
    jobs = -(-measured.accuracy_launches // (3 * 64 * CLUSTER.batches_per_job))
    assert measured.consolidation_jobs == drawn.consolidation_jobs + 3 * (jobs + 2)
    assert measured.files.in_the_end > drawn.files.in_the_end


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


# Reduced launches

NO_GAS, OZONE = ActingGases(False, False), ActingGases(True, False)
WATER, BOTH = ActingGases(False, True), ActingGases(True, True)
OF_BLOCK = {"uo3": 4, "uw": 5, "aot550": 7, "psurf": 4, "alti": 3, "phi": 11}


def _batches(campaign: Campaign) -> BlockBatches:
    assert isinstance(campaign.batches, BlockBatches)
    return campaign.batches


def _reduced_plan(
    campaign: Campaign,
    site: Site = HERE,
    gases: ActingGases | None = None,
    *,
    finished_blocks: int = 0,
    launches_of_block: int = 500,
    more: int = 0,
) -> Plan:
    progress = Progress(
        points=-1,  # what the status expects counts for nothing
        finished=finished_blocks * launches_of_block + more,
        blocks=_batches(campaign).number_of_blocks,
        finished_blocks=finished_blocks,
        launches_of_finished_blocks=finished_blocks * launches_of_block,
    )
    bands = campaign.band_names
    return make_plan(
        campaign,
        site,
        dict.fromkeys(bands, progress),
        dict.fromkeys(bands, CONFIGURED),
        dict.fromkeys(bands, gases),
    )


@pytest.mark.parametrize(
    ("columns", "measured"),
    [
        # Of blocks of the full-size campaign, as benchmarks/reduced_blocks.py prints them.
        (1, [338, 370, 397, 508, 510]),  # Oa01
        (4, [361, 371, 388, 426]),  # Oa13
        (5, [422, 440, 445, 482, 483, 492, 497, 521, 587, 597, 623]),  # Oa17, Oa20, S5
        (20, [694, 741, 790]),  # Oa11
    ],
)
def test_the_range_holds_what_real_blocks_took(columns: int, measured: list[int]) -> None:
    known = launches_of_block(OF_BLOCK, (columns, columns), 18)
    unknown = launches_of_block(OF_BLOCK, (1, 20), 18)
    assert unknown.least <= known.least <= min(measured)
    assert max(measured) <= known.most <= unknown.most


@pytest.mark.parametrize(
    ("columns", "measured"), [(1, 124), (4, 233), (5, 317), (5, 328), (20, 538)]
)
def test_the_range_holds_what_real_blocks_with_the_sun_at_the_zenith_took(
    columns: int, measured: int
) -> None:
    known = launches_of_block(OF_BLOCK | {"phi": 1}, (columns, columns), 18)
    assert known.least <= measured <= known.most


@pytest.mark.parametrize(
    ("lengths", "columns", "measured"),
    [
        ({"phi": 36}, 5, 622),
        ({"phi": 1, "aot550": 25}, 5, 777),
        ({"aot550": 1}, 5, 133),
        ({"aot550": 1, "phi": 36}, 5, 183),
        ({"aot550": 1, "psurf": 12, "alti": 4}, 5, 349),
        ({"aot550": 1, "uw": 20}, 20, 313),
        ({"aot550": 1, "psurf": 1, "alti": 1}, 5, 95),
    ],
)
def test_the_range_holds_what_real_blocks_of_other_grids_took(
    lengths: dict[str, int], columns: int, measured: int
) -> None:
    known = launches_of_block(OF_BLOCK | lengths, (columns, columns), 18)
    assert known.least <= measured <= known.most


@given(
    lengths=st.tuples(*[st.integers(1, 6)] * 5, st.integers(1, 36)),
    thetas=st.integers(1, 13),
    gases=st.sampled_from([None, NO_GAS, OZONE, WATER, BOTH]),
    done=st.floats(0, 1),
)
def test_a_range_is_within_the_points_and_a_probe_narrows_it(
    lengths: tuple[int, ...], thetas: int, gases: ActingGases | None, done: float
) -> None:
    axes = {
        name: {"start": start, "stop": stop, "number": number} if number > 1 else [start]
        for (name, start, stop), number in zip(
            [
                ("uo3", 0.2, 0.5),
                ("uw", 1, 6),
                ("aot550", 0.1, 1),
                ("psurf", 800, 1000),
                ("alti", 0, 3),
                ("phi", 0, 180),
                ("thetas", 0, 60),
                ("thetav", 0, 60),
            ],
            (*lengths, thetas, 2),
            strict=True,
        )
    }
    campaign = _campaign(axes=axes, launches="reduced", batch_size=100_000)
    batches = _batches(campaign)
    blocks = int(done * batches.number_of_blocks)
    launched = blocks * min(500, batches.block_points)
    progress = Progress(
        finished=launched, finished_blocks=blocks, launches_of_finished_blocks=launched
    )
    unknown = launches_of_band(campaign.grid, batches, None, progress)
    known = launches_of_band(campaign.grid, batches, gases, progress)
    assert launched <= unknown.least <= known.least <= known.most <= unknown.most
    assert unknown.most <= campaign.points


def test_finished_blocks_narrow_the_range_until_it_is_a_number() -> None:
    campaign = _campaign(launches="reduced")
    plans = [
        _reduced_plan(campaign, gases=WATER, finished_blocks=blocks) for blocks in (0, 40, 120, 169)
    ]
    widths = [plan.launches_most - plan.launches_least for plan in plans]
    assert widths == sorted(widths, reverse=True)
    for plan in plans:
        assert plan.launches_least <= 2 * 169 * 500 <= plan.launches_most
    assert plans[-1].launches_least == plans[-1].launches == plans[-1].launches_most
    assert (plans[-1].batches_left, plans[-1].elapsed_seconds_most) == (0, 0)


def test_blocks_that_took_more_than_was_expected_widen_the_range() -> None:
    campaign = _campaign(launches="reduced")
    least, most = (
        _reduced_plan(campaign, finished_blocks=10, launches_of_block=number).bands[0]
        for number in (100, 3000)
    )
    assert least.launches_least < 100 * 10 + 159 * 300
    assert most.launches_most > 169 * 1000


def test_with_reduced_launches_what_is_done_and_what_is_left_is_all() -> None:
    for plan in (
        _reduced_plan(_campaign(launches="reduced"), site, WATER, finished_blocks=30, more=77)
        for site in (HERE, CLUSTER)
    ):
        for part in (plan, *plan.bands):
            assert part.launches_least <= part.launches <= part.launches_most
            assert part.launches_done + part.launches_left == part.launches
            assert part.cpu_seconds_least <= part.cpu_seconds <= part.cpu_seconds_most
        assert plan.launches_done == 2 * (30 * 500 + 77)
        assert 0 < plan.elapsed_seconds_least < plan.elapsed_seconds < plan.elapsed_seconds_most


def test_with_all_launches_nothing_is_a_range(tmp_path: Path) -> None:
    plan = _plan(_campaign(), CLUSTER, 4096)
    for part in (plan, *plan.bands):
        assert part.launches_least == part.launches == part.launches_most
        assert part.cpu_seconds_least == part.cpu_seconds == part.cpu_seconds_most
    assert plan.elapsed_seconds_least == plan.elapsed_seconds == plan.elapsed_seconds_most
    assert not plan.launches_are_estimated
    assert {band.launches_from for band in plan.bands} == {"points"}
    assert "estimate" not in _printed(plan)


def test_an_estimate_is_told_as_one_and_how_it_is_known() -> None:
    campaign = _campaign(launches="reduced")
    printed = [
        " ".join(_printed(plan).split())
        for plan in (
            _reduced_plan(campaign),
            _reduced_plan(campaign, gases=NO_GAS),
            _reduced_plan(campaign, gases=NO_GAS, finished_blocks=20),
            _reduced_plan(campaign, gases=NO_GAS, finished_blocks=169),
        )
    ]
    assert all("(estimate)" in text and "an estimate: one for" in text for text in printed[:3])
    assert "snakemake probe finds out which gases act" in printed[0]
    assert "by the gases that act; finished blocks narrow it" in printed[1]
    assert "by what finished blocks took" in printed[2]
    assert "an estimate" not in printed[3]


def test_the_largest_reduced_campaign_fits_80_columns_without_cutting_a_number() -> None:
    campaign = _campaign(bands="all", launches="reduced")
    plan = _reduced_plan(campaign, CLUSTER, finished_blocks=150, launches_of_block=700)
    printed = _printed(plan)
    assert max(map(len, printed.splitlines())) <= 80
    assert "…" not in printed
    assert "2,205,000" in printed
    assert "2.4-2.5 M" in printed


def test_the_json_has_the_range_and_says_that_it_is_an_estimate(tmp_path: Path) -> None:
    plan = _reduced_plan(_campaign(launches="reduced"), gases=WATER)
    write_json(plan, tmp_path / "plan.json")
    read = json.loads((tmp_path / "plan.json").read_text())
    assert read["launches_are_estimated"] is True
    assert read["launches_least"] < read["launches"] < read["launches_most"]
    assert read["elapsed_seconds_least"] < read["elapsed_seconds_most"]
    assert [band["launches_from"] for band in read["bands"]] == ["probe", "probe"]


def test_walltimes_of_the_full_size_campaign_hold_the_most_launches_that_are_expected() -> None:
    batches = _batches(_campaign(launches="reduced"))
    most = launches_of_block(OF_BLOCK, (1, 20), batches.hold_out).most
    assert most * len(batches.blocks(0)) <= FIRST_MARGIN * batches.launches(0)


def test_a_range_has_a_middle() -> None:
    assert LaunchRange(10, 20).middle == 15
