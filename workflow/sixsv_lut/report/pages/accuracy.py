"""The page of how wrong the tables are between their points, and of what would help."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sixsv_lut.campaign.paths import filled
from sixsv_lut.report.pages.html import Cell, Download, heading, page, paragraph, table, verbatim
from sixsv_lut.report.pages.material import Material

_LARGEST_DOWNLOAD = 1_000_000


def accuracy_page(material: Material) -> str:
    """Write the page; see `sixsv_lut.report.pages.bands_and_grid.bands_and_grid_page`."""
    results = material.accuracy
    if not results:
        return page(
            "Accuracy",
            [
                paragraph(
                    "The error between the points of the tables was not measured. The target "
                    "accuracy of snakemake, with the options of the run, measures it by some "
                    "hundred further launches."
                )
            ],
        )
    return page(
        "Accuracy",
        [
            paragraph(
                "How wrong the tables are between their points: 6SV was launched at random points "
                "inside the grid, and what it gave is compared with the table, interpolated there. "
                "An error is interpolated minus launched, without dimension; the 95th percentile "
                "and the maximum are of its size. In brackets stands the interval in which the "
                "number lies with a probability of 95 %, given the number of launches."
            ),
            *_errors(results),
            *(part for band, result in results.items() for part in _advice(band, result)),
            *_downloads(material, results),
        ],
    )


def _errors(results: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    methods = {method: None for result in results.values() for method in result["errors"]}
    for method in methods:
        yield heading(f"Error of {method} interpolation")
        yield table(
            ["band", "quantity", "bias", "RMS", "95th percentile", "maximum", "relative RMS"],
            [
                [
                    band,
                    quantity,
                    _number(errors, "bias"),
                    _with_interval(errors, "rms"),
                    _with_interval(errors, "p95"),
                    _number(errors, "max"),
                    _percent(errors, "relative_rms"),
                ]
                for band, result in results.items()
                for quantity, errors in result["errors"].get(method, {}).items()
            ],
            texts=2,
        )


def _number(errors: Mapping[str, float | None], name: str) -> str:
    value = errors.get(name)
    return "-" if value is None else f"{value:.2g}"


def _with_interval(errors: Mapping[str, float | None], name: str) -> str:
    interval = [_number(errors, f"{name}_{end}") for end in ("low", "high")]
    number = _number(errors, name)
    return number if "-" in interval else f"{number} ({interval[0]} to {interval[1]})"


def _percent(errors: Mapping[str, float | None], name: str) -> str:
    value = errors.get(name)
    return "-" if value is None else f"{100 * value:.2g} %"


def _advice(band: str, result: Mapping[str, Any]) -> Iterator[str]:
    advice = result.get("advice") or {}
    said: list[tuple[str, str]] = []
    for one in advice.get("add") or ():
        said.append(
            (
                f"To lower the error of {one['quantity']} most: add {one['value']} to "
                f"{one['axis']}. Its RMS is then expected to fall from {one['rms']:.2g} to "
                f"{one['predicted_rms']:.2g}, for {one['launches']:,} more launches.",
                one["axes_yaml"],
            )
        )
    one = advice.get("remove")
    if one:
        said.append(
            (
                f"To save launches with least harm: remove {one['value']} from {one['axis']}. "
                f"{one['points']:,} points are left then.",
                one["axes_yaml"],
            )
        )
    one = advice.get("target")
    if one:
        asked = ", ".join(
            f"{name} {quantity['target']:g}" for name, quantity in one["quantities"].items()
        )
        outcome = "are expected to reach" if one["reached"] else "come closest to"
        said.append(
            (
                f"These values {outcome} the target ({asked}), for {one['launches']:,} more "
                "launches.",
                one["axes_yaml"],
            )
        )
    if said:
        yield heading(f"Advice for {band}")
    for sentence, axes in said:
        yield paragraph(sentence)
        yield verbatim(axes)


def _downloads(material: Material, results: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    paths = material.campaign.paths
    rows: list[list[Cell]] = []
    for band in results:
        for pattern in (paths.accuracy_errors, paths.accuracy_launches):
            path = Path(filled(pattern, band=band))
            if path.exists():
                small = path.stat().st_size <= _LARGEST_DOWNLOAD
                rows.append([band, Download(path) if small else str(path)])
    if rows:
        yield heading("Tables of errors and launches")
        yield table(["band", "file"], rows, texts=2)
