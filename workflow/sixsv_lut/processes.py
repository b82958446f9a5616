"""Other processes of this machine: whether they are there, and which they are."""

from __future__ import annotations

import os
from pathlib import Path


def _status(pid: int) -> list[str]:
    # proc(5), /proc/pid/stat: what follows the name, which may hold anything; state first.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def has_ended(pid: int) -> bool:
    """Tell whether no process has this id, or only one that has ended and is not waited for."""
    try:
        os.kill(pid, 0)
        return _status(pid)[0] in "ZX"
    except ProcessLookupError:
        return True
    except (OSError, IndexError):
        return False  # of another user, or a system that does not tell


def process_start(pid: int) -> str:
    """Tell a process from a later one of the same id.

    Parameters
    ----------
    pid : int
        Process id on this machine.

    Returns
    -------
    str
        When it was started, in clock ticks since boot (proc(5), field 22 of stat); empty if there
        is no such process, or only one that has ended.
    """
    try:
        fields = _status(pid)
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]
