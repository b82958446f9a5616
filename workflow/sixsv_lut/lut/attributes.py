"""What is known of a LUT only after it was made: attributes that are put into its files.

They are put there without touching the time of the files: for Snakemake nothing has changed, so
nothing that is made from a LUT is made again. A LUT that is made anew takes them from the file in
which they are kept, as long as that is of the same launches and the same nodes.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import netCDF4

from sixsv_lut.campaign.formats import DESCRIPTION_SUFFIX, SUFFIXES
from sixsv_lut.campaign.promise import Promise
from sixsv_lut.files import atomic_write

ACCURACY_PREFIX = "accuracy_"

# What the file in which they are kept must say.
_FINGERPRINT, _AXES, _PROMISE, _ATTRIBUTES = "fingerprint", "axes", "promise", "attributes"

# Where Zarr of format 2 has the attributes of all variables together, once more for all.
_ZARR_ATTRIBUTES, _ZARR_METADATA = ".zattrs", ".zmetadata"


def kept_with(
    fingerprint: str,
    axes: Mapping[str, Sequence[str]],
    attributes: Mapping[str, Any],
    promise: Promise | None = None,
) -> dict[str, Any]:
    """Give what a JSON file must hold from which `kept_accuracy` is to take attributes."""
    return {
        _FINGERPRINT: fingerprint,
        _AXES: {name: list(values) for name, values in axes.items()},
        _PROMISE: asdict(promise) if promise else None,
        _ATTRIBUTES: dict(attributes),
    }


def kept_accuracy(
    path: Path,
    fingerprint: str,
    axes: Mapping[str, Sequence[str]],
    promise: Promise | None = None,
) -> dict[str, Any]:
    """Give the attributes that say how wrong a LUT is, if that was measured.

    Parameters
    ----------
    path : Path
        The result of the measurement, if there is one.
    fingerprint : str
        Fingerprint of the LUT's recipe.
    axes : mapping of str to sequence of str
        The nodes of the LUT.
    promise : Promise, optional
        What is promised of its derived values; None where all points are launched.

    Returns
    -------
    dict
        The attributes; none if there is no such file, or it is of another LUT.
    """
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        kept = json.loads(path.read_text())
        nodes = {name: [float(value) for value in axes[name]] for name in axes}
        kept_nodes = {name: [float(value) for value in kept[_AXES][name]] for name in kept[_AXES]}
        promised = asdict(promise) if promise else None
        same_values = kept[_FINGERPRINT] == fingerprint and kept.get(_PROMISE) == promised
        if same_values and kept_nodes == nodes:
            return dict(kept[_ATTRIBUTES])
    return {}


def put_accuracy(files: Sequence[Path], attributes: Mapping[str, Any]) -> None:
    """Put the attributes that say how wrong a LUT is into its files, in place of earlier ones.

    Parameters
    ----------
    files : sequence of Path
        The files of the LUT; those of a format without attributes are left alone.
    attributes : mapping
        Global attributes; their names begin with `ACCURACY_PREFIX`.

    Raises
    ------
    OSError
        A file cannot be written; it is as it was.
    """
    for path in files:
        if path.suffix == DESCRIPTION_SUFFIX:
            _put_into_json(path, (), attributes)
        elif path.suffix == SUFFIXES["netcdf"]:
            _put_into_netcdf(path, attributes)
        elif path.suffix == SUFFIXES["zarr"]:
            with _same_time(path, path):
                _put_into_json(path / _ZARR_ATTRIBUTES, (), attributes)
                _put_into_json(path / _ZARR_METADATA, ("metadata", _ZARR_ATTRIBUTES), attributes)


@contextlib.contextmanager
def _same_time(path: Path, written: Path) -> Iterator[None]:
    before = path.stat()
    yield
    os.utime(written, ns=(before.st_atime_ns, before.st_mtime_ns))


def _put_into_json(path: Path, place: Sequence[str], attributes: Mapping[str, Any]) -> None:
    content = inner = json.loads(path.read_text())
    for name in place:
        inner = inner[name]
    others = {name: one for name, one in inner.items() if not name.startswith(ACCURACY_PREFIX)}
    inner.clear()
    inner |= others | dict(attributes)
    with atomic_write(path) as temporary, _same_time(path, temporary):
        temporary.write_text(json.dumps(content, indent=1) + "\n")


def _put_into_netcdf(path: Path, attributes: Mapping[str, Any]) -> None:
    with atomic_write(path) as temporary, _same_time(path, temporary):
        shutil.copyfile(path, temporary)
        with netCDF4.Dataset(temporary, "a") as file:
            for name in file.ncattrs():
                if name.startswith(ACCURACY_PREFIX):
                    file.delncattr(name)
            file.setncatts(attributes)
