"""Which paths a configuration may name, and which folders results and store can be.

Whether files and folders can be read and written is another question: `host/checks.py` asks it.
Errors are `ValueError`, which pydantic collects.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from sixsv_lut.campaign.configuration_values import Text
from sixsv_lut.campaign.formats import SELF_DESCRIBING, SUFFIXES
from sixsv_lut.files import closest_existing
from sixsv_lut.readable import shown

# Bytes. Linux takes names of 255 and paths of 4096, of which the files inside a folder need a part.
_LONGEST_FILE_NAME, _LONGEST_PATH = 255, 3500

# In the store stand a folder for each fingerprint, and the measurements of probes.
_FOLDER_OF_STORE = re.compile(r"[0-9a-f]{64}|probes")


def _usable_path(value: str) -> str:
    """Refuse what no file or folder can be called."""
    if not value.strip():
        raise ValueError(f"{shown(value)} is empty: write a path")
    if value != value.strip():
        raise ValueError(f"{shown(value)} begins or ends with a blank: remove it")
    if not value.isprintable():
        raise ValueError(
            f"{shown(value)} holds a line break or another sign that cannot be seen: remove it"
        )
    path = Path(value)
    if value.startswith("~"):
        try:
            path = path.expanduser()
        except RuntimeError:
            raise ValueError(
                f"{shown(value)}: nobody on this machine is called {path.parts[0][1:] or 'so'}: "
                "write the whole path"
            ) from None
    longest = max((os.fsencode(part) for part in path.parts), key=len, default=b"")
    if len(longest) > _LONGEST_FILE_NAME:
        raise ValueError(
            f"{shown(value)}: a file or folder in it has a name of {len(longest)} bytes, and "
            f"{_LONGEST_FILE_NAME} is the most: shorten it"
        )
    length = len(os.fsencode(path.absolute()))
    if length > _LONGEST_PATH:
        raise ValueError(
            f"{shown(value)}: this path has {length} bytes, and {_LONGEST_PATH} is the most: "
            "shorten it"
        )
    return value


def _with_home(value: str) -> str:
    return str(Path(value).expanduser()) if value.startswith("~") else value


UsablePath = Annotated[Text, AfterValidator(_usable_path)]
Folder = Annotated[UsablePath, AfterValidator(_with_home)]


def is_file(path: Path) -> bool:
    """Tell whether a path leads to a file.

    Raises
    ------
    ValueError
        That cannot be found out.
    """
    try:
        return path.is_file()
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None


def earlier_lut(value: str, band: str) -> Path:
    """Give the path of the LUT with which that of a band is compared."""
    return Path(value.replace("{band}", band)).expanduser()


def check_earlier_lut(value: str) -> None:
    """Refuse what cannot name a LUT that says what its axes are.

    Raises
    ------
    ValueError
        Nothing can be called so, or only a LUT as text.
    """
    _usable_path(value)
    check_characters(value.replace("{band}", ""))
    suffixes = [SUFFIXES[form] for form in SELF_DESCRIBING]
    if Path(value).suffix not in suffixes:
        raise ValueError(
            f"{shown(value)} must be a LUT that says what its axes are: a file or folder with the "
            f"suffix {' or '.join(suffixes)}"
        )


def check_earlier_lut_of_band(path: Path, results: Path | None) -> None:
    """Refuse a LUT to compare with that is not there, or that the campaign itself would replace.

    Parameters
    ----------
    path : Path
        The LUT.
    results : Path or None
        Folder of the campaign's results, if it is known.

    Raises
    ------
    ValueError
        There is no such LUT, or it lies inside the results.
    """
    try:
        there = path.exists()
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    if not there:
        raise ValueError(
            f"there is no {path}: give the path of a LUT, in which {{band}} stands for the band's "
            "name, or leave it empty"
        )
    if results and Path(os.path.realpath(path)).is_relative_to(os.path.realpath(results)):
        raise ValueError(
            f"{path} lies inside the campaign's own results, which replace it: copy the earlier "
            "LUT to another folder, and name that"
        )


def check_folder(value: str) -> None:
    """Refuse a path that is no folder and cannot become one.

    Raises
    ------
    ValueError
        It is the root of the file system, the address of a server, or something else is in the way.
    """
    if os.path.realpath(value) == "/":
        raise ValueError(f"{shown(value)} is the root of the file system: name a folder below it")
    path = Path(value)
    if not path.is_absolute() and ":" in value.split("/")[0]:
        raise ValueError(
            f"{shown(value)} reads like the address of a server: name a folder of this "
            "machine, by its whole path if its name has a colon"
        )
    check_nothing_in_the_way(path)


def check_nothing_in_the_way(path: Path) -> None:
    """Refuse the path of a folder where something else is, on the way to it too.

    Raises
    ------
    ValueError
        A file, or a link to nothing, is there.
    """
    existing = closest_existing(path)
    if existing.is_dir():
        return
    what = "a file" if existing.exists() else "a link to nothing"
    if existing == path:
        raise ValueError(f"{shown(str(path))} is {what}, not a folder")
    raise ValueError(f"{shown(str(path))} cannot be made: {existing} is {what}")


def check_characters(value: str) -> None:
    """Refuse a folder of results with characters that mean something to those who write there.

    Raises
    ------
    ValueError
        There is such a character.
    """
    # Snakemake fills in what stands between {} and <>, and NetCDF takes \ for /.
    if held := [sign for sign in "{}<>\\" if sign in value]:
        raise ValueError(
            f"{shown(value)} holds {' '.join(held)}, which Snakemake or NetCDF give a meaning: "
            "name another folder, or a link to this one"
        )


def check_store_is_apart(store: str, results: Path) -> None:
    """Refuse a store that would be mixed up with the results of the campaign.

    Parameters
    ----------
    store : str
        Folder of the store.
    results : Path
        Folder of the campaign's results.

    Raises
    ------
    ValueError
        One lies inside the other where it must not.
    """
    real_store = Path(os.path.realpath(store))
    real_results = Path(os.path.realpath(results))
    if real_store.is_relative_to(real_results):
        raise ValueError(
            f"{shown(store)} lies inside the campaign's results, {results}, which can be "
            "deleted and made again from the store: name a folder outside"
        )
    in_store = real_results.is_relative_to(real_store)
    inside = real_results.relative_to(real_store).parts if in_store else ()
    if inside and _FOLDER_OF_STORE.fullmatch(inside[0]):
        raise ValueError(
            f"{shown(store)} would hold the campaign's results, {results}, in its own folder "
            f"{inside[0]}: name another folder for the one or the other"
        )
