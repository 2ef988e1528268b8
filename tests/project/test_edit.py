"""Edits of real files: what changes, what stays, and what the answer says."""

from pathlib import Path

import pytest

from loomkin.project.edit import Edit, RefusedKind, apply_edits, plan_edits, plan_write
from loomkin.project.text import sha_of
from tests.project.edit_desk import PYTHON, Desk, applied, refused


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_an_exact_edit_says_where_and_what_changed(desk: Desk) -> None:
    path = desk.put("a.py", PYTHON)
    result = applied(desk.edit("a.py", "    return 2", "    x = 2\n    return x"))
    assert path.read_text() == PYTHON.replace("    return 2", "    x = 2\n    return x")
    assert (result.tier, result.line_start, result.line_end) == ("exact", 6, 7)
    assert (result.added, result.removed, result.created, result.notes) == (2, 1, False, ())
    assert result.sha == sha_of(path.read_bytes())
    assert result.diff == "@@ -3,4 +3,5 @@\n \n \n def two():\n-    return 2\n+    x = 2\n+    return x"
    assert (result.before, result.after) == (PYTHON, path.read_text())


def test_a_plan_changes_nothing_on_disk(desk: Desk) -> None:
    path = desk.put("a.py", PYTHON)
    result = applied(plan_edits(desk.target("a.py"), [Edit("return 1", "return 3")]))
    assert "+    return 3" in result.diff
    assert path.read_text() == PYTHON
    made = applied(plan_write(desk.target("new/b.py"), "x = 1\n"))
    assert made.created
    assert not (desk.root / "new").exists()


def test_crlf_file_with_lf_old_text_keeps_crlf(desk: Desk) -> None:
    path = desk.put("a.txt", b"one\r\ntwo\r\nthree\r\n")
    result = applied(desk.edit("a.txt", "one\ntwo", "one\nand a half\ntwo"))
    assert path.read_bytes() == b"one\r\nand a half\r\ntwo\r\nthree\r\n"
    assert result.tier == "line endings"


def test_one_line_of_a_crlf_file_becomes_two_with_crlf(desk: Desk) -> None:
    path = desk.put("a.txt", b"one\r\ntwo\r\n")
    assert applied(desk.edit("a.txt", "one", "1\n1.5")).tier == "exact"
    assert path.read_bytes() == b"1\r\n1.5\r\ntwo\r\n"


def test_lf_file_with_crlf_old_and_new_text_keeps_lf(desk: Desk) -> None:
    path = desk.put("a.txt", b"one\ntwo\nthree\n")
    applied(desk.edit("a.txt", "one\r\ntwo\r\n", "1\r\n2\r\n"))
    assert path.read_bytes() == b"1\n2\nthree\n"


def test_mixed_endings_keep_each_line_its_own(desk: Desk) -> None:
    path = desk.put("a.txt", b"one\r\ntwo\nthree\r\nfour\nfive\n")
    applied(desk.edit("a.txt", "one\ntwo\nthree\nfour", "one\ntwo\nTHREE\nfour"))
    assert path.read_bytes() == b"one\r\ntwo\nTHREE\r\nfour\nfive\n"


def test_carriage_returns_alone_are_newlines_where_there_is_no_other(desk: Desk) -> None:
    path = desk.put("a.txt", b"one\rtwo\rthree\r")
    applied(desk.edit("a.txt", "one\ntwo", "one\nmore\ntwo"))
    assert path.read_bytes() == b"one\rmore\rtwo\rthree\r"


def test_no_final_newline_stays_away(desk: Desk) -> None:
    path = desk.put("a.txt", "one\nlast")
    applied(desk.edit("a.txt", "last\n", "the end\n"))
    assert path.read_bytes() == b"one\nthe end"


def test_a_final_newline_is_not_doubled(desk: Desk) -> None:
    path = desk.put("a.txt", "one\nlast\n")
    applied(desk.edit("a.txt", "last", "the end"))
    assert path.read_bytes() == b"one\nthe end\n"


def test_bom_is_kept(desk: Desk) -> None:
    path = desk.put("a.cs", b"\xef\xbb\xbfusing A;\r\nusing B;\r\n")
    applied(desk.edit("a.cs", "using A;", "using C;"))
    assert path.read_bytes() == b"\xef\xbb\xbfusing C;\r\nusing B;\r\n"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_utf_16_and_32_with_bom_are_kept(desk: Desk, encoding: str) -> None:
    path = desk.put("a.txt", "\ufeffgrüß\r\ngott\r\n".encode(encoding))
    applied(desk.edit("a.txt", "gott", "dich 🙂"))
    assert path.read_bytes() == "\ufeffgrüß\r\ndich 🙂\r\n".encode(encoding)


def test_a_latin_1_byte_elsewhere_is_untouched(desk: Desk) -> None:
    path = desk.put("a.c", b"/* caf\xe9 */\nint x = 1;\nint y = 2;\n")
    applied(desk.edit("a.c", "int x = 1;", "int x = 3;"))
    assert path.read_bytes() == b"/* caf\xe9 */\nint x = 3;\nint y = 2;\n"


def test_new_characters_in_a_guessed_encoding_are_remarked(desk: Desk) -> None:
    path = desk.put("a.c", b"/* caf\xe9 */\nint x = 1;\n")
    result = applied(desk.edit("a.c", "int x = 1;", 'char *x = "ü";'))
    assert path.read_bytes() == b'/* caf\xe9 */\nchar *x = "\xfc";\n'
    assert any("guessed" in note for note in result.notes)


def test_characters_that_the_encoding_lacks_are_refused_by_name(desk: Desk) -> None:
    data = b"# -*- coding: latin-1 -*-\nname = 'caf\xe9'\n"
    path = desk.put("a.py", data)
    message = refused(desk.edit("a.py", "name = 'café'", "name = '咖啡'"), RefusedKind.UNENCODABLE)
    assert "latin-1" in message
    assert "U+5496" in message
    assert path.read_bytes() == data


@pytest.mark.parametrize("new", ["$&", "\\1", "\\g<0>", "$1 \\n", "\\\\"])
def test_replacement_signs_are_plain_text(desk: Desk, new: str) -> None:
    path = desk.put("a.txt", "x = OLD;\n")
    applied(desk.edit("a.txt", "OLD", new))
    assert path.read_text() == f"x = {new};\n"


def test_replace_all_goes_leftmost_without_overlap(desk: Desk) -> None:
    path = desk.put("a.txt", "aaaaa aaa\n")
    result = applied(desk.edit("a.txt", "aa", "b", everywhere=True))
    assert path.read_text() == "bba ba\n"
    assert result.added == 1


def test_old_equals_new_is_success_with_a_note(desk: Desk) -> None:
    path = desk.put("a.txt", "one\n")
    before = path.stat()
    result = applied(desk.edit("a.txt", "one", "one"))
    assert "nothing changed" in result.notes[0]
    assert (result.diff, result.added, result.removed) == ("", 0, 0)
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert path.stat().st_ino == before.st_ino


def test_an_edit_made_before_is_success_with_a_note(desk: Desk) -> None:
    desk.put("a.py", PYTHON)
    edit = ("def one():\n    return 1\n", "def uno():\n    return 100\n")
    applied(desk.edit("a.py", *edit))
    result = applied(desk.edit("a.py", *edit))
    assert "already there, at line 1" in result.notes[0]


def test_an_empty_result_is_allowed(desk: Desk) -> None:
    path = desk.put("a.txt", "all of it\n")
    result = applied(desk.edit("a.txt", "all of it\n", ""))
    assert path.read_bytes() == b""
    assert (result.removed, result.line_start) == (1, 1)


def test_several_edits_are_made_together_or_not_at_all(desk: Desk) -> None:
    path = desk.put("a.py", PYTHON)
    edits = [Edit("return 1", "return 10"), Edit("return 2", "return 20"), Edit("return 10", "return 30")]
    result = applied(apply_edits(desk.target("a.py"), edits))
    assert path.read_text() == PYTHON.replace("return 1", "return 30").replace("return 2", "return 20")
    assert (result.added, result.removed, result.line_start, result.line_end) == (2, 2, 2, 6)
    message = refused(
        apply_edits(desk.target("a.py"), [Edit("return 30", "x"), Edit("return 99", "y")]),
        RefusedKind.NOT_FOUND,
    )
    assert "edit 2" in message
    assert "return 30" in path.read_text()


def test_a_syntax_error_made_by_the_edit_is_reported(desk: Desk) -> None:
    path = desk.put("a.py", PYTHON)
    result = applied(desk.edit("a.py", "def two():", "def two(:"))
    assert any(note.startswith("syntax error at line 5") for note in result.notes)
    assert "def two(:" in path.read_text()
    again = applied(desk.edit("a.py", "return 1", "return 3"))
    assert again.notes == ()
    quiet = apply_edits(
        desk.target("a.py"), [Edit("two(:", "two():"), Edit("one()", "one(")], check_syntax=False
    )
    assert not any("syntax" in note for note in applied(quiet).notes)


def test_a_diff_has_at_most_forty_lines(desk: Desk) -> None:
    desk.put("a.txt", "".join(f"line {n}\n" for n in range(200)))
    edits = [Edit(f"line {n}\n", f"LINE {n}\n") for n in range(100, 190, 10)]
    lines = applied(apply_edits(desk.target("a.txt"), edits)).diff.split("\n")
    assert len(lines) == 40
    assert lines[-1].endswith("more lines of the diff are not shown")
