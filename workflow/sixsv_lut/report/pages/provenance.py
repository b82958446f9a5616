"""The page that says with what the tables of a campaign were made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sixsv_lut.report.pages.html import facts, heading, page, paragraph, table, verbatim
from sixsv_lut.report.pages.material import Material

# What the description of a LUT says, in words.
_OF_ALL = {
    "source": "Source",
    "executable": "6SV executable",
    "executable_sha256": "SHA-256 of its content",
    "deck_version": "Version of the input deck",
    "run6sv_version": "Version of run6sv",
    "references": "Reference",
}
_OF_BAND = {
    "spectral_response_source": "spectral response",
    "fingerprint": "fingerprint",
    "spectral_response_samples": "samples of the response",
    "spectral_response_centre_nm": "its centre (nm)",
}


def provenance_page(material: Material) -> str:
    """Write the page; see `sixsv_lut.report.pages.bands_and_grid.bands_and_grid_page`."""
    descriptions = material.descriptions
    if not descriptions:
        return page("Provenance", [paragraph("No table is made yet.")])
    return page(
        "Provenance",
        [
            paragraph(
                "With what the tables were made. All of it is in each table too: in the attributes "
                "of NetCDF and Zarr, and in the JSON description beside the text."
            ),
            facts([(words, _values(descriptions, key)) for key, words in _OF_ALL.items()]),
            heading("Bands"),
            paragraph(
                "The fingerprint is a hash of everything that determines the result of a launch "
                "but the 8 values: executable, spectral response, aerosol, surface and deck. Equal "
                "fingerprints mean interchangeable launches."
            ),
            table(
                ["band", *_OF_BAND.values()],
                [
                    [band, *(_written(described.get(key, "-")) for key in _OF_BAND)]
                    for band, described in descriptions.items()
                ],
                texts=3,
            ),
            *_errors_of_derived(descriptions),
            heading("Software"),
            facts(_versions(descriptions)),
            heading("Command"),
            verbatim(_values(descriptions, "command", "\n")),
        ],
    )


def _written(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _values(descriptions: Mapping[str, Mapping[str, Any]], key: str, separator: str = ", ") -> str:
    values = {str(described[key]): None for described in descriptions.values() if key in described}
    return separator.join(values)


def _versions(descriptions: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, str]]:
    versions = [described.get("software_versions", {}) for described in descriptions.values()]
    names = {name: None for of_band in versions for name in of_band}
    return [
        (name, ", ".join({str(of_band[name]): None for of_band in versions if name in of_band}))
        for name in names
    ]


def _errors_of_derived(descriptions: Mapping[str, Mapping[str, Any]]) -> list[str]:
    said = [
        (band, str(described["derived_rho_atm_error"]))
        for band, described in descriptions.items()
        if "derived_rho_atm_error" in described
    ]
    return [heading("Derived points"), facts(said)] if said else []
