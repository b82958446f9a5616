"""The plan of a campaign: batches and paths, from the configuration alone."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import sixsv_lut.campaign.determining
import sixsv_lut.sixsv.convention
from sixsv_lut.campaign.campaign import Campaign, load_campaign
from sixsv_lut.campaign.configuration import effective, validate
from sixsv_lut.campaign.recipe import make_recipe
from sixsv_lut.errors import CampaignError
from sixsv_lut.host.checks import check_files
from sixsv_lut.sixsv.convention import RUN6SV
from sixsv_lut.sixsv.instruments import find_band
from unit.support import axes_entry, configuration, configuration_entry, write_script


def _campaign(**changes: object) -> Campaign:
    return Campaign(configuration(**changes))


@given(views=st.integers(1, 400), size=st.integers(1, 500))
def test_batches_hold_every_point_once_in_order(views: int, size: int) -> None:
    view = [f"{i / 5:.1f}" for i in range(views)]
    campaign = _campaign(batch_size=size, axes=axes_entry(thetav=view))
    ranges = [campaign.batches[batch] for batch in range(len(campaign.batches))]
    points = [point for start, stop in ranges for point in range(start, stop)]
    assert points == list(range(2 * views))
    assert all(0 < stop - start <= size for start, stop in ranges)


def test_a_full_size_band_has_763_batches_of_4096() -> None:
    axes = {
        "uo3": {"start": "0.2", "stop": "0.5", "step": "0.1"},
        "uw": [0, 1, 2, 3, 4],
        "aot550": {"start": 0, "stop": 3, "number": 7},
        "psurf": [500, 700, 900, 1050],
        "alti": [0, 1, 2],
        "phi": {"start": 0, "stop": 180, "step": 18},
        "thetas": {"start": 0, "stop": 72, "number": 13},
        "thetav": {"start": 0, "stop": 72, "number": 13},
    }
    campaign = _campaign(axes=axes)
    assert (campaign.points, len(campaign.batches)) == (3_123_120, 763)


# What changes, and whether the parameter table and the band's batches then are other ones.
_CHANGES: dict[str, tuple[dict[str, Any], bool, bool]] = {
    "value": ({"axes": axes_entry(uo3=["0.345"])}, True, True),
    "order of axes": ({"axes": axes_entry(thetas=["10", "20"], thetav=["30", "40"])}, True, True),
    "batch size": ({"batch_size": 2}, True, True),
    "aerosol": ({"aerosol": {"model": 1}}, False, True),
    "run6sv": ({"run6sv": True}, False, True),
    "satellite": ({"satellite": "S3B"}, False, True),
    "executable": ({"sixsv": {"executable": "1.1"}}, False, True),
    "response": ({"spectral_response": __file__}, False, True),
    "spelling": ({"axes": axes_entry(uo3=["0.3440"])}, False, False),
    "other bands": ({"bands": ["Oa08", "Oa01"]}, False, False),
    "timeout": ({"sixsv": {"timeout": 7}}, False, False),
    "retries": ({"sixsv": {"retries": 7}}, False, False),
    "aerosol name": ({"aerosol": {"name": "mine"}}, False, False),
    "formats": ({"formats": ["zarr"]}, False, False),
    "extra outputs": ({"extra_outputs": ["optical_depth_total"]}, False, False),
    "allowed failures": ({"allowed_failures": 5}, False, False),
    "any value": ({"any_value": True}, False, False),
}


@pytest.mark.parametrize("change", _CHANGES)
def test_the_table_is_another_one_exactly_when_its_points_or_batches_change(change: str) -> None:
    changes, table, _ = _CHANGES[change]
    assert (_campaign(**changes).table != _campaign().table) == table


@pytest.mark.parametrize("change", _CHANGES)
def test_batches_are_others_exactly_when_their_launches_change(change: str) -> None:
    changes, _, batches = _CHANGES[change]
    before, after = _campaign(), _campaign(**changes)
    assert (after.batch_file("Oa08", 0) != before.batch_file("Oa08", 0)) == batches
    assert (after.recipe("Oa08") != before.recipe("Oa08")) == batches


@pytest.mark.parametrize("change", _CHANGES)
def test_every_change_makes_another_configuration_file(change: str) -> None:
    changes, _, _ = _CHANGES[change]
    assert _campaign(**changes).configuration_file != _campaign().configuration_file


def test_another_deck_version_makes_other_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    before = _campaign().batch_file("Oa08", 0)
    monkeypatch.setattr(sixsv_lut.campaign.determining, "DECK_VERSION", 1_000_000)
    assert _campaign().batch_file("Oa08", 0) != before


def test_another_version_of_run6sv_makes_other_batches_in_that_mode_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = [_campaign(run6sv=run6sv).batch_file("Oa08", 0) for run6sv in (False, True)]
    another = dataclasses.replace(RUN6SV, version=1_000_000)
    monkeypatch.setattr(sixsv_lut.sixsv.convention, "RUN6SV", another)
    after = [_campaign(run6sv=run6sv).batch_file("Oa08", 0) for run6sv in (False, True)]
    assert [one == other for one, other in zip(before, after, strict=True)] == [True, False]


def test_the_paths_are_the_same_for_the_configuration_and_its_effective_form() -> None:
    campaign = _campaign(bands=[412, "Oa17"], aerosol={"model": 1})
    again = Campaign(validate(effective(campaign.configuration), "its effective form"))
    assert again.configuration_file == campaign.configuration_file
    assert [again.batch_files(band) for band in again.band_names] == [
        campaign.batch_files(band) for band in campaign.band_names
    ]


def test_no_two_batches_share_a_file() -> None:
    campaign = _campaign(bands="all", batch_size=1)
    files = [file for band in campaign.band_names for file in campaign.batch_files(band)]
    assert len(set(files)) == len(files) == 21 * 4


def test_the_files_of_a_lut_carry_satellite_instrument_and_band() -> None:
    campaign = _campaign(results="out", formats=["text", "netcdf", "zarr"], satellite="S3B")
    stem = "out/test/OUTLUT_S3B_OLCI_Oa08"
    assert campaign.lut_files("Oa08") == [
        f"{stem}.json",
        f"{stem}.csv",
        f"{stem}.nc",
        f"{stem}.zarr",
    ]


def test_the_built_in_responses_need_no_file() -> None:
    assert _campaign().response_files("Oa08") == []


def test_the_file_of_a_response_is_an_input_of_its_band(tmp_path: Path) -> None:
    (tmp_path / "Oa08.txt").write_text("")
    campaign = _campaign(spectral_response=str(tmp_path / "{band}.txt"))
    assert campaign.response_files("Oa08") == [str(tmp_path / "Oa08.txt")]


def test_the_executable_is_an_input_by_its_path(tmp_path: Path) -> None:
    script = write_script(tmp_path / "6sv", "#!/bin/sh\n")
    assert _campaign(sixsv={"executable": str(script)}).executable == str(script)


def _file(path: Path, **changes: object) -> Path:
    path.write_text(yaml.safe_dump(configuration_entry(**changes)))
    return path


def test_a_campaign_is_loaded_with_its_values_as_written(tmp_path: Path) -> None:
    path = _file(tmp_path / "config.yaml")
    path.write_text(path.read_text().replace("'0.344'", "0.340"))
    assert load_campaign([path]).configuration.axes.written()[0] == ("0.340",)


def test_a_later_file_and_the_command_line_win_key_by_key(tmp_path: Path) -> None:
    first = _file(tmp_path / "1.yaml", sixsv={"timeout": 1, "retries": 2}, batch_size=3)
    second = tmp_path / "2.yaml"
    second.write_text("sixsv: {timeout: 5}\naxes: {uo3: [0.30]}\n")
    made = load_campaign([first, second], {"batch_size": 7}).configuration
    assert (made.sixsv.timeout, made.sixsv.retries, made.batch_size) == (5, 2, 7)
    assert made.axes.written()[0] == ("0.30",)
    assert made.axes.written()[1] == ("1.424",)


def test_what_the_command_line_gives_as_text_is_read_like_a_file(tmp_path: Path) -> None:
    # Snakemake leaves a value inside of a section as the text it is.
    given = {"sixsv": {"retries": "0", "timeout": "9.5"}, "run6sv": "true", "bands": ["412"]}
    made = load_campaign([_file(tmp_path / "config.yaml")], given).configuration
    assert (made.sixsv.retries, made.sixsv.timeout, made.run6sv) == (0, 9.5, True)
    assert made.bands == ["Oa02"]


def test_the_default_file_is_read_when_none_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").mkdir()
    _file(tmp_path / "config/config.yaml", campaign="by-default")
    assert load_campaign().configuration.campaign == "by-default"


def test_a_wrong_configuration_names_all_that_it_was_read_from(tmp_path: Path) -> None:
    path = _file(tmp_path / "config.yaml")
    with pytest.raises(CampaignError) as refusal:
        load_campaign([path], {"batch_size": 0})
    assert f"{path} + the command line has an error" in str(refusal.value)


def test_planning_a_campaign_imports_nothing_heavy() -> None:
    # Every cluster job parses the Snakefile, and with it imports this.
    code = (
        "import sys, sixsv_lut.campaign.campaign; "
        "print({'numpy', 'pyarrow', 'xarray', 'netCDF4', 'Py6S'} & set(sys.modules))"
    )
    library = str(Path(sixsv_lut.campaign.campaign.__file__).parents[1])
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": library},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.strip() == "set()"


@pytest.mark.parametrize("key", ["results", "store"])
def test_a_folder_that_cannot_be_written_is_refused_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    access = os.access
    # Whoever runs the tests may write everywhere, if it is root.
    monkeypatch.setattr(os, "access", lambda path, mode: path != closed and access(path, mode))
    campaign = Campaign(configuration(**{key: str(closed / "deep")}))
    with pytest.raises(CampaignError, match=f"{key}: .*deep .* because {closed} belongs to"):
        check_files(campaign)


@pytest.mark.parametrize(
    "change",
    [{"aerosol": {"model": 1}}, {"run6sv": True}, {"sixsv": {"executable": "1.1"}}],
    ids=["aerosol", "run6sv", "executable"],
)
def test_what_changes_the_paths_of_all_bands_changes_the_fingerprint_too(
    change: dict[str, object],
) -> None:
    before, after = _campaign(), _campaign(**change)
    assert after.batch_file("Oa08", 0) != before.batch_file("Oa08", 0)
    band = find_band("OLCI", "Oa08")
    fingerprints = {make_recipe(one.configuration, band).fingerprint for one in (before, after)}
    assert len(fingerprints) == 2
