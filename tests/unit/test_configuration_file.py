"""Configuration files: read as written, and every mistake named with its place."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from sixsv_lut.campaign.configuration_file import merge, read_configuration, read_configurations
from sixsv_lut.errors import CampaignError


def _read(folder: Path, content: str | bytes) -> dict[str, Any]:
    path = folder / "c.yaml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_configuration(path)


def _refusal(folder: Path, content: str | bytes) -> str:
    """Give the message without the file's path, which it begins with."""
    with pytest.raises(CampaignError) as refusal:
        _read(folder, content)
    message = str(refusal.value)
    assert message.startswith(f"{folder / 'c.yaml'}")
    return message.removeprefix(f"{folder / 'c.yaml'}")


@pytest.mark.parametrize(
    "text", ["0.30", "1e-3", "5.", "+1", "010", "0x10", "1_000", "1:30", ".inf", "2026-11-21"]
)
def test_a_value_stays_as_it_was_written(tmp_path: Path, text: str) -> None:
    assert _read(tmp_path, f"a: {text}\nb: [{text}]\n") == {"a": text, "b": [text]}


def test_quotes_do_not_belong_to_a_value(tmp_path: Path) -> None:
    assert _read(tmp_path, "a: '0.30'\nb: \"x\"\n") == {"a": "0.30", "b": "x"}


def test_words_of_yaml_are_words_in_quotes_only(tmp_path: Path) -> None:
    text = "a: yes\nb: FALSE\nc: ~\nd:\ne: null\nf: 'yes'\ng: 'null'\nh: ''\n"
    assert _read(tmp_path, text) == {
        "a": True,
        "b": False,
        "c": None,
        "d": None,
        "e": None,
        "f": "yes",
        "g": "null",
        "h": "",
    }


def test_json_is_read(tmp_path: Path) -> None:
    assert _read(tmp_path, '{"a": {"b": [1, true, null]}}') == {"a": {"b": ["1", True, None]}}


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfa: 1\nb: \xc3\xa9\n",
        b"a: 1\r\nb: \xc3\xa9\r\n",
        b"\xef\xbb\xbfa: 1\r\nb: \xc3\xa9",
        b"a: 1\rb: \xc3\xa9\r",
    ],
)
def test_marks_and_line_ends_of_other_editors_make_no_difference(
    tmp_path: Path, content: bytes
) -> None:
    assert _read(tmp_path, content) == {"a": "1", "b": "é"}


def test_anchors_stand_for_values_of_their_own(tmp_path: Path) -> None:
    config = _read(tmp_path, "a: &x {b: [1]}\nc: *x\n")
    assert config == {"a": {"b": ["1"]}, "c": {"b": ["1"]}}
    merge(config, {"a": {"b": 2}})
    assert config["c"] == {"b": ["1"]}


def test_a_section_may_take_over_what_others_say(tmp_path: Path) -> None:
    text = "a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc: {<<: [*a, *b], x: 3}\n"
    assert _read(tmp_path, text)["c"] == {"x": "3", "y": "1", "z": "2"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\n\nb: 2\na: 3\n", ": a stands twice, in line 1 and in line 4: keep one"),
        ("a:\n  b: 1\n  c: 2\n  b: 1\n", ": a.b stands twice, in line 2 and in line 4"),
        ("a:\n  b:\n    c: 1\n    c: 1\n", ": a.b.c stands twice, in line 3 and in line 4"),
        ("a: [{b: 1,\n  b: 1}]\n", ": a.b stands twice, in line 1 and in line 2"),
        ('{"a": 1,\n"a": 1}', ": a stands twice, in line 1 and in line 2"),
        ("a: 1\n'a': 1\n", ": a stands twice, in line 1 and in line 2"),
        ("x: &x {a: 1}\n<<: *x\n<<: *x\n", ": << stands twice, in line 2 and in line 3"),
    ],
)
def test_a_key_that_stands_twice_is_refused_with_both_lines(
    tmp_path: Path, text: str, said: str
) -> None:
    assert _refusal(tmp_path, text).startswith(said)


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("a:\n\tb: 1\n", "line 2, column 1", "indent with blanks\n    a:\n    <tab>b: 1"),
        ("a: 1\r\n\tb: 1\r\n", "line 2, column 1", "a tab stands where blanks must"),
        ("a: [1, 2\nb: 3\n", "line 1, column 4", "] is missing: write [1, 2, 3] (noticed in line"),
        ("a: {b: 1\nc: 2\n", "line 1, column 4", "the brace } is missing"),
        ("a: [1,\n", "line 2, column 1", "a bracket or brace is never closed"),
        ("a: 'x\nb: 2\nc: 3\n", "line 1, column 4", "the quote that opens here is never closed"),
        ("a: x: y\n", "line 1, column 5", "a colon too many"),
        ("a:1\nb: 2\n", "line 2, column 2", "the line above is not finished"),
        ("a: 1\n  b: 2\n", "line 2, column 4", "begin in the same column\n    a: 1\n      b: 2"),
        ("a:\n  b: 1\n c: 2\n", "line 3, column 2", "the indentation fits no line above"),
        ("a: 1\nb\nc: 2\n", "line 2, column 1", "a colon is missing"),
        ("a: 1\nb\n", "line 2, column 1", "a colon is missing"),
        ("a: 1\n- 2\n", "line 2, column 1", "a list's dash does not belong here"),
        ("a: -\n", "line 1, column 4", "a list's dash begins a line of its own"),
        ("a: [1]]\n", "line 1, column 7", "a bracket ] too many"),
        ("a: *.nc\n", "line 1, column 5", "an asterisk"),
        ("a: @x\n", "line 1, column 4", "put the text in quotes"),
        ("a: 'it's'\n", "line 1, column 8", "a quote inside quotes"),
        ('a: "C:\\data"\n', "line 1, column 8", "a backslash in double quotes"),
        ("a: 1\n---\nb: 1\n", "line 2, column 1", "a second document begins here"),
        ("a: \0\n", "line 1:", "a character that is not for text"),
        ("a: 1\nb: \x07\n", "line 2:", "a character that is not for text"),
        ("a: &a [*a]\n", "line 1, column 4", "an anchor stands for something that holds it itself"),
        ("a: &a {b: {c: *a}}\n", "line 1, column 4", "holds it itself"),
        ("a: &a {<<: *a}\n", "line 1, column 4", "holds it itself"),
        ("a: !!python/name:os.system x\n", "line 1, column 4", "means nothing here"),
        ("a: !x 1\n", "line 1, column 4", "the tag '!x' means nothing here"),
        ("[a, b]: 1\n", "line 1, column 1", "a key is text"),
        ('a: "\\ud83d"\n', "line 1, column 4", "half a character"),
        ("a: " + "[" * 60 + "]" * 60, "line 1, column", "nested too deeply"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_what_it_likely_is(
    tmp_path: Path, text: str, place: str, said: str
) -> None:
    message = _refusal(tmp_path, text)
    assert message.startswith(f", {place}")
    assert said in message


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", " is empty"),
        (b"# nothing\n", " is empty"),
        (b"- a\n", "it has no keys at top level"),
        (b"a b\n", "it has no keys at top level"),
        (b"a: 1\nb: caf\xe9\n", ", line 2, column 7: this byte is not UTF-8 (in Latin-1 it would"),
        ("a: 1\n".encode("utf-16"), " is text in UTF-16: save it as UTF-8"),
        (b"[" * 5000, "nested too deeply"),
        (b"#" * 10_000_001, "has more than 10 MB"),
        (
            b"a0: &a0 [x]\n"
            + b"".join(b"a%d: &a%d [%s]\n" % (i, i, b"*a%d," % (i - 1) * 10) for i in range(1, 9)),
            "this makes more than 1000000 values",
        ),
    ],
)  # fmt: skip
def test_what_is_no_configuration_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    assert said in _refusal(tmp_path, content)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (".", "is a folder: name a configuration file"),
        ("no.yaml", "there is no file no.yaml in /"),
        ("/no/such/c.yaml", "there is no file /no/such/c.yaml: name"),
        ("x" * 300, "cannot be read: File name too long"),
        ("a\0b", "cannot be read: no file can have this name"),
        ("pipe", "is no file of text"),
        ("loop", "cannot be read: Too many levels of symbolic links"),
        ("/dev/null", "is no file of text"),
    ],
)
def test_what_is_no_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    Path("loop").symlink_to("loop")
    with pytest.raises(CampaignError) as refusal:
        read_configuration(Path(name))
    assert said in str(refusal.value)


def test_later_files_are_put_over_earlier_ones(tmp_path: Path) -> None:
    first, second = tmp_path / "1.yaml", tmp_path / "2.yaml"
    first.write_text("a: {b: 1, c: 2}\nd: [1]\ne: 5\n")
    second.write_text("a: {c: 3}\nd: [2, 3]\ne: {f: 1}\n")
    assert read_configurations([first, second]) == {
        "a": {"b": "1", "c": "3"},
        "d": ["2", "3"],
        "e": {"f": "1"},
    }
