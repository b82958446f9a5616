"""A store that other people own: what may only be read serves, what may be written is shared."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.campaign.recipe import Recipe, make_recipe
from sixsv_lut.host.checks import check_files
from sixsv_lut.simulate.batch import run_batch
from sixsv_lut.store.batch_store import BatchStore
from sixsv_lut.store.records import Records
from sixsv_lut.store.sealed import read_sealed
from unit.support import (
    NOBODY,
    FakeSixSV,
    as_another_user,
    axes_entry,
    configuration,
    good_result,
    points,
    recipe_with,
    small_disk,
)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder that every user can reach, with one that another user can write."""
    made = Path(tempfile.mkdtemp())
    made.chmod(0o755)
    (made / "results").mkdir()
    if os.geteuid() == 0:
        os.chown(made / "results", NOBODY, NOBODY)
    yield made
    shutil.rmtree(made)


def _recipe(folder: Path) -> Recipe:
    fake = FakeSixSV(folder / "fake")
    (folder / "fake").chmod(0o777)
    return recipe_with(fake.path)


def _sealed(store: Path, recipe: Recipe, count: int, start: int = 0) -> BatchStore:
    made = BatchStore(store, recipe.fingerprint, points(count, start))
    made.make_folder()
    records = Records(made.values)
    for row in range(count):
        records.enter(row, good_result(start + row))
    made.seal(records)
    return made


def _run(folder: Path, recipe: Recipe, count: int) -> str:
    output = folder / "results/batch.parquet"
    store, values = folder / "store", points(count)
    run_batch(values, recipe, store, output, threads=1, timeout=20, retries=0)
    return str(len(read_sealed(output, recipe.fingerprint).status))


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "store").rglob("*"))


@pytest.mark.parametrize("size", [4, 3], ids=["the same batches", "batches of another size"])
def test_a_store_that_may_only_be_read_serves_a_batch_without_launches(
    folder: Path, size: int
) -> None:
    recipe = _recipe(folder)
    _sealed(folder / "store", recipe, 4)
    before = _names(folder)
    assert as_another_user(lambda: _run(folder, recipe, size)) == str(size)
    assert _names(folder) == before


def test_a_store_on_a_read_only_file_system_serves_a_batch_without_launches(
    tmp_path: Path,
) -> None:
    recipe = _recipe(tmp_path)
    (tmp_path / "results").mkdir()
    with small_disk(tmp_path / "store", "1m"):
        _sealed(tmp_path / "store", recipe, 4)
        remount = ["mount", "-o", "remount,ro", str(tmp_path / "store")]
        subprocess.run(remount, check=True)
        assert [_run(tmp_path, recipe, size) for size in (4, 3)] == ["4", "3"]


def test_a_batch_with_launches_says_whose_the_store_is_and_what_to_ask(folder: Path) -> None:
    recipe = _recipe(folder)
    kept = _sealed(folder / "store", recipe, 4)
    said = as_another_user(lambda: _run(folder, recipe, 5))
    assert said.startswith(f"CampaignError: {kept.folder}/")
    assert f"Permission denied, because {kept.folder} belongs to root, group root" in said
    assert f"ask root for permission (chmod g+rwX {kept.folder}, for members of group" in said


def test_a_journal_that_other_people_forbid_to_read_is_named_with_its_owner(folder: Path) -> None:
    recipe = _recipe(folder)
    kept = _sealed(folder / "store", recipe, 4, start=9)
    journal = BatchStore(folder / "store", recipe.fingerprint, points(4)).open_journal()
    journal.close()
    journal.path.chmod(0o600)
    said = as_another_user(lambda: _run(folder, recipe, 4))
    assert f"because {journal.path} belongs to root" in said
    assert kept.sealed.exists()


def test_members_of_a_group_share_a_store_by_setgid_and_umask(folder: Path) -> None:
    group, umask = 54321, 0o007
    store = folder / "store"
    store.mkdir()
    recipe = _recipe(folder)

    def begin() -> str:
        kept = BatchStore(store, recipe.fingerprint, points(4))
        kept.make_folder()
        journal = kept.open_journal()
        journal.append(kept.values[0], good_result(0))
        journal.close()
        return ""

    if os.geteuid() == 0:
        os.chown(store, 0, group)
        store.chmod(0o2770)
    assert as_another_user(begin, group, umask) == ""
    (journal,) = store.rglob("*.journal")
    assert stat.filemode(journal.stat().st_mode) == "-rw-rw----"
    assert stat.filemode(journal.parent.stat().st_mode) == "drwxrws---"
    # Another member goes on where that one was.
    os.chown(journal, 0, group)
    os.chown(journal.parent, 0, group)
    journal.parent.chmod(0o2770)
    assert as_another_user(lambda: _run(folder, recipe, 4), group, umask) == "4"
    (sealed,) = store.rglob("*.parquet")
    assert not journal.exists()
    assert (sealed.stat().st_gid, stat.filemode(sealed.stat().st_mode)) == (group, "-rw-rw----")


def test_journals_that_other_people_keep_are_no_error(folder: Path) -> None:
    recipe = _recipe(folder)
    kept = BatchStore(folder / "store", recipe.fingerprint, points(3))
    kept.make_folder()
    journal = kept.open_journal()
    for row in range(3):
        journal.append(kept.values[row], good_result(row))
    journal.close()
    kept.folder.chmod(0o1777)  # all may write, none may remove what is another's
    assert as_another_user(lambda: _run(folder, recipe, 3)) == "3"
    assert sorted(path.suffix for path in kept.folder.iterdir()) == [".journal", ".parquet"]


@pytest.mark.parametrize(("batches", "refused"), [(2, False), (1, True)])
def test_a_campaign_with_launches_in_a_store_that_may_only_be_read_is_refused(
    folder: Path, batches: int, *, refused: bool
) -> None:
    campaign = Campaign(
        configuration(
            results=str(folder / "results"),
            store=str(folder / "store"),
            axes=axes_entry(),
            batch_size=2,
        )
    )
    made = campaign.configuration
    recipe = make_recipe(made, made.selected_bands()[0])
    for batch in range(batches):
        values = campaign.grid.rows(*campaign.batches[batch])
        kept = BatchStore(folder / "store", recipe.fingerprint, values)
        kept.make_folder()
        records = Records(kept.values)
        for row in range(2):
            records.enter(row, good_result(row))
        kept.seal(records)
    said = as_another_user(lambda: check_files(campaign))
    if refused:
        assert "cannot be written and lacks 2 launches of this campaign" in said
        assert f"because {folder}/store belongs to root" in said
        assert "or set store to another folder" in said
    else:
        assert said == "None"
