"""The turns of the benchmark against peers: only one runs at a time, with all that it started."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from peers.processes import Clock
from peers.turns import take_turns
from unit.support import gone_soon, pid_in

TURN = 0.05
WORK_SECONDS = 0.4

STAMPS = """
import sys, time
with open(sys.argv[1], "w", buffering=1) as file:
    for _ in range(int(sys.argv[2])):
        print(time.monotonic(), file=file)
        time.sleep(0.001)
"""


def _runs_for_a_while(clock: Clock) -> float:
    begin = clock()
    while clock() - begin < WORK_SECONDS:
        time.sleep(0.001)
    return clock() - begin


def _starts_a_process(stamps: Path) -> Callable[[Clock], int]:
    def work(_clock: Clock) -> int:
        command = [sys.executable, "-c", STAMPS, str(stamps), "600"]
        # A session of its own: nothing but its ancestry tells whose it is.
        return subprocess.run(command, check=True, start_new_session=True).returncode

    return work


def test_the_clock_stands_still_while_another_has_its_turn() -> None:
    begin = time.perf_counter()
    taken = take_turns({"a": _runs_for_a_while, "b": _runs_for_a_while}, TURN)
    assert taken.keys() == {"a", "b"}
    assert time.perf_counter() - begin >= sum(taken.values()) >= 2 * WORK_SECONDS


def test_processes_that_were_started_run_only_in_the_turn_of_who_started_them(
    tmp_path: Path,
) -> None:
    files = [tmp_path / "a", tmp_path / "b"]
    take_turns({file.name: _starts_a_process(file) for file in files}, TURN)
    a, b = ([float(line) for line in file.read_text().split()] for file in files)
    both = sorted([(t, "a") for t in a] + [(t, "b") for t in b])
    names = "".join(name for _, name in both)
    assert "ab" in names
    assert "ba" in names
    between = [
        (before, after)
        for (before, one), (t, other), (after, third) in zip(both, both[1:], both[2:], strict=False)
        if one == third != other and t not in (a[-1], b[-1])
    ]
    # Whoever wrote on both sides of another was stopped in between: for a whole turn, if it was not
    # the other's last.
    assert all(after - before >= TURN for before, after in between)


def test_work_that_fails_ends_the_others(tmp_path: Path) -> None:
    started = tmp_path / "pid"

    def sleeps(_clock: Clock) -> None:
        with subprocess.Popen(["sleep", "1000"]) as process:
            started.write_text(str(process.pid))

    def fails(_clock: Clock) -> None:
        pid_in(started)
        sys.exit("this went wrong")

    with pytest.raises(SystemExit):
        take_turns({"sleeps": sleeps, "fails": fails}, TURN)
    assert gone_soon(pid_in(started))
