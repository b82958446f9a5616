"""What the mended commands of SLURM make of its answers, where no SLURM is needed to tell."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


def _load() -> ModuleType:
    path = Path(__file__).resolve().parents[2] / "profiles" / "slurm" / "commands.py"
    spec = importlib.util.spec_from_file_location("slurm_commands", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


commands = _load()

WRAPPED = (
    "python -m snakemake --snakefile Snakefile --target-jobs "
    "'simulate:band=Oa03,digest=0123456789ab,batch=00001' "
    "'simulate:digest=0123456789ab,batch=00000,band=Oa03' --allowed-rules simulate --cores 2"
)


@pytest.fixture
def campaign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv(commands.RUN, "1-1")
    monkeypatch.delenv(commands.SNAKEMAKE_PID, raising=False)
    folder = tmp_path / "olci" / "cluster"
    (folder / "exit").mkdir(parents=True)
    return commands.Campaign(folder)


def answers(monkeypatch: pytest.MonkeyPatch, campaign: Any, *jobs: str) -> None:
    """Let SLURM answer these lines: id, state, reason, node, comment."""
    names = ("id", "state", "reason", "node", "comment")
    rows = [dict(zip(names, f"{job}||||".split("|"), strict=False)) for job in jobs]
    monkeypatch.setattr(campaign, "in_slurm", lambda: rows)
    monkeypatch.setattr(commands, "accounting", lambda _campaign, _jobs: {})


def submitted(campaign: Any, *jobs: str) -> None:
    for job in jobs:
        commands.remember(campaign, job, [f"simulate:batch={job}"], [], adopted=False)


def test_jobs_are_named_whatever_the_order_of_their_wildcards() -> None:
    assert commands.members(WRAPPED) == [
        "simulate:band=Oa03,batch=00000,digest=0123456789ab",
        "simulate:band=Oa03,batch=00001,digest=0123456789ab",
    ]


def test_consolidation_of_another_configuration_is_another_job(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wrapped = "snakemake --target-jobs 'consolidate:band=Oa03' --allowed-rules consolidate"
    monkeypatch.setenv(commands.CONFIGURATION, "one")
    one = commands.members(wrapped)
    monkeypatch.setenv(commands.CONFIGURATION, "two")
    assert one != commands.members(wrapped)


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("COMPLETED", "COMPLETED"),
        ("CANCELLED", "CANCELLED"),
        ("TIMEOUT", "TIMEOUT"),
        ("OUT_OF_MEMORY", "OUT_OF_MEMORY"),
        ("RUNNING", "RUNNING"),
        ("REQUEUED", "REQUEUED"),
        ("COMPLETING", "COMPLETING"),
        ("UNKNOWN", None),
    ],
)
def test_states(
    campaign: Any, monkeypatch: pytest.MonkeyPatch, state: str, told: str | None
) -> None:
    submitted(campaign, "7")
    answers(monkeypatch, campaign, f"7|{state}|")
    assert commands.states(campaign).get("7") == told


@pytest.mark.parametrize("state", ["PREEMPTED", "NODE_FAIL", "BOOT_FAIL"])
def test_an_end_that_may_be_queued_again_is_believed_the_second_time(
    campaign: Any, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    submitted(campaign, "7")
    for seen in (state, "PENDING", state):
        answers(monkeypatch, campaign, f"7|{seen}|")
        assert commands.states(campaign) == ({"7": seen} if seen == "PENDING" else {})
    assert commands.states(campaign)["7"] in ("FAILED", "BOOT_FAIL")


def test_a_forgotten_job_left_its_exit_code(campaign: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    submitted(campaign, "7", "8", "9")
    campaign.exit_file("7").write_text("0\n")
    campaign.exit_file("8").write_text("1\n")
    answers(monkeypatch, campaign)
    assert commands.states(campaign) == {"7": "COMPLETED", "8": "FAILED"}
    # And what was told once is told again.
    assert commands.states(campaign) == {"7": "COMPLETED", "8": "FAILED"}
    monkeypatch.setattr(commands, "VANISHED_SECONDS", 0.0)
    assert commands.states(campaign)["9"] == "FAILED"


def test_silence_is_no_news(campaign: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    submitted(campaign, "7")
    campaign.last_fault = "down"
    monkeypatch.setattr(campaign, "in_slurm", lambda: None)
    assert commands.states(campaign) == {}
    commands.states(campaign)
    assert (campaign.folder / "messages.log").read_text().count("no answer") == 1


@pytest.mark.parametrize(
    "words",
    [
        "Batch job submission failed: Unable to contact slurm controller (connect failure)",
        "Batch job submission failed: Socket timed out on send/recv operation",
        "Batch job submission failed: Resource temporarily unavailable",
        "Slurm temporarily unable to accept job, sleeping and retrying",
        "AssocMaxSubmitJobLimit",
        "Batch job submission failed: Zero Bytes were transmitted or received",
    ],
)
def test_refusals_that_pass(words: str) -> None:
    assert commands.PASSING.search(words)
    assert not commands.LASTING.search(words)


@pytest.mark.parametrize(
    "words",
    [
        "Batch job submission failed: Invalid account or account/partition combination specified",
        "Batch job submission failed: Requested node configuration is not available",
        "invalid partition specified: nowhere",
        "Batch job submission failed: Requested time limit is invalid (missing or too long)",
        "unrecognized option '--licence=sps'",
        "Batch job submission failed: Invalid license specification",
    ],
)
def test_refusals_that_last(words: str) -> None:
    assert commands.LASTING.search(words)


def test_failures_name_reason_and_logs(campaign: Any, tmp_path: Path) -> None:
    log = tmp_path / "7.log"
    log.write_text("said")
    jobs = commands.members(WRAPPED)
    batch = Path(commands.batch_log(campaign, jobs[0]))
    batch.parent.mkdir(parents=True)
    batch.write_text("said")
    line = {"run": "1-1", "id": "7", "jobs": jobs, "log": str(log), "node": "n1"}
    campaign.append("ended.jsonl", {**line, "state": "TIMEOUT", "reason": "TimeLimit"})
    text = commands.failures(campaign)
    assert "job 7: TIMEOUT (TimeLimit) on n1" in text
    assert str(log) in text
    assert str(batch) in text
    campaign.append("ended.jsonl", {**line, "id": "8", "state": "COMPLETED", "reason": ""})
    assert commands.failures(campaign) == ""


def test_no_job_sees_the_mended_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{commands.BIN}:{os.defpath}")
    assert str(commands.BIN) not in commands.environment()["PATH"]
