"""How far a campaign is, told from the store alone."""

from __future__ import annotations

import errno
import math
import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.campaign.recipe import make_recipe, read_recipe
from sixsv_lut.lut.consolidate import consolidate
from sixsv_lut.report.accounting import account
from sixsv_lut.report.state import (
    SILENT_SECONDS,
    WINDOW_SECONDS,
    CampaignState,
    Progress,
    recent_rate,
)
from sixsv_lut.report.summary import summary
from sixsv_lut.sixsv.instruments import find_band
from sixsv_lut.store.batch_store import BatchStore
from sixsv_lut.store.journal import JournalReader, JournalWriter
from sixsv_lut.store.records import Attempt, Records
from unit.support import (
    axes_entry,
    configuration,
    failed_result,
    good_result,
    make_special,
    recipe_with,
)


def _campaign(folder: Path, **changes: Any) -> Campaign:
    axes = axes_entry(thetav=["0", "1", "2", "3", "4"])  # 10 points
    entry = {"axes": axes, "batch_size": 4, "bands": ["Oa08", "Oa17"]} | changes
    return Campaign(
        configuration(results=str(folder / "results"), store=str(folder / "store"), **entry)
    )


def _store(campaign: Campaign, band: str, batch: int) -> BatchStore:
    recipe = recipe_with(band=band, aerosol_model=1 if band == "Oa17" else 5)
    recipe.write(Path(campaign.recipe(band)))
    values = campaign.grid.rows(*campaign.batches[batch])
    store = BatchStore(Path(campaign.configuration.store), recipe.fingerprint, values)
    store.make_folder()
    return store


def _journal(store: BatchStore, rows: int, *, good: bool = True) -> JournalWriter:
    journal = store.open_journal()
    for row in range(rows):
        journal.append(store.values[row], good_result(row) if good else failed_result())
    return journal


def _seal(store: BatchStore, failed: int = 0) -> None:
    records = Records(store.values)
    journal = store.open_journal()
    for row in range(len(store.values)):
        result = failed_result() if row < failed else good_result(row)
        records.enter(row, result)
        journal.append(store.values[row], result)
    journal.close()
    store.seal(records, journal)


def _finished(campaign: Campaign) -> int:
    return _read_again(CampaignState(campaign))


def _read_again(state: CampaignState) -> int:
    state.read()
    return state.total().finished


def test_a_campaign_that_has_not_begun_has_finished_nothing(tmp_path: Path) -> None:
    state = CampaignState(_campaign(tmp_path))
    assert list(state.read()) == ["Oa08", "Oa17"]
    everything = state.total()
    assert (everything.finished, everything.points) == (0, 20)
    assert math.isnan(everything.launch_seconds)


def test_launches_of_running_batches_are_counted_at_once(tmp_path: Path) -> None:
    campaign = _campaign(tmp_path)
    journal = _journal(_store(campaign, "Oa08", 0), 3)
    band = CampaignState(campaign).read()["Oa08"]
    assert (band.finished, band.running, band.sealed, band.left) == (3, 1, 0, 7)
    journal.close()


def test_failed_launches_are_finished_and_failed(tmp_path: Path) -> None:
    campaign = _campaign(tmp_path)
    _journal(_store(campaign, "Oa08", 0), 2, good=False).close()
    _seal(_store(campaign, "Oa08", 1), failed=3)
    band = CampaignState(campaign).read()["Oa08"]
    assert (band.finished, band.failed) == (2 + 4, 2 + 3)


def test_sealed_batches_of_all_bands_are_counted(tmp_path: Path) -> None:
    campaign = _campaign(tmp_path)
    _seal(_store(campaign, "Oa08", 0))
    _seal(_store(campaign, "Oa08", 2))  # the last one, of 2 points
    _seal(_store(campaign, "Oa17", 1))
    bands = CampaignState(campaign).read()
    assert [bands[band].finished for band in ("Oa08", "Oa17")] == [4 + 2, 4]
    assert [bands[band].sealed for band in ("Oa08", "Oa17")] == [2, 1]


@pytest.mark.parametrize("rows", [1, 4])
def test_a_point_counts_once_whatever_the_journals_of_its_batch_hold(
    tmp_path: Path, rows: int
) -> None:
    campaign = _campaign(tmp_path)
    store = _store(campaign, "Oa08", 0)
    for _ in range(3):
        _journal(store, rows).close()
    assert _finished(campaign) == rows
    _seal(store)
    assert _finished(campaign) == 4


def test_a_good_result_is_not_made_a_failure_by_another_attempt(tmp_path: Path) -> None:
    campaign = _campaign(tmp_path)
    store = _store(campaign, "Oa08", 0)
    for good in (False, True, False):
        _journal(store, 2, good=good).close()
    assert CampaignState(campaign).read()["Oa08"].failed == 0


def test_a_torn_record_is_not_counted(tmp_path: Path) -> None:
    campaign = _campaign(tmp_path)
    journal = _journal(_store(campaign, "Oa08", 0), 3)
    journal.close()
    journal.path.write_bytes(journal.path.read_bytes()[:-1])
    assert _finished(campaign) == 2


def test_points_that_another_campaign_computed_are_counted(tmp_path: Path) -> None:
    # A batch that asks for them takes them from the store.
    other = _campaign(
        tmp_path,
        campaign="other",
        batch_size=3,
        axes=axes_entry(thetav=["1", "2.5", "4"]),
    )
    _seal(_store(other, "Oa08", 0))
    state = CampaignState(_campaign(tmp_path))
    _store(_campaign(tmp_path), "Oa08", 0)
    band = state.read()["Oa08"]
    assert (band.finished, band.sealed) == (2, 0)


def test_a_band_is_known_before_its_recipe_was_written(tmp_path: Path) -> None:
    campaign = _campaign(tmp_path)
    band = CampaignState(campaign).bands["Oa08"]
    assert len(band.fingerprint) == 64
    assert not Path(campaign.recipe("Oa08")).exists()


def test_a_damaged_sealed_file_counts_as_nothing(tmp_path: Path) -> None:
    campaign = _campaign(tmp_path)
    store = _store(campaign, "Oa08", 0)
    _seal(store)
    store.sealed.write_bytes(store.sealed.read_bytes()[:-1])
    assert _finished(campaign) == 0


def test_a_state_that_is_read_again_sees_what_is_new(tmp_path: Path) -> None:
    campaign = _campaign(tmp_path)
    state = CampaignState(campaign)
    store = _store(campaign, "Oa08", 0)
    journal = _journal(store, 1)
    counts = [_read_again(state)]
    journal.append(store.values[1], good_result(1))
    counts.append(_read_again(state))
    journal.close()
    _seal(store)
    journal.path.unlink()
    counts.append(_read_again(state))
    store.sealed.unlink()
    counts.append(_read_again(state))
    assert counts == [1, 2, 4, 0]


def test_failures_that_were_mended_are_no_longer_shown(tmp_path: Path) -> None:
    campaign = _campaign(tmp_path)
    state = CampaignState(campaign)
    store = _store(campaign, "Oa08", 0)
    _seal(store, failed=2)
    assert state.read()["Oa08"].failed == 2
    _seal(store)
    os.utime(store.sealed, (time.time() + 5,) * 2)
    assert state.read()["Oa08"].failed == 0


def test_a_journal_that_does_not_grow_is_no_running_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = _campaign(tmp_path)
    long_ago = time.time() - 2 * SILENT_SECONDS
    monkeypatch.setattr(time, "time", lambda: long_ago)
    journal = _journal(_store(campaign, "Oa08", 0), 3)
    journal.close()
    monkeypatch.undo()
    os.utime(journal.path, (long_ago,) * 2)
    band = CampaignState(campaign).read()["Oa08"]
    assert (band.running, band.finished) == (0, 3)


def test_the_mean_time_of_a_launch_is_that_of_all_finished_ones(tmp_path: Path) -> None:
    campaign = _campaign(tmp_path)
    _seal(_store(campaign, "Oa08", 0))
    _journal(_store(campaign, "Oa08", 1), 2).close()
    mean = good_result(0).seconds
    assert CampaignState(campaign).read()["Oa08"].launch_seconds == pytest.approx(mean)


@pytest.mark.parametrize("number", [errno.ENOENT, errno.ESTALE])
def test_a_journal_that_is_removed_while_it_is_read_hides_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    campaign = _campaign(tmp_path)
    removed = _journal(_store(campaign, "Oa08", 0), 3)
    _journal(_store(campaign, "Oa08", 1), 2)
    read = JournalReader.read

    def read_or_vanish(journal: JournalReader) -> object:
        if journal._path == removed.path:
            raise OSError(number, os.strerror(number), str(removed.path))
        return read(journal)

    monkeypatch.setattr(JournalReader, "read", read_or_vanish)
    assert CampaignState(campaign).read()["Oa08"].finished == 2


@pytest.mark.parametrize("kind", ["pipe", "socket", "folder", "device"])
def test_what_is_no_file_counts_as_nothing(tmp_path: Path, kind: str) -> None:
    campaign = _campaign(tmp_path)
    store = _store(campaign, "Oa08", 0)
    make_special(store.sealed, kind)
    make_special(store.folder / f"{store.key}.host.1.x.journal", kind)
    assert _finished(campaign) == 0


# ----- without a store


def _complete(campaign: Campaign, failed: int = 0) -> None:
    """Make all batches of a band, and its tables."""
    for batch in range(len(campaign.batches)):
        store = _store(campaign, "Oa08", batch)
        _seal(store, failed if batch == 0 else 0)
        store.publish(Path(campaign.batch_file("Oa08", batch)))
    # These tests have made up the recipe, which Snakemake would make of the configuration.
    recipe = read_recipe(Path(campaign.recipe("Oa08")))
    outputs = [Path(path) for path in campaign.lut_files("Oa08")]
    files = [Path(path) for path in campaign.batch_files("Oa08")]
    consolidate(campaign, recipe, files, outputs)


@pytest.mark.parametrize("batches", ["batch files", "tables alone"])
def test_without_a_store_what_the_tables_are_made_of_is_counted(
    tmp_path: Path, batches: str
) -> None:
    campaign = _campaign(tmp_path, allowed_failures=1)
    _complete(campaign, failed=1)
    before = CampaignState(campaign).read()["Oa08"]
    shutil.rmtree(tmp_path / "store")
    if batches == "tables alone":
        shutil.rmtree(campaign.folder / "batches")
    state = CampaignState(campaign)
    band = state.read()["Oa08"]
    assert (band.finished, band.failed, band.sealed, band.left) == (10, 1, 3, 0)
    assert band.launch_seconds == pytest.approx(before.launch_seconds)
    cost = account(campaign, state)
    assert (cost.points, cost.failed, cost.launches) == (10, 1, 10)
    assert "10 points, 1 failed; 10 launches of 6SV" in summary(campaign, 1.0)
    assert bool(cost.failures) == (batches == "batch files")


def test_a_batch_that_is_in_store_and_results_counts_once(tmp_path: Path) -> None:
    campaign = _campaign(tmp_path)
    _complete(campaign)
    state = CampaignState(campaign)
    assert state.read()["Oa08"].finished == 10
    assert account(campaign, state).launches == 10


@pytest.mark.parametrize(
    "change",
    [
        {"axes": axes_entry(thetav=["0", "1", "2", "3", "5"])},
        {"formats": ["text", "netcdf", "zarr"]},
        {"allowed_failures": 3},
    ],
    ids=["axes", "formats", "any key"],
)
def test_tables_of_another_configuration_complete_nothing(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    # Snakemake would make them anew, from batches that are gone.
    campaign = _campaign(tmp_path)
    _complete(campaign)
    shutil.rmtree(tmp_path / "store")
    shutil.rmtree(campaign.folder / "batches")
    other = _campaign(tmp_path, **change)
    if not Path(other.recipe("Oa08")).exists():
        recipe_with(band="Oa08").write(Path(other.recipe("Oa08")))
    assert _finished(campaign) == 10
    assert _finished(other) == 0


def test_tables_of_which_one_is_gone_complete_nothing(tmp_path: Path) -> None:
    campaign = _campaign(tmp_path)
    _complete(campaign)
    shutil.rmtree(tmp_path / "store")
    shutil.rmtree(campaign.folder / "batches")
    Path(campaign.lut_files("Oa08")[-1]).unlink()
    assert _finished(campaign) == 0


def test_a_batch_file_of_other_points_counts_as_nothing(tmp_path: Path) -> None:
    campaign = _campaign(tmp_path)
    store = _store(campaign, "Oa08", 0)
    _seal(store)
    store.publish(Path(campaign.batch_file("Oa08", 1)))
    shutil.rmtree(tmp_path / "store")
    assert _finished(campaign) == 0


# ----- rates and what is left


def test_nothing_left_takes_no_time() -> None:
    assert Progress(points=5, finished=5).seconds_left == 0


def test_what_is_left_takes_an_unknown_time_while_nothing_runs() -> None:
    assert math.isnan(Progress(points=5, finished=4).seconds_left)


def test_what_is_left_costs_the_mean_of_its_band_or_else_what_is_expected(tmp_path: Path) -> None:
    campaign = _campaign(tmp_path, sixsv={"seconds_per_launch": 7})
    _seal(_store(campaign, "Oa08", 0))
    state = CampaignState(campaign)
    bands = state.read()
    assert bands["Oa08"].core_seconds_left == pytest.approx(6 * good_result(0).seconds)
    assert bands["Oa17"].core_seconds_left == pytest.approx(10 * 7)
    # All together is the sum, whatever the bands differ by.
    assert state.total().core_seconds_left == pytest.approx(
        sum(band.core_seconds_left for band in bands.values())
    )


@pytest.mark.parametrize(
    ("attempts", "rate"),
    [
        ([], 0.0),
        ([(-100, 0, 500)], 5.0),  # from its start until now
        ([(-100, -50, 500)], 5.0),  # and then nothing more
        ([(-100, -50, 250), (-50, 0, 250)], 5.0),
        ([(-100, 0, 500), (-100, 0, 300)], 8.0),
        ([(-2 * WINDOW_SECONDS, 0, 1200)], 1.0),  # half of it lately
        ([(-9000, -8000, 1000)], 0.0),  # long ago
    ],
)
def test_the_rate_is_that_of_the_last_minutes(
    attempts: list[tuple[float, float, int]], rate: float
) -> None:
    now = 1_000_000.0
    done = [Attempt("host", 1, now + start, now + end, points) for start, end, points in attempts]
    assert recent_rate(done, now) == pytest.approx(rate)


@given(
    st.lists(st.tuples(st.floats(-5000, 0), st.floats(0, 3000), st.integers(0, 5000)), max_size=10)
)
def test_no_rate_gives_more_launches_than_there_were(
    attempts: list[tuple[float, float, int]],
) -> None:
    now = 1_000_000.0
    done = [
        Attempt("host", 1, now + start, min(now, now + start + length), points)
        for start, length, points in attempts
    ]
    lately = [attempt for attempt in done if attempt.ended > now - WINDOW_SECONDS]
    since = min((attempt.started for attempt in lately), default=now)
    seconds = min(WINDOW_SECONDS, max(1.0, now - since))
    points = sum(attempt.points for attempt in lately)
    assert 0 <= recent_rate(done, now) * seconds <= points * (1 + 1e-9)


def test_the_rate_of_all_bands_is_over_the_same_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One after the other, each with 4 launches in 40 s: together as fast as each.
    campaign = _campaign(tmp_path)
    clock = [time.time() - 80]
    monkeypatch.setattr(time, "time", lambda: clock[0])
    for band in ("Oa08", "Oa17"):
        store = _store(campaign, band, 0)
        journal = _journal(store, 4)
        clock[0] += 40
        journal.close()
        os.utime(journal.path, (clock[0],) * 2)
        records = store.recover()
        store.seal(records)
    state = CampaignState(campaign)
    assert state.read()["Oa17"].rate == pytest.approx(0.1, rel=1e-3)
    assert state.total().rate == pytest.approx(0.1, rel=1e-3)


def test_of_reduced_launches_the_blocks_are_counted_and_the_launches_estimated(
    tmp_path: Path,
) -> None:
    made = configuration(
        store=str(tmp_path / "store"),
        results=str(tmp_path / "results"),
        launches="reduced",
        axes=axes_entry(
            uw=[1, 2, 3, 4],
            aot550=[0.1, 0.2, 0.3],
            psurf=[800, 900, 1000],
            phi=[0, 60, 120, 180],
            thetas=[10, 20],
            thetav=[10, 20],
        ),
        batch_size=1,
    )
    campaign = Campaign(made)
    (band,) = campaign.band_names
    state = CampaignState(campaign)
    before = state.read()[band]
    assert (before.blocks, before.finished_blocks, before.finished) == (4, 0, 0)
    assert before.points == campaign.batches.all_launches

    numbers = campaign.batches.numbers(0)
    recipe = make_recipe(made, find_band("OLCI", band))
    store = BatchStore(
        Path(made.store),
        recipe.fingerprint,
        campaign.grid.values_of(numbers),
        campaign.batches.name,
    )
    store.make_folder()
    records = store.recover()
    for row in range(60):
        records.enter(row, good_result(row))
    store.seal(records.only(range(60)))
    after = state.read()[band]
    assert (after.finished_blocks, after.finished, after.failed) == (1, 60, 0)
    # The other blocks are expected to be like the finished one.
    assert after.points == 4 * 60
