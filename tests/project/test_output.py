import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loomkin.project.output import (
    LINE_CHARS,
    code_is_of_a_pipe,
    collapse_progress,
    exit_note,
    fold_repeats,
    for_model,
    strip_ansi,
)

MARK = re.compile(r"… (\d+) lines? left out(?:; whole output: \S+)? …")


def left_out(text: str) -> int:
    return sum(int(count) for count in MARK.findall(text))


def test_escape_sequences_are_taken_out_and_text_stays() -> None:
    dressed = "\x1b[1;31mred\x1b[0m \x1b]0;title\x07plain \x1b]8;;http://x\x1b\\link\x1b(B\ttab\x08\n"
    assert strip_ansi(dressed) == "red plain link\ttab\n"
    assert strip_ansi("naïve ünïcode ✓ 漢字\n") == "naïve ünïcode ✓ 漢字\n"


def test_only_the_last_state_of_a_progress_line_stays() -> None:
    assert collapse_progress(" 1%\r 50%\r100%\ndone\r\n") == "100%\ndone\n"


def test_repeats_are_folded_with_their_number() -> None:
    assert fold_repeats(["a", "b", "b", "c", "c", "c", "", "", "", "a"]) == [
        ("a", 1), ("b", 1), ("b", 1), ("c (×3)", 3), ("", 1), ("", 1), ("", 1), ("a", 1),
    ]  # fmt: skip
    assert for_model("wait\n" * 312 + "end\n") == "wait (×312)\nend"


def test_short_output_is_left_alone() -> None:
    assert for_model("one\r\ntwo\n") == "one\ntwo"
    assert for_model("") == ""


def test_the_beginning_and_more_of_the_end_are_kept() -> None:
    lines = [f"line {number:05}" for number in range(5000)]
    text = for_model("\n".join(lines), budget=2000, whole="out7")
    kept = text.split("\n")
    gap = next(index for index, line in enumerate(kept) if MARK.fullmatch(line))
    assert kept[:gap] == lines[:gap]
    assert kept[gap + 1 :] == lines[-(len(kept) - gap - 1) :]
    assert kept[gap] == f"… {5000 - len(kept) + 1} lines left out; whole output: out7 …"
    assert 0.35 < gap / len(kept) < 0.42
    assert 1800 < len(text) <= 2000


def test_the_first_error_of_a_failure_survives_the_cut() -> None:
    lines = [f"compiling part {number} of many" for number in range(1000)]
    lines[500] = "src/a.c:3: error: unknown type"
    lines[501] = "src/b.c:9: error: later"
    assert "error" not in for_model("\n".join(lines), budget=1500)
    text = for_model("\n".join(lines), budget=1500, failed=True, whole="out1")
    assert "\nsrc/a.c:3: error: unknown type\n" in text
    assert "later" not in text
    assert left_out(text) + len([line for line in text.split("\n") if not MARK.fullmatch(line)]) == 1000


@pytest.mark.parametrize("line", ["0 errors, 3 warnings", "no failures", "errors: 0"])
def test_a_count_of_no_errors_is_no_error(line: str) -> None:
    text = "\n".join(
        ["x" * 20] * 2 + [f"row {n}" for n in range(300)] + [line] + [f"row {n}" for n in range(300)]
    )
    assert line not in for_model(text, budget=600, failed=True)


def test_a_very_long_line_is_cut_in_its_middle() -> None:
    text = for_model("a" * 5000 + "z" * 5000)
    assert len(text) <= LINE_CHARS
    assert re.fullmatch(r"a+ … 8040 characters left out … z+", text)


def test_output_with_a_hole_loses_the_half_lines_at_its_edges() -> None:
    text = for_model("one\ntwo\nthr", "ve\nsix\nseven\n", missing_lines=2, whole="out3")
    assert text == "one\ntwo\n… 3 lines left out; whole output: out3 …\nsix\nseven"


@settings(max_examples=150, deadline=None)
@given(
    lines=st.lists(
        st.one_of(
            st.text(
                st.characters(blacklist_characters="\r\n\x1b", blacklist_categories=("Cs", "Cc")), max_size=30
            ),
            st.sampled_from(["same", "same", "error: x", "\x1b[31mred\x1b[0m", "10%\r20%"]),
        ),
        max_size=120,
    ),
    budget=st.integers(0, 600),
    hole=st.booleans(),
    failed=st.booleans(),
)
def test_never_longer_than_the_budget_and_never_a_line_that_was_not_there(
    lines: list[str], budget: int, hole: bool, failed: bool
) -> None:
    half = "\n".join(lines)
    tail, missing = (half, 5) if hole else ("", 0)
    text = for_model(half, tail, missing_lines=missing, budget=budget, whole="out1", failed=failed)
    assert len(text) <= budget
    known = {collapse_progress(strip_ansi(line)) for line in lines} | {""}
    shown = 0
    for line in text.split("\n") if text else []:
        if MARK.fullmatch(line) and line not in known:
            continue
        plain, _, count = line.removesuffix(")").rpartition(" (×")
        assert line in known or (plain in known and int(count) > 2)
        shown += 1 if line in known else int(count)
    if not hole and text:
        total = len(lines) - (not lines[-1])
        assert shown + left_out(text) == total


@pytest.mark.parametrize(
    "command",
    ["grep x f", "cat f | grep x", "cd a && rg x", "make; diff a b", "A=1 grep x f", "/bin/grep x f",
     "grep '|' f", "git grep x", "git diff --quiet", "test -f x", "[ -f x ]",
     "grep a f 2>/dev/null", "ls\ngrep x f"],
)  # fmt: skip
def test_exit_one_of_a_search_or_comparison_is_no_failure(command: str) -> None:
    note = exit_note(command, 1)
    assert not note.failed
    assert "not a failure" in note.text
    assert exit_note(command, 2).failed


@pytest.mark.parametrize(
    "command",
    ["make", "make && grep x f", "grep x f | wc -l", "grep x f || make", "grep 'x", "git commit", "", "A=1"],
)
def test_exit_one_of_anything_else_is_a_failure(command: str) -> None:
    assert exit_note(command, 1).failed


@pytest.mark.parametrize(
    ("command", "piped"),
    [
        ("pytest | tail -3", True),
        ("pytest | tail && echo done", True),
        ("cd x && pytest -q 2>&1 | tail", True),
        ("pytest | tail; code=$?; exit $code", False),
        ("set -o pipefail; pytest | tail", False),
        ("a || b", False),
        ("grep 'a|b' x", False),
        ("pytest", False),
        ("a | b\npytest", False),
        ("echo 'not closed | x", False),
    ],
)
def test_a_code_that_tells_only_of_the_end_of_a_pipe_is_known(command: str, piped: bool) -> None:
    assert code_is_of_a_pipe(command) is piped


def test_codes_are_named() -> None:
    assert not exit_note("make", 0).failed
    assert "SIGKILL" in exit_note("make", -9).text
    assert "SIGSEGV" in exit_note("make", 139).text
    assert "not found" in exit_note("nope", 127).text
    assert exit_note("x", 255).text == "exit 255"
    assert exit_note("x", 5).text == "exit 5"
    assert exit_note("cd a && python -m pytest -q b", 5).text == "exit 5: pytest found no tests"
