"""How many bytes products take on disk."""

from __future__ import annotations

from pathlib import Path

from sixsv_lut.campaign.campaign import Campaign


def size_on_disk(path: Path) -> int:
    """Give the bytes of a file, or of all files of a folder; 0 if it is not there."""
    files = path.rglob("*") if path.is_dir() else [path] if path.exists() else []
    return sum(file.stat().st_size for file in files)


def lut_bytes(campaign: Campaign, band: str) -> int:
    """Give the bytes of the tables of a band, in all formats."""
    return sum(size_on_disk(Path(path)) for path in campaign.lut_files(band)[1:])
