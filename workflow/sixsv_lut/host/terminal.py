"""What of Snakemake's messages the terminal shows: errors, counts, and what the user must know.

Snakemake's own switch (``quiet: rules``) silences the errors of jobs together with their
announcements. Snakemake's log file keeps every message, and ``--verbose`` shows every message.

Not a logger plugin: that is no less code, takes a package and a line in every profile, loses the
colours of errors, and without that line the terminal would show a line for every job.
"""

from __future__ import annotations

import logging

_PER_JOB = {
    "JOB_INFO",
    "JOB_STARTED",
    "JOB_FINISHED",
    "GROUP_INFO",
    "SHELLCMD",
    "PROGRESS",
    "RESOURCES_INFO",
}
_CHATTER = (
    "Select jobs to execute",
    "Execute ",
    "Using shell",
    "Conda environments: ignored",
    "Group jobs: inactive",
    "Job rate limit reached",
    "Reasons:",  # of the announcements that are left out
    "Adding ",  # files to a report
    "Loading script code",
    "Creating report",
    "Report created",  # the workflow says where
)
# That Snakemake has no record of how long a job took, one line for each file.
_MISSING_RECORD = "Missing metadata for file"

# A dry run prints its table of counts twice.
_tables: set[str] = set()


def shown_on_terminal(record: logging.LogRecord, *, only_warnings: bool = False) -> bool:
    """Tell whether a message of Snakemake is worth a line on the terminal.

    Parameters
    ----------
    record : logging.LogRecord
        The message.
    only_warnings : bool
        Show warnings and errors, and nothing else.

    Returns
    -------
    bool
        Whether to show it.
    """
    if record.levelno >= logging.WARNING:
        return not str(record.msg).startswith(_MISSING_RECORD)
    if only_warnings:
        return False
    event = getattr(getattr(record, "event", None), "name", "")
    if event in _PER_JOB or str(record.msg).startswith(_CHATTER):
        return False
    if event == "RUN_INFO":
        known = record.msg in _tables
        _tables.add(record.msg)
        return not known
    return True
