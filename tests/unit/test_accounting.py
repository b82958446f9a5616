"""What a campaign has cost."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.report.accounting import CampaignCost, account, describe
from sixsv_lut.report.state import CampaignState
from sixsv_lut.sixsv.report import QUANTITY_NAMES, Status
from sixsv_lut.store.batch_store import BatchStore
from sixsv_lut.store.journal import JournalWriter
from sixsv_lut.store.records import Records, Result
from unit.support import axes_entry, configuration, recipe_with


class _Clock:
    """A clock that a test sets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_000_000.0
        monkeypatch.setattr("time.time", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> _Clock:
    return _Clock(monkeypatch)


def _campaign(folder: Path) -> Campaign:
    return Campaign(
        configuration(
            results=str(folder / "results"),
            store=str(folder / "store"),
            axes=axes_entry(thetav=["0", "1", "2", "3", "4"]),  # 10 points
            batch_size=5,
            bands=["Oa08"],
        )
    )


def _run_batch(
    campaign: Campaign,
    batch: int,
    clock: _Clock,
    *,
    seconds: float,
    threads: int = 2,
    killed_after: int = 0,
    results: dict[int, Result] | None = None,
) -> None:
    """Run a batch in which each launch takes a second, in one attempt or two."""
    recipe = recipe_with(band="Oa08")
    recipe.write(Path(campaign.recipe("Oa08")))
    values = campaign.grid.rows(*campaign.batches[batch])
    good = Result(Status.OK, 1, 1.0, (0.5,) * len(QUANTITY_NAMES))

    def work(store: BatchStore, records: Records, stop: int) -> JournalWriter:
        journal = store.open_journal(threads)
        for row in records.to_run[:stop]:
            result = (results or {}).get(int(row), good)
            journal.append(values[row], result)
            records.enter(int(row), result)
        clock.now += seconds
        return journal

    if killed_after:
        store = BatchStore(Path(campaign.configuration.store), recipe.fingerprint, values)
        store.make_folder()
        journal = work(store, Records(values), killed_after)
        journal.close()
        os.utime(journal.path, (clock.now,) * 2)
    store = BatchStore(Path(campaign.configuration.store), recipe.fingerprint, values)
    store.make_folder()
    records = store.recover()
    journal = work(store, records, len(values))
    journal.close()
    store.seal(records, journal)


def _cost(campaign: Campaign) -> CampaignCost:
    state = CampaignState(campaign)
    state.read()
    return account(campaign, state)


def test_a_campaign_without_batches_costs_nothing(tmp_path: Path) -> None:
    cost = _cost(_campaign(tmp_path))
    assert (cost.points, cost.launches, cost.core_hours, cost.efficiency) == (0, 0, 0, 0)
    assert describe(cost) == ["0 points, 0 failed; 0 launches of 6SV, 0 of them retries."]


def test_efficiency_is_time_in_6sv_over_core_time(tmp_path: Path, clock: _Clock) -> None:
    campaign = _campaign(tmp_path)
    _run_batch(campaign, 0, clock, seconds=4)  # 5 s in 6SV, 2 cores for 4 s
    cost = _cost(campaign)
    assert cost.launch_hours * 3600 == pytest.approx(5)
    assert cost.core_hours * 3600 == pytest.approx(8)
    assert cost.efficiency == pytest.approx(5 / 8)


def test_the_start_of_the_process_counts_as_held(tmp_path: Path, clock: _Clock) -> None:
    campaign = _campaign(tmp_path)
    _run_batch(campaign, 0, clock, seconds=4)
    benchmark = Path(campaign.batch_benchmark("Oa08", 0))
    benchmark.parent.mkdir(parents=True)
    benchmark.write_text("s\th:m:s\tmax_rss\n5.0000\t0:00:05\t80.1\n")
    cost = _cost(campaign)
    assert cost.core_hours * 3600 == pytest.approx(10)
    assert cost.slowest[0].elapsed_seconds == pytest.approx(5)


def test_an_interrupted_attempt_counts_with_what_it_held(tmp_path: Path, clock: _Clock) -> None:
    campaign = _campaign(tmp_path)
    _run_batch(campaign, 0, clock, seconds=3, killed_after=2)
    cost = _cost(campaign)
    assert (cost.further_attempts, cost.launches, cost.retries) == (1, 5, 0)
    assert cost.launch_hours * 3600 == pytest.approx(5)
    assert cost.core_hours * 3600 == pytest.approx(2 * (3 + 3))


def test_retries_and_failures_are_told_by_reason(tmp_path: Path, clock: _Clock) -> None:
    campaign = _campaign(tmp_path)
    crashed = Result(Status.CRASHED, 3, 1.0, reason="killed by SIGSEGV")
    slow = Result(Status.TIMEOUT, 3, 1.0, reason="did not end")
    _run_batch(campaign, 0, clock, seconds=3, results={0: crashed, 4: crashed})
    _run_batch(campaign, 1, clock, seconds=3, results={2: slow})
    cost = _cost(campaign)
    assert (cost.points, cost.failed, cost.retries) == (10, 3, 6)
    assert cost.failures == {"crashed: killed by SIGSEGV": 2, "timeout: did not end": 1}
    text = "\n".join(describe(cost))
    assert "10 points, 3 failed; 16 launches of 6SV, 6 of them retries." in text
    assert "2  crashed: killed by SIGSEGV" in text


def test_the_slowest_batches_come_first(tmp_path: Path, clock: _Clock) -> None:
    campaign = _campaign(tmp_path)
    _run_batch(campaign, 0, clock, seconds=3)
    _run_batch(campaign, 1, clock, seconds=30)
    assert [slow.batch for slow in _cost(campaign).slowest] == [1, 0]
    assert "  Oa08 00001  30 s for 5 launches, on " in "\n".join(describe(_cost(campaign)))
