"""The names of the store's files: each is recognised by the function that lists them."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from sixsv_lut.store.folder import StoreFolder


def test_files_are_listed_as_what_they_were_named_for(tmp_path: Path) -> None:
    folder = StoreFolder(tmp_path, "fingerprint")
    folder.path.mkdir()
    sealed, journal = folder.sealed("aa"), folder.new_journal("bb")
    for path in (sealed, journal, folder.new_damaged("cc")):
        path.touch()
    (folder.path / ".dd.parquet.1.abc.tmp").touch()
    (folder.path / "notes.txt").touch()
    (folder.path / ".parquet").touch()
    listed = [(file.path, file.key, file.is_journal) for file in folder.files()]
    assert listed == [(sealed, "aa", False), (journal, "bb", True)]


def test_no_two_attempts_have_one_journal(tmp_path: Path) -> None:
    folder = StoreFolder(tmp_path, "fingerprint")
    assert len({folder.new_journal("key") for _ in range(100)}) == 100


def test_a_host_of_any_name_gives_a_file_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "node 1.site/../x")
    folder = StoreFolder(tmp_path, "fingerprint")
    assert folder.new_journal("key").parent == folder.path
    assert folder.probe(socket.gethostname()).parent == tmp_path / "probes/fingerprint"
