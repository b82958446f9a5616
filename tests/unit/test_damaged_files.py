"""The trial of damaged files, with some rounds of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_SCRIPT = Path(__file__).parents[2] / "benchmarks/damaged_files.py"


def test_damaged_files_are_harmless_or_refused_or_their_launches_run_again() -> None:
    ended = subprocess.run(
        [sys.executable, str(_SCRIPT), "--rounds", "60", "--seed", "7"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert len(ended.stdout.splitlines()) == 7
