"""Draw the picture of reduced launches: the launched points of a block, the errors of the others.

In the project's folder, with the packages of ``make install-dev``::

    python docs/reduced_picture.py docs/reduced_block.png

The block is one of those that the tests use: all of its points were launched with 6SV 2.1
(``benchmarks/reduced_blocks.py --record``). It is searched as if they had not been, and what is
derived is compared with what 6SV printed.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm

from sixsv_lut.campaign.promise import Promise
from sixsv_lut.reduced.block import BLOCK_AXES, RHO, VALUES, Block
from sixsv_lut.reduced.search import search
from sixsv_lut.reduced.skeleton import derive

BLOCKS = Path(__file__).resolve().parents[1] / "tests/unit/data/reduced_blocks"
BAND = "Oa11"
PROMISE = Promise(1e-5)
# As many as a block of the full-size campaign has.
_HOLD_OUT = 18

# Of the colours that people with any kind of sight tell apart (Okabe and Ito, 2008).
_ORANGE, _BLACK = "#D55E00", "black"
# What 6SV prints rho_atm to; smaller errors are drawn as this.
_LAST_DIGIT = 1e-7

Numbers = npt.NDArray[np.float64]


def recorded(path: Path) -> tuple[Block, Numbers]:
    """Read a block all of whose points were launched.

    Parameters
    ----------
    path : Path
        What ``benchmarks/reduced_blocks.py --record`` has written.

    Returns
    -------
    Block
        The block.
    ndarray of float64, shape (points, 8)
        What 6SV printed.
    """
    with np.load(path) as file:
        axes = tuple(tuple(file[name].tolist()) for name in BLOCK_AXES)
        block = Block(axes, *file["zeniths"].tolist())
        values = np.empty((block.points, len(VALUES)))
        values[:, RHO] = file["rho"] / 1e7
        values[:, [i for i in range(len(VALUES)) if i != RHO]] = file["others"] / 1e5
    return block, values


def launched_and_derived(block: Block, values: Numbers) -> tuple[npt.NDArray[np.bool_], Numbers]:
    """Search a block, and tell what it launches and what it derives.

    Parameters
    ----------
    block : Block
        The block.
    values : ndarray of float64, shape (points, 8)
        What 6SV prints.

    Returns
    -------
    launched : ndarray of bool, shape (points,)
        What the search asked for.
    errors : ndarray of float64, shape (points,)
        By how much rho_atm differs from what 6SV prints.
    """
    launched = np.zeros(block.points, dtype=bool)
    running = search(block, PROMISE, BAND, _HOLD_OUT)
    wanted = next(running)
    while True:
        launched[wanted] = True
        try:
            wanted = running.send(values[wanted])
        except StopIteration as ended:
            skeleton = ended.value
            break
    known = np.where(launched[:, None], values, np.nan)
    derived = derive(block, skeleton, launched, known).values[:, RHO]
    return launched, np.abs(derived - values[:, RHO])


def draw(block: Block, launched: npt.NDArray[np.bool_], errors: Numbers, picture: Path) -> None:
    """Draw all points of a block in a plane, and the distribution of the errors.

    Parameters
    ----------
    block : Block
        The block.
    launched : ndarray of bool, shape (points,)
        What was launched.
    errors : ndarray of float64, shape (points,)
        By how much rho_atm of the others differs from that of a launch.
    picture : Path
        The PNG file to write.
    """
    plt.rc("font", size=9)
    figure, (plane, distribution) = plt.subplots(
        1,
        2,
        figsize=(9.6, 5.4),
        width_ratios=[3.4, 1],
        gridspec_kw={"wspace": 0.08},
        layout="constrained",
    )
    _draw_plane(plane, block, launched, errors)
    _draw_errors(distribution, errors[~launched])
    number = np.count_nonzero(launched)
    figure.suptitle(
        f"A block of {block.points:,} points ({BAND}, thetas {block.thetas:g}°, thetav "
        f"{block.thetav:g}°): {number} launched, {block.points - number:,} derived",
        fontsize=11,
    )
    # White around it, so that it reads on dark pages too.
    figure.savefig(picture, dpi=150, facecolor="white", bbox_inches="tight", pad_inches=0.15)


def _draw_plane(
    panel: Axes, block: Block, launched: npt.NDArray[np.bool_], errors: Numbers
) -> None:
    gases, aerosols, places, azimuths = block.shape

    # Azimuths within aerosols, and gases within pressures and altitudes.
    numbers = np.arange(block.points).reshape(block.shape).transpose(1, 3, 2, 0)
    points = numbers.reshape(aerosols * azimuths, places * gases)
    known = launched[points]
    shown = np.where(known, np.nan, np.maximum(errors, _LAST_DIGIT)[points])
    image = panel.imshow(
        shown,
        cmap="Blues",
        norm=LogNorm(_LAST_DIGIT, PROMISE.error),
        aspect="auto",
        interpolation="none",
    )
    rows, columns = np.nonzero(known)
    panel.scatter(
        columns,
        rows,
        s=11,
        marker="s",
        color=_ORANGE,
        label="launched (all others are derived)",
        linewidth=0,
    )
    for edge in range(1, aerosols):
        panel.axhline(edge * azimuths - 0.5, color=_BLACK, linewidth=0.6)
    for edge in range(1, places):
        panel.axvline(edge * gases - 0.5, color=_BLACK, linewidth=0.6)
    values = dict(zip(BLOCK_AXES, block.axes, strict=True))
    panel.set_yticks(
        [(i + 0.5) * azimuths - 0.5 for i in range(aerosols)],
        [f"{value:g}" for value in values["aot550"]],
    )
    panel.set_ylabel(f"aot550, and in each band of rows {azimuths} azimuths (phi 0° to 180°)")
    panel.set_xticks(
        [(i + 0.5) * gases - 0.5 for i in range(places)],
        [f"{psurf:g} hPa\n{alti:g} km" for psurf in values["psurf"] for alti in values["alti"]],
    )
    panel.set_xlabel(f"psurf and alti, and in each band of columns {gases} pairs of uo3 and uw")
    panel.tick_params(length=0)
    panel.legend(
        loc="lower left", bbox_to_anchor=(0, 1), frameon=False, borderpad=0.2, handletextpad=0.2
    )
    bar = panel.figure.colorbar(image, ax=panel, shrink=0.7, pad=0.02, location="right")
    bar.set_label("error of a derived rho_atm (reflectance)")


def _draw_errors(panel: Axes, errors: Numbers) -> None:
    bins = np.geomspace(_LAST_DIGIT, 2 * PROMISE.error, 24)
    panel.hist(np.clip(errors, bins[0], None), bins.tolist(), color="#6BAED6")
    panel.axvline(PROMISE.error, color=_ORANGE, linewidth=1.5)
    panel.text(
        PROMISE.error,
        0.98,
        "tolerance ",
        rotation=90,
        ha="right",
        va="top",
        color=_ORANGE,
        transform=panel.get_xaxis_transform(),
    )
    panel.set_xscale("log")
    panel.set_xlabel("error of rho_atm (reflectance);\nleft: 6SV's last digit, 1e-7, or less")
    panel.set_ylabel("derived points")
    panel.spines[["top", "right"]].set_visible(False)
    panel.set_title(f"largest error {errors.max():.1e}", fontsize=9)


def main() -> None:
    """Draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("picture", type=Path, help="the PNG file to write")
    arguments = parser.parse_args()
    block, values = recorded(BLOCKS / f"{BAND}.npz")
    draw(block, *launched_and_derived(block, values), arguments.picture)


if __name__ == "__main__":
    main()
