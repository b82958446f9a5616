"""What a run prints: what the user must know, and nothing for a single job."""

from __future__ import annotations

import re

from support import SMALL, Workspace


def printed_by_a_run(workspace: Workspace, batch_size: int) -> list[str]:
    """Run a campaign, and give the lines on the terminal without the progress line's states."""
    own = {"campaign": f"by{batch_size}", "store": f"store{batch_size}", "batch_size": batch_size}
    workspace.configure(SMALL | own)
    printed = workspace.snakemake()
    return [line for line in printed.splitlines() if not re.search(r"\d+ of \d+ launches", line)]


def test_a_run_prints_as_much_for_many_batches_as_for_few(workspace: Workspace) -> None:
    few = printed_by_a_run(workspace, 16)
    many = printed_by_a_run(workspace, 4)

    assert len(many) == len(few)


def test_a_run_announces_no_job_and_tells_counts_tables_and_costs(finished: Workspace) -> None:
    printed = (finished.folder / "printed.txt").read_text()

    for words in ("rule simulate", "localrule", "jobid:", "Finished job", "Select jobs", "steps ("):
        assert words not in printed
    for words in ("Job stats:", "Look-up tables:", "64 launches of 6SV", "This run took"):
        assert words in printed


def test_every_announcement_is_in_snakemakes_log_and_with_verbose_on_the_terminal(
    workspace: Workspace,
) -> None:
    printed = workspace.snakemake("--verbose", "--until", "recipe")
    (log,) = workspace.folder.glob(".snakemake/log/*.log")

    for text in (printed, log.read_text()):
        assert "rule recipe" in text
