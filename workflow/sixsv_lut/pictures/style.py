"""How all pictures look, and how their files are written.

Colours are those of Okabe and Ito 2008, "Color Universal Design", which people tell apart whatever
their colour vision; fields are in viridis, which also goes from dark to light in print.
"""

from __future__ import annotations

import contextlib
import io
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from sixsv_lut.files import atomic_write

# From cold to warm, because curves stand for increasing values; each with a marker, for print.
COLOURS: tuple[str, ...] = ("#0072B2", "#56B4E9", "#009E73", "#E69F00", "#D55E00")
MARKERS: tuple[str, ...] = ("o", "s", "^", "D", "v")
PURPLE = "#CC79A7"
BLACK = "#000000"
GREY = "#999999"
FIELDS = "viridis"

# How a point at which 6SV failed is marked, on any ground.
FAILED: Any = {
    "marker": "X",
    "markersize": 7,
    "markerfacecolor": "white",
    "markeredgecolor": BLACK,
    "linestyle": "none",
}

_DOTS_PER_INCH = 150

# Characters of title and text that fit into an inch.
_TITLE_SIGNS, _TEXT_SIGNS = 11, 14.5

_SETTINGS: Any = {  # matplotlib types each key
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.labelsize": 8.5,
    "legend.fontsize": 8,
    "legend.title_fontsize": 8,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "figure.titlesize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.3,
    "lines.markersize": 4,
    # Text stays text: it can be searched, copied and read aloud.
    "svg.fonttype": "none",
    # Names inside the file, which would be random otherwise.
    "svg.hashsalt": "sixsv-lut",
}


@contextlib.contextmanager
def style() -> Iterator[None]:
    """Draw and save in the style of the pictures, whatever the user's own settings are."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)
        yield


def new_figure(width: float, height: float, title: str, whose: str, below: str) -> Figure:
    """Make a figure with its title, and what must be known of it below.

    Parameters
    ----------
    width, height : float
        Its size (inch).
    title : str
        What it shows.
    whose : str
        Band and campaign.
    below : str
        Fixed values, and what else must be known.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.
    """
    figure = Figure(figsize=(width, height), layout="constrained")
    figure.suptitle(_wrapped(f"{title}\n{whose}", width * _TITLE_SIGNS))
    figure.supxlabel(_wrapped(below, width * _TEXT_SIGNS), fontsize=8, color="#333333")
    return figure


def _wrapped(text: str, most: float) -> str:
    return "\n".join(textwrap.fill(line, int(most)) for line in text.splitlines())


def grid_of_panels(
    figure: Figure, number: int, columns: int, *, share_y: bool = False, polar: bool = False
) -> list[Axes]:
    """Put panels into a figure, row by row.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.
    number : int
        How many.
    columns : int
        How many stand in a row.
    share_y : bool
        Whether all have the same scale upwards.
    polar : bool
        Whether they are polar.

    Returns
    -------
    list of matplotlib.axes.Axes
        The panels.
    """
    panels = figure.subplots(
        -(-number // columns),
        columns,
        sharey=share_y,
        squeeze=False,
        subplot_kw={"projection": "polar"} if polar else None,
    ).ravel()
    for empty in panels[number:]:
        empty.remove()
    return list(panels[:number])


def save(figure: Figure, paths: dict[str, Path]) -> None:
    """Write a figure; the same figure gives the same bytes.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.
    paths : dict of str to Path
        The file of each suffix, ``.svg`` and ``.png``.
    """
    # Laid out once for both.
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    # In the files is no date, and no version of the library.
    with atomic_write(paths[".svg"]) as temporary:
        figure.savefig(temporary, format="svg", metadata={"Date": None, "Creator": None})
    rendered = io.BytesIO()
    figure.savefig(rendered, format="png", dpi=_DOTS_PER_INCH)
    # 256 colours are enough, and make the file a third as large.
    with Image.open(rendered) as image, atomic_write(paths[".png"]) as temporary:
        few = image.convert("RGB").quantize(256, dither=Image.Dither.NONE)
        few.save(temporary, format="png", optimize=True, dpi=(_DOTS_PER_INCH, _DOTS_PER_INCH))
