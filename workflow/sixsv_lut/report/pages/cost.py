"""The page that compares what a campaign was planned to cost with what it has cost."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.readable import duration, hours, size
from sixsv_lut.report.accounting import BatchCost, CampaignCost, total
from sixsv_lut.report.pages.html import Cell, heading, page, paragraph, table
from sixsv_lut.report.pages.material import Material
from sixsv_lut.report.sizes import lut_bytes, size_on_disk

_UNKNOWN = "-"


def cost_page(material: Material) -> str:
    """Write the page; see `sixsv_lut.report.pages.bands_and_grid.bands_and_grid_page`."""
    everything = total(material.costs.values())
    parts = [
        paragraph(
            "What the tables have cost, from the records of every batch in the store. CPU-hours "
            "are the elapsed times of the launches of 6SV, each of which takes one core."
        ),
        _in_all(material, everything),
        paragraph(_about_plan(material)),
        heading("Bands"),
        _bands(material, everything),
    ]
    if everything.failures:
        parts += [
            heading("Failed points"),
            paragraph(
                "6SV gave no result for these points, and the tables hold missing values there "
                "with a status that is not 0."
            ),
            _failures(material.costs),
        ]
    if everything.slowest:
        parts += [heading("Slowest batches"), _slowest(everything.slowest)]
    return page("Cost", parts)


def _about_plan(material: Material) -> str:
    if material.plan is None:
        return (
            "No plan was made. `snakemake plan`, with the options of the run, tells what a "
            "campaign will cost before it runs, and this page compares the two."
        ).replace("`", "")
    path = material.campaign.paths.plan
    made = datetime.datetime.fromtimestamp(path.stat().st_mtime, datetime.UTC)
    done = material.plan.get("launches_done", 0)
    when = f"The plan is of {made.isoformat(' ', 'minutes').replace('+00:00', ' UTC')}"
    if done:
        return f"{when}, when {done:,} launches were in the store; its elapsed time is of the rest."
    return f"{when}, before the first launch."


def _in_all(material: Material, cost: CampaignCost) -> str:
    planned = material.plan or {}
    began, ended = _times(material)
    launched = sum(progress.finished for progress in material.progress.values())
    rows = [
        ["launches", _number(planned.get("launches")), f"{cost.launches:,}"],
        ["of them retries", _UNKNOWN, f"{cost.retries:,}"],
        ["points without a result", _UNKNOWN, f"{cost.failed:,}"],
        [
            "seconds a launch",
            _seconds(planned.get("cpu_seconds"), planned.get("launches")),
            _seconds(3600 * cost.result_hours, cost.points),
        ],
        ["CPU-hours in 6SV", _hours(planned.get("cpu_seconds")), hours(cost.result_hours)],
        [
            "CPU-hours that batches held cores",
            _UNKNOWN,
            hours(cost.core_hours) if cost.core_hours else _UNKNOWN,
        ],
        [
            "of them in 6SV",
            _UNKNOWN,
            f"{100 * cost.efficiency:.0f} %" if cost.core_hours else _UNKNOWN,
        ],
        [
            "further attempts at batches",
            _UNKNOWN,
            f"{cost.further_attempts:,}" if cost.core_hours else _UNKNOWN,
        ],
        [
            "elapsed time, first launch to last",
            _duration(planned.get("elapsed_seconds")),
            _duration(ended - began if launched and ended else None),
        ],
        ["bytes in the store", _size(planned.get("store_bytes")), _size(_store_bytes(material))],
        [
            "bytes of the tables",
            _size(planned.get("lut_bytes")),
            _size(sum(lut_bytes(material.campaign, band) for band in _band_names(material))),
        ],
    ]
    return table(["", "planned", "actual"], rows)


def _band_names(material: Material) -> tuple[str, ...]:
    return material.campaign.band_names


def _times(material: Material) -> tuple[float, float]:
    attempts = [a for band in material.state.bands.values() for a in band.attempts]
    if not attempts:
        return 0.0, 0.0
    return min(a.started for a in attempts), max(a.ended for a in attempts)


def _store_bytes(material: Material) -> int:
    return sum(
        size_on_disk(band.sealed_file(batch))
        for band in material.state.bands.values()
        for batch in band.accounts
    )


def _bands(material: Material, everything: CampaignCost) -> str:
    planned = {of_band["band"]: of_band for of_band in (material.plan or {}).get("bands", ())}
    rows = [
        _band(name, planned.get(name, {}), cost, material.campaign)
        for name, cost in material.costs.items()
    ]
    columns = [
        "band",
        "launches",
        "retries",
        "failed points",
        "s a launch, planned",
        "actual",
        "CPU-h, planned",
        "actual",
        "tables",
    ]
    return table(
        columns, rows, total=_band("all", material.plan or {}, everything, material.campaign)
    )


def _band(
    name: str, planned: Mapping[str, Any], cost: CampaignCost, campaign: Campaign
) -> list[Cell]:
    names = [name] if name in campaign.band_names else campaign.band_names
    return [
        name,
        f"{cost.launches:,}",
        f"{cost.retries:,}",
        f"{cost.failed:,}",
        _seconds(planned.get("cpu_seconds"), planned.get("launches")),
        _seconds(3600 * cost.result_hours, cost.points),
        _hours(planned.get("cpu_seconds")),
        hours(cost.result_hours),
        _size(sum(lut_bytes(campaign, band) for band in names)),
    ]


def _failures(costs: Mapping[str, CampaignCost]) -> str:
    rows = [
        [band, reason, f"{number:,}"]
        for band, cost in costs.items()
        for reason, number in cost.failures.items()
    ]
    return table(["band", "reason", "points"], rows, texts=2)


def _slowest(batches: tuple[BatchCost, ...]) -> str:
    return table(
        ["band", "host", "batch", "elapsed time", "launches", "attempts"],
        [
            [
                slow.band,
                slow.host,
                f"{slow.batch:05d}",
                duration(slow.elapsed_seconds),
                f"{slow.launches:,}",
                str(slow.attempts),
            ]
            for slow in batches
        ],
        texts=2,
    )


def _number(value: float | None) -> str:
    return _UNKNOWN if value is None else f"{value:,}"


def _hours(seconds: float | None) -> str:
    return _UNKNOWN if seconds is None else hours(seconds / 3600)


def _duration(seconds: float | None) -> str:
    return _UNKNOWN if seconds is None else duration(seconds)


def _seconds(seconds: float | None, launches: float | None) -> str:
    return f"{seconds / launches:.3g}" if seconds and launches else _UNKNOWN


def _size(number: float | None) -> str:
    return size(number) if number else _UNKNOWN
