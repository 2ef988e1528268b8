"""What a failing command complained of: totals, names, first errors."""

import pytest

from loomkin.project.failure import LINES, complaint, first_errors


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


def test_totals_and_failing_names_by_file_come_before_the_errors() -> None:
    names = "\n".join(f"FAILED tests/test_a.py::test_{number} - assert 1 == 2" for number in range(9))
    text = (
        f"E   assert 1 == 2\n{names}\nERROR tests/test_b.py\n"
        + "== 9 failed, 700 passed, 1 error in 3.20s =="
    )
    found = complaint(text).splitlines()
    assert found[0] == "Totals: 9 failed, 700 passed, 1 error in 3.20s"
    assert found[1].startswith("Failing: tests/test_a.py: test_0, test_1,")
    assert found[1].endswith("and 3 more")
    assert found[2] == "Failing: tests/test_b.py"
    assert found[3] == "E   assert 1 == 2"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("700 passed, 69 skipped, 15 errors in 3.2s", "700 passed, 69 skipped, 15 errors in 3.2s"),
        ("FAILED (failures=1, errors=2)", "FAILED (failures=1, errors=2)"),
        ("Tests:       1 failed, 2 passed, 3 total", "Tests:       1 failed, 2 passed, 3 total"),
        ("test result: FAILED. 1 passed; 2 failed", "test result: FAILED. 1 passed; 2 failed"),
        ("Found 3 errors in 1 file (checked 9 source files)", "Found 3 errors in 1 file"),
        ("  2 failing", "2 failing"),
    ],
)
def test_the_totals_of_many_runners_are_known(line: str, told: str) -> None:
    assert complaint(f"start\n{line}").startswith(f"Totals: {told}")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("FAIL: test_mean (tests.test_calc.Mean)", "Failing: tests.test_calc.Mean: test_mean"),
        ("--- FAIL: TestMean (0.00s)", "Failing: TestMean"),
        ("test calc::mean ... FAILED", "Failing: calc::mean"),
    ],
)
def test_the_names_of_many_runners_are_known(line: str, told: str) -> None:
    assert complaint(line).splitlines()[0] == told
