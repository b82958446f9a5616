"""The page of the tables: what there is, how large, and what of it can be saved from the page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sixsv_lut.readable import size
from sixsv_lut.report.pages.html import Cell, Download, heading, page, paragraph, table, verbatim
from sixsv_lut.report.pages.material import Material
from sixsv_lut.report.sizes import size_on_disk

# A page that everybody can open holds no large file: the largest one, and all together, in bytes.
_LARGEST = 1_000_000
_ALL_TOGETHER = 10_000_000


@dataclass(frozen=True)
class TableFile:
    """A file of a LUT.

    Attributes
    ----------
    band : str
        The band.
    path : Path
        The file, or folder.
    bytes : int
        Its size.
    """

    band: str
    path: Path
    bytes: int

    @property
    def size(self) -> str:
        """Its size for people."""
        return size(self.bytes)


def table_files(material: Material) -> list[TableFile]:
    """Give the files of all LUTs that are there, each description before its tables."""
    return [
        TableFile(band, path, size_on_disk(path))
        for band in material.descriptions
        for path in map(Path, material.campaign.lut_files(band))
        if path.exists()
    ]


def tables_page(material: Material) -> str:
    """Write the page; see `sixsv_lut.report.pages.bands_and_grid.bands_and_grid_page`."""
    files = table_files(material)
    rows: list[list[Cell]] = []
    room = _ALL_TOGETHER
    for file in files:
        held = file.path.is_file() and file.bytes <= min(_LARGEST, room)
        room -= file.bytes if held else 0
        shown: Cell = Download(file.path) if held else file.path.name
        rows.append([file.band, shown, "in this page" if held else "in the folder", file.size])
    parts = [
        paragraph(
            "The files of each band: a description (.json), which says how the table was made, and "
            "the table in every format that the campaign asked for."
        ),
        paragraph(
            f"Files of at most {size(_LARGEST)}, as long as they take no more than "
            f"{size(_ALL_TOGETHER)} together, are in this page: choose one to save it. Larger ones "
            f"are only in the folder {material.campaign.folder}, to which the description of this "
            "page has links."
        ),
        table(["band", "file", "where", "size"], rows, texts=3),
    ]
    netcdf = next((file.path for file in files if file.path.suffix == ".nc"), None)
    if netcdf:
        parts += [
            heading("To open a table in Python"),
            verbatim(f'import xarray\n\nlut = xarray.open_dataset("{netcdf.name}")\nlut.rho_atm'),
        ]
    return page("Tables", parts)
