"""What is written about the configuration is what its types say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from sixsv_lut.campaign.campaign import Campaign, load_campaign
from sixsv_lut.campaign.reference import json_schema, with_tables

PROJECT = Path(__file__).resolve().parents[2]


def test_the_schema_is_that_of_the_types() -> None:
    assert (PROJECT / "config/schema.json").read_text() == json_schema(), "run: make reference"


def test_the_tables_of_the_reference_are_those_of_the_types() -> None:
    page = (PROJECT / "config/README.md").read_text()
    assert with_tables(page) == page, "run: make reference"


def _campaign(file: str) -> Campaign:
    return load_campaign([PROJECT / "config" / file])


def test_the_default_campaign_is_small_and_has_more_than_one_value_on_every_axis() -> None:
    campaign = _campaign("config.yaml")
    assert campaign.band_names == ("Oa03", "Oa17")
    assert campaign.points == 256
    assert min(len(values) for values in campaign.configuration.axes.written()) > 1


def test_the_full_size_example_has_all_bands_and_points() -> None:
    campaign = _campaign("examples/olci_full.yaml")
    assert len(campaign.band_names) == 21
    assert campaign.points == 3_123_120
    assert len(campaign.batches) == 763


@pytest.mark.parametrize("example", ["geometry", "slstr", "run6sv"])
def test_the_other_examples_are_right(example: str) -> None:
    assert _campaign(f"examples/{example}.yaml").points > 1


def test_every_configuration_names_the_schema_for_editors() -> None:
    for path in (PROJECT / "config").rglob("*.yaml"):
        first = path.read_text().splitlines()[0]
        named = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
        assert named, path
        assert (path.parent / named.group(1)).resolve() == PROJECT / "config/schema.json"


def test_the_conda_environment_has_the_pinned_versions() -> None:
    environment = yaml.safe_load((PROJECT / "workflow/envs/sixsv-lut.yaml").read_text())
    pins = environment["dependencies"][-1]["pip"]
    lines = (PROJECT / "requirements.txt").read_text().splitlines()
    for_python_3_11 = {line.split(";")[0].strip() for line in lines if ">= '3.12'" not in line}
    assert pins
    assert set(pins) <= for_python_3_11
