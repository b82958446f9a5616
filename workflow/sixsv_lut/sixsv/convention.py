"""Conventions: how a deck is written, and how printed numbers become those of a table.

There are two: the workflow's own, and that of the older shell tool run6sv, whose tables some
calibration chains still compare with, byte for byte.
"""

from __future__ import annotations

from dataclasses import dataclass

# Part of every fingerprint: raise it when the same campaign would give 6SV another deck, or when
# the same report would be read as other numbers.
DECK_VERSION = 1


@dataclass(frozen=True)
class Convention:
    """How decks are written and how printed numbers become those of a table.

    Attributes
    ----------
    name : str
        What products call it.
    version : int or None
        What `DECK_VERSION` is, for decks and reports of this convention alone; None for the
        workflow's own.
    angles_exchanged : bool
        Whether the solar zenith angle stands in the deck in the place of the view zenith angle, and
        the other way round.
    profile_in_single_precision : bool
        Whether the profile is computed in single precision and written as Fortran's ``E10.4``;
        else it is computed in double precision and written with all digits.
    surface_reflectance : float
        Reflectance of the ground.
    reflectance : str
        The quantity of 6SV's report that is the intrinsic reflectance of the atmosphere.
    products_cut_off : bool
        Whether a product of two transmittances is cut off after its fifth decimal; else it is
        rounded nowhere.
    transmittance_decimals, reflectance_decimals : int
        Decimals of transmittances and of the intrinsic reflectance in the text.
    bare_decimal_point : bool
        Whether transmittances are written without the zero before the decimal point, and zero as
        ``0``, as ``bc`` does.
    reflectance_comment : str
        What products say of the intrinsic reflectance, if it is not that of the workflow.
    """

    name: str
    version: int | None
    angles_exchanged: bool
    profile_in_single_precision: bool
    surface_reflectance: float
    reflectance: str
    products_cut_off: bool
    transmittance_decimals: int
    reflectance_decimals: int
    bare_decimal_point: bool
    reflectance_comment: str = ""


STANDARD = Convention(
    name="none",
    version=None,
    angles_exchanged=False,
    profile_in_single_precision=False,
    # Over a black surface the apparent reflectance, printed with 7 decimals, is the intrinsic
    # reflectance of the atmosphere, which 6SV prints with 3.
    surface_reflectance=0.0,
    reflectance="apparent_reflectance",
    products_cut_off=False,
    # A product of two numbers of 5 decimals; 7 keep its rounding far below theirs.
    transmittance_decimals=7,
    reflectance_decimals=7,
    bare_decimal_point=False,
)

RUN6SV = Convention(
    name="run6sv",
    version=2,
    angles_exchanged=True,
    profile_in_single_precision=True,
    surface_reflectance=0.3,
    reflectance="intrinsic_reflectance",
    products_cut_off=True,
    transmittance_decimals=5,
    reflectance_decimals=3,
    bare_decimal_point=True,
    reflectance_comment="printed with 3 decimals",
)


def convention(*, run6sv: bool) -> Convention:
    """Give the convention that the configuration's key ``run6sv`` asks for."""
    return RUN6SV if run6sv else STANDARD
