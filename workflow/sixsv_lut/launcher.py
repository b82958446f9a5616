"""One launch of 6SV: one process, deck on standard input, report on standard output, no file."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path

from sixsv_lut.errors import CampaignError
from sixsv_lut.output import Status

# How the dynamic loader of GNU/Linux refuses a program.
_NOT_LOADED = 127
_LOADER_COMPLAINT = b"error while loading shared libraries"


class LaunchError(Exception):
    """A launch that ended without a report.

    Parameters
    ----------
    status : Status
        ``TIMEOUT`` or ``CRASHED``.
    reason : str
        What happened, with what 6SV wrote on standard error.
    """

    def __init__(self, status: Status, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class Launcher:
    """Starts 6SV processes, from several threads, and ends them when told to.

    Parameters
    ----------
    executable : Path
        The 6SV executable.
    environment : mapping of str to str
        Environment variables of the processes.
    timeout : float
        Seconds after which a process is killed, with its children.
    """

    def __init__(self, executable: Path, environment: Mapping[str, str], timeout: float) -> None:
        self._executable = executable
        self._environment = dict(environment)
        self._timeout = timeout
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopped = False

    def launch(self, deck: str) -> str:
        """Run 6SV on one deck.

        Parameters
        ----------
        deck : str
            What 6SV reads.

        Returns
        -------
        str
            What 6SV printed.

        Raises
        ------
        LaunchError
            6SV ran too long, was killed by a signal, or ended with an exit code other than 0.
        CampaignError
            6SV could not be started at all: no launch of this batch can succeed now.
        """
        process = self._start()
        try:
            report, complaint = process.communicate(deck.encode(), timeout=self._timeout)
        except subprocess.TimeoutExpired:
            raise LaunchError(
                Status.TIMEOUT, f"6SV did not end within {self._timeout:g} s and was killed"
            ) from None
        finally:
            self._end(process)
        if process.returncode == _NOT_LOADED and _LOADER_COMPLAINT in complaint:
            raise CampaignError(
                f"6SV cannot start: {complaint.decode(errors='replace').strip()}\n"
                "Install that library (libgfortran.so.5 is in Debian's package libgfortran5, or in "
                "the compiler module of your site), or set sixsv.executable to another 6SV."
            )
        if process.returncode != 0:
            raise LaunchError(Status.CRASHED, _how_it_ended(process.returncode, complaint))
        return report.decode("ascii", errors="replace")

    def stop(self) -> None:
        """Kill all running processes and start no more."""
        with self._lock:
            self._stopped = True
            running = list(self._running)
        for process in running:
            _kill_group(process)

    def _start(self) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._stopped:
                raise CampaignError("the batch is being stopped: no more launches")
            try:
                process = subprocess.Popen(
                    [self._executable],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    env=self._environment,
                    process_group=0,
                )
            except OSError as fault:
                raise CampaignError(f"6SV cannot start: {fault}") from fault
            self._running.add(process)
        # Should this process be killed outright, nobody is left to watch the timeout: the kernel
        # then ends a 6SV that runs on for ever.
        limit = int(self._timeout) + 1
        with contextlib.suppress(OSError, ValueError, AttributeError):
            resource.prlimit(process.pid, resource.RLIMIT_CPU, (limit, limit))
        return process

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        # A process that has ended may have left children: while it or one of them lives, no other
        # group has its number.
        _kill_group(process)
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        with self._lock:
            self._running.discard(process)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _how_it_ended(returncode: int, complaint: bytes) -> str:
    lines = [
        line.strip() for line in complaint.decode(errors="replace").splitlines() if line.strip()
    ]
    said = f": {' | '.join(lines[:4])}" if lines else ""
    if returncode < 0:
        try:
            name = signal.Signals(-returncode).name
        except ValueError:
            name = f"signal {-returncode}"
        return f"6SV was killed by {name}{said}"
    return f"6SV ended with exit code {returncode}{said}"
