"""Hundreds of wrong configurations: each is refused in plain words that name the key.

Each key in turn gets each of many values. What is not refused stands in `TAKEN`, so that nothing
is taken unnoticed.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sixsv_lut.campaign.campaign import load_campaign
from sixsv_lut.errors import CampaignError

# Every key that there is, with a right value as it is written in a file.
RIGHT: dict[str, Any] = {
    "campaign": "test",
    "results": "results",
    "store": "store",
    "sixsv": {"executable": "2.1", "timeout": "120", "retries": "1", "seconds_per_launch": "0.5"},
    "satellite": "S3A",
    "instrument": "OLCI",
    "bands": "[Oa08]",
    "spectral_response": "built-in",
    "aerosol": {"model": "5", "name": "dust"},
    "any_value": "false",
    "axes": {
        "uo3": "[0.3]",
        "uw": "[1]",
        "aot550": "[0.1]",
        "psurf": "[1013]",
        "alti": "[0]",
        "phi": "[0]",
        "thetas": "[10, 20]",
        "thetav": "[10]",
    },
    "batch_size": "16",
    "launches": "all",
    "tolerance": "1e-5",
    "hold_out_draw": "1",
    "formats": "[text]",
    "extra_outputs": "[]",
    "allowed_failures": "0",
    "quality": {"compare_with": "''", "stop": "false"},
    "pictures": "false",
    "run6sv": "false",
}
KEYS = [
    *RIGHT,
    *(f"{name}.{key}" for name, value in RIGHT.items() if isinstance(value, dict) for key in value),
    *("accuracy", "accuracy.launches", "accuracy.target"),  # to be there is to be asked for
]

# As they are written in a file.
VALUES = [
    "true", "no", "null", "~", "", "''", "'  '", "-1", "0", "010", "'010'", "0x10", "0b11", "1_000",
    "1:30", "1e400", "1.5", ".inf", "-.inf", ".nan", "9" * 30, "9" * 5000, "text", "'a b'",
    '"a\\nb"', '"a\\0b"', '"\\u202e"', "é", "٣", "..", "/", "/..", "~nosuchuser/x", "x" * 101,
    "x" * 256, "d/" * 3000, "[]", "[1]", "[[1]]", "{}", "{a: 1}", "[{a: 1}]", "[null]", "[true]",
    "[.nan]", "['']", "2026-11-21", "a{b}c", "afile", "afile/x", "/dev/null", "all", "built-in",
    "{start: 0, stop: 1, number: 1e400}", "{start: 0, stop: 1, step: 1e-30}",
]  # fmt: skip

_NUMBERS = {"0", "010", "'010'", "0x10", "0b11", "1_000", "1e400", "1.5", "9" * 30, "2026-11-21"}
_WORDS = {"text", "afile", "all", "built-in"}
_FOLDERS = {"-1", ".inf", "-.inf", ".nan", "'a b'", "é", "٣", ".."}
TAKEN: dict[str, set[str]] = {
    "campaign": (_NUMBERS | _WORDS),
    "results": (_NUMBERS | _WORDS | _FOLDERS | {"x" * 101}) - {"afile"},
    "store": (_NUMBERS | _WORDS | _FOLDERS | {"x" * 101, "a{b}c"}) - {"afile"},
    "aerosol.name": _NUMBERS
    | _WORDS
    | {"''", "-1", ".inf", "-.inf", ".nan", "'a b'", ".."},
    "sixsv": {"{}"},
    "aerosol": {"{}"},
    "quality": {"{}"},
    "quality.compare_with": {"''"},
    "quality.stop": {"true", "no"},
    "accuracy": {"{}"},
    "accuracy.target": {"{}"},
    "sixsv.timeout": {"1.5"},
    "sixsv.seconds_per_launch": {"1.5"},
    "sixsv.retries": {"0"},
    "allowed_failures": {"0"},
    "any_value": {"true", "no"},
    "pictures": {"true", "no"},
    "run6sv": {"true", "no"},
    "bands": {"all"},
    "spectral_response": {"afile", "built-in"},
    "extra_outputs": {"[]"},
    "launches": {"all"},
    **{f"axes.{name}": {"[1]"} for name in RIGHT["axes"]},
}  # fmt: skip

# Words of Python and its libraries, and what they call their values.
FOREIGN = re.compile(
    r"pydantic|Input should|instance of|Path\(|PosixPath|Traceback|NoneType|<class|\bNone\b"
    r"|\bTrue\b|\bFalse\b|\bdict\b|dictionary|\btuple\b|\bstr\b|float64|OrderedDict|\bloc\b|YAMLError|codec"
    r"|invalid literal|Value error|Errno"
)


def _written(config: dict[str, Any]) -> str:
    lines = []
    for key, value in config.items():
        if isinstance(value, dict):
            lines += [f"{key}:", *(f"  {inner}: {one}" for inner, one in value.items())]
        else:
            lines.append(f"{key}: {value}")
    return "\n".join(lines) + "\n"


def _with(key: str, value: str) -> str:
    config = copy.deepcopy(RIGHT)
    section, _, name = key.rpartition(".")
    (config.setdefault(section, {}) if section else config)[name] = value
    return _written(config)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give an empty folder but for one file, in which the campaign would run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "afile").write_text("")
    return tmp_path / "config.yaml"


def _refusals(file: Path, texts: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Give the message of each value that is refused, and an empty one for those taken."""
    for value, text in texts.items():
        file.write_text(text)
        try:
            load_campaign([file])
        except CampaignError as refusal:
            yield value, str(refusal)
        else:
            yield value, ""


def test_every_key_is_tried(here: Path) -> None:
    here.write_text(_written(RIGHT))
    made = load_campaign([here]).configuration.model_dump(warnings=False)
    there = [f"{n}.{k}" for n, v in made.items() if isinstance(v, dict) for k in v]
    assert sorted(KEYS) == sorted([*made, *there])


@pytest.mark.parametrize("key", KEYS)
def test_exactly_what_is_wrong_is_refused_and_told_once_in_plain_words(
    here: Path, key: str
) -> None:
    taken = set()
    for value, message in _refusals(here, {value: _with(key, value) for value in VALUES}):
        if not message:
            taken.add(value)
            continue
        first, *errors = message.splitlines()
        assert first.startswith(f"{here} has "), message
        # Without aerosol another key has to follow; where a section is wrong, its keys are named.
        named = "axes" if (key, value) == ("aerosol.model", "0") else key
        for error in errors:
            assert re.match(rf"  {re.escape(named)}(\.\w+)?: ", error), message
        assert not FOREIGN.search(message.replace(str(here), "")), message
        assert all(len(error) < 400 for error in errors), message
        told = value.strip("'")
        if len(told) > 3 and "chmod" not in message:  # a command to copy names the file again
            assert message.count(told) <= 1, message
    assert taken == TAKEN.get(key, set())


@pytest.mark.parametrize(
    "entry",
    [
        {"sixsv": {"timeout": True}},
        {"sixsv": {"retries": 10**400}},
        {"sixsv": {"timeout": 10**400}},
        {"bands": [10**400]},
        {"bands": [True]},
        {"bands": {"Oa08": 1}},
        {"batch_size": 10**400},
        {"batch_size": float("nan")},
        {"axes": {"uo3": [10**400]}},
        {"axes": {"uo3": [None, [], {}]}},
        {"campaign": b"bytes"},
        {"results": "\udcff"},
        {"campaign": "\udcff"},
        {"aerosol": {"model": "\udcff"}},
        {"bands": ["\udcff"]},
        {"axes": {"uo3": ["\udcff"]}},
        {"axes": {"uo3": "\udcff"}},
        {"\udcff": 1},
        {"a\nb": 1},
        {"k" * 5000: 1},
        {5: 1},
    ],
)
def test_what_no_file_can_say_but_the_command_line_can_is_refused_as_plainly(
    here: Path, entry: dict[str, Any]
) -> None:
    here.write_text(_written(RIGHT))
    with pytest.raises(CampaignError) as refusal:
        load_campaign([here], entry)
    message = str(refusal.value)
    assert not FOREIGN.search(message.replace(str(here), ""))
    assert len(message) < 1000
    json.dumps(message).encode()
    message.encode()  # nothing that a terminal cannot show
