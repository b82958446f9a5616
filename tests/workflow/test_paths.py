"""Folders may have any name; what Snakemake cannot use is refused at the start."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from support import Workspace


def run(python: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(python), "-m", "snakemake", *arguments],
        cwd=folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )


def in_folder(folder: Path) -> Workspace:
    folder.mkdir()
    (folder / ".venv").symlink_to(sys.prefix)
    return Workspace(folder)


def test_project_and_environment_may_be_in_a_folder_with_blanks_and_signs(
    finished: Workspace, tmp_path: Path
) -> None:
    workspace = in_folder(tmp_path / "my $1 scientist's project")
    ended = run(workspace.folder / ".venv/bin/python", workspace.folder, "--profile", "local")

    assert ended.returncode == 0, ended.stdout
    assert workspace.texts() == finished.texts()


def test_an_environment_that_no_shell_command_can_name_is_refused(
    workspace: Workspace, tmp_path: Path
) -> None:
    (tmp_path / "an environment").symlink_to(sys.prefix)
    python = tmp_path / "an environment/bin/python"
    ended = run(python, workspace.folder, "-n", "--profile", "local")

    assert ended.returncode == 1
    assert f"the Python that runs Snakemake is {python}" in " ".join(ended.stdout.split())
    assert "because of the blank in its path" in ended.stdout
    assert "python3 -m venv /another/folder" in ended.stdout


def test_a_project_with_braces_in_its_path_is_refused(tmp_path: Path) -> None:
    workspace = in_folder(tmp_path / "project{2}")
    printed = workspace.snakemake("-n", succeeds=False)

    assert f"the project's folder is {workspace.folder}" in printed
    assert "Move or rename it" in printed


def test_another_folder_needs_the_snakefile_the_folder_and_the_profile(
    workspace: Workspace, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    project = str(workspace.folder)
    options = ["--snakefile", f"{project}/Snakefile", "--directory", project]
    options += ["--profile", f"{project}/profiles/local"]
    ended = run(Path(sys.executable), elsewhere, "-n", *options)

    assert ended.returncode == 0, ended.stdout
    assert "simulate" in ended.stdout
