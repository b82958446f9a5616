"""What is told of other processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from sixsv_lut.processes import has_ended, process_start


def test_a_process_that_runs_has_not_ended_and_has_a_start_of_its_own() -> None:
    running = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert not has_ended(running.pid)
        assert process_start(running.pid) not in ("", process_start(os.getpid()))
    finally:
        running.kill()
        running.wait()


def test_a_process_has_ended_before_it_is_waited_for_and_after() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    deadline = time.monotonic() + 60
    while not has_ended(ended.pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert has_ended(ended.pid)
    assert process_start(ended.pid) == ""
    ended.wait()
    assert has_ended(ended.pid)
    assert process_start(ended.pid) == ""
