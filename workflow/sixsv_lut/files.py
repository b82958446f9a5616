"""Files and folders that appear whole or not at all, and may vanish while they are read."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def appearing_at_once(path: Path) -> Iterator[Path]:
    """Give a temporary path beside another one, to which it is renamed when all went well.

    Parameters
    ----------
    path : Path
        Where the finished file or folder appears; one that is there is replaced.

    Yields
    ------
    Path
        Where to write it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        yield aside
        if aside.is_dir():
            # A folder cannot be renamed over another one.
            shutil.rmtree(path, ignore_errors=True)
        elif path.exists() and path.samefile(aside):
            # Renaming a link over another link of the same file does nothing.
            path.unlink()
        aside.rename(path)
    finally:
        if aside.is_dir():
            shutil.rmtree(aside, ignore_errors=True)
        else:
            aside.unlink(missing_ok=True)


def closest_existing(path: Path) -> Path:
    """Give a path if something is there, else the closest folder above it that is there."""
    return next(one for one in (path, *path.absolute().parents) if os.path.lexists(one))


@contextlib.contextmanager
def may_vanish() -> Iterator[None]:
    """Pass over a file that another process removes: before it is opened, or while it is read.

    A network file system tells the latter by ESTALE, if the file was removed from another machine.
    """
    try:
        yield
    except OSError as fault:
        if fault.errno not in (errno.ENOENT, errno.ESTALE):
            raise
