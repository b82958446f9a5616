"""Interpolation of a look-up table at scalars, arrays, DataArrays and Dask arrays."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import xarray as xr

from sixsv_reader.axes import (
    AXIS_BY_NAME,
    AXIS_NAMES,
    Axis,
    bounds,
    fold_onto,
    look_for_radians,
    recognised_unit,
    refuse_named_unit,
)
from sixsv_reader.errors import LutError
from sixsv_reader.opening import checked, quantities_of
from sixsv_reader.table import ReducedTable, reduce_table

Method = Literal["linear", "cubic"]
Outside = Literal["raise", "nan"]

# Pixels that one thread interpolates at a time.
_BLOCK = 1 << 17

# A table larger than this does not stay in the cache of a core: pixels of the same cell are then
# interpolated one after the other.
_IN_CACHE = 1 << 20


def interpolate(
    lut: xr.Dataset,
    *,
    variables: str | Sequence[str] | None = None,
    method: Method = "linear",
    outside: Outside = "raise",
    threads: int | None = None,
    **coordinates: Any,
) -> xr.Dataset:
    """Interpolate a table.

    Parameters
    ----------
    lut : xarray.Dataset
        What `open_lut` or `open_campaign` gave, or a part of it that has all axes. A table in
        memory (``lut.load()``) is read faster; of one that is not, only what is needed is read.
    variables : str or sequence of str, optional
        The quantities; all by default.
    method : {"linear", "cubic"}
        Multilinear, or along each axis of at least 4 values the polynomial of third degree through
        the 4 nearest ones.
    outside : {"raise", "nan"}
        What happens where a value lies outside the axis; nothing is ever extrapolated.
    threads : int, optional
        Threads that share the pixels; by default as many as there are cores. Results do not depend
        on it. Dask arrays bring their own.
    **coordinates : float, array_like or xarray.DataArray
        Values for the 8 axes, in their units: ``uo3`` (cm-atm), ``uw`` (g cm-2), ``aot550`` (1),
        ``psurf`` (hPa), ``alti`` (km), ``phi``, ``thetas``, ``thetav`` (degree). DataArrays are
        broadcast by the names of their dimensions, plain arrays by their shapes. An axis of one
        value may be left out. Any relative azimuth is taken: ``phi``, ``-phi`` and ``phi + 360``
        are the same.

    Returns
    -------
    xarray.Dataset
        The quantities at the pixels, float64, with the dimension ``band`` first if the table has
        it. A pixel is NaN where one of its values is NaN, lies outside (``outside="nan"``), or
        needs a point that failed. The attributes ``pixels_with_nan_input``, ``pixels_outside_grid``
        and ``pixels_at_failed_points`` (of all bands) count them; Dask arrays are not counted until
        they are computed, and then by warnings.

    Raises
    ------
    LutError
        A name, a value or a unit is wrong; with Dask arrays that may be when they are computed.
    """
    lut = checked(lut, "the dataset")
    if lut.sizes.get("band") == 0:
        raise LutError("the dataset has no band: its dimension band is empty")
    names = _variables(lut, variables)
    if method not in ("linear", "cubic"):
        raise LutError(f"method {method!r} is unknown: linear or cubic")
    if outside not in ("raise", "nan"):
        raise LutError(f"outside={outside!r} is unknown: raise or nan")
    given = as_data_arrays(coordinates)
    _check_names(lut, given)
    in_chunks = any(array.chunks is not None for array in given.values())
    fixed = {name: float(a) for name, a in given.items() if not a.ndim and a.chunks is None}
    # Dimensions of the result are in the order of the array that has most of them.
    varying = sorted((name for name in given if name not in fixed), key=lambda n: -given[n].ndim)
    evaluation = _Evaluation(
        lut, names, fixed, tuple(varying), method, outside, _threads(threads), in_chunks
    )
    bands = lut.sizes.get("band")
    core = [] if bands is None else ["band"]
    if varying:
        _check_coordinates({name: given[name] for name in varying})
        results = xr.apply_ufunc(
            evaluation,
            *(given[name] for name in varying),
            output_core_dims=[core] * len(names),
            join="exact",
            dask="parallelized" if in_chunks else "forbidden",
            output_dtypes=[np.float64] * len(names),
            dask_gufunc_kwargs={"output_sizes": {} if bands is None else {"band": bands}},
        )
    else:
        results = evaluation()
    if len(names) == 1:
        results = (results,)
    interpolated = xr.Dataset(
        {n: r if varying else (core, r) for n, r in zip(names, results, strict=True)}
    )
    if bands is not None:
        of_bands = {n: c for n, c in lut.coords.items() if c.dims == ("band",)}
        interpolated = interpolated.transpose("band", ...).assign_coords(of_bands)
    for name in names:
        interpolated[name].attrs = {
            key: value
            for key, value in lut.variables[name].attrs.items()
            if key != "ancillary_variables"
        }
    interpolated.attrs = {"interpolation": method}
    if not in_chunks:
        interpolated.attrs |= evaluation.counts.attributes()
    return interpolated


def as_data_arrays(values: Mapping[str, Any]) -> dict[str, xr.DataArray]:
    """Give values as DataArrays.

    Parameters
    ----------
    values : mapping of str to float, array_like or xarray.DataArray
        Values that belong together.

    Returns
    -------
    dict of str to xarray.DataArray
        The same; plain arrays have the dimensions ``dim_0``, ``dim_1``, ... of their common shape.

    Raises
    ------
    LutError
        Something is not numbers, or plain arrays stand beside DataArrays, or do not fit together.
    """
    given: dict[str, xr.DataArray] = {}
    plain: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, xr.DataArray):
            given[name] = value
        elif isinstance(value, np.ma.MaskedArray):
            plain[name] = np.ma.filled(value.astype(np.float64), np.nan)
        else:
            plain[name] = value if hasattr(value, "__dask_graph__") else np.asarray(value)
    shaped = [name for name, value in plain.items() if value.ndim]
    named = [name for name, value in given.items() if value.ndim]
    if shaped and named:
        raise LutError(
            f"{', '.join(shaped)} are arrays without names of dimensions, beside the DataArrays "
            f"{', '.join(named)}: give all arrays as DataArrays, such as "
            f"xr.DataArray(values, dims={given[named[0]].dims})"
        )
    shapes = {name: plain[name].shape for name in shaped}
    try:
        dimensions = len(np.broadcast_shapes(*shapes.values()))
    except ValueError:
        told = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise LutError(f"these shapes do not fit together: {told}") from None
    for name, value in plain.items():
        # An axis of length 1 is stretched, as NumPy does; xarray would take it for another size.
        names = [f"dim_{i}" for i in range(dimensions - value.ndim, dimensions)]
        kept = tuple(
            i for i, n in enumerate(value.shape) if n != 1 or _only_ones(shapes, i - value.ndim)
        )
        if len(kept) < value.ndim:
            value = value.reshape(tuple(value.shape[i] for i in kept))
        given[name] = xr.DataArray(value, dims=[names[i] for i in kept])
    for name, array in given.items():
        if array.dtype.kind not in "fiu":
            raise LutError(f"{name} is of type {array.dtype}, not a number or an array of numbers")
    return {name: given[name] for name in values}


def _only_ones(shapes: Mapping[str, tuple[int, ...]], place: int) -> bool:
    return all(len(shape) < -place or shape[place] == 1 for shape in shapes.values())


def _variables(lut: xr.Dataset, variables: str | Sequence[str] | None) -> tuple[str, ...]:
    there = quantities_of(lut)
    if variables is None:
        return there
    wanted = (variables,) if isinstance(variables, str) else tuple(variables)
    unknown = [name for name in wanted if name not in there]
    if unknown or not wanted:
        raise LutError(
            f"the table has no quantity {', '.join(map(str, unknown)) or 'of that empty list'}: it "
            f"has {', '.join(there)}"
        )
    return tuple(dict.fromkeys(wanted))


def _check_names(lut: xr.Dataset, given: Mapping[str, xr.DataArray]) -> None:
    unknown = [name for name in given if name not in AXIS_NAMES]
    if unknown:
        raise LutError(
            f"{', '.join(unknown)}: no axis of a table; its axes are {', '.join(AXIS_NAMES)}"
        )
    missing = [name for name in AXIS_NAMES if name not in given and lut.sizes[name] > 1]
    if missing:
        told = ", ".join(f"{name} ({AXIS_BY_NAME[name].units})" for name in missing)
        raise LutError(f"values are missing for {told}: only an axis of one value may be left out")
    for name, array in given.items():
        refuse_named_unit(AXIS_BY_NAME[name], array.attrs.get("units"))
        if "band" in array.dims and "band" in lut.dims:
            raise LutError(
                f"{name} has the dimension band, as the table does: the atmosphere is the same in "
                "all bands; rename the dimension, or interpolate band by band"
            )


def _check_coordinates(given: Mapping[str, xr.DataArray]) -> None:
    try:
        xr.align(*given.values(), join="exact", copy=False)
    except ValueError as error:
        raise LutError(
            f"{', '.join(given)} do not fit together: {error}\nGive dimensions of the same sizes "
            "and coordinates, or select what they share: xr.align(..., join='inner')"
        ) from error


def _threads(threads: int | None) -> int:
    if threads is None:
        # The cores that this process may use, which are less than those of a shared machine.
        usable = getattr(os, "sched_getaffinity", None)
        return len(usable(0)) if usable else os.cpu_count() or 1
    if threads < 1:
        raise LutError(f"threads={threads} must be 1 or more")
    return threads


@dataclass
class _Counts:
    """Pixels that are NaN, by the reason."""

    nan_input: int = 0
    outside: int = 0
    failed: int = 0
    by_axis: dict[str, int] = field(default_factory=dict)

    def attributes(self) -> dict[str, Any]:
        counted: dict[str, Any] = {
            "pixels_with_nan_input": self.nan_input,
            "pixels_outside_grid": self.outside,
            "pixels_at_failed_points": self.failed,
        }
        if self.by_axis:
            counted["outside_grid_by_axis"] = ", ".join(
                f"{name}: {count}" for name, count in self.by_axis.items()
            )
        return counted

    def warn(self, *, of_outside: bool) -> None:
        if self.failed:
            warnings.warn(
                f"{self.failed} pixels are NaN because points of the table failed that they need; "
                "lut.status tells which",
                UserWarning,
                stacklevel=4,
            )
        if of_outside and self.outside:
            told = ", ".join(f"{name} {count}" for name, count in self.by_axis.items())
            warnings.warn(
                f"{self.outside} pixels are NaN because they are outside the table: {told}",
                UserWarning,
                stacklevel=4,
            )


class _Evaluation:
    """The interpolation of one scene, or of each chunk of it.

    Parameters
    ----------
    lut : xarray.Dataset
        The table, with or without bands.
    variables : tuple of str
        The quantities.
    fixed : dict of str to float
        The values of axes for which a scalar was given.
    varying : tuple of str
        The axes whose values are the arguments of a call.
    method, outside
        As in `interpolate`.
    threads : int
        Threads of a call.
    in_chunks : bool
        Whether there is a call for each chunk: the table is then read once for all of them.
    """

    def __init__(
        self,
        lut: xr.Dataset,
        variables: tuple[str, ...],
        fixed: dict[str, float],
        varying: tuple[str, ...],
        method: Method,
        outside: Outside,
        threads: int,
        in_chunks: bool,
    ) -> None:
        self._lut = lut
        self._variables = variables
        self._fixed = fixed
        self._varying = varying
        self._method = method
        self._outside = outside
        self._threads = 1 if in_chunks else threads
        self._in_chunks = in_chunks
        self._kept: dict[int, ReducedTable] = {}
        self._lock = Lock()
        self.counts = _Counts()
        self._nodes = {name: lut.variables[name].values.astype(np.float64) for name in AXIS_NAMES}

    def __getstate__(self) -> dict[str, Any]:
        # To another process go the questions; tables are read there.
        return {**self.__dict__, "_kept": {}, "_lock": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = Lock()

    def __call__(self, *arrays: npt.NDArray[Any]) -> Any:
        """Interpolate at some pixels.

        Parameters
        ----------
        *arrays : ndarray
            The values of the varying axes, of shapes that fit together.

        Returns
        -------
        ndarray of float64, or tuple of them
            Each quantity at each pixel; the band last, if the table has bands.
        """
        shape = np.broadcast_shapes(*(array.shape for array in arrays))
        bands = self._lut.sizes.get("band")
        out = np.empty((bands or 1, len(self._variables), int(np.prod(shape, dtype=np.int64))))
        if out.size:
            counts = self._fill(out, dict(zip(self._varying, arrays, strict=True)), shape)
            counts.warn(of_outside=self._in_chunks)
            if not self._in_chunks:
                self.counts = counts
        results = []
        for i in range(len(self._variables)):
            of_bands = out[:, i].reshape(out.shape[0], *shape)
            results.append(of_bands[0] if bands is None else np.moveaxis(of_bands, 0, -1))
        return results[0] if len(results) == 1 else tuple(results)

    def _fill(
        self,
        out: npt.NDArray[np.float64],
        arrays: dict[str, npt.NDArray[Any]],
        shape: tuple[int, ...],
    ) -> _Counts:
        given = {name: np.asarray(value) for name, value in self._fixed.items()} | arrays
        values = {name: given[name] for name in AXIS_NAMES if name in given}
        ranges = {name: _range(value) for name, value in values.items()}
        look_for_radians(ranges, out.shape[2])
        if "phi" in values and not _within(ranges["phi"], (0, 180), bounds(self._nodes["phi"])):
            values["phi"] = fold_onto(values["phi"], self._nodes["phi"])
            ranges["phi"] = _range(values["phi"])
        beyond = [name for name in values if self._is_beyond(name, ranges[name])]
        for name in beyond:
            self._refuse_other_unit(AXIS_BY_NAME[name], values[name])
        if beyond and self._outside == "raise":
            raise LutError(
                "\n".join(self._told(AXIS_BY_NAME[name], values[name]) for name in beyond)
            )
        counts = self._count(values, ranges, beyond, shape)
        if counts.nan_input + counts.outside == out.shape[2]:
            out.fill(np.nan)
            return counts
        # What is outside is NaN whatever the table holds: it need not reach there.
        needed = {name: self._clipped(name, span) for name, span in ranges.items()}
        fixed = {name: nodes[0] for name, nodes in self._nodes.items() if name not in values}
        for name, (low, high) in needed.items():
            if name in self._fixed or (low == high and not self._in_chunks):
                fixed[name] = low
        varying = {name: values[name] for name in AXIS_NAMES if name not in fixed}
        hidden = [name for name in values if name in fixed and values[name].ndim]
        # Axes that are taken for constant may have pixels that are NaN or outside all the same.
        bad = np.zeros(shape, bool)
        if hidden and counts.nan_input + counts.outside:
            for name in hidden:
                low, high = bounds(self._nodes[name])
                bad |= ~((values[name] >= low) & (values[name] <= high))
            for name in [*varying][:1]:
                varying[name] = np.where(bad, np.nan, varying[name])
        for band in range(out.shape[0]):
            table = self._table(band, fixed, {name: needed[name] for name in varying})
            counts.failed += self._interpolate(table, varying, shape, out[band])
        if not varying and bad.any():
            counts.failed = counts.failed // bad.size * int((~bad).sum())
            out[:, :, bad.reshape(-1)] = np.nan
        return counts

    def _is_beyond(self, name: str, span: tuple[float, float]) -> bool:
        low, high = bounds(self._nodes[name])
        return span[0] < low or span[1] > high

    def _clipped(self, name: str, span: tuple[float, float]) -> tuple[float, float]:
        nodes = self._nodes[name]
        low, high = np.clip(span, nodes[0], nodes[-1])
        return float(low), float(high)

    def _refuse_other_unit(self, axis: Axis, values: npt.NDArray[Any]) -> None:
        other = recognised_unit(axis, values, self._nodes[axis.name])
        if other is not None:
            raise LutError(
                f"{axis.name} is in {other.name}, by its values ({_described(values)}), but the "
                f"{axis.long_name} of a table is in {axis.units}: give {other.conversion}"
            )

    def _told(self, axis: Axis, values: npt.NDArray[Any]) -> str:
        nodes = self._nodes[axis.name]
        low, high = bounds(nodes)
        count = int(((values < low) | (values > high)).sum())
        where = (
            f"only has {nodes[0]:.15g} {axis.units}"
            if len(nodes) == 1
            else f"goes from {nodes[0]:.15g} to {nodes[-1]:.15g} {axis.units}"
        )
        advice = "give outside='nan' for NaN there, or make a table that goes further"
        if axis.name in ("thetas", "thetav") and float(np.nanmax(np.abs(values))) <= 1.5708:
            advice += "; if these are radians, give np.degrees(values)"
        return (
            f"{axis.name} ({axis.long_name}): {count} of {values.size} values are outside the "
            f"table, which {where}: they are {_described(values)}. Nothing is extrapolated: "
            f"{advice}"
        )

    def _count(
        self,
        values: Mapping[str, npt.NDArray[Any]],
        ranges: Mapping[str, tuple[float, float]],
        beyond: Sequence[str],
        shape: tuple[int, ...],
    ) -> _Counts:
        counts = _Counts()
        nan = np.zeros(shape, bool)
        for value in values.values():
            if value.dtype.kind == "f":
                missing = np.isnan(value)
                if missing.any():
                    nan |= missing
        counts.nan_input = int(nan.sum())
        outside = np.zeros(shape, bool)
        for name in beyond:
            low, high = bounds(self._nodes[name])
            here = np.broadcast_to((values[name] < low) | (values[name] > high), shape)
            counts.by_axis[name] = int((here & ~nan).sum())
            outside |= here
        counts.outside = int((outside & ~nan).sum())
        return counts

    def _table(
        self,
        band: int,
        fixed: Mapping[str, float],
        ranges: dict[str, tuple[float, float]],
    ) -> ReducedTable:
        lut = self._lut if "band" not in self._lut.dims else self._lut.isel(band=band)
        if not self._in_chunks:
            return reduce_table(lut, self._variables, fixed, ranges, self._method)
        with self._lock:
            if band not in self._kept:
                whole = {name: (self._nodes[name][0], self._nodes[name][-1]) for name in ranges}
                self._kept[band] = reduce_table(lut, self._variables, fixed, whole, self._method)
            return self._kept[band]

    def _interpolate(
        self,
        table: ReducedTable,
        varying: dict[str, npt.NDArray[Any]],
        shape: tuple[int, ...],
        out: npt.NDArray[np.float64],
    ) -> int:
        """Fill the quantities of one band, and tell how many pixels need a point that failed."""
        pixels = out.shape[1]
        if not varying:
            out[:] = table.values[:, np.newaxis]
            return pixels if np.isnan(table.values).any() else 0
        from sixsv_reader.kernel import cells_of, interpolate_pixels

        nodes = np.concatenate(table.nodes)
        lengths = np.array([len(axis) for axis in table.nodes])
        first = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        strides = np.array(table.values.strides[:-1]) // table.values.itemsize
        limits = [bounds(self._nodes[name]) for name in varying]
        lowest, highest = (np.array(side) for side in zip(*limits, strict=True))
        used = np.array(table.neighbours)
        row = table.values.reshape(-1)
        flat = [_flat(array, shape) for array in varying.values()]

        def block(start: int) -> int:
            stop = min(start + _BLOCK, pixels)
            coordinates = np.empty((len(flat), stop - start))
            for axis, array in enumerate(flat):
                coordinates[axis] = array[start:stop]
            if row.nbytes > _IN_CACHE:
                order = np.argsort(cells_of(nodes, first, lengths, coordinates), kind="stable")
            else:
                order = np.arange(stop - start)
            return int(
                interpolate_pixels(
                    row, strides, nodes, first, lengths, used, lowest, highest,
                    coordinates, order, out, start,
                )
            )  # fmt: skip

        starts = range(0, pixels, _BLOCK)
        if self._threads == 1 or len(starts) == 1:
            return sum(map(block, starts))
        with ThreadPoolExecutor(self._threads) as pool:
            return sum(pool.map(block, starts))


def _range(values: npt.NDArray[Any]) -> tuple[float, float]:
    """Give the lowest and highest value that is not NaN."""
    if not values.size:
        return np.nan, np.nan
    return (
        float(np.fmin.reduce(values, axis=None)),
        float(np.fmax.reduce(values, axis=None)),
    )


def _within(span: tuple[float, float], *others: tuple[float, float]) -> bool:
    return all(low <= span[0] and span[1] <= high for low, high in others)


def _described(values: npt.NDArray[Any]) -> str:
    low, high = _range(values)
    return f"{low:.7g}" if low == high else f"{low:.7g} to {high:.7g}"


def _flat(values: npt.NDArray[Any], shape: tuple[int, ...]) -> Any:
    """Give the values of all pixels, one after the other, without a copy of what is stretched."""
    if values.shape == shape and values.flags.c_contiguous:
        return values.reshape(-1)
    return np.broadcast_to(values, shape).flat
