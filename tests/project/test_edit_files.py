"""Which files are edited, how they are written, and whole files."""

import os
import stat
from pathlib import Path

import pytest

from loomkin.project.edit import Edit, RefusedKind, Target, apply_edits, plan_edits, write_file
from tests.project.edit_desk import PYTHON, Desk, applied, refused


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_symlink_is_followed_and_stays_a_link(desk: Desk) -> None:
    path = desk.put("real.txt", "one\n")
    link = desk.root / "link.txt"
    link.symlink_to("real.txt")
    applied(desk.edit("link.txt", "one", "two"))
    assert link.is_symlink()
    assert path.read_text() == "two\n"


def test_a_symlink_out_of_the_workspace_is_refused(
    desk: Desk, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "a.txt"
    outside.write_text("one\n")
    (desk.root / "link.txt").symlink_to(outside)
    refused(desk.edit("link.txt", "one", "two"), RefusedKind.OUTSIDE)
    (desk.root / "folder").symlink_to(outside.parent)
    refused(desk.edit("folder/a.txt", "one", "two"), RefusedKind.OUTSIDE)
    refused(write_file(desk.target("folder/b.txt"), "x"), RefusedKind.OUTSIDE)
    refused(desk.edit("../a.txt", "one", "two"), RefusedKind.OUTSIDE)
    assert outside.read_text() == "one\n"
    assert os.listdir(outside.parent) == ["a.txt"]


def test_a_second_root_is_inside(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "b.txt").write_text("one\n")
    target = Target(other / "b.txt", (desk.root, other), None)
    applied(apply_edits(target, [Edit("one", "two")]))
    assert (other / "b.txt").read_text() == "two\n"


def test_a_hard_link_is_written_in_place(desk: Desk) -> None:
    path = desk.put("a.txt", "one and more\n")
    os.link(path, desk.root / "b.txt")
    applied(desk.edit("a.txt", "one and more", "two"))
    assert (desk.root / "b.txt").read_text() == "two\n"
    assert path.stat().st_nlink == 2


def test_a_read_only_file_is_refused(desk: Desk) -> None:
    path = desk.put("a.txt", "one\n")
    path.chmod(0o444)
    refused(desk.edit("a.txt", "one", "two"), RefusedKind.READ_ONLY)
    refused(plan_edits(desk.target("a.txt"), [Edit("one", "two")]), RefusedKind.READ_ONLY)
    refused(write_file(desk.target("a.txt"), "two\n"), RefusedKind.READ_ONLY)
    assert path.read_text() == "one\n"


def test_mode_is_kept_and_no_temporary_file_stays(desk: Desk) -> None:
    path = desk.put("run.sh", "echo one\n")
    path.chmod(0o750)
    applied(desk.edit("run.sh", "one", "two"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o750
    assert os.listdir(desk.root) == ["run.sh"]


def test_a_folder_is_refused(desk: Desk) -> None:
    (desk.root / "src").mkdir()
    assert "is a folder" in refused(desk.edit("src", "a", "b"), RefusedKind.NOT_A_FILE)
    refused(write_file(desk.target("src"), "x"), RefusedKind.NOT_A_FILE)


def test_a_pipe_is_refused_without_waiting(desk: Desk) -> None:
    os.mkfifo(desk.root / "pipe")
    refused(desk.edit("pipe", "a", "b"), RefusedKind.NOT_A_FILE)


def test_a_binary_file_is_refused(desk: Desk) -> None:
    desk.put("a.bin", b"\x7fELF\x00\x01")
    refused(desk.edit("a.bin", "ELF", "x"), RefusedKind.NOT_TEXT)
    refused(write_file(desk.target("a.bin"), "x"), RefusedKind.NOT_TEXT)


def test_a_huge_file_is_refused(desk: Desk) -> None:
    path = desk.put("a.log", "")
    os.truncate(path, 200 * 1024 * 1024)
    assert "209.7 MB" in refused(desk.edit("a.log", "a", "b", seen=None), RefusedKind.TOO_LARGE)


def test_repeated_failures_suggest_reading_and_then_writing(desk: Desk) -> None:
    desk.put("a.txt", "alpha\nbeta\n")
    edits = [Edit("alpha\ngamma", "x")]

    def told(failures: int) -> str:
        return refused(apply_edits(desk.target("a.txt"), edits, failures=failures), RefusedKind.NOT_FOUND)

    assert "file_write" not in told(0)
    assert "Read lines 1-2 of a.txt with file_read now" in told(1)
    assert "file_write" in told(2)
    desk.put("a.txt", "alpha\n" + "beta\n" * 300)
    assert "file_write" not in told(2)


def test_writing_makes_folders_and_says_created(desk: Desk) -> None:
    result = applied(write_file(desk.target("a/b/c.py"), "x = 1\n"))
    assert (result.created, result.added, result.line_start, result.line_end) == (True, 1, 1, 1)
    assert (desk.root / "a/b/c.py").read_text() == "x = 1\n"


def test_writing_keeps_bom_encoding_and_newlines(desk: Desk) -> None:
    path = desk.put("a.txt", "\ufeffgrüß\r\ngott\r\n".encode("utf-16-le"))
    applied(write_file(desk.target("a.txt"), "neu\nund schön\n"))
    assert path.read_bytes() == "\ufeffneu\r\nund schön\r\n".encode("utf-16-le")


def test_writing_refuses_to_shrink_a_file_that_was_never_read(desk: Desk) -> None:
    path = desk.put("a.py", PYTHON)
    message = refused(write_file(desk.target("a.py", None), "x = 1\n"), RefusedKind.UNREAD)
    assert "file_read" in message
    assert path.read_text() == PYTHON
    assert applied(write_file(desk.target("a.py", None), PYTHON + "x = 1\n")).notes


def test_writing_refuses_a_file_that_changed_since_it_was_read(desk: Desk) -> None:
    path = desk.put("a.py", PYTHON)
    message = refused(
        write_file(desk.target("a.py", "0"), PYTHON + "more = 1\n", changed_by=lambda _: "@ann, 3 s ago"),
        RefusedKind.STALE,
    )
    assert "(by @ann, 3 s ago)" in message
    assert path.read_text() == PYTHON


def test_writing_the_same_text_is_success_with_a_note(desk: Desk) -> None:
    desk.put("a.py", PYTHON)
    assert "nothing changed" in applied(write_file(desk.target("a.py", None), PYTHON)).notes[0]


def test_a_file_in_the_place_of_a_folder_is_told(desk: Desk) -> None:
    desk.put("a", "x")
    message = refused(write_file(desk.target("a/b.txt", None), "y"), RefusedKind.FAILED)
    assert "Nothing was changed" in message
