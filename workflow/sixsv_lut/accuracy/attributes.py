"""What a LUT says of its own error: global attributes, the same in all formats that have some."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from sixsv_lut.accuracy.points import RANDOM
from sixsv_lut.lut.attributes import ACCURACY_PREFIX
from sixsv_lut.lut.quantities import LUT_NAMES

_STATISTICS = ("rms", "p95", "max")
_IN_SENTENCE = ("rho_atm", "Ttotal")


def accuracy_attributes(errors: pd.DataFrame) -> dict[str, str | int | float]:
    """Give the attributes.

    Parameters
    ----------
    errors : pandas.DataFrame
        Table of errors (see `sixsv_lut.accuracy.errors`).

    Returns
    -------
    dict
        ``accuracy_comment``, a sentence; ``accuracy_launches``, on how many it rests; and
        ``accuracy_<quantity>_<method>_<rms, p95 or max>``, where a launch could be compared: cubic
        interpolation needs more nodes, and may meet one that failed at every point.
    """
    random = errors[errors["kind"] == RANDOM].set_index(["quantity", "method"])
    launches = int(random["launches"].max())
    attributes: dict[str, str | int | float] = {
        f"{ACCURACY_PREFIX}comment": _sentence(random, launches),
        f"{ACCURACY_PREFIX}launches": launches,
    }
    for (quantity, method), row in random.iterrows():
        attributes |= {
            f"{ACCURACY_PREFIX}{quantity}_{method}_{name}": _rounded(row[name])
            for name in _STATISTICS
            if np.isfinite(row[name])
        }
    return attributes


def _sentence(random: pd.DataFrame, launches: int) -> str:
    def said(name: str) -> str:
        row = random.loc[name, "linear"]
        return f"{row['rms']:.2g} for {name} (95 % within {row['p95']:.2g}, all {row['max']:.2g})"

    return (
        "linear interpolation between the nodes differs from 6SV by a root mean square of "
        f"{' and '.join(map(said, _IN_SENTENCE))}, measured by {launches} launches at random "
        "points within the grid; accuracy_*_rms, _p95 and _max are these numbers of each quantity"
    )


def _rounded(error: float) -> float:
    return float(f"{error:.3g}")


def means(errors: pd.DataFrame, method: str = "linear") -> Mapping[str, float]:
    """Give the root mean square error of each quantity over the random launches."""
    random = errors[(errors["kind"] == RANDOM) & (errors["method"] == method)]
    by_name = random.set_index("quantity")["rms"]
    return {name: float(by_name[name]) for name in LUT_NAMES}
