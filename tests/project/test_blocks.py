"""Search/replace blocks as models without tools write them."""

from pathlib import Path

import pytest

from loomkin.project.blocks import parse_blocks
from loomkin.project.edit import Edit, Refused, RefusedKind, Target, apply_edits
from loomkin.project.text import sha_of


def block(old: str, new: str, size: int = 7) -> str:
    return f"{'<' * size} SEARCH\n{old}{'=' * size}\n{new}{'>' * size} REPLACE\n"


def test_all_blocks_become_edits_in_order() -> None:
    text = "First:\n```python\n" + block("a\n", "b\n") + "```\nthen\n" + block("c\nd\n", "")
    assert parse_blocks(text) == [Edit("a\n", "b\n", whole_lines=True), Edit("c\nd\n", "", whole_lines=True)]


def test_indentation_and_blank_lines_of_the_content_stay() -> None:
    assert parse_blocks(block("\n    a\n\n", "\tb  \n")) == [Edit("\n    a\n\n", "\tb  \n", whole_lines=True)]


def test_carriage_returns_and_other_lengths_are_understood() -> None:
    text = "<<<<< ORIGINAL\r\na\r\n=====\r\nb\r\n>>>>> UPDATED\r\n"
    assert parse_blocks(text) == [Edit("a\n", "b\n", whole_lines=True)]


def test_content_with_marks_is_sent_with_longer_ones() -> None:
    old = "<<<<<<< HEAD\none\n=======\ntwo\n>>>>>>> branch\n"
    assert parse_blocks(block("Title\n=======\n", "x\n", 9)) == [
        Edit("Title\n=======\n", "x\n", whole_lines=True)
    ]
    assert isinstance(parse_blocks(block(old, "x\n")), Refused)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("no block at all", "no search/replace block"),
        ("<<<<<<< SEARCH\na\n=======\nb\n", "not closed"),
        ("<<<<<<< SEARCH\na\nb\n>>>>>>> REPLACE\n", "no lines '======='"),
        ("<<<<<<< SEARCH\na\n=======\nb\n=======\nc\n>>>>>>> REPLACE\n", "2 lines '======='"),
        ("<<<<<<< SEARCH\na\n<<<<<<< SEARCH\nb\n=======\nc\n>>>>>>> REPLACE\n", "another block"),
    ],
)
def test_broken_blocks_are_refused_with_the_form(text: str, told: str) -> None:
    result = parse_blocks(text)
    assert isinstance(result, Refused)
    assert result.kind is RefusedKind.MALFORMED
    assert told in result.message
    assert "REPLACE" in result.message


def test_a_block_matches_whole_lines_only(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("max = 1\nx = 2\n")
    target = Target(path, (tmp_path,), sha_of(path.read_bytes()))
    edits = parse_blocks(block("x = 1\n", "x = 3\n"))
    assert isinstance(edits, list)
    result = apply_edits(target, edits)
    assert isinstance(result, Refused)
    assert result.kind is RefusedKind.NOT_FOUND
    edits = parse_blocks(block("x = 2\n", "x = 3\n"))
    assert isinstance(edits, list)
    apply_edits(target, edits)
    assert path.read_text() == "max = 1\nx = 3\n"
