"""Writing: whole or not at all, only over what was read, with mode and links kept."""

import os
import stat
from pathlib import Path

import pytest

from loomkin.project.writing import Change, FailureKind, commit


def kind(changes: list[Change]) -> FailureKind | None:
    failure = commit(changes)
    return failure.kind if failure else None


def test_a_file_that_is_as_read_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"one")
    number = path.stat().st_ino
    assert kind([Change(path, b"one", b"two")]) is None
    assert path.read_bytes() == b"two"
    assert path.stat().st_ino != number
    assert os.listdir(tmp_path) == ["a"]


def test_a_file_that_changed_since_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"other")
    assert kind([Change(path, b"one", b"two")]) is FailureKind.CHANGED
    assert path.read_bytes() == b"other"
    assert os.listdir(tmp_path) == ["a"]


def test_a_file_that_vanished_or_appeared_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a"
    assert kind([Change(path, b"one", b"two")]) is FailureKind.CHANGED
    assert not path.exists()
    path.write_bytes(b"here first")
    assert kind([Change(path, None, b"two")]) is FailureKind.CHANGED
    assert path.read_bytes() == b"here first"
    assert os.listdir(tmp_path) == ["a"]


def test_files_are_created_with_folders_and_deleted(tmp_path: Path) -> None:
    new = tmp_path / "x/y/new"
    assert kind([Change(new, None, b"data", 0o755)]) is None
    assert stat.S_IMODE(new.stat().st_mode) == 0o755
    assert kind([Change(new, b"data", None)]) is None
    assert not new.exists()


@pytest.mark.parametrize("linked", [False, True])
def test_what_was_written_is_taken_back_when_a_later_file_fails(tmp_path: Path, linked: bool) -> None:
    first, gone = tmp_path / "first", tmp_path / "gone"
    first.write_bytes(b"one")
    first.chmod(0o640)
    gone.write_bytes(b"was here")
    gone.chmod(0o600)
    if linked:
        os.link(first, tmp_path / "link")
    # the third and the fourth cannot both be: one is a file where the other needs a folder
    changes = [
        Change(first, b"one", b"two and more"),
        Change(gone, b"was here", None),
        Change(tmp_path / "new", None, b"x"),
        Change(tmp_path / "d/e", None, b"x"),
        Change(tmp_path / "d", None, b"x"),
    ]
    failure = commit(changes)
    assert failure is not None
    assert failure.path == tmp_path / "d"
    assert first.read_bytes() == b"one"
    assert stat.S_IMODE(first.stat().st_mode) == 0o640
    assert gone.read_bytes() == b"was here"
    assert stat.S_IMODE(gone.stat().st_mode) == 0o600
    assert sorted(os.listdir(tmp_path)) == (["first", "gone", "link"] if linked else ["first", "gone"])


def test_hard_links_stay_joined(tmp_path: Path) -> None:
    path, link = tmp_path / "a", tmp_path / "b"
    path.write_bytes(b"a longer text")
    os.link(path, link)
    assert kind([Change(path, b"a longer text", b"short")]) is None
    assert link.read_bytes() == b"short"
    assert path.samefile(link)


def test_extended_attributes_stay(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"one")
    try:
        os.setxattr(path, "user.loomkin", b"kept")
    except OSError:
        pytest.skip("this file system has no extended attributes")
    assert kind([Change(path, b"one", b"two")]) is None
    assert os.getxattr(path, "user.loomkin") == b"kept"


def test_a_read_only_file_is_neither_written_nor_deleted(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"one")
    path.chmod(0o444)
    assert kind([Change(path, b"one", b"two")]) is FailureKind.READ_ONLY
    assert kind([Change(path, b"one", None)]) is FailureKind.READ_ONLY
    assert path.read_bytes() == b"one"


@pytest.mark.skipif(os.geteuid() != 0, reason="only the superuser can give files away")
def test_the_owner_stays(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"one")
    os.chown(path, 12345, 54321)
    path.chmod(0o4750)
    assert kind([Change(path, b"one", b"two")]) is None
    now = path.stat()
    assert (now.st_uid, now.st_gid, stat.S_IMODE(now.st_mode)) == (12345, 54321, 0o4750)
