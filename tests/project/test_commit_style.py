"""A repository's way of wording commits is read from its history, and held against a message."""

from pathlib import Path

import pytest

from loomkin.project.commit_style import (
    SUBJECT_CHARS,
    CommitStyle,
    faults,
    in_words,
    read_style,
    style_of,
    subject_in,
    taken_apart,
)
from loomkin.project.commit_text import cleaned
from tests.project.test_git import _own_settings, git  # noqa: F401 - a fixture

CONVENTIONAL = style_of(["feat(api): add x", "fix(cli): mend y", "docs(api): say z", "chore(ci): raise it"])
PLAIN = style_of(["Add a reader", "Mend the parser", "iOS builds again", "Say why a file is left out"])


@pytest.mark.feature("C5")
async def test_the_style_is_read_from_the_latest_commits_and_not_from_what_git_writes_itself(
    tmp_path: Path,
) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    assert (await read_style(tmp_path)) == CommitStyle()
    for subject in ("wip", "feat(api): add x", "fix(api): mend y", "docs(web): say z", "Merge branch 'x'"):
        git(tmp_path, "commit", "-q", "--allow-empty", "-m", subject, "-m", "Because of it.")
    style = await read_style(tmp_path)
    assert style.conventional
    assert style.scoped
    assert style.seen == 4
    assert style.body
    assert style.areas == ("api", "web")
    assert set(style.types) == {"feat", "fix", "docs"}
    assert "Merge" not in in_words(style)
    assert (await read_style(tmp_path, "plain")).conventional is False
    assert (await read_style(tmp_path / "missing")) == CommitStyle()


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("feat(api): add a reader", []),
        ("feat(api)!: add a reader (#12)", []),
        ("Merge branch 'main' into x", []),
        ("fixup! feat(api): add a reader", []),
        ("fix(api): README.md names the port", []),
        ("", ["empty"]),
        ("add a reader", ["begin with a type"]),
        ("feat: add a reader", ["names no scope"]),
        ("feat(api): Add a reader.", ["capital letter", "full stop"]),
        ("feat(api): add\nmore", ["second line"]),
        (f"feat(api): add {'x' * 80}", ["at most 72"]),
    ],
)
def test_a_message_is_found_fault_with_only_where_it_breaks_a_habit(message: str, said: list[str]) -> None:
    found = faults(message, CONVENTIONAL)
    assert len(found) == len(said)
    for word, fault in zip(said, found, strict=True):
        assert word in fault


def test_habits_are_found_in_any_script_and_with_areas_and_tickets_in_front() -> None:
    chinese = style_of(["修复解析器", "添加测试用例", "更新文档", "支持新格式"])
    assert chinese.capital is None
    assert not faults("删除旧代码", chinese)
    go = style_of(["net/http: close the body", "cmd/go: read it", "all: gofmt", "runtime: wait less"])
    assert go.area_first
    assert not go.conventional
    assert "area" in faults("wait more", go)[0]
    assert not faults("net: wait more", go)
    ticket = style_of(["PROJ-1: Mend it", "PROJ-22 Say so", "[PROJ-3] Read it"])
    assert ticket.ticket
    assert "ticket" in faults("Read it", ticket)[0]
    signs = style_of(["✨ feat: add it", "🐛 fix: mend it", ":memo: docs: say it"])
    assert signs.conventional
    assert signs.sign
    mixed = style_of(["Add it", "mend it", "feat: Say it", "read: it.", "Fix it."])
    assert not faults("anything goes", mixed)
    assert not faults("Anything goes.", mixed)
    assert faults("x" * 90, CommitStyle()) == [
        f"The subject has 90 characters; at most {SUBJECT_CHARS} are usual here."
    ]


def test_a_subject_is_worded_as_the_repository_words_them() -> None:
    assert subject_in(CONVENTIONAL, "Add a reader.", "feat", "api") == "feat(api): add a reader"
    assert subject_in(PLAIN, "add a reader", "feat", "api") == "Add a reader"
    assert subject_in(PLAIN, "parse_args() takes more", "feat") == "parse_args() takes more"
    long = subject_in(CONVENTIONAL, "say " + "what is there " * 20, "docs", "web")
    assert len(long) <= SUBJECT_CHARS
    assert long.endswith("…")
    assert not faults(long, CONVENTIONAL)
    go = style_of(["net: close it", "cmd: read it", "all: format"])
    assert subject_in(go, "Wait less", area="runtime") == "runtime: wait less"


def test_comments_and_what_is_below_the_scissors_are_no_part_of_a_message() -> None:
    text = "Say it\n# a comment\n\n\n\nWhy.  \n# ------ >8 ------\ndiff --git\n"
    assert cleaned(text) == "Say it\n\nWhy."
    assert cleaned("#12 is mended\n; away", ";") == "#12 is mended"
    assert taken_apart("fix(a b)!: it (#1)").scope == "a b"
