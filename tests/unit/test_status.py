"""The status command: what it prints for people and programs, and what it refuses."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest
import yaml

from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.campaign.configuration import effective_yaml
from sixsv_lut.campaign.grid import Grid
from sixsv_lut.errors import CampaignError
from sixsv_lut.report.status import find_campaign, main
from sixsv_lut.store.batch_store import BatchStore
from sixsv_lut.store.records import Records
from unit.support import axes_entry, configuration, failed_result, good_result, recipe_with


@pytest.fixture
def campaign(tmp_path: Path) -> Campaign:
    """Give a campaign of 2 bands and 10 points, of which a batch is sealed: 4 points, 1 failed."""
    made = Campaign(
        configuration(
            results=str(tmp_path / "results"),
            store=str(tmp_path / "store"),
            axes=axes_entry(thetav=["0", "1", "2", "3", "4"]),
            batch_size=4,
            bands=["Oa08", "Oa17"],
        )
    )
    recipe = recipe_with(band="Oa08")
    recipe.write(Path(made.recipe("Oa08")))
    values = Grid(made.configuration.axes.written()).rows(0, 4)
    store = BatchStore(Path(made.configuration.store), recipe.fingerprint, values)
    store.make_folder()
    records, journal = Records(values), store.open_journal(threads=2)
    for row in range(4):
        result = failed_result("boom") if row == 3 else good_result(row)
        records.enter(row, result)
        journal.append(values[row], result)
    journal.close()
    store.seal(records, journal)
    Path(made.configuration_file).parent.mkdir(parents=True)
    Path(made.configuration_file).write_text(effective_yaml(made.configuration))
    return made


def test_the_table_shows_each_band_and_all(
    campaign: Campaign, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(campaign.folder)]) == 0
    printed = capsys.readouterr().out
    rows = {line.split()[0]: line.split() for line in printed.splitlines() if line[:2].strip()}
    assert rows["Oa08"][1:5] == ["4", "40.0", "1", "2"]
    assert rows["Oa17"][1:5] == ["0", "0.0", "0", "3"]
    assert rows["all"][1:5] == ["4", "20.0", "1", "5"]
    # But for the name of the machine, which may be long.
    lines = [line.removesuffix(socket.gethostname()) for line in printed.splitlines()]
    assert max(map(len, lines)) <= 80
    assert "crashed: boom" in printed


def test_json_holds_the_same_in_base_units(
    campaign: Campaign, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(campaign.folder), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    band = printed["bands"]["Oa08"]
    assert (band["points"], band["finished_points"], band["failed_points"]) == (10, 4, 1)
    assert (band["batches"], band["finished_batches"], band["running_batches"]) == (3, 1, 0)
    assert printed["bands"]["Oa17"]["mean_launch_seconds"] is None
    assert printed["total"]["points"] == 20
    assert printed["cost_of_finished_batches"]["failures"] == {"crashed: boom": 1}


def test_a_campaign_is_named_by_its_results_or_by_configuration_files(
    campaign: Campaign, tmp_path: Path
) -> None:
    of_results = find_campaign([campaign.folder])
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    config: dict[str, Any] = yaml.safe_load(effective_yaml(campaign.configuration))
    first.write_text(yaml.safe_dump(config | {"batch_size": 7, "bands": ["Oa01"]}))
    second.write_text(yaml.safe_dump({"batch_size": 4, "bands": ["Oa08", "Oa17"]}))
    of_files = find_campaign([first, second])
    assert of_results.band_digests == of_files.band_digests == campaign.band_digests


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "there is no file"),
        ("{", "line 1, column 2: a bracket or brace is never closed"),
        ("- 1", "is no configuration"),
        ("bands: [Oa99]", "Oa99"),
    ],
)
def test_what_is_no_configuration_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None, said: str
) -> None:
    path = tmp_path / "config.yaml"
    if content is not None:
        path.write_text(content)
    assert main([str(path)]) == 1
    assert said in capsys.readouterr().err


def _run_in(folder: Path, thetav: list[str]) -> Campaign:
    """Leave the traces of a run in a folder, with paths relative to it."""
    axes = axes_entry(thetav=thetav)
    made = Campaign(configuration(axes=axes, bands=["Oa08"]))
    path = folder / made.configuration_file
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_text(effective_yaml(made.configuration))
    (folder / made.paths.running).write_text(f"process 1 on host\n{path.name}\n")
    return made


def test_results_are_found_from_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    elsewhere.mkdir()
    made = _run_in(project, ["0", "10"])
    monkeypatch.chdir(elsewhere)
    found = find_campaign([project / made.folder])
    assert Path(found.configuration_file).resolve() == project / made.configuration_file


def test_results_that_were_moved_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = _run_in(tmp_path, ["0", "10"])
    moved = (tmp_path / made.folder).rename(tmp_path / "moved")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CampaignError, match="is not where its campaign was run"):
        find_campaign([moved])


def test_the_configuration_that_ran_last_is_meant_also_after_going_back_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = _run_in(tmp_path, ["0", "10"])
    _run_in(tmp_path, ["0", "10", "20"])
    _run_in(tmp_path, ["0", "10"])
    monkeypatch.chdir(tmp_path)
    assert find_campaign([Path(first.folder)]).points == first.points


def test_a_folder_without_a_campaign_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CampaignError, match="results/<campaign>"):
        find_campaign([tmp_path])
