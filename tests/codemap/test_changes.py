"""What differs between two texts of a file, definition by definition, and a commit's message made of it."""

import pytest

from loomkin.codemap.changes import changed_symbols
from loomkin.codemap.commit_draft import FileChange, draft, sort_of
from loomkin.project.commit_style import CommitStyle

BEFORE = '''\
import os


class Client:
    """Talks."""

    def send(self, data):
        return data

    def close(self):
        pass


def old_name(value):
    return value + 1
'''
AFTER = '''\
import os


class Client:
    """Talks."""

    def send(self, data, flags):
        return data


def new_name(value):
    return value + 1


def parse_duration(text):
    def unit():
        return 1
    return unit() * int(text)


class Span:
    def length(self):
        return 0
'''
PLAIN = CommitStyle(capital=True)


def told(before: str, after: str, path: str = "net/utils.py") -> list[str]:
    found = changed_symbols(path, before, after)
    assert found is not None
    return [f"{one.kind} {one.before + ' ' if one.before else ''}{one.name}" for one in found]


def test_every_definition_that_differs_is_named_once_and_what_is_inside_a_new_one_is_not() -> None:
    assert told(BEFORE, AFTER) == [
        "changed Client.send",
        "renamed old_name new_name",
        "added parse_duration",
        "added Span",
        "removed Client.close",
    ]


def test_a_renamed_class_takes_its_methods_along_and_a_moved_function_is_no_change() -> None:
    assert told("class A:\n    def f(self): return 1\n", "class B:\n    def f(self): return 1\n") == [
        "renamed A B"
    ]
    one, other = "def a():\n    return 1\n", "def b():\n    return 2\n"
    assert told(f"{one}\n\n{other}", f"{other}\n\n\n{one}") == []


def test_a_function_inside_a_changed_function_is_part_of_it() -> None:
    text = "def outer():\n    def inner():\n        return {}\n    return inner\n"
    assert told(text.format(1), text.format(2)) == ["changed outer"]


def test_a_file_that_no_grammar_reads_has_no_answer() -> None:
    assert changed_symbols("notes.md", "a", "b") is None


def test_the_subject_says_what_was_added_and_changed_and_where() -> None:
    before = AFTER.replace("parse_duration", "parse").replace("flags", "data2")
    before = before[: before.index("def parse")]
    after = AFTER[: AFTER.index("class Span")]
    assert draft([FileChange("net/utils.py", "M", before, after)], PLAIN) == (
        "Add parse_duration to utils; change Client.send"
    )


def test_more_than_the_subject_holds_goes_to_the_body_where_the_repository_writes_bodies() -> None:
    files = [FileChange("net/utils.py", "M", BEFORE, AFTER), FileChange("net/new.py", "A", None, "x = 1\n")]
    subject, _, body = draft(files, CommitStyle(capital=True, body=True)).partition("\n\n")
    assert subject == "Add parse_duration and Span to utils; add new.py"
    assert body.splitlines()[0].endswith("change Client.send; remove Client.close")
    assert "\n" not in draft(files, PLAIN)


def test_the_subject_keeps_to_conventional_commits_with_the_repositorys_own_scope() -> None:
    style = CommitStyle(conventional=True, scoped=True, types=("feat", "fix"), areas=("core", "net"))
    assert draft([FileChange("src/net/utils.py", "M", BEFORE, AFTER)], style).startswith(
        "feat(net): add parse_dur"
    )
    docs = [FileChange("docs/a.md", "M", "a", "b")]
    assert draft(docs, CommitStyle(conventional=True)) == "docs: update a.md"


@pytest.mark.parametrize(
    ("files", "subject"),
    [
        ([FileChange("README.md", "M", "a", "b")], "Update README.md"),
        ([FileChange("a/x.bin", "D", None, None)], "Remove x.bin"),
        ([FileChange("b/x.py", "R", "y = 1\n", "y = 1\n", "a/x.py")], "Move x.py to b"),
        ([FileChange("a/y.py", "R", "", "", "a/x.py")], "Rename x.py to y.py"),
        ([FileChange(f"d/{n}.md", "M", "a", "b") for n in range(5)], "Update 5 files in d"),
        ([FileChange("m.py", "M", "A = 1\n", "A = 2\n"), FileChange("t.md", "M", "", "x")], "Update m.py"),
        ([], ""),
    ],
)  # fmt: skip
def test_files_without_definitions_are_told_by_their_names(files: list[FileChange], subject: str) -> None:
    assert draft(files, PLAIN) == subject


def test_a_subject_is_never_longer_than_is_usual() -> None:
    after = "".join(f"def a_rather_long_name_of_a_function_{n}():\n    return {n}\n\n\n" for n in range(9))
    subject = draft([FileChange("m.py", "M", "", after)], PLAIN)
    assert len(subject) <= PLAIN.longest
    assert subject.startswith("Add a_rather_long")


@pytest.mark.parametrize(
    ("path", "sort"),
    [
        ("tests/a.py", "test"),
        ("a/b.test.ts", "test"),
        ("docs/x.py", "docs"),
        ("go.mod", "build"),
        ("a.py", "source"),
    ],
)
def test_files_are_sorted_by_their_names(path: str, sort: str) -> None:
    assert sort_of(path) == sort
