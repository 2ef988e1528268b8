"""Roles: the built-in ones and the person's own."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loomkin.agent.roles import load_roles, parse_role, split_front_matter
from loomkin.errors import ConfigError, UsageError
from loomkin.records.permission import Access
from loomkin.records.role import Tier
from loomkin.workspace.toolset import Toolset

TOOLS = Toolset().names
CODER_TOOLS = (
    "file_read", "file_write", "file_edit", "file_patch", "file_search", "content_search", "directory_list",
    "repo_map", "shell", "shell_output", "git", "ask_person", "decision_log", "tool_search",
)  # fmt: skip


def test_the_coder_has_its_tools_and_a_short_prompt():
    coder = load_roles([], TOOLS).get("coder")
    assert coder.tools == CODER_TOOLS
    assert coder.tier is Tier.DEFAULT
    assert coder.prompt.startswith("You do software work")
    assert len(coder.prompt) < 2000
    assert "---" not in coder.prompt


def test_the_roles_that_only_look_have_no_tool_that_writes():
    tools = Toolset()
    roles = load_roles([], tools.names)
    for name in ("researcher", "reviewer", "architect", "orienter"):
        role = roles.get(name)
        assert [one for one in role.all_tools if tools.access(one) in (Access.WRITE, Access.EXECUTE)] == [], (
            name
        )


def test_every_built_in_role_reads_under_its_own_name_and_has_few_words():
    roles = load_roles([], TOOLS).by_name
    assert set(roles) == {
        "architect", "coder", "concierge", "lead", "orienter", "researcher", "reviewer", "tester",
    }  # fmt: skip
    for role in roles.values():
        assert role.description.endswith(".")
        assert 500 < len(role.prompt) < 2400, role.name
    assert roles["architect"].tier is Tier.STRONG
    assert roles["orienter"].tier is Tier.FAST


def test_the_persons_role_replaces_a_built_in_one_with_a_note(tmp_path: Path):
    (tmp_path / "coder.md").write_text("---\ntools: [shell]\n---\nMine.")
    (tmp_path / "poet.md").write_text("Just words.\n")
    roles = load_roles([tmp_path, tmp_path / "missing"], TOOLS)
    assert roles.get("coder").prompt == "Mine."
    assert roles.notes == (f"Role coder is replaced by {tmp_path / 'coder.md'}.",)
    assert roles.get("poet").prompt == "Just words."
    assert roles.get("poet").tools == ()


def test_an_unknown_role_is_answered_with_those_that_exist():
    with pytest.raises(UsageError, match="coder"):
        load_roles([], TOOLS).get("codre")


def test_a_changed_file_counts_at_once_and_a_broken_one_leaves_the_role_as_it_was(tmp_path: Path):
    file = tmp_path / "poet.md"
    file.write_text("---\ntools: [shell]\n---\nOld words.")
    roles, told = load_roles([tmp_path], TOOLS), list[str]()
    roles.tell = told.append
    assert roles.get("poet").prompt == "Old words."
    file.write_text("---\ntools: [shell, git]\n---\nNew and longer words.")
    assert roles.get("poet").prompt == "New and longer words."
    assert roles.get("poet").tools == ("shell", "git")
    file.write_text("---\ntools: [shel]\n---\nBroken.")
    assert roles.get("poet").prompt == "New and longer words."
    assert roles.get("poet").prompt == "New and longer words."
    assert told == [f"{file}:2: there is no tool shel. The role stays as it was."]
    file.write_text("Mended.")
    assert roles.get("poet").prompt == "Mended."
    (tmp_path / "coder.md").write_text("Another coder.")
    assert roles.get("coder").prompt == "Another coder."
    (tmp_path / "coder.md").unlink()
    file.unlink()
    assert roles.get("coder").prompt.startswith("You do software work")
    assert roles.find("poet") is None


FULL = """---
# a comment
name: "reviewer"
description: Reads: carefully, always
tools:
  - shell
  - 'git'
  - mcp__x__y
  - shell

tier: strong
max-turns: 40
---

Prompt with --- and key: value.
---
end
"""


@pytest.mark.parametrize("data", [FULL.encode(), b"\xef\xbb\xbf" + FULL.replace("\n", "\r\n").encode()])
def test_front_matter_is_read_with_colons_quotes_lists_marks_and_windows_lines(data: bytes):
    role = parse_role(data, "r.md", "file", {"shell", "git"})
    assert role.name == "reviewer"
    assert role.description == "Reads: carefully, always"
    assert role.tools == ("shell", "git", "mcp__x__y")
    assert role.tier is Tier.STRONG
    assert role.max_turns == 40
    assert role.prompt == "Prompt with --- and key: value.\n---\nend"


@pytest.mark.parametrize("words", ["shell, git", "shell git", "[shell, git]", '["shell", "git"]'])
def test_tools_may_be_written_in_any_usual_way(words: str):
    assert parse_role(f"---\ntools: {words}\n---\n".encode(), "r", "r", {"shell", "git"}).tools == (
        "shell",
        "git",
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("---\nname: x\ntools: shell, shel\n---\n", "r.md:3: there is no tool shel."),
        ("---\ntier: huge\n---\n", "r.md:2: tier must be one of fast, default, strong, local, and is huge"),
        ("---\nmax_turns: 0\n---\n", "r.md:2: max_turns must be"),
        ("---\nmodel: x\n---\n", "r.md:2: a role has no model."),
        ("---\nnonsense\n---\n", "r.md:2: expected `key: value`"),
        ("---\nname: x\n", "r.md:1: the front matter is not closed"),
        ("---\ndescription: [a]\n---\n", "r.md:2: description must be words"),
        ("\udcff", "r.md is not UTF-8"),
    ],
)
def test_faults_name_file_and_line(text: str, message: str):
    with pytest.raises(ConfigError) as caught:
        parse_role(text.encode(errors="surrogateescape"), "r.md", "r", {"shell"})
    assert message in str(caught.value)


@given(st.text(max_size=60))
def test_text_without_front_matter_is_the_prompt(text: str):
    if not text.startswith("---"):
        assert split_front_matter(text, "r") == ({}, text)
