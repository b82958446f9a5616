"""A run that ends with success has made every table that was asked for, or else it is an error."""

from __future__ import annotations

import base64
import json
import shutil

from support import SMALL, Workspace


def mark_as_incomplete(workspace: Workspace, *patterns: str) -> None:
    """Mark files as a killed Snakemake leaves them: still being made."""
    marks = workspace.folder / ".snakemake/incomplete"
    marks.mkdir(exist_ok=True)
    paths = [path for pattern in patterns for path in workspace.folder.glob(pattern)]
    assert len(paths) >= len(patterns)
    for path in paths:
        name = base64.b64encode(str(path.relative_to(workspace.folder)).encode()).decode()
        (marks / name).write_text(json.dumps({"external_jobid": None}))


def test_files_that_a_killed_run_left_marked_keep_no_table_from_being_made(
    finished: Workspace, workspace: Workspace
) -> None:
    workspace.snakemake("--until", "recipe", "parameters")
    mark_as_incomplete(workspace, "results/small/bands/*.json", "results/small/parameters/*")

    assert "simulate" in workspace.snakemake("-n")
    workspace.snakemake()
    assert workspace.texts() == finished.texts()


def test_a_run_without_its_tables_is_an_error_that_names_them(workspace: Workspace) -> None:
    workspace.snakemake("--until", "recipe", "parameters")

    # Snakemake then skips whatever depends on the recipes alone, and calls that a success.
    printed = workspace.snakemake("--forcerun", "recipe", succeeds=False)

    assert "these files were not made" in printed
    assert f"  {workspace.lut('Oa17').relative_to(workspace.folder)}\n" in printed
    assert "Run the same command again" in printed
    workspace.snakemake()
    assert workspace.lut("Oa17").exists()


def test_a_run_that_was_asked_for_less_than_the_tables_is_no_error(workspace: Workspace) -> None:
    workspace.snakemake("--until", "recipe")
    table = workspace.lut("Oa03").relative_to(workspace.folder)
    workspace.snakemake(str(table))

    assert workspace.lut("Oa03").exists()
    assert not workspace.lut("Oa17").exists()


def test_an_environment_that_was_moved_is_used_where_it_is_now(
    finished: Workspace, workspace: Workspace
) -> None:
    (workspace.folder / "one").mkdir()
    executable = workspace.counting_executable()
    workspace.configure(SMALL | {"sixsv": {"executable": f"{workspace.folder}/one/6sv"}})
    shutil.copy(executable, workspace.folder / "one/6sv")
    workspace.snakemake("--until", "recipe")

    (workspace.folder / "one").rename(workspace.folder / "two")
    workspace.configure(SMALL | {"sixsv": {"executable": f"{workspace.folder}/two/6sv"}})
    workspace.snakemake()

    assert workspace.texts() == finished.texts()
