"""Rules files: which are read, in which order, what they import, and where they are cut."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loomkin.project.rules import CAP, OperationLine, load, nested_for, parse_operations
from loomkin.records.permission import Decision


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "repo").mkdir()
    return tmp_path / "repo"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path / "home")}


def put(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def texts(rules) -> list[str]:
    return [file.text for file in rules.files]


def test_the_persons_file_comes_first_then_one_file_a_folder_down_to_the_current_one(root, environ, tmp_path):
    put(tmp_path / "home/.config/loomkin/AGENTS.md", "mine")
    put(root / "AGENTS.md", "root")
    put(root / "a/CLAUDE.md", "a")
    put(root / "a/b/GEMINI.md", "b")
    put(root / "a/b/c/AGENTS.md", "below")
    put(root / "z/AGENTS.md", "aside")
    rules = load(root, root / "a/b", environ)
    assert texts(rules) == ["mine", "root", "a", "b"]
    assert rules.warnings == ()


def test_of_several_names_the_first_that_holds_words_counts(root, environ):
    names = ["GEMINI.md", "CLAUDE.md", "AGENTS.md", "AGENTS.override.md", "LOOMKIN.md"]
    for name in names:
        put(root / name, name)
        assert texts(load(root, root, environ)) == [name]
    put(root / "LOOMKIN.md", " \n")
    assert texts(load(root, root, environ)) == ["AGENTS.override.md"]


def test_a_current_folder_outside_the_root_reads_the_root_alone(root, environ, tmp_path):
    put(root / "AGENTS.md", "root")
    put(tmp_path / "elsewhere/AGENTS.md", "no")
    assert texts(load(root, tmp_path / "elsewhere", environ)) == ["root"]


def test_nested_files_come_when_something_below_them_is_read_and_only_once(root, environ):
    put(root / "AGENTS.md", "root")
    put(root / "pkg/AGENTS.md", "pkg")
    put(root / "pkg/sub/LOOMKIN.md", "sub")
    first = load(root, root, environ)
    already = [file.path for file in first.files]
    more = nested_for(root, root / "pkg/sub/code.py", already)
    assert texts(more) == ["pkg", "sub"]
    assert nested_for(root, Path("pkg/sub/code.py"), already + [file.path for file in more.files]).files == ()
    assert texts(nested_for(root, Path("pkg/../other/x"), already)) == []


def test_imports_are_put_in_relative_to_their_file(root, environ):
    put(root / "AGENTS.md", "before\n@docs/style.md\nSee @docs/more.md, please.\nafter")
    put(root / "docs/style.md", "\ufefftabs\r\n- @deep/one.md\r\n")
    put(root / "docs/deep/one.md", "one")
    put(root / "docs/more.md", "more")
    rules = load(root, root, environ)
    assert texts(rules) == ["before\ntabs\none\nSee @docs/more.md, please.\nmore\nafter"]
    assert rules.warnings == ()


@pytest.mark.parametrize(
    "line",
    [
        "`@x.md`",
        "``a ` @x.md``",
        "mail me@x.md",
        "@nobody",
        "@types/node",
        "```\n@x.md\n```",
        "~~~ sh\n@x.md",
    ],
)
def test_what_is_no_import_stays_as_written(root, environ, line: str):
    put(root / "x.md", "IMPORTED")
    put(root / "AGENTS.md", line)
    assert texts(load(root, root, environ)) == [line]


def test_imports_go_four_deep_and_circles_end(root, environ):
    put(root / "AGENTS.md", "@1.md")
    for depth in range(1, 7):
        put(root / f"{depth}.md", f"text {depth}\n@{depth + 1}.md\n@1.md")
    rules = load(root, root, environ)
    assert "text 4" in rules.files[0].text
    assert "text 5" not in rules.files[0].text
    assert len(rules.warnings) == 1
    assert "5.md" in rules.warnings[0]


def test_imports_never_leave_the_repository_or_fetch_secrets(root, environ, tmp_path):
    put(tmp_path / "outside.md", "OUT")
    put(root / ".env", "KEY=SECRET")
    (root / "link.md").symlink_to(tmp_path / "outside.md")
    put(root / ".env.local", "KEY=SECRET")
    (root / "plain.md").symlink_to(".env.local")
    put(root / "AGENTS.md", f"@../outside.md\n@{tmp_path}/outside.md\n@link.md\n@.env\n@plain.md")
    rules = load(root, root, environ)
    assert "OUT" not in rules.files[0].text
    assert "SECRET" not in rules.files[0].text
    assert [warning.rpartition(": ")[2] for warning in rules.warnings] == [
        "leads outside the folder it belongs to; not read.",
        "may hold secrets; not read.",
        "may hold secrets; not read.",
    ]


def test_a_rules_file_that_is_a_link_out_of_the_repository_is_not_read(root, environ, tmp_path):
    put(tmp_path / "private", "OUT")
    (root / "AGENTS.md").symlink_to(tmp_path / "private")
    put(root / "CLAUDE.md", "fine")
    rules = load(root, root, environ)
    assert texts(rules) == ["fine"]
    assert "leads outside" in rules.warnings[0]


def test_the_persons_own_file_may_be_a_link(root, environ, tmp_path):
    put(tmp_path / "dotfiles/agents", "mine")
    (tmp_path / "home/.config/loomkin").mkdir(parents=True)
    (tmp_path / "home/.config/loomkin/AGENTS.md").symlink_to(tmp_path / "dotfiles/agents")
    assert texts(load(root, root, environ)) == ["mine"]


def test_a_long_file_is_cut_at_a_line_with_a_warning_and_its_denials_stay(root, environ):
    text = "é" * 99 + "\n"
    put(root / "LOOMKIN.md", text * 300 + "## Denied Operations\n- Shell: `rm *`\n")
    rules = load(root, root, environ)
    file = rules.files[0]
    assert file.cut
    assert len(file.text.encode()) <= CAP
    assert file.text.endswith("é\n")
    assert file.bytes > CAP
    assert str(file.bytes) in rules.warnings[0]
    assert file.operations == (OperationLine(Decision.DENY, 302, "Shell: `rm *`"),)


def test_an_import_that_explodes_stays_small(root, environ):
    put(root / "AGENTS.md", "\n".join(f"@{number}.md" for number in range(200)))
    for number in range(200):
        put(root / f"{number}.md", "x" * 1000 + "\n" + "\n".join(f"@{other}.md" for other in range(200)))
    rules = load(root, root, environ)
    assert rules.files[0].cut


def test_binary_unreadable_and_strange_files_are_passed_over(root, environ):
    put(root / "LOOMKIN.md", b"\x00\x01")
    (root / "AGENTS.override.md").mkdir()
    os.mkfifo(root / "AGENTS.md")
    put(root / "CLAUDE.md", b"\xef\xbb\xbfcaf\xe9\r\nend")
    rules = load(root, root, environ)
    assert texts(rules) == ["caf\ufffd\nend"]
    assert len(rules.warnings) == 1
    assert "is not text" in rules.warnings[0]


OPERATIONS = """# Loomkin
## Rules
- Shell: `not one`

## Allowed Operations
Words between.
- Shell: `pytest *`, `git *`
* File Write: `src/**`
### still allowed
  - File Write Denied: `.env*`
<!-- - Shell: `commented`
- Shell: `hidden` --> - Shell: `shown`
```
- Shell: `fenced`
<!--
```
## DENIED operations:
- Shell: `rm *`
# Other
- Shell: `no`
"""


def test_operation_lines_keep_their_section_and_line():
    assert parse_operations(OPERATIONS) == (
        (Decision.ALLOW, 7, "Shell: `pytest *`, `git *`"),
        (Decision.ALLOW, 8, "File Write: `src/**`"),
        (Decision.ALLOW, 10, "File Write Denied: `.env*`"),
        (Decision.ALLOW, 12, "Shell: `shown`"),
        (Decision.DENY, 18, "Shell: `rm *`"),
    )


def test_only_loomkin_md_has_operations(root, environ):
    put(root / "AGENTS.md", OPERATIONS)
    assert load(root, root, environ).files[0].operations == ()
    put(root / "LOOMKIN.md", OPERATIONS.replace("\n", "\r\n"))
    assert load(root, root, environ).files[0].operations == parse_operations(OPERATIONS)


@given(st.text("#- *`<!>AlowedOperatins\n", max_size=80))
def test_every_operation_line_is_a_list_item_of_the_text(text: str):
    rows = text.split("\n")
    for operation in parse_operations("## Allowed Operations\n" + text):
        assert operation.text.strip() in rows[operation.line - 2] or "<!--" in text
