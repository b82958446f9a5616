"""The result for one band: tables of launches and errors, advice, and what the LUT says of it."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from sixsv_lut.accuracy.advice import (
    best_addition,
    best_removal,
    launches_beyond,
    nodes_for_target,
)
from sixsv_lut.accuracy.attributes import accuracy_attributes, means
from sixsv_lut.accuracy.errors import errors_table
from sixsv_lut.accuracy.launches import AccuracyLaunches
from sixsv_lut.accuracy.model import ErrorModel
from sixsv_lut.accuracy.nodes import Written, axes_yaml, numbers
from sixsv_lut.accuracy.points import MIDPOINT, RANDOM, Nodes
from sixsv_lut.accuracy.table import launches_table
from sixsv_lut.campaign.batches import BlockBatches
from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.campaign.recipe import Recipe
from sixsv_lut.errors import CampaignError
from sixsv_lut.files import atomic_write
from sixsv_lut.lut.attributes import kept_with, put_accuracy
from sixsv_lut.lut.open import open_lut
from sixsv_lut.lut.quantities import LUT_NAMES
from sixsv_lut.sixsv.axes import AXIS_NAMES

log = logging.getLogger(__name__)

# The quantities of which advice speaks without being asked.
ADVISED = ("rho_atm", "Ttotal")

# Fewer launches say nothing.
_LEAST_LAUNCHES = 10


def measure_accuracy(
    campaign: Campaign, recipe: Recipe, result: Path, errors: Path, launches: Path
) -> None:
    """Measure the error of a band's LUT between its nodes, and write what comes out.

    Parameters
    ----------
    campaign : Campaign
        The campaign; its LUT and the batches of launches between the nodes are there.
    recipe : Recipe
        The recipe of the band.
    result, errors, launches : Path
        What to write: the result as JSON, the table of errors and the table of launches as CSV.

    Raises
    ------
    CampaignError
        A batch cannot be used, or too few launches were good.
    """
    asked = AccuracyLaunches(campaign)
    launched = asked.collect(recipe)
    with open_lut(campaign, recipe.band) as opened:
        lut = opened[[*LUT_NAMES, "status"]].load()
    table = launches_table(lut, asked.points, launched)
    random = int((table["kind"] == RANDOM).sum())
    if random < _LEAST_LAUNCHES:
        raise CampaignError(
            f"band {recipe.band}: of {asked.settings.launches} launches at random points {random} "
            f"can be compared with the LUT, and {_LEAST_LAUNCHES} are needed: the others failed, "
            "or lie in cells of the grid with a failed node. The logs in "
            f"{Path(campaign.paths.log('accuracy_launches')).parents[3]} say why"
        )
    of_errors = errors_table(table)
    attributes = accuracy_attributes(of_errors)
    written = campaign.configuration.axes.written()
    content = {
        "band": recipe.band,
        "campaign": campaign.configuration.campaign,
        **kept_with(
            recipe.fingerprint,
            dict(zip(AXIS_NAMES, written, strict=True)),
            attributes,
            campaign.configuration.promise,
        ),
        "launches": {
            "random": random,
            "midpoints": int((table["kind"] == MIDPOINT).sum()),
            "not_compared": len(asked.points) - len(table),
        },
        "errors": _of_random(of_errors),
        "advice": _Advice(campaign, asked, lut, table, means(of_errors)).content(),
    }
    for path, frame in ((launches, table), (errors, of_errors)):
        with atomic_write(path) as temporary:
            frame.to_csv(temporary, index=False, float_format="%.9g")
    put_accuracy([Path(path) for path in campaign.lut_files(recipe.band)], attributes)
    with atomic_write(result) as temporary:  # the last: whoever sees it finds the others
        temporary.write_text(json.dumps(without_nan(content), indent=1, allow_nan=False) + "\n")
    log.info("band %s: %d launches compared", recipe.band, len(table))


def _of_random(errors: pd.DataFrame) -> dict[str, dict[str, dict[str, float]]]:
    random = errors[errors["kind"] == RANDOM]
    numbers_of = random.columns.drop(["method", "quantity", "kind", "axis", "interval", "launches"])
    return {
        str(method): {
            str(row["quantity"]): {name: float(row[name]) for name in numbers_of}
            for _, row in group.iterrows()
        }
        for method, group in random.groupby("method", sort=False)
    }


class _Advice:
    """Advice on the nodes of the grid, from the launches of one band."""

    def __init__(
        self,
        campaign: Campaign,
        asked: AccuracyLaunches,
        lut: xr.Dataset,
        table: pd.DataFrame,
        rms: Mapping[str, float],
    ) -> None:
        self._campaign = campaign
        self._lut = lut
        self._rms = rms
        self._nodes = Nodes(campaign.configuration.axes.written())
        self._target = asked.settings.target.given()
        self._known = table[list(AXIS_NAMES)].to_numpy(dtype=np.float64)
        axes = numbers(self._nodes.written)
        self._models = {
            name: ErrorModel(table, name, axes) for name in dict.fromkeys((*ADVISED, *self._target))
        }

    def content(self) -> dict[str, Any]:
        """Give all of it as plain data."""
        return {
            "model": {
                name: {"correlation": model.correlation, "shares": model.shares()}
                for name, model in self._models.items()
            },
            "add": [one for name in ADVISED if (one := self._addition(name))],
            "remove": self._removal(),
            "target": self._of_target() if self._target else None,
        }

    def _addition(self, quantity: str) -> dict[str, Any] | None:
        advised = best_addition(self._nodes, self._models[quantity], quantity)
        if advised is None:
            return None
        return {
            "quantity": quantity,
            "axis": advised.axis,
            "value": advised.value,
            "rms": advised.rms,
            **_predicted(asdict(advised.predicted)),
            **self._cost(advised.axes),
        }

    def _removal(self) -> dict[str, Any] | None:
        values = {name: self._lut[name].transpose(*AXIS_NAMES).to_numpy() for name in ADVISED}
        advised = best_removal(self._nodes, values, {name: self._rms[name] for name in ADVISED})
        if advised is None:
            return None
        return {
            "axis": advised.axis,
            "value": advised.value,
            "quantities": {
                name: {
                    "rms_at_the_node": loss.rms,
                    "max_at_the_node": loss.largest,
                    "rms": self._rms[name],
                    "predicted_rms": advised.predicted_rms[name],
                }
                for name, loss in advised.losses.items()
            },
            **self._cost(advised.axes),
        }

    def _of_target(self) -> dict[str, Any]:
        advised = nodes_for_target(self._nodes, self._models, self._target)
        return {
            "reached": advised.reached,
            "quantities": {
                name: {
                    "target": wanted,
                    "rms": self._rms[name],
                    **_predicted(asdict(advised.predicted[name])),
                }
                for name, wanted in self._target.items()
            },
            "parts": [
                {"axis": AXIS_NAMES[axis], "interval": interval, "parts": number}
                for (axis, interval), number in sorted(advised.parts.items())
            ],
            **self._cost(advised.axes),
        }

    def _cost(self, axes: Written) -> dict[str, Any]:
        return cost_of(self._campaign, axes, self._known)


def cost_of(campaign: Campaign, axes: Written, known: Sequence[Any]) -> dict[str, Any]:
    """Give the points of another grid, its launches beyond what is known, and its configuration.

    Parameters
    ----------
    campaign : Campaign
        The campaign whose points are all launched, or derived from launches.
    axes : tuple of tuple of str
        The nodes of the other grid.
    known : ndarray of float64, shape (n, 8)
        Points between the campaign's nodes that were launched.

    Returns
    -------
    dict
        ``points`` and ``launches`` of a band, and ``axes_yaml``. With reduced launches their number
        is an estimate: that of the other grid less that of this one.
    """
    points = math.prod(map(len, axes))
    batches = campaign.batches
    if isinstance(batches, BlockBatches):
        shape = tuple(map(len, axes))
        other = BlockBatches(shape, batches.size, batches.promise, batches.draw)
        launches = max(0, other.all_launches - batches.all_launches)
    else:
        launches = launches_beyond(
            axes, campaign.configuration.axes.written(), np.asarray(known, dtype=np.float64)
        )
    return {"points": points, "launches": launches, "axes_yaml": axes_yaml(axes)}


def _predicted(prediction: Mapping[str, float]) -> dict[str, float]:
    return {f"predicted_{name}": one for name, one in prediction.items()}


def without_nan(content: Any) -> Any:
    """Give plain data in which what is not a number is None, for which JSON has a word."""
    if isinstance(content, Mapping):
        return {name: without_nan(one) for name, one in content.items()}
    if isinstance(content, list | tuple):
        return [without_nan(one) for one in content]
    return None if isinstance(content, float) and math.isnan(content) else content
