"""The accuracy of a campaign's LUTs as a person reads it on the terminal."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sixsv_lut.accuracy.nodes import with_parts
from sixsv_lut.accuracy.points import Nodes
from sixsv_lut.accuracy.result import ADVISED, cost_of
from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.errors import CampaignError
from sixsv_lut.lut.quantities import LUT_NAMES
from sixsv_lut.sixsv.axes import AXIS_NAMES

# Bands of which all quantities are shown; of more, those that advice is about.
_FEW_BANDS = 3


def read_results(files: Sequence[Path]) -> list[dict[str, Any]]:
    """Read the results of bands (see `sixsv_lut.accuracy.result`).

    Raises
    ------
    CampaignError
        A file is damaged; the message has the command that mends it.
    """
    results = []
    for path in files:
        try:
            results.append(json.loads(path.read_text()))
        except ValueError as error:
            raise CampaignError(
                f"{path} cannot be read ({error}): remove it (rm -f {shlex.quote(str(path))}) and "
                "run the same command again"
            ) from error
    return results


def print_accuracy(
    results: Sequence[Mapping[str, Any]], campaign: Campaign, console: Console
) -> None:
    """Print the errors of all bands, and advice on the nodes.

    Parameters
    ----------
    results : sequence of mapping
        The results of the bands.
    campaign : Campaign
        The campaign.
    console : rich.console.Console
        Where to.
    """

    def say(text: str, **style: Any) -> None:
        console.print(text, soft_wrap=True, **style)

    numbers = sorted({result["launches"]["random"] for result in results})
    some = " to ".join(f"{number:,}" for number in dict.fromkeys((numbers[0], numbers[-1])))
    say("")
    say(
        f"Accuracy of campaign {campaign.configuration.campaign} between its nodes: interpolated "
        f"minus 6SV at {some} random points of each band",
        style="bold",
    )
    console.print(_errors(results))
    for result in results:
        if result["launches"]["not_compared"]:
            say(
                f"{result['band']}: {result['launches']['not_compared']} launches are left out: "
                "they failed, or lie in a cell with a failed node",
                markup=False,
            )
    for result in results:
        for line in _advice(result):
            say(f"{result['band']}: {line}", markup=False)
    for line in _of_target(results, campaign):
        say(line, markup=False)
    folder = Path(campaign.paths.accuracy).parent
    say(f"Tables, axis by axis, and all advice as configuration: {folder}", markup=False)


def _errors(results: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in ("band", "quantity", "method"):
        table.add_column(name, no_wrap=True)
    for name in ("bias", "RMS", "±", "95 %", "largest", "relative"):
        table.add_column(name, justify="right", no_wrap=True)
    names = LUT_NAMES if len(results) <= _FEW_BANDS else ADVISED
    for result in results:
        band = result["band"]
        for quantity in names:
            for method, errors in result["errors"].items():
                row = errors[quantity]
                table.add_row(
                    escape(band),
                    quantity,
                    method,
                    _short(row["bias"]),
                    _short(row["rms"]),
                    _half_width(row["rms_low"], row["rms_high"]),
                    _short(row["p95"]),
                    _short(row["max"]),
                    _percent(row["relative_rms"]),
                )
                band = ""
    return table


def _advice(result: Mapping[str, Any]) -> list[str]:
    advice = result["advice"]
    lines = []
    for quantity in ADVISED:
        shares = {
            axis: sum(of_intervals)
            for axis, of_intervals in advice["model"][quantity]["shares"].items()
        }
        largest = sorted(shares, key=shares.__getitem__, reverse=True)[:3]
        text = ", ".join(f"{axis} {100 * shares[axis]:.0f} %" for axis in largest)
        added = next((one for one in advice["add"] if one["quantity"] == quantity), None)
        if added:
            text += (
                f"; add {added['axis']} {added['value']}: RMS {_short(added['rms'])} to about "
                f"{_short(added['predicted_rms'])}, {added['launches']:,} more launches"
            )
        lines.append(f"error of {quantity} comes from {text}")
    removed = advice["remove"]
    if removed:
        harm = ", ".join(
            f"RMS of {name} {_short(one['rms'])} to about {_short(one['predicted_rms'])}"
            for name, one in removed["quantities"].items()
        )
        lines.append(
            f"{removed['axis']} {removed['value']} could go with least harm: {harm}, "
            f"{removed['points']:,} points left"
        )
    return lines


def _of_target(results: Sequence[Mapping[str, Any]], campaign: Campaign) -> list[str]:
    with_target = [result for result in results if result["advice"]["target"]]
    if not with_target:
        return []
    parts: dict[tuple[int, int], int] = {}
    lines = []
    for result in with_target:
        advised = result["advice"]["target"]
        for name, one in advised["quantities"].items():
            how = "is reached" if one["rms"] <= one["target"] else "is not reached"
            rms = _short(one["rms"])
            lines.append(f"{result['band']}: target {name} {one['target']:g} {how} (RMS {rms})")
        if not advised["reached"]:
            lines.append(
                f"{result['band']}: no nodes were found with which it would be; it may be below "
                "what 6SV's printed digits allow, or take more points than a table can have"
            )
        # A grid for all bands: each interval as the band needs it that needs most.
        for one in advised["parts"]:
            where = AXIS_NAMES.index(one["axis"]), one["interval"]
            parts[where] = max(parts.get(where, 1), one["parts"])
    if parts and all(result["advice"]["target"]["reached"] for result in with_target):
        axes = with_parts(Nodes(campaign.configuration.axes.written()), parts)
        cost = cost_of(campaign, axes, [])
        predicted = [
            f"{name} of {result['band']} about {_short(one['predicted_rms'])}"
            for result in with_target
            for name, one in result["advice"]["target"]["quantities"].items()
        ]
        lines += [
            f"It would be with these nodes ({', '.join(predicted[: _FEW_BANDS * 2])}), for about "
            f"{cost['launches']:,} more launches of each band:",
            "",
            cost["axes_yaml"].rstrip(),
            "",
        ]
    return lines


def _short(error: float | None) -> str:
    return "" if error is None else f"{error:.2g}"


def _half_width(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else _short((high - low) / 2)


def _percent(error: float | None) -> str:
    return "" if error is None else f"{100 * error:.2g} %"
