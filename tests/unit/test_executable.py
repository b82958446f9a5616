"""Which 6SV is run, and whether it can be."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

from sixsv_lut.sixsv.executable import (
    find_executable,
    launch_environment,
    printed_version,
    sha256_of,
)
from unit.support import VERSIONS, stored_deck, write_script


@pytest.mark.parametrize("version", VERSIONS)
def test_a_packaged_version_is_found_by_its_number_and_tells_it(version: str) -> None:
    assert printed_version(find_executable(version).read_bytes()) == version


@pytest.mark.parametrize("version", VERSIONS)
def test_a_packaged_version_starts_in_the_launch_environment(version: str) -> None:
    ended = subprocess.run(
        [find_executable(version)],
        input=stored_deck("no-aerosol"),
        env=launch_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert f"6SV version {version}" in ended.stdout


def test_a_site_s_own_executable_is_found_by_its_path(tmp_path: Path) -> None:
    script = write_script(tmp_path / "6sv", "#!/bin/sh\n")
    assert find_executable(str(script)) == script


def test_the_path_of_an_executable_is_made_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_script(tmp_path / "6sv", "#!/bin/sh\n")
    monkeypatch.chdir(tmp_path)
    assert find_executable("6sv") == tmp_path / "6sv"


def test_a_script_has_no_version_of_6sv() -> None:
    assert printed_version(b"#!/bin/sh\n") == "unknown"


@pytest.mark.parametrize("executable", ["3.0", "no-such-file", "/no/such/file", "", "."])
def test_a_missing_executable_is_refused_with_the_choice(executable: str) -> None:
    with pytest.raises(ValueError, match=r"give the path .* or one of the versions 1\.1, 2\.1"):
        find_executable(executable)


def test_a_file_that_may_not_be_executed_is_refused_with_the_remedy(tmp_path: Path) -> None:
    file = tmp_path / "6sv"
    file.write_text("#!/bin/sh\n")
    with pytest.raises(ValueError, match=f"run chmod \\+x {file}"):
        find_executable(str(file))


def test_the_hash_is_that_of_the_content(tmp_path: Path) -> None:
    file = tmp_path / "6sv"
    file.write_bytes(b"abc" * 100_000)
    assert sha256_of(file) == hashlib.sha256(b"abc" * 100_000).hexdigest()
