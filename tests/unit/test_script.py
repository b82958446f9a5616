"""What every script does around its work."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from sixsv_lut.errors import CampaignError
from sixsv_lut.script import running


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


def test_a_fault_of_the_program_leaves_its_traceback_in_the_log(tmp_path: Path) -> None:
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
