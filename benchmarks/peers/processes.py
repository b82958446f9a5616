"""What a command costs, with all processes that it starts and whatever becomes of them."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# Tells the time, in seconds.
Clock = Callable[[], float]

_PR_SET_CHILD_SUBREAPER = 36

SAMPLE_SECONDS = 1.0
_LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class Cost:
    """What a command cost.

    Attributes
    ----------
    exit_code : int
        Of the command; negative: the signal that ended it.
    wall_seconds : float
        From its start to its end.
    cpu_seconds : float
        User and system time of the command and all its descendants, detached ones too.
    peak_memory_mb : float or None
        Largest sum of the proportional set size (PSS) of all these processes, in MB, seen every
        `SAMPLE_SECONDS`; None if it was not looked at.
    outlived_seconds : float
        How long after the command's end its last descendant went on, in seconds.
    """

    exit_code: int
    wall_seconds: float
    cpu_seconds: float
    peak_memory_mb: float | None
    outlived_seconds: float


def adopt_orphans() -> None:
    """Become the parent of descendants whose parent ends, so that none escapes the account."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "this process cannot adopt orphans (prctl)")


def descendants(pid: int) -> list[int]:
    """Give the processes below a process, itself not among them.

    The kernel's list of each thread's children is read, which costs a small part of a look
    through all processes of the machine.
    """
    found: list[int] = []
    waiting = [pid]
    while waiting:
        # A process may end while it is looked at.
        with contextlib.suppress(OSError):
            for task in os.scandir(f"/proc/{waiting.pop()}/task"):
                with contextlib.suppress(OSError):
                    children = Path(task.path, "children").read_text().split()
                    found += map(int, children)
                    waiting += map(int, children)
    return found


def send(pids: Iterable[int], number: signal.Signals) -> None:
    """Send a signal to processes, of which some may have ended."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def command_line(pid: int) -> list[str]:
    """Give the command line of a process; empty when it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
    except OSError:
        return []


def _memory_mb(pids: Sequence[int]) -> float:
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
                    break
    return total / 1024


def _children_cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _reap(clock: Clock, deadline: float) -> None:
    # Whoever is left when the time is up is killed: no contender may disturb the next one.
    while True:
        try:
            ended, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if ended:
            continue
        if clock() > deadline:
            send(descendants(os.getpid()), signal.SIGKILL)
        time.sleep(0.01)


def run(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    *,
    timeout: float,
    watch: Callable[[int], None] | None = None,
    patience: float = 60.0,
    memory: bool = False,
    clock: Clock = time.perf_counter,
) -> Cost:
    """Run a command to its end, and to the end of all that it started.

    `adopt_orphans` must have been called, and this process must have no other children.

    Parameters
    ----------
    command : sequence of str
        The command.
    folder : Path
        Working folder; what the command prints goes to ``printed`` there.
    environment : mapping of str to str
        Environment variables.
    timeout : float
        Seconds after which the command is killed.
    watch : callable or None
        Called with the process id of the command, several times a second.
    patience : float
        Seconds that descendants may go on after the command has ended before they are killed.
    memory : bool
        Whether to look at the memory, which costs CPU time on the same cores.
    clock : callable
        Tells the time, in seconds.

    Returns
    -------
    Cost
        What it cost.
    """
    temporary = folder / "tmp"
    temporary.mkdir(exist_ok=True)
    own_places = {"TMPDIR": temporary, "XDG_CACHE_HOME": temporary, "PARALLEL_HOME": temporary}
    environment = {**environment, **{name: str(place) for name, place in own_places.items()}}
    peak = 0.0
    cpu_before = _children_cpu_seconds()
    with (folder / "printed").open("ab") as printed:
        started = clock()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=printed,
            start_new_session=True,
        )
    poll = select.poll()
    handle = os.pidfd_open(process.pid)
    poll.register(handle, select.POLLIN)
    sampled = -SAMPLE_SECONDS
    while not poll.poll(_LOOK_SECONDS * 1000):
        if memory and clock() - sampled >= SAMPLE_SECONDS:
            peak = max(peak, _memory_mb(descendants(os.getpid())))
            sampled = clock()
        if watch is not None:
            watch(process.pid)
        if clock() - started > timeout:
            process.kill()
    wall = clock() - started
    os.close(handle)
    process.wait()
    _reap(clock, clock() + patience)
    return Cost(
        exit_code=process.returncode,
        wall_seconds=wall,
        cpu_seconds=_children_cpu_seconds() - cpu_before,
        peak_memory_mb=peak if memory else None,
        outlived_seconds=clock() - started - wall,
    )
