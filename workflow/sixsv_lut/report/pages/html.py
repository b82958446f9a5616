"""Static HTML for people: headings, facts, tables, pictures and files, without scripts and links.

Snakemake's report shows a page in a frame of its own, from which no other file can be reached, so
everything is in it. It is read on telephones too: wide tables and pictures scroll by themselves.
"""

from __future__ import annotations

import base64
import mimetypes
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #1b1f24; background: #fff; margin: 0 auto;
  max-width: 75rem; padding: 1rem; }
h1 { font-size: 1.5rem; line-height: 1.2; margin: 0.5rem 0 1rem; }
h2 { font-size: 1.15rem; margin: 2rem 0 0.5rem; }
p, li { max-width: 45rem; margin: 0.5rem 0; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: 0.5rem 0; }
th, td { padding: 0.3rem 0.8rem 0.3rem 0; text-align: right; vertical-align: top; }
th { border-bottom: 2px solid #57606a; vertical-align: bottom; }
td { border-bottom: 1px solid #d0d7de; }
tr.total td { border-bottom: 0; border-top: 2px solid #57606a; font-weight: 600; }
.text { text-align: left; }
.facts td:first-child { color: #57606a; white-space: nowrap; }
.facts td { overflow-wrap: anywhere; }
.good { color: #1a5e31; font-weight: 600; }
.bad { color: #a40e26; font-weight: 600; }
figure { margin: 1.5rem 0 2.5rem; }
figure img { max-width: 100%; height: auto; }
@media (max-width: 700px) { figure img { max-width: none; width: 45rem; } }
figcaption { max-width: 45rem; color: #57606a; font-size: 0.9rem; }
pre { background: #f6f8fa; padding: 1rem; overflow-x: auto; font-size: 0.85rem; line-height: 1.45; }
"""


@dataclass(frozen=True)
class Verdict:
    """A word that is shown in the colour of what it says.

    Attributes
    ----------
    word : str
        The word.
    good : bool
        Whether all is well.
    """

    word: str
    good: bool


@dataclass(frozen=True)
class Download:
    """A file that is in the page, to be saved from it.

    Attributes
    ----------
    path : Path
        The file.
    """

    path: Path


Cell = str | Verdict | Download


def page(title: str, parts: Iterable[str]) -> str:
    """Write a page.

    Parameters
    ----------
    title : str
        Its title.
    parts : iterable of str
        What the other functions give.

    Returns
    -------
    str
        The HTML file.
    """
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{escape(title)}</h1>\n" + "\n".join(parts) + "\n</body>\n</html>\n"
    )


def heading(text: str) -> str:
    """Write a heading."""
    return f"<h2>{escape(text)}</h2>"


def paragraph(text: str) -> str:
    """Write a paragraph."""
    return f"<p>{escape(text)}</p>"


def items(texts: Iterable[str]) -> str:
    """Write a list."""
    return "<ul>\n" + "\n".join(f"<li>{escape(text)}</li>" for text in texts) + "\n</ul>"


def verbatim(text: str) -> str:
    """Write text as it stands, in a font of equal widths."""
    return f"<pre>{escape(text)}</pre>"


def picture(path: Path, title: str, caption: str) -> str:
    """Write a picture with its caption.

    Parameters
    ----------
    path : Path
        The SVG or PNG file.
    title : str
        What it shows, for those who cannot see it.
    caption : str
        What stands under it.
    """
    return (
        f'<figure>\n<div class="wide"><img src="{_data(path)}" alt="{escape(title)}"></div>\n'
        f"<figcaption>{escape(caption)}</figcaption>\n</figure>"
    )


def facts(pairs: Iterable[tuple[str, Cell]]) -> str:
    """Write names and what belongs to each.

    Parameters
    ----------
    pairs : iterable of tuple
        Name and value; those without a value are left out.
    """
    rows = "\n".join(
        f'<tr><td class="text">{escape(name)}</td><td class="text">{_shown(value)}</td></tr>'
        for name, value in pairs
        if value
    )
    return f'<table class="facts">\n{rows}\n</table>'


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    texts: int = 1,
    total: Sequence[Cell] = (),
) -> str:
    """Write a table.

    Parameters
    ----------
    columns : sequence of str
        What each column holds.
    rows : iterable of sequence
        The cells of each row.
    texts : int
        How many of the columns, from the left, hold text; the others hold numbers.
    total : sequence, optional
        A last row that sums up.
    """
    head = "".join(_cell("th", i < texts, escape(name)) for i, name in enumerate(columns))
    body = [f"<tr>{_row(cells, texts)}</tr>" for cells in rows]
    if total:
        body.append(f'<tr class="total">{_row(total, texts)}</tr>')
    lines = "\n".join(body)
    return (
        f'<div class="wide"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{lines}\n</tbody>\n'
        "</table></div>"
    )


def _row(cells: Sequence[Cell], texts: int) -> str:
    return "".join(_cell("td", i < texts, _shown(cell)) for i, cell in enumerate(cells))


def _cell(tag: str, is_text: bool, content: str) -> str:
    return f'<{tag} class="text">{content}</{tag}>' if is_text else f"<{tag}>{content}</{tag}>"


def _shown(cell: Cell) -> str:
    if isinstance(cell, Verdict):
        return f'<span class="{"good" if cell.good else "bad"}">{escape(cell.word)}</span>'
    if isinstance(cell, Download):
        name = escape(cell.path.name)
        return f'<a download="{name}" href="{_data(cell.path)}">{name}</a>'
    return escape(cell)


def _data(path: Path) -> str:
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"
