"""Contenders that take turns on the machine: while one runs, the others are stopped.

The speed of a machine that is shared drifts by several per cent within minutes, which is more than
what is measured. Turns of some seconds give every contender the same good and bad minutes.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import signal
import time
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess
from typing import Generic, TypeVar

from peers.processes import Clock, adopt_orphans, descendants, send

Result = TypeVar("Result")
Work = Callable[[Clock], Result]

_fork = multiprocessing.get_context("fork")

# How long a signal may need to reach a process on another core, which could fork until then.
_SETTLE_SECONDS = 0.01


class _Runner(Generic[Result]):
    """A piece of work in a process of its own, which can be stopped with all that it started."""

    def __init__(self, work: Work[Result]) -> None:
        # Without a lock, which a stopped process might hold.
        self._stopped_seconds = _fork.Value("d", 0.0, lock=False)
        self._stopped_at = 0.0
        self.results, give = _fork.Pipe(duplex=False)
        self._process: ForkProcess = _fork.Process(target=self._run, args=(work, give))
        self._process.start()
        give.close()
        self.stop()

    def _run(self, work: Work[Result], give: Connection) -> None:
        adopt_orphans()
        give.send(work(self._clock))

    def _clock(self) -> float:
        while True:
            stopped: float = self._stopped_seconds.value
            now = time.perf_counter()
            if stopped == self._stopped_seconds.value:  # else it was stopped between the two
                return now - stopped

    def stop(self) -> None:
        """Stop the process and all below it."""
        self._stopped_at = time.perf_counter()
        stopped: set[int] = set()
        while new := [pid for pid in self._pids() if pid not in stopped]:
            # A parent comes before its children: once it is stopped, it has no more of them.
            send(new, signal.SIGSTOP)
            stopped.update(new)
            time.sleep(_SETTLE_SECONDS)

    def go_on(self) -> None:
        """Let them go on; the clock stood still meanwhile."""
        self._stopped_seconds.value += time.perf_counter() - self._stopped_at
        # The process itself last: it reads the clock.
        send(reversed(self._pids()), signal.SIGCONT)

    def kill(self) -> None:
        """Kill them all."""
        send(self._pids(), signal.SIGKILL)

    def _pids(self) -> list[int]:
        pid = self._process.pid
        return [] if pid is None else [pid, *descendants(pid)]

    def result(self) -> Result:
        """Give what the work has returned."""
        try:
            result: Result = self.results.recv()
        except EOFError:
            raise SystemExit(1) from None  # it has said why
        finally:
            self._process.join()
        return result


def take_turns(work: Mapping[str, Work[Result]], seconds: float | None = None) -> dict[str, Result]:
    """Do several pieces of work, each in a process of its own, of which only one runs at a time.

    Parameters
    ----------
    work : mapping of str to callable
        By name. Each gets a clock, in seconds, that stands still while the work is stopped, and
        gives a result that can be pickled.
    seconds : float or None
        Length of a turn; None: until the work ends. Time-outs of what is stopped go on: keep the
        turns of all others below them.

    Returns
    -------
    dict
        The results, by name, in the order in which the work ended.

    Raises
    ------
    SystemExit
        A piece of work ended without a result. The others are killed.
    """
    runners = {name: _Runner(one) for name, one in work.items()}
    results: dict[str, Result] = {}
    try:
        while runners:
            for name, runner in list(runners.items()):
                runner.go_on()
                alone = len(runners) == 1
                if multiprocessing.connection.wait([runner.results], None if alone else seconds):
                    results[name] = runner.result()
                    del runners[name]
                else:
                    runner.stop()
    finally:
        for runner in runners.values():
            runner.kill()
    return results
