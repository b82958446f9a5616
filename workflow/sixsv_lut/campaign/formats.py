"""The formats of a LUT, by the names that the configuration gives them."""

from __future__ import annotations

from typing import Literal

Format = Literal["text", "netcdf", "zarr"]

# The suffix of the file, or of the folder, in which a LUT is.
SUFFIXES: dict[Format, str] = {"text": ".csv", "netcdf": ".nc", "zarr": ".zarr"}

# Formats that are a folder.
FOLDERS: tuple[Format, ...] = ("zarr",)

# Formats that say what their axes and quantities are.
SELF_DESCRIBING: tuple[Format, ...] = ("netcdf", "zarr")

# The suffix of the description that stands beside a LUT, whatever its formats.
DESCRIPTION_SUFFIX = ".json"
