"""What is promised for the error of a derived rho_atm."""

from __future__ import annotations

from dataclasses import dataclass

# 6SV prints rho_atm to 1e-7. Ten times that is the least that interpolation can keep to.
SMALLEST_ERROR = 1e-6


@dataclass(frozen=True)
class Promise:
    """By how much a derived rho_atm may differ from that of a launch.

    Attributes
    ----------
    error : float
        The error: a reflectance, or a part of the largest rho_atm of the block.
    relative : bool
        Whether it is such a part.

    Raises
    ------
    ValueError
        The error is a reflectance below `SMALLEST_ERROR`, or not below 1.
    """

    error: float
    relative: bool = False

    def __post_init__(self) -> None:
        smallest = 0.0 if self.relative else SMALLEST_ERROR
        if not smallest <= self.error < 1 or not self.error:
            raise ValueError(
                f"an error of {self.error:g} cannot be promised: 6SV prints rho_atm to 1e-7; give "
                f"{SMALLEST_ERROR:g} or more, and less than 1"
            )

    @property
    def least_reference(self) -> float:
        """What the largest rho_atm of a block counts as, at least, for a relative promise."""
        return SMALLEST_ERROR / self.error if self.relative else 0.0

    def reference(self, largest: float) -> float:
        """Give what errors of a block are a part of.

        Parameters
        ----------
        largest : float
            The largest rho_atm of the block.

        Returns
        -------
        float
            A reflectance; 1 if the promise is not relative.
        """
        return max(largest, self.least_reference) if self.relative else 1.0

    def absolute(self, largest: float) -> float:
        """Give the error as a reflectance, for a block whose largest rho_atm is `largest`."""
        return self.error * self.reference(largest)

    def __str__(self) -> str:
        if self.relative:
            return f"{100 * self.error:g} % of the largest rho_atm of the same thetas and thetav"
        return f"{self.error:g}"
