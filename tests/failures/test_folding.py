"""The same error is the same whatever its numbers and places; different errors differ."""

from string import ascii_lowercase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loomkin.failures.folding import LONGEST, folded, shortened, signature

NAMES = st.text(ascii_lowercase, min_size=3, max_size=8)
NUMBERS = st.integers(0, 10**9)
FOLDERS = st.lists(NAMES, min_size=1, max_size=4).map(lambda names: "/home/" + "/".join(names))
TEMPORARY = st.lists(NAMES, min_size=1, max_size=3).map(lambda names: "/tmp/" + "/".join(names))
HASHES = st.text("0123456789abcdef", min_size=12, max_size=40).filter(
    lambda text: any(one.isdigit() for one in text) and any(one.isalpha() for one in text)
)
CIRCUMSTANCES = st.tuples(NUMBERS, FOLDERS, TEMPORARY, HASHES, st.sampled_from("'\"`"))


def written(module: str, number: int, folder: str, temporary: str, sha: str, quote: str) -> str:
    """One error, with what differs from run to run."""
    return (
        f"{folder}/app.py:{number}: No module named {quote}{module}{quote} after {number}.{number % 100} s, "
        f"line {number} at 0x{number:x}, log {temporary}/run.log, commit {sha}"
    )


@given(NAMES, CIRCUMSTANCES, CIRCUMSTANCES)
def test_the_same_error_elsewhere_and_at_another_time_is_the_same(
    module: str, here: tuple[int, str, str, str, str], there: tuple[int, str, str, str, str]
) -> None:
    assert signature("shell", written(module, *here), "") == signature("shell", written(module, *there), "")


@given(NAMES, NAMES, CIRCUMSTANCES)
def test_another_module_is_another_error(one: str, other: str, here: tuple[int, str, str, str, str]) -> None:
    same = signature("shell", written(one, *here), "") == signature("shell", written(other, *here), "")
    assert same == (one == other)


@given(st.text(max_size=2000))
def test_folding_twice_is_folding_once_and_never_long(text: str) -> None:
    once = folded(text)
    assert len(once) <= LONGEST
    assert "\n" not in shortened(text)
    assert len(shortened(text)) <= LONGEST
    assert folded(once) == once


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("run: command not found", "walk: command not found"),
        ("python: command not found", "python3: command not found"),
        ("error TS2307: Cannot find module './a'", "error TS2304: Cannot find name 'a'"),
        ("No rule to make target 'all'", "No rule to make target 'test'"),
        ("src/a.py: Permission denied", "src/b.py: Permission denied"),
        ("npm ERR! Missing script: build", "npm ERR! Missing script: lint"),
    ],
)
def test_errors_that_differ_in_a_word_differ(one: str, other: str) -> None:
    assert signature("shell", one, "") != signature("shell", other, "")


def test_another_tool_or_file_is_another_failure() -> None:
    line = "SyntaxError: invalid syntax"
    found = {signature("shell", line, ""), signature("edit", line, ""), signature("shell", line, "a.py")}
    assert len(found) == 3


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("E   ModuleNotFoundError: No module named 'yaml'", "ModuleNotFoundError: No module named 'yaml'"),
        ("npm ERR! Missing script: “build”", "Missing script: 'build'"),
        ("2026-07-01T10:11:12.5Z failed after 3.2s (3 of 14)", "<time> failed after <time> (<n> of <n>)"),
        ("\x1b[31mfatal:\x1b[0m bad object 8c2f1d0a9b", "fatal: bad object <hex>"),
        ("/Users/x/My/proj/src/app.ts:12:8 - error", "<dir>/app.ts:<n> - error"),
    ],
)
def test_what_differs_each_time_is_folded(line: str, told: str) -> None:
    assert folded(line) == told
