"""What a failing command complained of first."""

from loomkin.project.failure import LINES, first_errors


def test_the_first_errors_come_with_what_follows_them() -> None:
    text = "start\n" * 50 + "src/a.py:3: error: no such name\n    here\n      ^\nnext\n" + "more\n" * 50
    assert first_errors(text) == "src/a.py:3: error: no such name\n    here\n      ^"


def test_without_an_error_the_last_lines_are_told() -> None:
    lines = [f"line {number}" for number in range(40)]
    assert first_errors("\n".join(lines)).splitlines() == lines[-LINES:]
    assert first_errors("") == ""


def test_it_stays_short_and_says_nothing_of_no_errors() -> None:
    text = "0 errors\n" + "\n".join(f"FAILED test_{number} {'x' * 500}" for number in range(30))
    found = first_errors(text).splitlines()
    assert len(found) == LINES
    assert all(len(line) <= 300 for line in found)
    assert "0 errors" not in found
