"""Files and folders that appear whole or not at all, and may vanish while they are read."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import secrets
import shlex
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, BinaryIO

from sixsv_lut.errors import CampaignError

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}

# Errors that are what they say. What is written to find out the truth of others must be more than
# a library may have failed to write at once.
_OF_THE_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.ESTALE)
_TRIED_BYTES, _AT_A_TIME = 1 << 24, 1 << 20


class NotAFileError(CampaignError):
    """A pipe, a folder or a device is where a file should be."""


@contextlib.contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Give a temporary path beside another one, to which it is renamed when all went well.

    Parameters
    ----------
    path : Path
        Where the finished file or folder appears; one that is there is replaced.

    Yields
    ------
    Path
        Where to write it.

    Raises
    ------
    OSError
        The file system is to blame, whatever the library that was writing made of it; the error
        names `path`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        yield temporary
        if temporary.is_dir():
            # A folder cannot be renamed over another one.
            shutil.rmtree(path, ignore_errors=True)
        elif path.exists() and path.samefile(temporary):
            # Renaming a link over another link of the same file does nothing.
            path.unlink()
        temporary.rename(path)
    except CampaignError:
        raise
    except Exception as error:
        why = _why_not_written(error, temporary, path)
        if why is error:
            raise
        raise why from error
    finally:
        if temporary.is_dir():
            shutil.rmtree(temporary, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):  # there is none, or the file system forbids
                temporary.unlink()


def write_as_json(path: Path, content: Any) -> None:
    """Write a file of indented JSON, whole or not at all (see `atomic_write`)."""
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1) + "\n")


def _why_not_written(error: Exception, temporary: Path, path: Path) -> Exception:
    # HDF5 tells a full disk as a missing permission, or as an error of its own: try to write on.
    if not (isinstance(error, OSError) and error.errno in _OF_THE_DISK):
        try:
            _write_on(temporary)
        except OSError as found:
            error = found
    if not isinstance(error, OSError) or error.errno is None:
        return error
    named = Path(os.fsdecode(error.filename)) if error.filename else temporary
    if temporary in (named, *named.parents):
        named = path
    return OSError(error.errno, os.strerror(error.errno), str(named))


def _write_on(temporary: Path) -> None:
    target = temporary / "more" if temporary.is_dir() else temporary
    with target.open("ab", buffering=0) as file:
        for _ in range(_TRIED_BYTES // _AT_A_TIME):
            file.write(bytes(_AT_A_TIME))
        os.fsync(file.fileno())


@contextlib.contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[IO[str] | None]:
    """Hold a lock that ends with the process, however that ends.

    Parameters
    ----------
    path : Path
        The file to be locked, made if it is missing. On a file system without locks, nothing is.
    wait : bool
        Wait for another process that holds it.

    Yields
    ------
    file object or None
        The file; None if another process holds the lock.
    """
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
            return
        except OSError:
            pass
        yield file


def open_regular(path: Path) -> BinaryIO:
    """Open a file for reading, and nothing but a file: reading from a pipe may never end.

    Parameters
    ----------
    path : Path
        The file, or a link to one.

    Returns
    -------
    file object
        The file, opened for reading bytes.

    Raises
    ------
    NotAFileError
        Something else is there; the message begins with the path.
    OSError
        It cannot be opened.
    """
    _check_regular(path, path.stat().st_mode)  # opening alone would move some devices
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        _check_regular(path, os.fstat(handle).st_mode)
    except NotAFileError:
        os.close(handle)
        raise
    return os.fdopen(handle, "rb")


def _check_regular(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        kind = _KINDS.get(stat.S_IFMT(mode), "no file")
        raise NotAFileError(
            f"{path} is {kind}, where a file should be: remove it (rm -r {shlex.quote(str(path))}) "
            "and run the same command again"
        )


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
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ESTALE):
            raise
