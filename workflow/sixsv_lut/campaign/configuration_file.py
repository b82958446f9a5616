"""Configuration files: YAML 1.1 or JSON, read strictly, and merged.

Numbers stay the text that was written, because YAML 1.1 reads 010 as 8 and 1:30 as 90; what a
value is to be, a number or a name, says its key. What YAML passes over in silence, a key that
stands twice above all, is refused with file and line.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from sixsv_lut.errors import CampaignError
from sixsv_lut.readable import shown

# The configuration of a campaign when no other is named, seen from where Snakemake runs.
DEFAULT_FILE = Path("config/config.yaml")

# Eight axes with as many values as an axis may have are less than 2 MB.
_LARGEST_FILE = 10_000_000

# By anchors a short file can stand for endless data.
_MOST_VALUES = 1_000_000

_DEEPEST = 50

# What YAML 1.1 takes words for that stand without quotes.
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys((w for t in ("true", "yes", "on") for w in (t, t.title(), t.upper())), True),
    **dict.fromkeys((w for t in ("false", "no", "off") for w in (t, t.title(), t.upper())), False),
}
_MERGE = "<<"

# Tags that say of a value what it is without them.
_PLAIN_TAGS = frozenset(
    f"tag:yaml.org,2002:{kind}"
    for kind in ("bool", "float", "int", "map", "merge", "null", "seq", "str")
)

# What YAML's parser says of a mistake, and what it likely is.
_LIKELY = {
    "<stream end>": "a bracket or brace is never closed",
    "found character '\\t'": "a tab stands where blanks must: indent with blanks",
    "mapping values are not allowed": (
        "a colon too many, or the line above is not finished: a key and its value are written as "
        "key: value, a value that holds a colon and a blank stands in quotes, and all keys of a "
        "section begin in the same column"
    ),
    "could not find expected ':'": (
        "a colon is missing: a key and its value are written as key: value"
    ),
    "expected ',' or ']'": "a comma or the bracket ] is missing: write [1, 2, 3]",
    "expected ',' or '}'": "a comma or the brace } is missing: write {start: 0, stop: 1, step: 1}",
    "found unexpected end of stream": "the quote that opens here is never closed",
    "found undefined alias": (
        "an asterisk stands for the value of an anchor, and there is none of this name: put text "
        "with an asterisk in quotes"
    ),
    "expected alphabetic or numeric character": (
        "an asterisk or ampersand begins the name of an anchor: put the text in quotes"
    ),
    "cannot start any token": "no value begins with this sign: put the text in quotes",
    "found unknown escape character": (
        "a backslash in double quotes begins an escape: use single quotes"
    ),
    "but found ']'": "a bracket ] too many, or a value missing before it",
    "but found '}'": "a brace } too many, or a value missing before it",
    "but found '<scalar>'": "a quote inside quotes: use the other kind of quotes around the text",
    "but found '-'": "a list's dash does not belong here: indent it below its key",
    "expected <block end>": "the indentation fits no line above: keys of a section begin in the "
    "same column",
    "sequence entries are not allowed": "a list's dash begins a line of its own, or write [1, 2]",
    "second occurrence": "this anchor stands a second time: give it another name",
    "but found another document": "a second document begins here, by ---: keep one",
}

# Errors of which the parser's context is where they are.
_NOTICED_LATE = ("expected ',' or", "unexpected end of stream", "could not find expected ':'")


def read_configuration(path: Path) -> dict[str, Any]:
    """Read a configuration file.

    Parameters
    ----------
    path : Path
        A file of YAML or JSON in UTF-8, with or without a byte order mark.

    Returns
    -------
    dict
        The sections and lists of the file; every other value is text as it was written, but for
        true and false, and None where nothing, ``~`` or ``null`` was.

    Raises
    ------
    CampaignError
        The file cannot be read, is not UTF-8 or no YAML, holds a key twice or something that no
        configuration holds; the message names the file and, where there is one, the line.
    """
    text = _text_of(path)
    try:
        node = yaml.compose(text, Loader=yaml.BaseLoader)
        if node is None:
            raise CampaignError(f"{path} is empty: a configuration has keys, such as campaign")
        if not isinstance(node, yaml.MappingNode):
            raise CampaignError(
                f"{path} is no configuration: it has no keys at top level, such as campaign: name"
            )
        content: dict[str, Any] = _Values(path).of(node, (), "")
    except yaml.MarkedYAMLError as error:
        raise CampaignError(_explain(path, text, error)) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise CampaignError(
            f"{path}, line {line}: a character that is not for text, number {error.character} of "
            "Unicode: remove it"
        ) from None
    except RecursionError:
        raise CampaignError(f"{path}: sections or lists are nested too deeply") from None
    return content


def merge(config: dict[str, Any], more: Mapping[str, Any]) -> None:
    """Put one configuration over another, section by section.

    Parameters
    ----------
    config : dict
        The configuration that is changed.
    more : mapping
        What is put over it: a section is merged with the section of that name, anything else
        takes the place of what was there.
    """
    for key, value in more.items():
        if isinstance(value, Mapping):
            section = config.get(key)
            config[key] = section if isinstance(section, dict) else {}
            merge(config[key], value)
        else:
            config[key] = value


def read_configurations(paths: Sequence[Path]) -> dict[str, Any]:
    """Read configuration files, later ones over earlier ones.

    Raises
    ------
    CampaignError
        As `read_configuration`.
    """
    config: dict[str, Any] = {}
    for path in paths:
        merge(config, read_configuration(path))
    return config


def _text_of(path: Path) -> str:
    try:
        if path.exists() and not path.is_file():
            what = "a folder" if path.is_dir() else "no file of text"
            raise CampaignError(f"{path} is {what}: name a configuration file")
        with path.open("rb") as file:
            content = file.read(_LARGEST_FILE + 1)
    except FileNotFoundError:
        where = "" if path.is_absolute() else f" in {Path.cwd()}"
        raise CampaignError(
            f"there is no file {path}{where}: name a configuration file, or change to the folder "
            "in which you run snakemake"
        ) from None
    except (OSError, ValueError) as error:  # a zero byte in the path is no OSError
        why = error.strerror if isinstance(error, OSError) else "no file can have this name"
        raise CampaignError(f"{shown(str(path))} cannot be read: {why}") from None
    if len(content) > _LARGEST_FILE:
        raise CampaignError(
            f"{path} has more than {_LARGEST_FILE // 1_000_000} MB: this is no configuration"
        )
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise CampaignError(f"{path} is text in UTF-16: save it as UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line = before.count(b"\n") + 1
        column = error.start - (before.rfind(b"\n") + 1) + 1
        sign = content[error.start : error.start + 1].decode("latin-1")
        latin = f" (in Latin-1 it would be {sign})" if sign.isprintable() else ""
        raise CampaignError(
            f"{path}, line {line}, column {column}: this byte is not UTF-8{latin}: save the file "
            "as UTF-8"
        ) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _explain(path: Path, text: str, error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or error.context or ""
    likely = next((said for sign, said in _LIKELY.items() if sign in problem), problem)
    mark, opened = error.problem_mark, error.context_mark
    # Where something opened that is not closed says more than where that was noticed.
    if opened is not None and any(sign in problem for sign in _NOTICED_LATE):
        if mark is not None and mark.line > opened.line:
            likely += f" (noticed in line {mark.line + 1})"
        mark = opened
    if mark is None:
        return f"{path} is no YAML: {likely}"
    lines = text.split("\n")
    number = min(mark.line, len(lines) - 1)
    shown_lines = [_visible(lines[number])]
    before = next((line for line in reversed(lines[:number]) if line.strip()), None)
    if before is not None:
        shown_lines.insert(0, _visible(before))
    quoted = "".join(f"\n    {line}" for line in shown_lines)
    return f"{path}, line {mark.line + 1}, column {mark.column + 1}: {likely}{quoted}"


def _visible(line: str) -> str:
    visible = "".join(
        "<tab>" if sign == "\t" else sign if sign.isprintable() else "?" for sign in line
    )
    return visible if len(visible) <= 100 else f"{visible[:99]}…"


def _is_plain(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.style is None


class _Values:
    """Takes the values out of YAML's nodes, each as text."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._count = 0

    def of(self, node: yaml.Node, inside: tuple[yaml.Node, ...], key: str) -> Any:
        """Give a section, a list, a text, true, false or None.

        Parameters
        ----------
        node : yaml.Node
            Where it stands.
        inside : tuple of yaml.Node
            The sections and lists around it, from the outermost.
        key : str
            Its key, with those of the sections around it.
        """
        self._check(node, inside)
        if isinstance(node, yaml.MappingNode):
            return self._section(node, (*inside, node), key)
        if isinstance(node, yaml.SequenceNode):
            return [self.of(item, (*inside, node), key) for item in node.value]
        if any("\ud800" <= sign <= "\udfff" for sign in node.value):
            raise self._error(node, "half a character: write the character, not its escapes")
        return _WORDS.get(node.value, node.value) if _is_plain(node) else node.value

    def _check(self, node: yaml.Node, inside: tuple[yaml.Node, ...]) -> None:
        self._count += 1
        if any(node is outer for outer in inside):
            raise self._error(node, "an anchor stands for something that holds it itself")
        if len(inside) > _DEEPEST:
            raise self._error(node, "sections or lists are nested too deeply")
        if self._count > _MOST_VALUES:
            raise self._error(node, f"this makes more than {_MOST_VALUES} values")
        if node.tag not in _PLAIN_TAGS:
            raise self._error(node, f"the tag {shown(node.tag)} means nothing here: remove it")

    def _section(
        self, node: yaml.MappingNode, inside: tuple[yaml.Node, ...], section_key: str
    ) -> dict[str, Any]:
        section: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise self._error(key, "a key is text, not a list or a section")
            self._check(key, inside)
            name, line = key.value, key.start_mark.line + 1
            whole_key = f"{section_key}.{name}" if section_key else name
            if name in lines:
                raise CampaignError(
                    f"{self._path}: {whole_key} stands twice, in line {lines[name]} and in line "
                    f"{line}: keep one"
                )
            lines[name] = line
            if name == _MERGE and _is_plain(key):
                for one in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                    if not isinstance(one, yaml.MappingNode):
                        raise self._error(one, "<< stands before a section, or a list of sections")
                    # What came first wins, and what the section says itself wins over all.
                    merged = self.of(one, inside, section_key) | merged
            else:
                section[name] = self.of(value, inside, whole_key)
        return merged | section

    def _error(self, node: yaml.Node, what: str) -> CampaignError:
        mark = node.start_mark
        return CampaignError(
            f"{self._path}, line {mark.line + 1}, column {mark.column + 1}: {what}"
        )
