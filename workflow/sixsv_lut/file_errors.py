"""Errors of files and folders, told to people: which one, why, and what to do."""

from __future__ import annotations

import contextlib
import errno
import grp
import os
import pwd
import shlex
import stat
from collections.abc import Callable
from pathlib import Path

from sixsv_lut.files import closest_existing
from sixsv_lut.readable import size


def explain(error: OSError, path: Path | None = None) -> str:
    """Tell what is wrong with a file or folder, and what to do.

    Parameters
    ----------
    error : OSError
        What the operating system said.
    path : Path, optional
        What was being read or written, if the error does not name it.

    Returns
    -------
    str
        One paragraph; it begins with the path.
    """
    named = Path(os.fsdecode(error.filename)) if error.filename else path
    if named is None:
        return f"{_said(error)}: mend that, then run the same command again."
    why = _REASONS.get(error.errno or 0, _other)(error, named)
    return f"{named}: {why}, then run the same command again: what was finished is kept."


def _said(error: OSError) -> str:
    return error.strerror or str(error)


def _other(error: OSError, _path: Path) -> str:
    return f"{_said(error)}. Mend that"


def _full(error: OSError, path: Path) -> str:
    folder = closest_existing(path)
    room = os.statvfs(folder)
    if room.f_files and not room.f_favail:
        limit = f"{room.f_files} files"
    else:
        limit = size(room.f_blocks * room.f_frsize)
    return f"{_said(error)}: the file system of {folder} ({limit} in all) is full. Make room there"


def _quota(error: OSError, path: Path) -> str:
    return f"{_said(error)}. Remove files of yours in the file system of {closest_existing(path)}"


def _too_large(error: OSError, _path: Path) -> str:
    return f"{_said(error)}. Raise the limit on the size of files (ulimit -f)"


def _read_only(error: OSError, path: Path) -> str:
    return (
        f"{_said(error)}. Have the file system of {closest_existing(path)} made writable, or name "
        "another folder in the configuration"
    )


def _short_outage(error: OSError, _path: Path) -> str:
    return f"{_said(error)}. Wait for the file system"


def _gone(error: OSError, _path: Path) -> str:
    return f"{_said(error)}. Put it back if it is yours to give"


def _forbidden(error: OSError, path: Path) -> str:
    return f"{_said(error)}, {no_permission(path)}, or name another folder in the configuration"


def no_permission(path: Path) -> str:
    """Tell whose a file or folder is that gives no permission, and what to ask of them.

    Parameters
    ----------
    path : Path
        The file or folder, or what was to be made in a folder.

    Returns
    -------
    str
        Such as ``because /store/f00 belongs to alice, group lut (drwxr-xr-x), and you are bob: ask
        alice for permission (chmod g+rwX /store/f00, for members of group lut)``.
    """
    nearest = closest_existing(path)
    if nearest.is_file() and os.access(nearest, os.R_OK | os.W_OK):
        nearest = nearest.parent  # the file is free: it was the folder that should be changed
    found = nearest.stat()
    owner, group, me = _user(found.st_uid), _group(found.st_gid), os.geteuid()
    why = (
        f"because {nearest} belongs to {owner}, group {group} "
        f"({stat.filemode(found.st_mode)}), and you are {_user(me)}"
    )
    name = shlex.quote(str(nearest))
    if os.access(nearest, os.R_OK | os.W_OK | os.X_OK):
        return f"{why}: ask {owner} to do it"  # a sticky folder, or a rule of the kernel
    if os.statvfs(nearest).f_flag & os.ST_RDONLY:
        return f"because the file system of {nearest} is read-only: have it made writable"
    if found.st_uid == me:
        return f"{why}: give yourself permission (chmod u+rwX {name})"
    return f"{why}: ask {owner} for permission (chmod g+rwX {name}, for members of group {group})"


def _user(number: int) -> str:
    with contextlib.suppress(KeyError):
        return pwd.getpwuid(number).pw_name
    return f"user {number}"


def _group(number: int) -> str:
    with contextlib.suppress(KeyError):
        return grp.getgrgid(number).gr_name
    return str(number)


_REASONS: dict[int, Callable[[OSError, Path], str]] = {
    errno.ENOSPC: _full,
    errno.EDQUOT: _quota,
    errno.EFBIG: _too_large,
    errno.EROFS: _read_only,
    errno.EACCES: _forbidden,
    errno.EPERM: _forbidden,
    errno.EIO: _short_outage,
    errno.ESTALE: _short_outage,
    errno.ENOENT: _gone,
}
