"""The page that says what a campaign is, and how far."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from sixsv_lut.campaign.configuration import Configuration
from sixsv_lut.lut.quantities import LUT_QUANTITIES
from sixsv_lut.readable import hours
from sixsv_lut.report.pages.html import Cell, Verdict, facts, heading, page, paragraph, table
from sixsv_lut.report.pages.material import Material
from sixsv_lut.sixsv.axes import AXES
from sixsv_lut.sixsv.convention import convention
from sixsv_lut.sixsv.instruments import find_band


def bands_and_grid_page(material: Material) -> str:
    """Write the page.

    Parameters
    ----------
    material : Material
        What is known of the campaign.

    Returns
    -------
    str
        The HTML file.
    """
    configuration = material.campaign.configuration
    return page(
        f"Campaign {configuration.campaign}",
        [
            paragraph(
                f"Look-up tables of the radiative transfer code 6SV for {configuration.satellite} "
                f"{configuration.instrument}, one for each band. A table links what the instrument "
                "sees to what the ground reflects: for every combination of the 8 values below it "
                "holds the quantities of the atmosphere that 6SV computes."
            ),
            facts(_facts(material)),
            heading("Bands"),
            _bands(material),
            heading("Grid"),
            paragraph(
                f"{material.campaign.points:,} points for each band: all combinations of these "
                "values."
            ),
            _grid(configuration),
            heading("Quantities"),
            _quantities(configuration),
        ],
    )


def _facts(material: Material) -> list[tuple[str, Cell]]:
    configuration = material.campaign.configuration
    left = sum(progress.left for progress in material.progress.values())
    made = len(material.descriptions)
    bands = len(material.campaign.band_names)
    state = "finished: all tables are made"
    if material.unfinished:
        state = f"not finished: {made} of {bands} tables are made, {left:,} launches are left"
    spent = sum(cost.result_hours for cost in material.costs.values())
    now = datetime.datetime.now(datetime.UTC).isoformat(" ", "minutes")
    return [
        ("State", Verdict(state, good=not material.unfinished)),
        ("As of", now.replace("+00:00", " UTC")),
        ("Aerosol", f"{configuration.aerosol_name} (6SV's model {configuration.aerosol.model})"),
        ("Launches of 6SV", _launches(material)),
        ("CPU-hours in 6SV", hours(spent)),
        ("Compatible with", "the older shell tool run6sv" if configuration.run6sv else ""),
    ]


def _launches(material: Material) -> str:
    if material.campaign.promise is None:
        return "one for every point"
    return (
        "of a part of the points; rho_atm of the others is derived from them, within "
        f"{material.campaign.promise}, and marked as derived"
    )


def _bands(material: Material) -> str:
    reduced = material.campaign.promise is not None
    columns = ["band", "wavelength (nm)", "state", "points", "failed"]
    if reduced:
        columns += ["launched", "derived"]
    if material.verdicts:
        columns.append("quality")
    if material.accuracy:
        columns.append("RMS error of rho_atm")
    columns.append("made")
    instrument = material.campaign.configuration.instrument
    rows: list[list[Cell]] = []
    for band in material.campaign.band_names:
        wavelength = f"{find_band(instrument, band).wavelength:g}"
        described = material.descriptions.get(band)
        if described is None:
            progress = material.progress[band]
            share = 100 * progress.finished / max(progress.points, 1)
            said = f"{share:.3g} % launched"
            if band in material.outdated:
                said += "; the table is of another configuration"
            state = Verdict(said, good=False)
            rows.append([band, wavelength, state, *["-"] * (len(columns) - 3)])
            continue
        row: list[Cell] = [
            band,
            wavelength,
            Verdict("made", good=True),
            f"{described['points']:,}",
            _failed(int(described["failed_points"])),
        ]
        if reduced:
            row += [f"{described.get(f'{how}_points', 0):,}" for how in ("launched", "derived")]
        if material.verdicts:
            verdict = str(material.verdicts.get(band, {}).get("verdict", "-"))
            row.append(verdict if verdict == "-" else Verdict(verdict, good=verdict == "passed"))
        if material.accuracy:
            row.append(_rms(material.accuracy.get(band, {})))
        row.append(str(described["date_created"])[:10])
        rows.append(row)
    return table(columns, rows)


def _rms(accuracy: Mapping[str, Any]) -> str:
    # Of the simplest interpolation, between the points.
    rms = accuracy.get("errors", {}).get("linear", {}).get("rho_atm", {}).get("rms")
    return "-" if rms is None else f"{rms:.2g}"


def _failed(number: int) -> Cell:
    return Verdict(f"{number:,}", good=False) if number else "0"


def _grid(configuration: Configuration) -> str:
    written = configuration.axes.written()
    return table(
        ["axis", "what", "units", "values", ""],
        [
            [axis.name, axis.long_name, axis.units, ", ".join(values), str(len(values))]
            for axis, values in zip(AXES, written, strict=True)
        ],
        texts=4,
    )


def _quantities(configuration: Configuration) -> str:
    used = convention(run6sv=configuration.run6sv)
    described = [
        (quantity.name, str(quantity.described(used)["long_name"])) for quantity in LUT_QUANTITIES
    ]
    extra = [(name, name.replace("_", " ")) for name in configuration.extra_outputs]
    return facts([*described, *extra])
