"""The recipe of a band: its fingerprint changes exactly with what determines a launch's result."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import sixsv_lut.campaign.determining
import sixsv_lut.sixsv.convention
from sixsv_lut.campaign.recipe import make_recipe, read_recipe, read_recipe_of
from sixsv_lut.errors import CampaignError
from sixsv_lut.sixsv.convention import RUN6SV
from sixsv_lut.sixsv.instruments import find_band
from unit.support import (
    LOWEST_SAMPLE,
    RESPONSE,
    configuration,
    recipe_with,
    response,
    stored_deck,
    write_script,
)


@pytest.mark.parametrize(
    "changes",
    [
        {"executable_sha256": "d" * 64},
        {"aerosol_model": 1},
        {"run6sv": True},
        {"response": response(lowest_sample=LOWEST_SAMPLE + 1)},
        {"response": response((*RESPONSE, 0.125))},
        {"response": response((0.125000000000001, *RESPONSE[1:]))},
    ],
    ids=["executable", "aerosol", "run6sv", "wavelength", "samples", "response"],
)
def test_what_determines_a_result_changes_the_fingerprint(changes: dict[str, Any]) -> None:
    assert recipe_with(**changes).fingerprint != recipe_with().fingerprint


@pytest.mark.parametrize(
    "changes",
    [
        {"band": "Oa01"},
        {"executable": "/elsewhere/6sv"},
        {"version": "unknown"},
        {"response": replace(response(), source="another file with the same response")},
    ],
    ids=["band", "path", "version", "source"],
)
def test_what_does_not_determine_a_result_keeps_the_fingerprint(changes: dict[str, Any]) -> None:
    assert replace(recipe_with(), **changes).fingerprint == recipe_with().fingerprint


def test_another_deck_version_changes_the_fingerprint(monkeypatch: pytest.MonkeyPatch) -> None:
    before = recipe_with().fingerprint
    monkeypatch.setattr(sixsv_lut.campaign.determining, "DECK_VERSION", 1_000_000)
    assert recipe_with().fingerprint != before


def test_launches_of_the_standard_mode_stay_valid_and_old_ones_of_run6sv_do_not() -> None:
    # Stores made before have these fingerprints; decks of run6sv were then in double precision.
    standard = "9700d96f368c34c09b87857498d0ad109cb782aec2cfda9753a1e37612621ddc"
    older_run6sv = "9bf0f4378911f01d3c8085864b2b1cccb20f61c12e198050f54b57d2ea2b1a78"
    assert recipe_with().fingerprint == standard
    assert recipe_with(run6sv=True).fingerprint != older_run6sv


def test_another_version_of_run6sv_changes_the_fingerprints_of_that_mode_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = [recipe_with(run6sv=run6sv).fingerprint for run6sv in (False, True)]
    another = dataclasses.replace(RUN6SV, version=1_000_000)
    monkeypatch.setattr(sixsv_lut.sixsv.convention, "RUN6SV", another)
    after = [recipe_with(run6sv=run6sv).fingerprint for run6sv in (False, True)]
    assert [one == other for one, other in zip(before, after, strict=True)] == [True, False]


def test_a_recipe_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    recipe = recipe_with(response=response((0.1, 1 / 3, 1e-300)))
    recipe.write(tmp_path / "recipe.json")
    assert read_recipe(tmp_path / "recipe.json") == recipe


def test_the_same_recipe_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "other"):
        recipe_with().write(tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_the_decks_of_a_recipe_are_those_of_its_band() -> None:
    point = (0.344, 1.424, 0.2, 1013, 0, 90, 30, 20)
    assert recipe_with(run6sv=True).deck_writer().deck(point).text == stored_deck("run6sv")


@pytest.mark.parametrize("field", ["aerosol_model", "run6sv", "executable_sha256"])
def test_a_recipe_that_was_changed_by_hand_is_refused(tmp_path: Path, field: str) -> None:
    path = tmp_path / "recipe.json"
    recipe_with().write(path)
    content = json.loads(path.read_text())
    content[field] = {"aerosol_model": 1, "run6sv": True, "executable_sha256": "d" * 64}[field]
    path.write_text(json.dumps(content))
    with pytest.raises(CampaignError, match=r"was changed by hand.*delete it .*and run again"):
        read_recipe(path)


@pytest.mark.parametrize("content", ["", "{", "{}", "[]", "null", "5", '"text"', "\x00"])
def test_what_is_no_recipe_is_refused_with_the_remedy(tmp_path: Path, content: str) -> None:
    path = tmp_path / "recipe.json"
    path.write_text(content)
    with pytest.raises(CampaignError, match=r"cannot be read as a recipe .*: delete it"):
        read_recipe(path)


def test_a_truncated_recipe_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "recipe.json"
    recipe_with().write(path)
    content = path.read_text().rstrip()
    for length in range(0, len(content), 13):
        path.write_text(content[:length])
        with pytest.raises(CampaignError):
            read_recipe(path)


def test_a_missing_recipe_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CampaignError, match=r"recipe\.json cannot be read"):
        read_recipe(tmp_path / "recipe.json")


def test_a_recipe_is_made_from_configuration_executable_and_response(tmp_path: Path) -> None:
    script = write_script(tmp_path / "6sv", "#!/bin/sh\n# 6SV version 9.9 *\n")
    recipe = make_recipe(
        configuration(sixsv={"executable": str(script)}, aerosol={"model": 2}, satellite="S3B"),
        find_band("OLCI", "Oa08"),
    )
    assert (recipe.band, recipe.executable, recipe.version) == ("Oa08", str(script), "9.9")
    assert (recipe.aerosol_model, recipe.run6sv) == (2, False)
    assert recipe.response.source.endswith("S3B_OLCI_08")
    assert 660 < recipe.response.centre < 670


def test_an_executable_with_another_content_makes_another_fingerprint(tmp_path: Path) -> None:
    script = tmp_path / "6sv"
    fingerprints = set()
    for content in ("#!/bin/sh\n", "#!/bin/sh\n\n"):
        write_script(script, content)
        made = make_recipe(
            configuration(sixsv={"executable": str(script)}), find_band("OLCI", "Oa08")
        )
        fingerprints.add(made.fingerprint)
    assert len(fingerprints) == 2


def test_an_executable_that_has_gone_since_the_configuration_was_checked_is_named(
    tmp_path: Path,
) -> None:
    script = write_script(tmp_path / "6sv", "#!/bin/sh\n")
    made = configuration(sixsv={"executable": str(script)})
    script.unlink()
    with pytest.raises(CampaignError, match=r"sixsv\.executable: there is no file .*/6sv"):
        make_recipe(made, find_band("OLCI", "Oa08"))


@pytest.mark.parametrize("name", ["band", "executable", "version"])
def test_what_the_fingerprint_does_not_cover_is_checked_too(tmp_path: Path, name: str) -> None:
    # The band names the wavelength that the table carries.
    path = tmp_path / "recipe.json"
    recipe_with().write(path)
    content = json.loads(path.read_text())
    content[name] = content[name][:-1] + "9"
    path.write_text(json.dumps(content))
    with pytest.raises(CampaignError, match=f"was changed by hand.*rm -f {path}"):
        read_recipe(path)


def test_a_recipe_of_before_it_had_a_digest_is_read(tmp_path: Path) -> None:
    path = tmp_path / "recipe.json"
    recipe_with().write(path)
    content = json.loads(path.read_text())
    del content["sha256"]
    path.write_text(json.dumps(content))
    assert read_recipe(path) == recipe_with()


def test_the_recipe_of_another_band_or_configuration_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "recipe.json"
    made = configuration(bands=["Oa08", "Oa09"])
    make_recipe(made, find_band("OLCI", "Oa08")).write(path)
    assert read_recipe_of(path, made, "Oa08").band == "Oa08"
    with pytest.raises(CampaignError, match="not the recipe of band Oa09"):
        read_recipe_of(path, made, "Oa09")
    with pytest.raises(CampaignError, match="not the recipe of this configuration"):
        read_recipe_of(path, configuration(aerosol={"model": 2}), "Oa08")
