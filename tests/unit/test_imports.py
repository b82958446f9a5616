"""The packages of the library import one way; ``pyproject.toml`` says which."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]

# In a process of its own, because it changes how messages are logged.
_CHECK = "from importlinter.cli import lint_imports_command; lint_imports_command()"


def test_imports_go_one_way() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _CHECK, "--config", str(PROJECT / "pyproject.toml"), "--no-cache"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "imports go one way KEPT" in ended.stdout
    assert "the reader stands alone KEPT" in ended.stdout
    assert "the layers of the reader KEPT" in ended.stdout
