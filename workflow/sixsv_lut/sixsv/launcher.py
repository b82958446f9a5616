"""One launch of 6SV: one process, deck on standard input, report on standard output, no file."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from sixsv_lut.errors import CampaignError
from sixsv_lut.sixsv.executable import HeldExecutable
from sixsv_lut.sixsv.report import Status

# A report has 13 kB whatever the deck.
MOST_BYTES = 4 * 1024**2

# Seconds between two looks at a silent launch.
_LOOK_SECONDS = 0.25
# Seconds that children may go on printing after 6SV, or the script around it, has ended.
_GRACE_SECONDS = 1.0

_ENDED = (os.CLD_EXITED, os.CLD_KILLED, os.CLD_DUMPED)

# prctl(2): orphaned descendants become children of this process.
_PR_SET_CHILD_SUBREAPER = 36
# Environment variable that tells whose descendant a process is.
_LAUNCH = "SIXSV_LUT_LAUNCH"

# How the dynamic loader of GNU/Linux refuses a program.
_NOT_LOADED = 127
_LOADER_COMPLAINT = b"error while loading shared libraries"


class LaunchError(Exception):
    """A launch that ended without a report.

    Parameters
    ----------
    status : Status
        ``TIMEOUT``, ``CRASHED`` or ``UNREADABLE``.
    reason : str
        What happened, with what 6SV wrote on standard error.
    """

    def __init__(self, status: Status, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class _RunningTime:
    """How long this process has run: time in which it was suspended does not count.

    It is looked at often, and no look adds more than the time between two looks.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self._last = time.monotonic()

    def look(self, *, counts: bool = True) -> None:
        """Add what has passed since the last look, or forget it."""
        now = time.monotonic()
        if counts:
            self.seconds += min(now - self._last, _LOOK_SECONDS)
        self._last = now


class Launcher:
    """Starts 6SV processes, from several threads, and ends them when told to.

    The process that has a launcher starts no other processes meanwhile: children that it has beside
    its launches are taken for what launches have left behind, and killed.

    Parameters
    ----------
    executable : Path
        The 6SV executable. Its content at this moment is what every launch executes.
    environment : mapping of str to str
        Environment variables of the processes.
    timeout : float
        Seconds after which a process is killed, with its children. Time in which this process, or
        the launched one, is suspended does not count.
    sha256 : str, optional
        What the executable's SHA-256 must be, in hexadecimal.

    Raises
    ------
    CampaignError
        The executable cannot be read, may not be executed, or has another SHA-256.
    """

    def __init__(
        self,
        executable: Path,
        environment: Mapping[str, str],
        timeout: float,
        sha256: str | None = None,
    ) -> None:
        self._executable = HeldExecutable(executable, sha256)
        self._environment = dict(environment)
        self._timeout = timeout
        self._lock = threading.Lock()
        self._started = 0
        self._running: dict[subprocess.Popen[bytes], str] = {}
        self._stopped = False
        _adopt_orphans()
        self._others = set(_children())

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
            6SV ran too long, printed without end, was killed by a signal, or ended with an exit
            code other than 0.
        CampaignError
            6SV could not be started at all, or was changed: no launch of this batch can succeed
            now.
        """
        process = self._start()
        try:
            report, complaint = self._converse(process, deck.encode())
        finally:
            self._end(process)
            self._executable.check()
        if process.returncode == _NOT_LOADED and _LOADER_COMPLAINT in complaint:
            raise CampaignError(
                f"6SV cannot start: {complaint.decode(errors='replace').strip()}\n"
                "Install that library (libgfortran.so.5 is in Debian's package libgfortran5, or in "
                "the compiler module of your site), or set sixsv.executable to another 6SV."
            )
        if process.returncode != 0:
            how = _how_it_ended(process.returncode, complaint)
            raise LaunchError(Status.CRASHED, how + self._executable.hint)
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
            self._executable.check()
            self._started += 1
            name = f"{id(self)}-{self._started}"
            file, arguments = self._executable.command
            try:
                process = subprocess.Popen(
                    arguments,
                    executable=file,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    env=self._environment | {_LAUNCH: name},
                    pass_fds=[self._executable.file],
                    process_group=0,
                )
            except OSError as error:
                raise CampaignError(
                    f"6SV cannot start: {self._executable.path}: {error.strerror or error}"
                ) from error
            self._running[process] = name
        # Should this process be killed outright, nobody is left to watch the timeout: the kernel
        # then ends a 6SV that runs on for ever.
        limit = int(self._timeout) + 1
        with contextlib.suppress(OSError, ValueError, AttributeError):
            resource.prlimit(process.pid, resource.RLIMIT_CPU, (limit, limit))
        return process

    def _converse(self, process: subprocess.Popen[bytes], deck: bytes) -> tuple[bytes, bytes]:
        """Write the deck, and read what is printed until the process has ended."""
        assert process.stdin
        assert process.stdout
        assert process.stderr
        stdin = process.stdin.fileno()
        os.set_blocking(stdin, False)
        unsent = memoryview(deck)
        printed = {stream.fileno(): bytearray() for stream in (process.stdout, process.stderr)}
        silent = 0  # how many of the two were closed
        running = _RunningTime()
        grace: _RunningTime | None = None
        pause = _LOOK_SECONDS / 256
        with selectors.PollSelector() as selector:
            selector.register(stdin, selectors.EVENT_WRITE)
            for stream in printed:
                selector.register(stream, selectors.EVENT_READ)
            while True:
                ready: list[int] = []
                if silent < len(printed):
                    wait = min(_LOOK_SECONDS, max(0.01, self._timeout - running.seconds))
                    ready = [key.fd for key, _ in selector.select(wait)]
                else:  # it ends in this moment, or it lives on in silence
                    time.sleep(pause)
                    pause = min(2 * pause, _LOOK_SECONDS)
                for stream in ready:
                    if stream == stdin:
                        unsent = _write_some(stdin, unsent)
                        if not unsent:
                            selector.unregister(stdin)
                            process.stdin.close()
                        continue
                    some = os.read(stream, 65536)
                    printed[stream] += some
                    if not some:
                        selector.unregister(stream)
                        silent += 1
                if sum(map(len, printed.values())) > MOST_BYTES:
                    raise LaunchError(
                        Status.UNREADABLE,
                        f"6SV printed more than {MOST_BYTES:,} bytes and was killed: a report has "
                        "some 13,000",
                    )
                state = _state(process.pid)
                running.look(counts=state != os.CLD_STOPPED)
                if state in _ENDED:
                    grace = grace or _RunningTime()
                    grace.look()
                    if silent == len(printed) or grace.seconds > _GRACE_SECONDS or self._stopped:
                        break
                elif running.seconds >= self._timeout:
                    raise LaunchError(
                        Status.TIMEOUT,
                        f"6SV did not end within {self._timeout:g} s and was killed",
                    )
        report, complaint = map(bytes, printed.values())
        return report, complaint

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
            self._running.pop(process, None)
            self._end_orphans()

    def _end_orphans(self) -> None:
        # Whoever left the group of an ended launch came to this process when its parent ended. A
        # orphan's own children come when it has ended, hence the loop.
        ours = {process.pid for process in self._running}
        running = {f"{_LAUNCH}={name}".encode() for name in self._running.values()}
        while True:
            orphans = [
                pid
                for pid in _children()
                if pid not in ours and pid not in self._others and not _environment(pid) & running
            ]
            if not orphans:
                return
            for pid in orphans:
                try:
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)
                except OSError:  # of another user, or waited for elsewhere
                    self._others.add(pid)


def _adopt_orphans() -> None:
    with contextlib.suppress(OSError, AttributeError):
        set_option = ctypes.CDLL(None).prctl
        set_option(_PR_SET_CHILD_SUBREAPER, *map(ctypes.c_ulong, (1, 0, 0, 0)))


def _children() -> list[int]:
    """Give the children of this process that its main thread has: orphans become these."""
    pid = os.getpid()
    try:
        return [int(child) for child in Path(f"/proc/self/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _environment(pid: int) -> set[bytes]:
    try:
        return set(Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"))
    except OSError:
        return set()


def _state(pid: int) -> int | None:
    """Give how a child has ended, or that it is suspended; nothing while it runs."""
    # It stays to be waited for: until then no other process can get its number.
    options = os.WEXITED | os.WSTOPPED | os.WNOHANG | os.WNOWAIT
    state = os.waitid(os.P_PID, pid, options)
    return None if state is None else state.si_code


def _write_some(pipe: int, text: memoryview) -> memoryview:
    """Write what fits; give the rest, or nothing when nobody reads any more."""
    try:
        return text[os.write(pipe, text) :]
    except BlockingIOError:
        return text
    except BrokenPipeError:
        return text[:0]


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
