"""What the pages name is there: files, links, targets of make, steps, profiles and keys."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from sixsv_lut.campaign.configuration import validate
from sixsv_lut.errors import CampaignError
from support import PROJECT

PAGES = (
    "README.md",
    "CONTRIBUTING.md",
    "config/README.md",
    "benchmarks/README.md",
    "reader/README.md",
)

# Modules of the library are named from its folder on, a page's neighbours from the page's.
LIBRARY = PROJECT / "workflow/sixsv_lut"

# Made by runs, and so in no checkout.
MADE = ("results/", "store/probes/", ".venv/", ".../")

FILE = re.compile(r"(\./)?[\w.][\w.-]*/[\w./-]*|\./\w+")


def _text(page: str) -> str:
    return (PROJECT / page).read_text()


def _commands(page: str) -> list[str]:
    """Give the indented lines and what stands between backticks, without comments."""
    text = re.sub(r"^```.*?^```$", "", _text(page), flags=re.MULTILINE | re.DOTALL)
    lines = re.findall(r"^    (\S.*)$", text, re.MULTILINE)
    return [line.split("#")[0].strip() for line in lines + re.findall(r"`([^`\n]+)`", text)]


def _files(page: str) -> set[str]:
    commands = _commands(page)
    copies = {command.split()[-1] for command in commands if command.startswith("cp ")}
    words = {word for command in commands for word in command.split()}
    return {w for w in words - copies if FILE.fullmatch(w) and not w.startswith(MADE)}


def _all(pattern: str) -> set[str]:
    return {
        found
        for page in PAGES
        for command in _commands(page)
        for found in re.findall(pattern, command)
    }


@pytest.mark.parametrize("page", PAGES)
def test_files_that_a_page_names_are_there(page: str) -> None:
    named = _files(page)
    folders = (PROJECT, (PROJECT / page).parent, LIBRARY, LIBRARY.parent)
    assert named
    assert {name for name in named if not any((f / name).exists() for f in folders)} == set()


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_a_file_and_to_a_heading_of_it(page: str) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", _text(page)):
        file, _, heading = link.partition("#")
        target = (PROJECT / page).parent / file if file else PROJECT / page
        assert target.exists(), link
        assert not heading or heading in _headings(target), link


def _headings(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def test_targets_of_make_are_in_the_makefile() -> None:
    makefile = _text("Makefile")
    named = _all(r"^make ([a-z][a-z-]*)")
    assert {"lut", "install"} <= named
    assert {t for t in named if not re.search(rf"^{t}:", makefile, re.MULTILINE)} == set()


def test_steps_and_profiles_that_commands_name_are_there() -> None:
    rules = "".join(path.read_text() for path in (PROJECT / "workflow/rules").iterdir())
    steps = _all(r"^snakemake ([a-z]\w*)")
    assert steps == {"plan", "probe", "accuracy"}
    assert {step for step in steps if f"rule {step}:" not in rules} == set()
    profiles = _all(r"--profile ([a-z]+)\b")
    assert {"local", "slurm"} <= profiles
    assert {
        p for p in profiles if not (PROJECT / "profiles" / p / "profile.yaml").exists()
    } == set()


def test_keys_that_pages_name_are_those_of_the_configuration() -> None:
    keys = set(re.findall(r"^\| `([\w.]+)` \|", _text("config/README.md"), re.MULTILINE))
    named = _all(r"^((?:sixsv|aerosol|axes)\.\w+)")
    assert {"sixsv.seconds_per_launch", "axes.thetas"} <= named <= keys


def _example() -> dict[str, Any]:
    config: dict[str, Any] = yaml.safe_load(_text("config/examples/geometry.yaml"))
    return config


def test_the_axes_that_the_readme_shows_are_those_of_the_example() -> None:
    shown = re.search(r"^axes:\n(?:  .*\n)+", _text("README.md"), re.MULTILINE)
    assert shown
    assert yaml.safe_load(shown.group())["axes"] == _example()["axes"]


def test_the_message_that_the_readme_shows_is_that_of_the_wrong_configuration() -> None:
    config = _example()
    config["axes"]["thetas"] = [20, 60, 40]
    with pytest.raises(CampaignError) as caught:
        validate(config, "config/mine.yaml")
    message = str(caught.value).splitlines()[-1].strip()
    assert message.startswith("axes.thetas: 40")
    assert f"`{message}`" in _text("README.md")
