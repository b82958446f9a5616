"""The launches between the nodes: the points of a campaign, their batches, and what came out.

Rules ask this for paths whenever the Snakefile is parsed: nothing here imports NumPy before it has
to.
"""

from __future__ import annotations

import functools
import shlex
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from sixsv_lut.accuracy.points import AccuracyPoint, draw_points
from sixsv_lut.campaign.batches import RangeBatches
from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.campaign.paths import filled
from sixsv_lut.errors import CampaignError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from sixsv_lut.campaign.configuration import Accuracy
    from sixsv_lut.campaign.recipe import Recipe

# Of a batch, at most: few enough that those of one band keep some cores busy.
_BATCH_SIZE = 64


@dataclass(frozen=True)
class AccuracyLaunches:
    """The launches by which the error of a campaign's tables is measured.

    Attributes
    ----------
    campaign : Campaign
        The campaign.
    """

    campaign: Campaign

    @property
    def settings(self) -> Accuracy:
        """What is configured, or else the defaults."""
        return self.campaign.configuration.accuracy

    def check(self) -> None:
        """Refuse a campaign whose error between the nodes cannot be measured.

        Raises
        ------
        CampaignError
            The message says why.
        """
        why = self.campaign.configuration.no_accuracy_because
        if why:
            raise CampaignError(f"the accuracy of this campaign cannot be measured: {why}")

    @cached_property
    def points(self) -> tuple[AccuracyPoint, ...]:
        """The points, the same for all bands."""
        return draw_points(self.campaign.configuration.axes.written(), self.settings.launches)

    @cached_property
    def batches(self) -> RangeBatches:
        """The batches of one band."""
        size = min(_BATCH_SIZE, self.campaign.configuration.batch_size)
        return RangeBatches(len(self.points), size)

    def files(self, band: str) -> list[str]:
        """Give the files of all batches of a band."""
        return [
            filled(
                self.campaign.paths.accuracy_batch,
                band=band,
                digest=self.campaign.band_digests[band],
                launches=self.settings.launches,
                batch=batch,
            )
            for batch in range(len(self.batches))
        ]

    def results(self) -> list[str]:
        """Give the results of all bands."""
        self.check()
        return [
            filled(self.campaign.paths.accuracy, band=band) for band in self.campaign.band_names
        ]

    @property
    def configured_results(self) -> list[str]:
        """The results that every run makes: all of them if the configuration asks for them."""
        return self.results() if self.campaign.configuration.accuracy_is_asked_for else []

    def values(self, batch: int) -> npt.NDArray[np.float64]:
        """Give the points of a batch, shape (n, 8)."""
        import numpy as np

        start, stop = self.batches[batch]
        return np.array([point.values for point in self.points[start:stop]])

    def keys_without(self, batch: int) -> frozenset[str]:
        """Give the keys of batches in the store that have no point of this one.

        Those are the batches of the campaign, whose points are nodes, and its other batches here.
        """
        from sixsv_lut.campaign.points import batch_key
        from sixsv_lut.campaign.table import read_batch_keys

        campaign = self.campaign
        others = (other for other in range(len(self.batches)) if other != batch)
        return frozenset(
            (
                *read_batch_keys(Path(campaign.table), campaign.grid, campaign.batches),
                *(batch_key(self.values(other)) for other in others),
            )
        )

    def collect(self, recipe: Recipe) -> dict[str, npt.NDArray[np.float64]]:
        """Read what 6SV gave at all points of a band.

        Parameters
        ----------
        recipe : Recipe
            The recipe of the band.

        Returns
        -------
        dict of str to ndarray of float64, each of shape (points,)
            The quantities of a LUT by their names; NaN where the launch failed.

        Raises
        ------
        CampaignError
            A batch is damaged, or holds other points; the message has the command that mends it.
        """
        import numpy as np

        from sixsv_lut.campaign.points import batch_key
        from sixsv_lut.lut.quantities import LUT_QUANTITIES
        from sixsv_lut.sixsv.report import Status
        from sixsv_lut.store.sealed import read_sealed_table

        factors = {
            quantity.name: quantity.factors(recipe.convention) for quantity in LUT_QUANTITIES
        }
        columns = ["status", *dict.fromkeys(name for names in factors.values() for name in names)]
        found: dict[str, list[npt.NDArray[np.float64]]] = {name: [] for name in factors}
        for batch, file in enumerate(map(Path, self.files(recipe.band))):
            try:
                table = read_sealed_table(
                    file, recipe.fingerprint, columns, key=batch_key(self.values(batch))
                )
            except CampaignError as error:
                raise CampaignError(
                    f"{error}. Remove it (rm -f {shlex.quote(str(file))}) and run the same "
                    "command again"
                ) from error
            failed = table["status"].to_numpy() != Status.OK
            for name, names in factors.items():
                product = functools.reduce(
                    np.multiply, [table[factor].to_numpy() for factor in names]
                )
                found[name].append(np.where(failed, np.nan, product))
        return {name: np.concatenate(parts) for name, parts in found.items()}
