"""Snakemake's scheduler is woken as seldom as can be, whichever executor runs the jobs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from support import SMALL, Workspace

# Runs Snakemake, and writes how many timers of its scheduler were pending at a time, at most.
OBSERVED = """
import sys, threading

pending = most = 0

class Timer(threading.Timer):
    def start(self):
        global pending, most
        # By Snakemake's own method, and by what replaces it.
        caller = sys._getframe(1).f_code.co_filename
        self.counted = "scheduling" in caller or "snakemake_internals" in caller
        pending += self.counted
        most = max(most, pending)
        super().start()

    def run(self):
        super().run()
        global pending
        pending -= self.counted

threading.Timer = Timer
from snakemake.cli import main

report, *arguments = sys.argv[1:]
try:
    main(arguments)
finally:
    with open(report, "w") as file:
        file.write(str(most))
"""


def most_timers(workspace: Workspace, *options: str) -> int:
    """Run the small campaign, in which many jobs end while others wait."""
    sixsv = {"executable": workspace.executable('exec "$SIXSV"')}
    workspace.configure(SMALL | {"sixsv": sixsv, "batch_size": 16})
    report = workspace.folder / "timers"
    command = [sys.executable, "-c", OBSERVED, str(report), "--profile", "local", *options]
    ended = subprocess.run(
        command,
        cwd=workspace.folder,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=600,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
    assert workspace.lut("Oa17").exists()
    return int(report.read_text())


def submit_command(folder: Path) -> str:
    """Make a command that takes jobs as a cluster does, and runs them here at once."""
    path = folder / "submit"
    path.write_text('#!/bin/sh\nsh "$1" >/dev/null 2>&1 &\necho $$\n')
    path.chmod(0o755)
    return str(path)


def test_on_this_machine_the_scheduler_has_no_timer(workspace: Workspace) -> None:
    assert most_timers(workspace, "--max-jobs-per-timespan", "100/60s") == 0


def test_with_a_limit_on_the_rate_of_jobs_it_has_one_at_a_time(workspace: Workspace) -> None:
    options = ("--executor", "cluster-generic", "--jobs", "4", "--max-jobs-per-timespan", "4/2s")
    options += ("--seconds-between-status-checks", "1")
    submit = submit_command(workspace.folder)
    assert most_timers(workspace, *options, "--cluster-generic-submit-cmd", submit) == 1
