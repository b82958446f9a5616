"""The files of all pictures of a campaign, as the rules declare them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.campaign.paths import filled
from sixsv_lut.pictures.kinds import (
    SUFFIXES,
    Picture,
    pictures_of_accuracy,
    pictures_of_band,
    pictures_of_campaign,
)


@dataclass(frozen=True)
class PictureFiles:
    """The files of the pictures of a campaign.

    Attributes
    ----------
    campaign : Campaign
        The campaign.
    """

    campaign: Campaign

    @property
    def of_band(self) -> list[str]:
        """Patterns of the files of a band."""
        return _files(pictures_of_band(*self._any_band), self.campaign.paths.picture)

    @property
    def of_accuracy(self) -> list[str]:
        """Patterns of the files of a band's accuracy."""
        return _files(pictures_of_accuracy(*self._any_band), self.campaign.paths.picture)

    @property
    def of_campaign(self) -> list[str]:
        """The files of all bands together."""
        return _files(pictures_of_campaign(self.campaign), self.campaign.paths.picture_of_campaign)

    @property
    def wanted(self) -> list[str]:
        """All files that a run makes; none if the configuration asks for none."""
        configuration = self.campaign.configuration
        if not configuration.pictures:
            return []
        of_accuracy = self.wanted_of_accuracy if configuration.accuracy_is_asked_for else []
        return self._of_all_bands(self.of_band) + self.of_campaign + of_accuracy

    @property
    def wanted_of_accuracy(self) -> list[str]:
        """The files of all bands that are made where accuracy is measured."""
        if not self.campaign.configuration.pictures:
            return []
        return self._of_all_bands(self.of_accuracy)

    def _of_all_bands(self, patterns: list[str]) -> list[str]:
        return [
            filled(pattern, band=band) for band in self.campaign.band_names for pattern in patterns
        ]

    @property
    def _any_band(self) -> tuple[Campaign, str]:
        # Pictures of all bands have the same names.
        return self.campaign, self.campaign.band_names[0]


def _files(pictures: Iterable[Picture], path: Callable[[str, str], str]) -> list[str]:
    return [path(picture.name, suffix) for picture in pictures for suffix in SUFFIXES]
