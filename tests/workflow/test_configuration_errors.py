"""A wrong configuration ends every command with a plain message, exit code 1 and nothing left."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from sixsv_lut.campaign.campaign import load_campaign
from support import SMALL, Workspace

JOB = [
    "--target-jobs",
    "simulate:band=Oa03,digest=000000000000,batch=00000",
    "--allowed-rules",
    "simulate",
    "--cores",
    "1",
    "--force",
    "--no-hooks",
    "--nolock",
    "--target-files-omit-workdir-adjustment",
    "--max-inventory-time",
    "0",
    "--ignore-incomplete",
    "--mode",
    "remote",
]

API = """
from pathlib import Path
from snakemake.api import SnakemakeApi
from snakemake.settings.types import ConfigSettings, OutputSettings, ResourceSettings
with SnakemakeApi(OutputSettings()) as api:
    workflow = api.workflow(
        resource_settings=ResourceSettings(cores=1),
        config_settings=ConfigSettings(),
        snakefile=Path("Snakefile"),
    )
    workflow.dag().execute_workflow()
"""

SNAKEMAKE = [sys.executable, "-m", "snakemake"]

COMMANDS = {
    "run": [*SNAKEMAKE, "--profile", "local"],
    "dry run": [*SNAKEMAKE, "--profile", "local", "--dry-run"],
    "quiet": [*SNAKEMAKE, "--profile", "local", "--dry-run", "--quiet", "all"],
    "verbose": [*SNAKEMAKE, "--profile", "local", "--dry-run", "--verbose"],
    "plan": [*SNAKEMAKE, "plan", "--profile", "local"],
    "probe": [*SNAKEMAKE, "probe", "--profile", "local"],
    "lint": [*SNAKEMAKE, "--lint"],
    "unlock": [*SNAKEMAKE, "--unlock"],
    "job": [*SNAKEMAKE, *JOB],
    "API": [sys.executable, "-c", API],
    "status": [sys.executable, "status"],
}


def ended(workspace: Workspace, command: Sequence[str]) -> tuple[int, str]:
    """Run a command; give its exit code and what it printed, without Snakemake's first words."""
    run = subprocess.run(
        command,
        cwd=workspace.folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=60,
        check=False,
    )
    lines = [line for line in run.stdout.splitlines() if not line.startswith("Using profile")]
    return run.returncode, "\n".join(lines)


def is_untouched(workspace: Workspace) -> bool:
    """Tell whether neither a lock nor a result is there."""
    locks = workspace.folder / ".snakemake/locks"
    made = [path for path in ("results", "store") if (workspace.folder / path).exists()]
    return not made and not any(locks.glob("*"))


@pytest.mark.parametrize("command", COMMANDS)
def test_the_message_is_all_that_a_command_says_of_a_wrong_configuration(
    workspace: Workspace, command: str
) -> None:
    workspace.configure(SMALL | {"batch_size": 0, "sixsv": {"timeout": True}})
    code, printed = ended(workspace, COMMANDS[command])
    assert printed == (
        "Error: config/config.yaml has 2 errors:\n"
        "  sixsv.timeout: true is not a number: write it like 0.25, 10 or 1e-3\n"
        "  batch_size: 0 must be at least 1"
    )
    assert code == 1
    assert is_untouched(workspace)


@pytest.mark.parametrize("command", ["dry run", "plan", "status"])
def test_more_batches_than_can_be_planned_are_refused_at_once(
    workspace: Workspace, command: str
) -> None:
    values = [f"{i / 1000}" for i in range(1000)]
    axes = SMALL["axes"] | {"uo3": values, "uw": values}
    axes |= {name: axes[name][:1] for name in ("alti", "phi", "thetas", "thetav")}
    workspace.configure(SMALL | {"axes": axes, "batch_size": 1})
    code, printed = ended(workspace, COMMANDS[command])
    assert code == 1
    assert "batch_size: 1 makes 2,000,000 batches" in printed
    assert "write 20 or more" in printed


def test_a_key_that_stands_twice_is_refused_in_a_file_that_is_named(workspace: Workspace) -> None:
    path = workspace.folder / "mine.yaml"
    text = yaml.safe_dump(SMALL)
    path.write_text(f"{text}batch_size: 4\n")
    line = text.splitlines().index("batch_size: 8") + 1
    code, printed = ended(workspace, [*COMMANDS["dry run"], "--configfile", "mine.yaml"])
    assert code == 1
    assert printed == (
        f"Error: {path}: batch_size stands twice, in line {line} and in line "
        f"{len(text.splitlines()) + 1}: keep one"
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"campaign: x\n\tbatch_size: 4\n", "config/config.yaml, line 2, column 1: a tab stands"),
        (b"campaign: caf\xe9\n", "config/config.yaml, line 1, column 14: this byte is not UTF-8"),
        (b"campaign: &a [*a]\n", "config/config.yaml, line 1, column 11: an anchor stands for"),
        (b"results: ~nosuchuser/x\n", "nobody on this machine is called nosuchuser"),
        (b'results: "a\\0b"\n', "holds a line break or another sign"),
        (b"", "config/config.yaml is empty"),
        (None, "there is no file config/config.yaml in /"),
    ],
)
def test_a_default_file_that_cannot_be_read_is_refused_with_its_place(
    workspace: Workspace, content: bytes | None, said: str
) -> None:
    path = workspace.folder / "config/config.yaml"
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    for command in ("dry run", "status"):
        code, printed = ended(workspace, COMMANDS[command])
        assert code == 1
        assert printed.startswith("Error: ")
        assert said in printed
        assert "Traceback" not in printed


def test_marks_and_line_ends_of_other_editors_make_no_difference(workspace: Workspace) -> None:
    path = workspace.folder / "config/config.yaml"
    before = workspace.snakemake("--dry-run")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    again = workspace.snakemake("--dry-run")
    named = workspace.snakemake("--dry-run", "--configfile", "config/config.yaml")
    jobs = [[line for line in run.splitlines() if "count" in line or "total" in line]
            for run in (before, again, named)]  # fmt: skip
    assert jobs[0]
    assert jobs[0] == jobs[1] == jobs[2]


def test_files_and_command_line_are_put_over_each_other(workspace: Workspace) -> None:
    """What the last says of a key counts, and the default file counts only when none is named."""
    folder = workspace.folder
    workspace.configure({"no": "configuration"})
    (folder / "1.yaml").write_text(yaml.safe_dump(SMALL | {"batch_size": 16}))
    (folder / "2.yaml").write_text("batch_size: 4\nsixsv: {retries: 3}\naxes: {uo3: [0.340]}\n")
    workspace.snakemake(
        "--until", "configuration", "--configfile", "1.yaml", "2.yaml",
        "--config", "run6sv=true", "sixsv={timeout: 77}", "campaign=merged",
    )  # fmt: skip
    (written,) = (folder / "results/merged/configuration").iterdir()
    made = yaml.safe_load(written.read_text())
    assert made["batch_size"] == 4
    assert made["sixsv"] | {"executable": "", "seconds_per_launch": 0} == {
        "executable": "",
        "timeout": 77.0,
        "retries": 3,
        "seconds_per_launch": 0,
    }
    assert made["run6sv"] is True
    assert made["axes"]["uo3"] == ["0.340"]
    assert made["axes"]["uw"] == ["1.5", "3.0"]
    given = {"run6sv": "true", "sixsv": {"timeout": "77"}, "campaign": "merged"}
    expected = load_campaign([folder / "1.yaml", folder / "2.yaml"], given)
    assert written.name == Path(expected.configuration_file).name
