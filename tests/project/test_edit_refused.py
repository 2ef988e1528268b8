"""Edits that are refused, and what the refusal tells."""

from pathlib import Path

import pytest

from loomkin.project.edit import Edit, RefusedKind, apply_edits, write_file
from loomkin.project.text import sha_of
from tests.project.edit_desk import PYTHON, Desk, applied, refused


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_mixed_endings_make_look_alikes_ambiguous(desk: Desk) -> None:
    desk.put("a.txt", b"one\r\ntwo\r\n--\none\ntwo\n")
    message = refused(desk.edit("a.txt", "one\ntwo", "x"), RefusedKind.AMBIGUOUS)
    assert "at lines 1, 4" in message


@pytest.mark.parametrize("old", ["", " ", "\n", " \t\n"])
def test_blank_old_text_is_refused(desk: Desk, old: str) -> None:
    path = desk.put("a.txt", "a b\n\n")
    assert "file_write" in refused(desk.edit("a.txt", old, "x"), RefusedKind.BLANK_OLD)
    assert path.read_text() == "a b\n\n"


def test_two_matches_are_refused_with_their_lines(desk: Desk) -> None:
    path = desk.put("a.txt", "x\ny\nx\nz\nx\n")
    message = refused(desk.edit("a.txt", "x", "w"), RefusedKind.AMBIGUOUS)
    assert "3 times" in message
    assert "1, 3, 5" in message
    assert "replace_all" in message
    assert path.read_text() == "x\ny\nx\nz\nx\n"


def test_an_ambiguous_tier_stops_before_a_later_one(desk: Desk) -> None:
    desk.put(
        "a.py",
        "first_line = 1 \nsecond = 2\n\nfirst_line = 1  \nsecond = 2\n\n\n  first_line = 1\n  second = 2\n",
    )
    message = refused(desk.edit("a.py", "first_line = 1\nsecond = 2\n", "x"), RefusedKind.AMBIGUOUS)
    assert "trailing white space" in message


def test_overlapping_matches_are_ambiguous(desk: Desk) -> None:
    desk.put("a.txt", "aaa\n")
    refused(desk.edit("a.txt", "aa", "b"), RefusedKind.AMBIGUOUS)


def test_new_text_that_is_elsewhere_does_not_hide_a_failure(desk: Desk) -> None:
    desk.put("a.py", "def alpha():\n    return compute(1)\n\n\ndef beta():\n    return compute(2)\n")
    message = refused(
        desk.edit("a.py", "def alpha():\n    return compute(9)\n", "def beta():\n    return compute(2)\n"),
        RefusedKind.NOT_FOUND,
    )
    assert "already there, at line 5" in message


def test_a_file_that_grew_since_it_was_read_is_edited_with_a_note(desk: Desk) -> None:
    path = desk.put("a.py", PYTHON)
    seen = sha_of(path.read_bytes())
    path.write_text("import os\n" + PYTHON)
    result = apply_edits(
        desk.target("a.py", seen),
        [Edit("return 2", "return 3")],
        changed_by=lambda path: f"@tester on {path.name}, 12 s ago",
        durable=False,
    )
    assert "changed since you read it (by @tester on a.py, 12 s ago)" in applied(result).notes[-1]
    assert path.read_text() == "import os\n" + PYTHON.replace("return 2", "return 3")


def test_a_file_that_shrank_since_it_was_read_is_refused_where_the_text_is_gone(desk: Desk) -> None:
    path = desk.put("a.py", PYTHON)
    seen = sha_of(path.read_bytes())
    path.write_text("def one():\n    return 1\n")
    message = refused(desk.edit("a.py", "def two():\n    return 2\n", "x", seen=seen), RefusedKind.STALE)
    assert "changed since you read it" in message


def test_a_changed_file_is_never_edited_by_a_tolerant_match(desk: Desk) -> None:
    path = desk.put("a.py", PYTHON)
    message = refused(desk.edit("a.py", "  return 2\n\ndef", "x", seen="000000000000"), RefusedKind.STALE)
    assert "changed since you read it" in message
    message = refused(desk.edit("a.py", "\tdef two():\n\t\treturn 2", "\tx = 2", seen="0"), RefusedKind.STALE)
    assert "only by indentation" in message
    message = refused(desk.edit("a.py", "return", "x", seen="0", everywhere=True), RefusedKind.STALE)
    assert "2 times" in message
    assert path.read_text() == PYTHON


def test_a_file_never_read_is_edited_only_where_the_text_is_exact(desk: Desk) -> None:
    desk.put("a.py", PYTHON)
    message = refused(
        desk.edit("a.py", "\tdef two():\n\t\treturn 2", "\tx = 2", seen=None), RefusedKind.STALE
    )
    assert "You have not read" in message
    applied(desk.edit("a.py", "return 2", "return 3", seen=None))


def test_a_file_that_vanished_since_it_was_read_is_refused(desk: Desk) -> None:
    path = desk.put("src/apple.py", PYTHON)
    seen = sha_of(path.read_bytes())
    path.rename(path.with_name("apples.py"))
    message = refused(desk.edit("src/apple.py", "return 1", "x", seen=seen), RefusedKind.MISSING)
    assert "moved or deleted since you read it" in message
    assert "apples.py" in message


def test_a_file_changed_by_a_formatter_on_save_is_edited_where_the_text_still_fits(desk: Desk) -> None:
    path = desk.put("a.py", "x = {'a':1}\ny = 2\n")
    first = applied(desk.edit("a.py", "y = 2", "y = {'b':2}"))
    path.write_text('x = {"a": 1}\ny = {"b": 2}\n')
    message = refused(desk.edit("a.py", "y = {'b':2}", "y = 3", seen=first.sha), RefusedKind.STALE)
    assert "changed since you read it" in message
    assert "2→y" in message
    applied(desk.edit("a.py", 'y = {"b": 2}', "y = 3", seen=first.sha))
    assert path.read_text() == 'x = {"a": 1}\ny = 3\n'


@pytest.mark.parametrize(
    "line",
    [
        "# ... rest of the file",
        "// ... existing code ...",
        "<!-- existing content -->",
        "    # ... (unchanged)",
    ],
)
def test_placeholder_comments_are_refused(desk: Desk, line: str) -> None:
    path = desk.put("a.py", PYTHON)
    message = refused(desk.edit("a.py", "return 1", f"return 5\n{line}\n"), RefusedKind.PLACEHOLDER)
    assert line.strip() in message
    refused(write_file(desk.target("a.py"), f"{PYTHON}{line}\n"), RefusedKind.PLACEHOLDER)
    assert path.read_text() == PYTHON


def test_a_placeholder_that_was_in_the_old_text_stays(desk: Desk) -> None:
    path = desk.put("a.md", "Write it like this:\n\n    # ... existing code\n    x = 1\n")
    applied(desk.edit("a.md", "    # ... existing code\n    x = 1", "    # ... existing code\n    x = 2"))
    assert "x = 2" in path.read_text()


def test_a_redaction_mark_is_not_written_back(desk: Desk) -> None:
    path = desk.put(".env", "KEY=sk-123456\nMODE=a\n")
    refused(desk.edit(".env", "MODE=a", "KEY=[redacted: api key]\nMODE=b"), RefusedKind.REDACTED)
    message = refused(desk.edit(".env", "KEY=[redacted: api key]\nMODE=a", "MODE=b"), RefusedKind.NOT_FOUND)
    assert "never shown" in message
    refused(write_file(desk.target(".env"), "KEY=[redacted: api key]\nMODE=b\n"), RefusedKind.REDACTED)
    assert path.read_text() == "KEY=sk-123456\nMODE=a\n"


def test_a_redaction_mark_that_is_the_content_may_be_edited(desk: Desk) -> None:
    path = desk.put("a.md", "Secrets look like [redacted: key] here.\n")
    applied(desk.edit("a.md", "like [redacted: key] here", "like [redacted: key] there"))
    assert path.read_text() == "Secrets look like [redacted: key] there.\n"


def test_a_failure_shows_the_closest_lines_and_the_first_difference(desk: Desk) -> None:
    desk.put("a.go", "package a\n\nfunc f() {\n\tx := 1\n\treturn\n}\n")
    message = refused(desk.edit("a.go", "func f() {\n    x := 2\n    return\n}", "y"), RefusedKind.NOT_FOUND)
    assert "The closest lines are 3-6" in message
    assert "     4→\tx := 1" in message
    assert "line 4, column 1: file has a TAB, you sent 4 spaces" in message
    message = refused(desk.edit("a.go", "func g() {\n\tx := 1", "y"), RefusedKind.NOT_FOUND)
    assert "line 3, column 6: file has 'f() {', you sent 'g() {'" in message


def test_a_failure_with_nothing_like_it_says_so(desk: Desk) -> None:
    desk.put("a.txt", "alpha\nbeta\n")
    assert "Nothing in the file is like it" in refused(
        desk.edit("a.txt", "completely different words", "x"), RefusedKind.NOT_FOUND
    )


def test_a_wrong_indentation_is_named_as_such(desk: Desk) -> None:
    desk.put("a.py", "def f():\n\t  a()\n    b()\n")
    message = refused(desk.edit("a.py", "def f():\n  a()\n  b()", "x"), RefusedKind.NOT_FOUND)
    assert "line 2 is indented by 1 TAB and 2 spaces in the file, you sent 2 spaces" in message


def test_half_characters_are_refused(desk: Desk) -> None:
    path = desk.put("a.py", "x = 1\n")
    message = refused(desk.edit("a.py", "x = 1", "x = '\ud83d'"), RefusedKind.UNENCODABLE)
    assert "U+D83D" in message
    assert path.read_text() == "x = 1\n"
