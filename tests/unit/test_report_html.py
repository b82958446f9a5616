"""Pages are static HTML in which nothing that they show is taken for HTML."""

from __future__ import annotations

import base64
from html.parser import HTMLParser
from pathlib import Path

import pytest

from sixsv_lut.report.pages import html

WILD = '<script>alert("&")</script>'


class Read(HTMLParser):
    """Collects tags, attributes and text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: dict[str, str] = {}
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name: value or "" for name, value in attrs}

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.mark.parametrize(
    "part",
    [
        html.heading(WILD),
        html.paragraph(WILD),
        html.verbatim(WILD),
        html.items([WILD]),
        html.facts([(WILD, WILD)]),
        html.table([WILD], [[WILD]], total=[html.Verdict(WILD, good=False)]),
    ],
)
def test_text_is_shown_as_it_is(part: str) -> None:
    read = Read(html.page(WILD, [part]))
    assert "script" not in read.tags
    assert read.texts.count(WILD) >= 3  # in the title of the window, that of the page, the part


def test_facts_without_a_value_are_left_out() -> None:
    assert "nothing" not in html.facts([("nothing", ""), ("something", "1")])


def test_a_total_is_the_last_row_of_a_table() -> None:
    read = Read(
        html.table(["band", "launches"], [["Oa01", "1"], ["Oa02", "2"]], total=["all", "3"])
    )
    cells = [text for text in read.texts if text.strip()]
    assert cells == ["band", "launches", "Oa01", "1", "Oa02", "2", "all", "3"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.svg", "image/svg+xml"), ("a.csv", "text/csv"), ("a.nothing", "application/octet-stream")],
)
def test_files_are_in_the_page(tmp_path: Path, name: str, kind: str) -> None:
    content = bytes(range(256))
    (tmp_path / name).write_bytes(content)
    for part, attribute in (
        (html.picture(tmp_path / name, "title", "caption"), "src"),
        (html.table(["file"], [[html.Download(tmp_path / name)]]), "href"),
    ):
        head, _, data = Read(part).attributes[attribute].partition(",")
        assert head == f"data:{kind};base64"
        assert base64.b64decode(data) == content
