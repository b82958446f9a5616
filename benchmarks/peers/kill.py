"""What happens when a part of a contender, or all of it, is killed in the middle."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

from peers.case import Case, make_case
from peers.contenders import CONTENDERS, Contender, Table, is_sixsv
from peers.processes import command_line, descendants, run

# When the kill comes: after this part of the launches.
PART = 0.4
KINDS = ("launch", "worker", "main")
_TIMEOUT = 900.0


class _Killer:
    """Kills once, when enough launches have been started."""

    def __init__(self, launched: Path, after: int, kind: str, contender: Contender) -> None:
        self.launched = launched
        self.after = after
        self.is_victim = {"launch": is_sixsv, "worker": contender.is_worker, "main": None}[kind]
        self.killed = 0

    def __call__(self, main: int) -> None:
        if self.killed or count(self.launched) < self.after:
            return
        for pid in [main] if self.is_victim is None else descendants(main):
            if self.is_victim is None or self.is_victim(command_line(pid)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    self.killed = pid
                    return


def count(launched: Path) -> int:
    """Tell how many launches have been started."""
    return launched.stat().st_size if launched.exists() else 0


def kill_one(
    name: str, kind: str, case: Case, reference: Table, place: str | None
) -> dict[str, Any]:
    """Run a contender, kill in the middle, and run the same command again if results lack.

    Parameters
    ----------
    name : str
        Key in `CONTENDERS`.
    kind : str
        ``launch`` (a running 6SV), ``worker`` (only of contenders that have them) or ``main``.
    case : Case
        Says how many launches, how many at a time, and how many to a batch.
    reference : ndarray of float64, shape (launches, 5)
        The right results.
    place : str or None
        Where to work; None: in the folder for temporary files.

    Returns
    -------
    dict
        What was seen: exit codes, right results and launches, after the kill and after the same
        command again.
    """
    contender = CONTENDERS[name]
    launches, cores, batch_size = case.launches, case.cores, case.batch_size
    with tempfile.TemporaryDirectory(prefix="peers-", dir=place) as own:
        prepared, folder = Path(own, "case"), Path(own, "work")
        prepared.mkdir()
        folder.mkdir()
        case = make_case(prepared, launches, cores, batch_size, count=True)
        launched = prepared / "launched"
        killer = _Killer(launched, int(PART * launches), kind, contender)
        command = contender.prepare(case, folder)
        first = run(command, folder, case.environment, timeout=_TIMEOUT, watch=killer)
        right = contender.right(contender.results(case, folder), reference)
        seen: dict[str, Any] = {
            "killed": bool(killer.killed),
            "ended_by_itself": first.wall_seconds < _TIMEOUT,
            "exit_code": first.exit_code,
            "outlived_seconds": round(first.outlived_seconds, 1),
            "right": right,
            "launches": count(launched),
            "again": None,
        }
        if not killer.killed:
            raise RuntimeError(f"{name}: nothing to kill ({kind}) was found while it ran")
        if right < launches:
            second = run(command, folder, case.environment, timeout=_TIMEOUT)
            seen["again"] = {
                "exit_code": second.exit_code,
                "right": contender.right(contender.results(case, folder), reference),
                "launches": count(launched),
            }
            if seen["again"]["right"] < launches:
                print((folder / "printed").read_text(errors="replace")[-2000:], file=sys.stderr)
    return seen
