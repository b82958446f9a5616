"""What the tests of real schedulers tell at the end: a table of faults, and what came of each."""

from __future__ import annotations

import os
from pathlib import Path

from _pytest.terminal import TerminalReporter

COLUMNS = ("fault", "how it ended", "launches run twice")


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Print the table; also to the file that FAULT_TABLE names."""
    rows = []
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, []):
            told = {name: str(value) for name, value in report.user_properties}
            if report.when != "call" or COLUMNS[0] not in told:
                continue
            if outcome == "failed":
                told[COLUMNS[1]] = "test failed"
            rows.append("| " + " | ".join(told.get(column, "?") for column in COLUMNS) + " |")
    if not rows:
        return
    head = ["| " + " | ".join(COLUMNS) + " |", "| --- | --- | ---: |"]
    terminalreporter.section("faults")
    for line in [*head, *rows]:
        terminalreporter.write_line(line)
    if os.environ.get("FAULT_TABLE"):
        with Path(os.environ["FAULT_TABLE"]).open("a") as file:
            file.write("\n".join(rows) + "\n")
