"""How far a campaign is, told from the store alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sixsv_lut.campaign import Campaign
from sixsv_lut.progress import Progress, line
from sixsv_lut.store import BatchStore, JournalWriter, Records
from unit.support import axes_entry, configuration, failed_result, good_result, recipe_with


def _campaign(folder: Path, **changes: Any) -> Campaign:
    axes = axes_entry(thetav=["0", "1", "2", "3", "4"])  # 10 points
    entry = {"axes": axes, "batch_size": 4, "bands": ["Oa08", "Oa17"]} | changes
    return Campaign(
        configuration(results=str(folder / "results"), store=str(folder / "store"), **entry)
    )


def _store(campaign: Campaign, band: str, batch: int) -> BatchStore:
    from sixsv_lut.grid import Grid

    recipe = recipe_with(band=band, aerosol_model=1 if band == "Oa17" else 5)
    recipe.write(Path(campaign.recipe(band)))
    values = Grid(campaign.configuration.axes.written()).rows(*campaign.batch_range(batch))
    store = BatchStore(Path(campaign.configuration.store), recipe.fingerprint, values)
    store.make_folder()
    return store


def _journal(store: BatchStore, rows: int, *, good: bool = True) -> JournalWriter:
    journal = store.open_journal()
    for row in range(rows):
        journal.append(store.values[row], good_result(row) if good else failed_result())
    return journal


def _seal(store: BatchStore) -> None:
    records = Records(store.values)
    for row in range(len(store.values)):
        records.enter(row, good_result(row))
    store.seal(records)


def test_a_campaign_that_has_not_begun_has_finished_nothing(tmp_path: Path) -> None:
    progress = Progress(_campaign(tmp_path))
    assert (progress.finished(), progress.total) == (0, 20)


def test_launches_of_running_batches_are_counted_at_once(tmp_path: Path) -> None:
    campaign = _campaign(tmp_path)
    progress = Progress(campaign)
    journal = _journal(_store(campaign, "Oa08", 0), 3)
    assert progress.finished() == 3
    journal.close()


def test_failed_launches_are_finished_too(tmp_path: Path) -> None:
    campaign = _campaign(tmp_path)
    _journal(_store(campaign, "Oa08", 0), 2, good=False).close()
    assert Progress(campaign).finished() == 2


def test_sealed_batches_of_all_bands_are_counted(tmp_path: Path) -> None:
    campaign = _campaign(tmp_path)
    _seal(_store(campaign, "Oa08", 0))
    _seal(_store(campaign, "Oa08", 2))  # the last one, of 2 points
    _seal(_store(campaign, "Oa17", 1))
    assert Progress(campaign).finished() == 4 + 2 + 4


@pytest.mark.parametrize("rows", [1, 4])
def test_a_batch_counts_no_more_than_its_points_whatever_its_journals_hold(
    tmp_path: Path, rows: int
) -> None:
    campaign = _campaign(tmp_path)
    store = _store(campaign, "Oa08", 0)
    for _ in range(3):
        _journal(store, rows).close()
    assert Progress(campaign).finished() == min(4, 3 * rows)
    _seal(store)
    assert Progress(campaign).finished() == 4


def test_a_torn_record_is_not_counted(tmp_path: Path) -> None:
    campaign = _campaign(tmp_path)
    journal = _journal(_store(campaign, "Oa08", 0), 3)
    journal.close()
    journal.path.write_bytes(journal.path.read_bytes()[:-1])
    assert Progress(campaign).finished() == 2


def test_batches_of_another_campaign_in_the_same_store_are_not_counted(tmp_path: Path) -> None:
    other = _campaign(tmp_path, campaign="other", batch_size=5)
    _seal(_store(other, "Oa08", 0))
    campaign = _campaign(tmp_path)
    _seal(_store(campaign, "Oa08", 1))
    assert Progress(campaign).finished() == 4


def test_a_damaged_recipe_counts_as_not_begun(tmp_path: Path) -> None:
    campaign = _campaign(tmp_path)
    _seal(_store(campaign, "Oa08", 0))
    Path(campaign.recipe("Oa08")).write_text("{")
    assert Progress(campaign).finished() == 0


@pytest.mark.parametrize(
    ("done", "total", "since", "seconds", "text"),
    [
        (0, 512, 0, 0.0, "0 of 512 launches (0 %)"),
        (100, 512, 100, 5.0, "100 of 512 launches (19 %)"),
        (118, 512, 0, 10.0, "118 of 512 launches (23 %), 11.8 per second, 33 s to go"),
        (200, 512, 100, 10.0, "200 of 512 launches (39 %), 10 per second, 31 s to go"),
        (1000, 60_000, 0, 10.0, "1000 of 60000 launches (1 %), 100 per second, 10 min to go"),
        (
            1000,
            3_123_120,
            0,
            100.0,
            "1000 of 3123120 launches (0 %), 10 per second, 86.7 h to go",
        ),
        (512, 512, 0, 10.0, "512 of 512 launches (100 %), 51.2 per second, 0 s to go"),
        (511, 512, 511, 10.0, "511 of 512 launches (99 %)"),
        (0, 0, 0, 1.0, "0 of 0 launches (0 %)"),
    ],
)
def test_the_line_tells_count_rate_and_remaining_time(
    done: int, total: int, since: int, seconds: float, text: str
) -> None:
    assert line(done, total, since, seconds) == text
