"""Opens and interpolates 6SV look-up tables, and corrects reflectances with them.

The tables are those of the workflow ``sixsv-lut``; nothing of it, and no 6SV, is needed here.
"""

from sixsv_reader.correction import surface_reflectance, toa_reflectance
from sixsv_reader.errors import LutError
from sixsv_reader.interpolation import interpolate
from sixsv_reader.opening import open_campaign, open_lut

__all__ = [
    "LutError",
    "interpolate",
    "open_campaign",
    "open_lut",
    "surface_reflectance",
    "toa_reflectance",
]
