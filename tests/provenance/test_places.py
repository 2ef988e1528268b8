"""Every kind of file and line that one may ask about gets a clear answer."""

import os
import subprocess
from pathlib import Path

import pytest

from loomkin.errors import UsageError
from loomkin.provenance.why import spot
from tests.cli.project import Result, loomkin, repository


def git(root: Path, *words: str) -> str:
    """Run git there."""
    done = subprocess.run(["git", "-C", str(root), *words], check=True, capture_output=True, text=True)
    return done.stdout


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with one file of three lines."""
    top = repository(tmp_path / "top")
    write(top / "src" / "a b.py", "one = 1\ntwo = 2\nthree = 3\n")
    commit(top, "Count to three")
    return top


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def commit(top: Path, message: str) -> str:
    """Commit everything; the commit's short name."""
    git(top, "add", "-A")
    git(top, "commit", "-qm", message)
    return git(top, "rev-parse", "HEAD").strip()[:10]


def why(top: Path, *words: object) -> Result:
    """Ask from a folder."""
    return loomkin("why", "-C", top, *words)


def test_a_path_counts_from_the_folder_and_an_absolute_one_and_spaces_do_too(root: Path) -> None:
    for folder, typed in (
        (root, "src/a b.py:2"),
        (root / "src", "a b.py:2"),
        (root / "src", "../src/./a b.py:2"),
        (root.parent, root / "src" / "a b.py:2"),
    ):
        told = why(folder, typed)
        assert (told.code, told.err) == (0, "")
        assert "src/a b.py:2\n  | two = 2\ncommit " in told.out


def test_a_range_is_told_in_stretches_of_one_commit(root: Path) -> None:
    write(root / "src" / "a b.py", "one = 1\ntwo = 2\nthree = 3\nfour = 4\n")
    second = commit(root, "And four")
    stretches = why(root, "src/a b.py:2-4", "--json").json["stretches"]
    assert [(one["first"], one["last"]) for one in stretches] == [(2, 3), (4, 4)]
    assert stretches[1]["commit"]["id"].startswith(second)


def test_the_line_is_followed_through_a_rename_and_through_changes_of_white_space(root: Path) -> None:
    first = git(root, "rev-parse", "HEAD").strip()[:10]
    git(root, "mv", "src/a b.py", "moved.py")
    commit(root, "Move")
    write(root / "moved.py", "one = 1\nif one:\n    two = 2\nthree = 3\n")
    commit(root, "Indent")
    assert f"commit {first} by " in why(root, "moved.py:3").out


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("src/a b.py:9", "src/a b.py has 3 lines: there is no line 9."),
        ("src/a b.py:0", "lines are counted from 1"),
        ("src/a b.py:3-2", "the last line comes before the first"),
        ("src/a b.py:1-9000", "at most 2000 lines at once"),
        ("src", "is a folder."),
        ("src:1", "is a folder."),
        ("none.py:1", "There is no file none.py, and none of that name is on record."),
        ("src/a b.py:x", "src/a b.py:x: 'x' is no line number.\nName it like src/app.py:12"),
        ("", "No file is named."),
        (":", ": is no place: no file is named."),
        ("/etc/passwd:1", "/etc/passwd lies outside of this repository ("),
    ],
)
def test_what_cannot_be_told_is_said_with_what_is_wrong(root: Path, typed: str, said: str) -> None:
    told = why(root, typed)
    assert told.code in (1, 2)
    assert said in told.err
    assert told.out == ""


def test_new_files_and_new_lines_are_not_committed_yet(root: Path) -> None:
    write(root / "new.py", "fresh = True\n")
    assert (
        "new.py:1\n  | fresh = True\nnot committed yet\ndecided: nothing is on record"
        in why(root, "new.py:1").out
    )
    write(root / "src" / "a b.py", "one = 1\ntwo = 22\nthree = 3\n")
    assert "not committed yet" in why(root, "src/a b.py:2").out
    assert "not committed yet" not in why(root, "src/a b.py:3").out
    bare = repository(root.parent / "unborn")
    write(bare / "x.py", "x = 1\n")
    assert "not committed yet" in why(bare, "x.py:1").out


def test_of_a_deleted_file_the_last_that_is_known_is_told(root: Path) -> None:
    (root / "src" / "a b.py").unlink()
    assert "Count to three" in why(root, "src/a b.py").out
    gone = commit(root, "Away with it")
    told = why(root, "src/a b.py:2")
    assert "The file is not there any more" in told.out
    assert f"last commit {gone} by " in told.out


def test_outside_of_a_repository_only_records_count(tmp_path: Path) -> None:
    write(tmp_path / "alone.txt", "hello\n")
    told = why(tmp_path, "alone.txt:1")
    assert told.code == 0
    assert "This is no git repository: only recorded changes are known." in told.out


def test_worktrees_and_submodules_are_asked_like_any_other_folder(root: Path, tmp_path: Path) -> None:
    tree, outer = tmp_path / "tree", repository(tmp_path / "outer")
    git(root, "worktree", "add", "-q", str(tree))
    assert "Count to three" in why(tree, "src/a b.py:1").out
    write(outer / "x.py", "x = 1\n")
    commit(outer, "Outer")
    git(outer, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(root), "inner")
    commit(outer, "With inner")
    assert "inner/src/a b.py:1\n  | one = 1\ncommit " in why(outer, "inner/src/a b.py:1").out
    assert "Count to three" in why(outer / "inner", "src/a b.py:1").out


def test_a_file_whose_name_ends_like_a_line_number_is_that_file(root: Path) -> None:
    write(root / "odd:3", "x\n")
    commit(root, "Odd")
    assert why(root, "odd:3").out.startswith("No session has been recorded here yet.\n\nodd:3\nlast commit ")
    assert "odd:3:1\n  | x\ncommit " in why(root, "odd:3:1").out


def test_a_place_is_read_as_people_and_compilers_write_it(tmp_path: Path) -> None:
    for typed, wanted in (
        ("a.py", (0, 0)),
        ("a.py:3", (3, 3)),
        ("a.py:3-5", (3, 5)),
        ("a.py:3:17", (3, 3)),
        ("a.py:3:", (3, 3)),
    ):
        place = spot(tmp_path, typed)
        assert (place.path, place.first, place.last) == (tmp_path / "a.py", *wanted)
    with pytest.raises(UsageError):
        spot(tmp_path, "  ")


def test_of_a_renamed_file_it_is_said_what_it_is_called_now(root: Path) -> None:
    git(root, "mv", "src/a b.py", "between.py")
    commit(root, "Move")
    git(root, "mv", "between.py", "now é.py")
    commit(root, "Move again")
    for old in ("src/a b.py:2", "between.py:2", "between.py"):
        assert "It is called now é.py now: ask for that." in why(root, old).out
    (root / "now é.py").unlink()
    commit(root, "Away with it")
    assert "is called" not in why(root, "between.py").out


def test_a_pipe_and_names_that_no_file_can_have_are_refused_at_once(root: Path) -> None:
    os.mkfifo(root / "pipe")
    for typed, code, said in (
        ("pipe", 2, "is a pipe and has no lines"),
        ("pipe:1", 2, "is a pipe and has no lines"),
        ("a" * 5_000, 1, "There is no file aaa"),
        (f"{'a/' * 3_000}b:3", 1, "There is no file a/a"),
        ("~nobody-of-that-name/x:1", 1, "There is no file ~nobody"),
    ):
        told = why(root, typed)
        assert (told.code, said in told.err, "defect" in told.err) == (code, True, False), told.err[:300]
    with pytest.raises(UsageError, match="is no place"):
        spot(root, "a\0b")


def test_a_shallow_clone_says_where_its_history_ends(root: Path, tmp_path: Path) -> None:
    write(root / "b.py", "four = 4\n")
    last = commit(root, "Another file")
    git(tmp_path, "clone", "-q", "--depth", "1", root.as_uri(), str(tmp_path / "shallow"))
    for place in ("src/a b.py:2", "src/a b.py"):
        assert f"This clone's history ends at {last}" in why(tmp_path / "shallow", place).out
        assert "history ends" not in why(root, place).out
