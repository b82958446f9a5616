"""What every script does around its work."""

from __future__ import annotations

import errno
import logging
import os
import pickle
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.campaign.configuration import Configuration, effective_yaml
from sixsv_lut.errors import CampaignError
from sixsv_lut.host.script import configuration_of, handed_to_scripts, running
from unit.support import axes_entry, configuration, small_disk


def _handed(made: Configuration) -> Any:
    """Give a configuration to a script as Snakemake does."""
    config = pickle.loads(pickle.dumps(handed_to_scripts(Campaign(made))))
    return SimpleNamespace(config=config)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"bands": "all", "formats": ["zarr"], "extra_outputs": ["optical_depth_total"]},
        {"axes": axes_entry(uo3=["0.30", "3.1e-1"], thetas={"start": 0, "stop": 80, "step": 10})},
        {"any_value": True, "axes": axes_entry(thetas=["89.5"])},
        {"aerosol": {"model": 6, "name": "Amazon 2.0"}},
    ],
)
def test_a_script_gets_the_configuration_that_the_snakefile_has_checked(
    changes: dict[str, Any],
) -> None:
    made = configuration(**changes)
    handed = configuration_of(_handed(made))
    assert handed == made
    assert effective_yaml(handed) == effective_yaml(made)


def test_a_configuration_is_not_checked_again_in_a_script(tmp_path: Path) -> None:
    """What has gone since is an error of the work that needs it, not of the configuration."""
    response = tmp_path / "response.txt"
    response.write_text("")
    made = configuration(spectral_response=str(response))
    response.unlink()
    assert configuration_of(_handed(made)) == made


def test_an_error_of_the_user_ends_with_its_message_and_without_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "logs" / "batch.log"
    with pytest.raises(SystemExit) as end, running(str(log)):
        raise CampaignError("the disk is full: make room")
    assert end.value.code == 1
    assert "Error: the disk is full: make room" in capsys.readouterr().err
    assert "the disk is full: make room" in log.read_text()
    assert "Traceback" not in log.read_text()


def test_an_error_of_the_program_leaves_its_traceback_in_the_log(tmp_path: Path) -> None:
    log = tmp_path / "batch.log"
    with pytest.raises(ZeroDivisionError), running(str(log)):
        raise ZeroDivisionError
    assert "Traceback" in log.read_text()


def test_the_log_of_an_earlier_attempt_is_kept(tmp_path: Path) -> None:
    log = tmp_path / "batch.log"
    for attempt in ("first", "second"):
        with running(str(log)):
            logging.getLogger("any").info("%s attempt", attempt)
    assert "first attempt" in log.read_text()
    assert "second attempt" in log.read_text()
    logging.getLogger("any").info("after the end")
    assert "after the end" not in log.read_text()


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (errno.ENOSPC, "No space left on device: the file system of"),
        (errno.EDQUOT, "Disk quota exceeded. Remove files of yours"),
        (errno.EFBIG, "File too large. Raise the limit on the size of files (ulimit -f)"),
        (errno.EROFS, "Read-only file system. Have the file system of"),
        (errno.EACCES, "Permission denied, because"),
        (errno.EIO, "Input/output error. Wait for the file system"),
    ],
)
def test_an_error_of_a_file_names_it_and_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], number: int, told: str
) -> None:
    path = tmp_path / "table.csv"
    with pytest.raises(SystemExit), running(str(tmp_path / "log")):
        raise OSError(number, os.strerror(number), str(path))
    printed = capsys.readouterr().err
    assert f"Error: {path}: {told}" in printed
    assert "then run the same command again" in printed
    assert "Traceback" not in printed + (tmp_path / "log").read_text()


def test_a_log_that_cannot_be_made_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "logs").write_text("a file in its place")
    with pytest.raises(SystemExit), running(str(tmp_path / "logs" / "simulate" / "log")):
        pass
    printed = capsys.readouterr().err
    assert f"Error: {tmp_path}/logs" in printed
    assert "Not a directory" in printed


def test_a_log_without_room_stops_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with small_disk(tmp_path / "disk", "8k") as disk, running(str(disk / "log")):
        for _ in range(200):
            logging.getLogger("any").info("a line that takes some room in the log")
    assert capsys.readouterr().err == ""
