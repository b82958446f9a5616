"""Files and folders that appear whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

import pytest

from sixsv_lut.files import NotAFileError, atomic_write, may_vanish, open_regular
from unit.support import make_special, small_disk


def test_a_file_is_not_there_before_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file"
    with atomic_write(path) as temporary:
        temporary.write_text("half")
        assert not path.exists()
        assert temporary.parent == path.parent  # so that the rename is atomic
        temporary.write_text("whole")
    assert path.read_text() == "whole"
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_is_there_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with atomic_write(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"


def test_a_failure_leaves_the_old_file_and_no_rest(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with contextlib.suppress(KeyboardInterrupt), atomic_write(path) as temporary:
        temporary.write_text("half")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_there_is_replaced_with_all_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    for name in ("old", "new"):
        with atomic_write(path) as temporary:
            temporary.mkdir()
            (temporary / name).write_text(name)
    assert [one.name for one in path.iterdir()] == ["new"]
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_no_half_folder(tmp_path: Path) -> None:
    with contextlib.suppress(ValueError), atomic_write(tmp_path / "folder") as temporary:
        temporary.mkdir()
        (temporary / "half").write_text("half")
        raise ValueError
    assert list(tmp_path.iterdir()) == []


def test_a_link_replaces_another_link_of_the_same_file(tmp_path: Path) -> None:
    source, path = tmp_path / "source", tmp_path / "link"
    source.write_text("content")
    for _ in range(2):
        with atomic_write(path) as temporary:
            os.link(source, temporary)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["link", "source"]
    assert path.samefile(source)


def test_two_writers_at_a_time_use_different_names(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with atomic_write(path) as one, atomic_write(path) as other:
        assert one != other
        one.write_text("one")
        other.write_text("other")
    assert path.read_text() == "one"  # the last to finish


@pytest.mark.parametrize("number", [errno.ENOENT, errno.ESTALE])
def test_a_file_that_vanishes_is_passed_over(number: int) -> None:
    with may_vanish():
        raise OSError(number, os.strerror(number))


def test_a_file_that_is_there_and_cannot_be_read_is_not_passed_over() -> None:
    with pytest.raises(PermissionError), may_vanish():
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))


# ----- what a library says of a full disk, and what is true


def _fail_after(size: int, path: Path, error: Exception) -> None:
    with atomic_write(path) as temporary:
        temporary.write_bytes(bytes(size))
        raise error


@pytest.mark.parametrize(
    "said",
    [
        PermissionError(errno.EACCES, "Permission denied"),  # HDF5, when it makes a file
        RuntimeError("NetCDF: HDF error"),  # HDF5, when it closes one
        OSError(errno.ENOSPC, "No space left on device"),  # a file object
    ],
)
def test_a_full_disk_is_told_as_such_and_by_the_name_of_the_file(
    tmp_path: Path, said: Exception
) -> None:
    with small_disk(tmp_path / "disk", "100k") as disk:
        path = disk / "table.nc"
        with pytest.raises(OSError) as failure:
            _fail_after(60_000, path, said)
        assert (failure.value.errno, failure.value.filename) == (errno.ENOSPC, str(path))
        assert list(disk.iterdir()) == []


def test_an_error_that_has_nothing_to_do_with_the_disk_stays_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="a bug"):
        _fail_after(100, tmp_path / "file", RuntimeError("a bug"))
    assert list(tmp_path.iterdir()) == []


# ----- only files are read


@pytest.mark.parametrize("kind", ["pipe", "socket", "folder", "device"])
def test_nothing_but_a_file_is_opened(tmp_path: Path, kind: str) -> None:
    path = make_special(tmp_path / "it", kind)
    with pytest.raises(NotAFileError, match=f"{path} is a {kind}, where a file should be"):
        open_regular(path)


def test_a_link_to_a_file_is_opened(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    with open_regular(tmp_path / "link") as file:
        assert file.read() == b"content"
