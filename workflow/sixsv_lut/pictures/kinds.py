"""Which pictures a campaign has, and what is said under each.

All of it follows from the configuration alone, without a LUT, NumPy or matplotlib: the rules and
the report ask for it whenever the Snakefile is parsed::

    pictures_of_band(campaign, band) -> tuple[Picture, ...]      # of each band, always
    pictures_of_accuracy(campaign, band) -> tuple[Picture, ...]  # where its accuracy was measured
    pictures_of_campaign(campaign) -> tuple[Picture, ...]        # all bands together

The files of a picture are ``campaign.paths.picture(picture.name, suffix)`` with the wildcard
``band``, and ``campaign.paths.picture_of_campaign(picture.name, suffix)``, each with the suffixes
``.svg`` and ``.png``. All bands of a campaign have pictures of the same names.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto

from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.lut.quantities import LUT_QUANTITIES, LutQuantity
from sixsv_lut.pictures import choices
from sixsv_lut.pictures.choices import MOST_CURVES, MOST_SUNS
from sixsv_lut.sixsv.instruments import find_band

# The two forms of every picture.
SUFFIXES: tuple[str, ...] = (".svg", ".png")

# From so many bands on, a quantity is drawn as a spectrum.
LEAST_BANDS = 3

# The axes of a block, and those on which gases alone do not depend.
BLOCK: tuple[str, ...] = ("uo3", "uw", "aot550", "psurf", "alti", "phi")
GAS_STATE_WITHOUT: tuple[str, ...] = ("aot550", "phi")

# Axes of which spectra show several values, a picture each.
_OF_SPECTRA = ("aot550", "uw", "thetas")


class Kind(Enum):
    """The kinds of pictures, each with a way of its own to be drawn."""

    ALONG_AXES = auto()
    DIRECTIONS = auto()
    RESPONSE = auto()
    LAUNCHED_POINTS = auto()
    POINTS_PER_LAUNCH = auto()
    ERROR_BY_INTERVAL = auto()
    ERROR_OVER_ZENITH_ANGLES = auto()
    SPECTRA = auto()


# Under which a report shows them.
_CATEGORIES: dict[Kind, str] = {
    Kind.ALONG_AXES: "Quantities along the axes",
    Kind.DIRECTIONS: "Directions",
    Kind.RESPONSE: "Spectral response and gases",
    Kind.LAUNCHED_POINTS: "Launched and derived points",
    Kind.POINTS_PER_LAUNCH: "Launched and derived points",
    Kind.ERROR_BY_INTERVAL: "Interpolation error",
    Kind.ERROR_OVER_ZENITH_ANGLES: "Interpolation error",
    Kind.SPECTRA: "Spectra",
}


@dataclass(frozen=True)
class Picture:
    """One picture.

    Attributes
    ----------
    name : str
        Name of its files, without suffix.
    title : str
        What it shows, in a few words.
    caption : str
        What a reader who did not run the campaign must know, in whole sentences: units, fixed
        values, band and campaign.
    kind : Kind
        What draws it.
    of : str
        Of which quantity or axis it is, where there are several of the kind.
    """

    name: str
    title: str
    caption: str
    kind: Kind
    of: str = ""

    @property
    def category(self) -> str:
        """The category under which a report shows it."""
        return _CATEGORIES[self.kind]


def pictures_of_band(campaign: Campaign, band: str) -> tuple[Picture, ...]:
    """Tell which pictures are made of each LUT.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    band : str
        Name of the band.

    Returns
    -------
    tuple of Picture
        The same names for every band; never none.
    """
    varying = choices.varying(campaign)
    pictures = []
    if varying:
        pictures += [_along_axes(campaign, band, quantity) for quantity in LUT_QUANTITIES]
    if {"phi", "thetav"} <= set(varying):
        pictures.append(_directions(campaign, band))
    pictures.append(_response(campaign, band))
    # The text does not say which points were launched.
    if campaign.promise is not None and campaign.configuration.formats != ["text"]:
        pictures.append(_launched_points(campaign, band))
        if {"thetas", "thetav"} & set(varying):
            pictures.append(_points_per_launch(campaign, band))
    return tuple(pictures)


def pictures_of_accuracy(campaign: Campaign, band: str) -> tuple[Picture, ...]:
    """Tell which pictures are made of the measured error of a LUT.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    band : str
        Name of the band.

    Returns
    -------
    tuple of Picture
        None for a LUT of one point, which has nothing between its nodes.
    """
    varying = choices.varying(campaign)
    pictures = []
    if varying:
        pictures.append(
            Picture(
                "error_by_interval",
                f"Interpolation error by axis and interval, {band}",
                "How wrong linear interpolation of the LUT is in the middle between two nodes of "
                "one axis, with the other axes on their nodes: the root mean square of "
                "interpolated minus launched values (dimensionless), for each quantity (a panel), "
                "axis (a row) and interval of the axis (a cell, from its lowest values to its "
                "highest). Another value helps most in the brightest cells. "
                f"{_whose(campaign, band)}",
                Kind.ERROR_BY_INTERVAL,
            )
        )
    if {"thetas", "thetav"} <= set(varying):
        pictures.append(
            Picture(
                "error_over_zenith_angles",
                f"Interpolation error of rho_atm over the zenith angles, {band}",
                "Linear interpolation of rho_atm (dimensionless) minus what 6SV itself gives, at "
                "random points inside the grid: each dot is a launch, at its solar zenith angle "
                "(°) and view zenith angle (°), coloured by the size of its error. The other six "
                "axes are random, too. Thin lines are the nodes of the LUT. "
                f"{_whose(campaign, band)}",
                Kind.ERROR_OVER_ZENITH_ANGLES,
            )
        )
    return tuple(pictures)


def pictures_of_campaign(campaign: Campaign) -> tuple[Picture, ...]:
    """Tell which pictures show all bands together.

    Parameters
    ----------
    campaign : Campaign
        The campaign.

    Returns
    -------
    tuple of Picture
        None with fewer than `LEAST_BANDS` bands.
    """
    if len(campaign.band_names) < LEAST_BANDS:
        return ()
    several = [axis for axis in _OF_SPECTRA if axis in choices.varying(campaign)]
    return tuple(_spectra(campaign, axis) for axis in several or [""])


def whose(campaign: Campaign, band: str) -> str:
    """Say of which band and campaign a picture is.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    band : str
        Name of the band.

    Returns
    -------
    str
        Such as ``S3A OLCI Oa08 (665 nm), campaign olci-small, aerosol desert``.
    """
    configuration = campaign.configuration
    wavelength = find_band(configuration.instrument, band).wavelength
    return (
        f"{configuration.satellite} {configuration.instrument} {band} ({wavelength:g} nm), "
        f"campaign {configuration.campaign}, aerosol {configuration.aerosol_name}"
    )


def _along_axes(campaign: Campaign, band: str, quantity: LutQuantity) -> Picture:
    what = quantity.attributes["long_name"]
    parts = [
        f"{_capital(what)} ({quantity.name}, dimensionless). Each panel varies one axis of the LUT "
        f"and keeps the others at {choices.fixed_values(campaign)}: the nodes nearest to the US "
        "standard atmosphere of 1962 and to a usual geometry."
    ]
    seconds = {
        axis: second
        for axis in choices.varying(campaign)
        if (second := choices.curves(campaign, quantity.name, axis))
    }
    if seconds:
        shown = _once(choices.values(campaign, second) for second in seconds.values())
        parts.append(
            f"Curves of different colours and markers are of different {' or '.join(shown)}, as "
            "the legends say."
        )
    parts += [
        "Markers are nodes of the LUT, joined by straight lines; a gap, and a cross of the same "
        "colour at the lower edge, is a point at which 6SV failed.",
        _whose(campaign, band),
    ]
    return Picture(
        f"{quantity.name}_along_axes",
        f"{quantity.name} along the axes, {band}",
        " ".join(parts),
        Kind.ALONG_AXES,
        quantity.name,
    )


def _directions(campaign: Campaign, band: str) -> Picture:
    aerosols = choices.spread_over(campaign, "aot550", 2)
    suns = choices.spread_over(campaign, "thetas", MOST_SUNS)
    fixed = choices.fixed_values(campaign, ("aot550", "thetas", "phi", "thetav"))
    half = max(choices.numbers_of(campaign, "phi")) <= 180
    mirrored = (
        " The other half of the azimuths mirrors the computed one, because the atmosphere is the "
        "same on both sides of the plane of the sun."
        if half
        else ""
    )
    return Picture(
        "rho_atm_over_directions",
        f"rho_atm over all view directions, {band}",
        "Intrinsic reflectance of the atmosphere (rho_atm, dimensionless) over the direction of "
        "the sensor: view zenith angle thetav (°) outwards, relative azimuth phi (°) around; 0° is "
        "backscattering, with the sensor on the sun's side. Panels are of "
        f"{choices.values(campaign, suns)} (the star is the sun) and "
        f"{choices.values(campaign, aerosols)}; fixed are {fixed}.{mirrored} Dots are nodes of the "
        "LUT; colours between them are interpolated linearly, and crosses with blank "
        f"surroundings are points at which 6SV failed. {_whose(campaign, band)}",
        Kind.DIRECTIONS,
    )


def _response(campaign: Campaign, band: str) -> Picture:
    return Picture(
        "spectral_response",
        f"Spectral response and gas absorption, {band}",
        "Spectral response of the band (relative to its peak; bars) at the samples, 2.5 nm apart, "
        "of which 6SV takes its averages, over the wavelength (nm); and what the gases of the "
        "atmosphere let through on the way from the sun to the target to the sensor (two-way gas "
        "transmittance, dimensionless; lines), as 6SV gives it at each of these wavelengths alone, "
        f"without aerosol, at {choices.fixed_values(campaign, GAS_STATE_WITHOUT)}. "
        f"{_whose(campaign, band)}",
        Kind.RESPONSE,
    )


def _launched_points(campaign: Campaign, band: str) -> Picture:
    block = choices.fixed_values(campaign, BLOCK)
    return Picture(
        "launched_points",
        f"Launched and derived points of one block, {band}",
        f"The points of the block of {block}. Each panel, 12 at most, is one pair of psurf (hPa) "
        "and alti (km), each cell in it one pair of relative azimuth phi (°) and aot550 "
        "(dimensionless); its colour tells how many of the pairs of uo3 and uw were launched "
        "there. In white cells all "
        "points were derived from the launches of others: transmittances and spherical albedo "
        f"exactly, rho_atm within {campaign.promise}. Crosses mark cells in which a launch "
        f"failed. {_whose(campaign, band)}",
        Kind.LAUNCHED_POINTS,
    )


def _points_per_launch(campaign: Campaign, band: str) -> Picture:
    return Picture(
        "points_per_launch",
        f"Points for each launched one, {band}",
        "How many points of the LUT there are for each that was launched (dimensionless), by "
        "block: solar zenith angle thetas (°) and view zenith angle thetav (°). The others were "
        "derived from the launches of the same block: transmittances and spherical albedo exactly, "
        f"rho_atm within {campaign.promise}. {_whose(campaign, band)}",
        Kind.POINTS_PER_LAUNCH,
    )


def _spectra(campaign: Campaign, axis: str) -> Picture:
    configuration = campaign.configuration
    fixed = choices.fixed_values(campaign, (axis,))
    curves = ""
    if axis:
        shown = choices.values(campaign, choices.spread_over(campaign, axis, MOST_CURVES))
        curves = f"Curves of different colours and markers are of different {shown}; "
    return Picture(
        f"spectra_by_{axis}" if axis else "spectra",
        f"All quantities over the bands, by {axis}" if axis else "All quantities over the bands",
        f"The quantities of all LUTs (dimensionless) over the nominal centres (nm) of the "
        f"{len(campaign.band_names)} bands of {configuration.satellite} {configuration.instrument}"
        f". {curves}{'fixed' if axis else 'Fixed'} are {fixed}. Markers are bands, joined to guide "
        "the eye; a missing one is a point at which 6SV failed. "
        f"Campaign {configuration.campaign}, aerosol {configuration.aerosol_name}.",
        Kind.SPECTRA,
        axis,
    )


def _whose(campaign: Campaign, band: str) -> str:
    exchanged = (
        " Solar and view zenith angle are exchanged in this LUT, as the older shell tool had them."
        if campaign.configuration.run6sv
        else ""
    )
    return f"Band {whose(campaign, band)}.{exchanged}"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _once(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))
