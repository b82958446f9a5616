"""Several bands as one dataset, of which each value is read from the file of its band when needed.

xarray's own ``concat`` reads everything at once unless Dask is there; this does neither.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from xarray.backends import BackendArray
from xarray.core import indexing


class _StackedBands(BackendArray):
    """One variable of several bands, the band as first dimension.

    Parameters
    ----------
    variables : sequence of xarray.Variable
        The variable in each band, of one shape.
    """

    def __init__(self, variables: Sequence[xr.Variable]) -> None:
        self._variables = list(variables)
        self.shape = (len(self._variables), *self._variables[0].shape)
        self.dtype = self._variables[0].dtype

    def __getitem__(self, key: indexing.ExplicitIndexer) -> npt.NDArray[Any]:
        read: npt.NDArray[Any] = indexing.explicit_indexing_adapter(
            key, self.shape, indexing.IndexingSupport.OUTER, self._read
        )
        return read

    def _read(self, key: tuple[Any, ...]) -> npt.NDArray[Any]:
        of_bands, of_axes = key[0], key[1:]
        if isinstance(of_bands, int | np.integer):
            return np.asarray(self._variables[int(of_bands)][of_axes].values)
        chosen = np.arange(len(self._variables))[of_bands]
        return np.stack([np.asarray(self._variables[i][of_axes].values) for i in chosen])


def stacked(luts: Mapping[str, xr.Dataset], of_a_band: Sequence[str]) -> xr.Dataset:
    """Put the tables of several bands together.

    Parameters
    ----------
    luts : mapping of str to xarray.Dataset
        The table of each band; all have the same axes and variables.
    of_a_band : sequence of str
        Scalar coordinates that become coordinates along the bands.

    Returns
    -------
    xarray.Dataset
        Variables with ``band`` as first dimension; attributes that all bands share.
    """
    first = next(iter(luts.values()))
    data = {}
    for name, variable in first.variables.items():
        if name not in first.data_vars:
            continue
        lazily = _StackedBands([lut.variables[name] for lut in luts.values()])
        data[name] = xr.Variable(
            ("band", *variable.dims), indexing.LazilyIndexedArray(lazily), variable.attrs
        )
    coordinates: dict[Any, Any] = {
        name: variable for name, variable in first.coords.items() if name not in of_a_band
    }
    coordinates["band"] = ("band", list(luts), {"long_name": "band of the instrument"})
    for name in of_a_band:
        if all(name in lut.coords for lut in luts.values()):
            values = [float(lut[name]) for lut in luts.values()]
            coordinates[name] = ("band", values, first[name].attrs)
    shared = {
        name: value
        for name, value in first.attrs.items()
        if all(_same(lut.attrs.get(name), value) for lut in luts.values())
    }
    together = xr.Dataset(data, coordinates, shared)
    together.set_close(partial(_close, list(luts.values())))
    return together


# A function of the module, with which the dataset can be sent to another process.
def _close(luts: Sequence[xr.Dataset]) -> None:
    for lut in luts:
        lut.close()


def _same(one: Any, other: Any) -> bool:
    return bool(np.array_equal(one, other))
