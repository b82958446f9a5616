"""What hold-out launches say of the error of all derived values of a band.

Hold-out points are drawn at random from the derived points of a block when everything else of the
block is settled, launched, and used for nothing but this statement. If more than a share p of the
derived values differed from 6SV by more than the largest error of n hold-out points, then n draws
without such a value had a probability below (1 - p)^n. So with confidence 1 - (1 - p)^n the share
is p at most: the exact binomial bound of Clopper & Pearson (1934, Biometrika 26, 404-413) for no
exceedance, here used as the tolerance limit of Wilks (1941, Annals of Mathematical Statistics 12,
91-96). With p = 0.001, 2,995 points give a confidence of 95 %.

The draw is stratified: every block has the same number of hold-out points m. Blocks may have
different shares p_i; then prod (1 - p_i)^m <= (1 - mean p_i)^n, so the statement holds for the
share in which every block counts the same. A block that has no derived point left is not counted.

The derived values of which it speaks are all that there were when the hold-out points were drawn,
those of the hold-out points counted among them. In a small grid these are many, and of the values
that are left a larger share may err more: for N derived values of a block up to N / (N - m) times.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

# The share of the derived values that the statement leaves out, and its confidence.
LEFT_OUT = 0.001
CONFIDENCE = 0.95


def confidence(draw: int = 1) -> float:
    """Give the confidence that a draw of hold-out points must reach.

    Parameters
    ----------
    draw : int
        1 for the first hold-out of a band. If its errors are larger than what was promised and
        something is changed for that, a new one must be drawn for the whole band, and luck has one
        chance more. So the probability of a wrong statement is halved with every draw. To replace
        the hold-out of those blocks alone that erred would not do: with a second chance for each
        block a band passes that errs everywhere.

    Returns
    -------
    float
        0.95, 0.975, ...
    """
    return 1 - (1 - CONFIDENCE) * 0.5 ** (draw - 1)


def needed_points(draw: int = 1) -> int:
    """Give how many hold-out points a band needs: 2,995 for the first draw."""
    return math.ceil(math.log(1 - confidence(draw)) / math.log1p(-LEFT_OUT))


def points_of_block(blocks: int, draw: int = 1) -> int:
    """Give how many hold-out points each block needs.

    Parameters
    ----------
    blocks : int
        Blocks of the band.
    draw : int
        See `confidence`.

    Returns
    -------
    int
        The same number for each block. A block that has fewer derived points launches them all.
    """
    return math.ceil(needed_points(draw) / blocks)


@dataclass(frozen=True)
class Statement:
    """What is known of the error of a band's derived values.

    Attributes
    ----------
    points : int
        Hold-out points on which the statement rests.
    largest : float
        Their largest error, the bound of the statement. NaN where there is none.
    rms : float
        Their root mean square error. NaN where there is none.
    share : float
        The share of the derived values that are within the bound, at least.
    confidence : float
        With which probability at least a statement made in this way is true.
    least_reference : float, optional
        If errors are parts of the largest rho_atm of their block: what that counts as, at least.
    """

    points: int
    largest: float
    rms: float
    share: float
    confidence: float
    least_reference: float | None = None

    @property
    def sentence(self) -> str:
        """The statement in words."""
        if not self.points:
            return "every rho_atm is that of a launch: nothing is derived"
        unit = (
            f" of the largest rho_atm of their block, which counts as {self.least_reference:g} "
            "where it is less"
            if self.least_reference is not None
            else ""
        )
        return (
            f"with {100 * self.confidence:g} % confidence at least {_percent(self.share)} % of the "
            "derived rho_atm, every pair of thetas and thetav counting the same, differ from 6SV "
            f"by no more than {_rounded_up(self.largest)}{unit} ({self.points} random launches, "
            "counted among them)"
        )


def _percent(share: float) -> str:
    # Rounded down, so that the words never say more than the number.
    return f"{math.floor(share * 1e4 + 1e-9) / 100:g}"


def _rounded_up(error: float) -> str:
    # The shortest number of two digits that is not below.
    text = f"{error:.1e}"
    if float(text) >= error:
        return text
    digits, exponent = text.split("e")
    return f"{float(digits) + 0.1:.1f}e{exponent}"


def statement(
    errors: Sequence[Sequence[float]], *, draw: int = 1, least_reference: float | None = None
) -> Statement:
    """Make the statement of a band.

    Parameters
    ----------
    errors : sequence of sequence of float
        For each block that has derived points, the errors of its hold-out points; none for a block
        in which every point was launched.
    draw : int
        See `confidence`.
    least_reference : float, optional
        If the errors are parts of the largest rho_atm of their block: what that counts as, at least
        (see `sixsv_lut.campaign.promise.Promise`).

    Returns
    -------
    Statement
        The statement. With fewer points than `needed_points` says, its share is smaller.

    Raises
    ------
    ValueError
        Blocks have different numbers of hold-out points.
    """
    numbers = sorted({len(block) for block in errors if len(block)})
    if len(numbers) > 1:
        raise ValueError(
            f"blocks have {numbers[0]} to {numbers[-1]} hold-out points: a statement for which "
            "every block counts the same needs the same number from each"
        )
    every = [abs(error) for block in errors for error in block]
    sure = confidence(draw)
    if not every:
        return Statement(0, math.nan, math.nan, 1.0, sure, least_reference)
    return Statement(
        points=len(every),
        largest=max(every),
        rms=math.sqrt(math.fsum(error * error for error in every) / len(every)),
        # Never more is said than was asked for, whatever the number of points.
        share=min(1 - LEFT_OUT, (1 - sure) ** (1 / len(every))),
        confidence=sure,
        least_reference=least_reference,
    )
