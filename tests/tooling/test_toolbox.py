"""What an agent holds, what it sees of it, and when a tool is made."""

from typing import Any

from loomkin.records.role import Role
from loomkin.tooling.toolbox import Toolbox
from loomkin.workspace.toolset import Toolset


class Nothing(dict[type, Any]):
    """Services of which none is there; remembers which were asked for."""

    def __missing__(self, kind: type) -> Any:
        self[kind] = object()
        return self[kind]


def filled(tools: tuple[str, ...], more: tuple[str, ...] = ()) -> tuple[Toolbox, Nothing]:
    box, services = Toolbox(tools, more), Nothing()
    Toolset()(box, Role("any", "", tools, "", more_tools=more), services)
    return box, services


def test_who_calls_a_tool_that_is_not_in_sight_yet_is_told_how_to_find_it():
    box, _ = filled(("file_read", "tool_search"), ("code_outline",))
    assert "not in sight yet. Look for it with tool_search" in box.unknown("code_outline")
    assert [spec.name for spec in box.search("code_outline")] == ["code_outline"]
    assert box.unknown("shell").startswith("There is no tool `shell`.")
    blind, _ = filled(("file_read",), ("code_outline",))
    assert blind.unknown("code_outline").startswith("There is no tool")


def test_a_tool_that_is_found_is_made_when_it_is_first_called():
    box, services = filled(("file_read",), ("team_spawn", "web_fetch"))
    before = set(services)
    found = box.search("fetch a web page; spawn a teammate")
    assert {spec.name for spec in found} == {"team_spawn", "web_fetch"}
    assert {spec.name for spec in box.specs()} == {"file_read", "team_spawn", "web_fetch"}
    assert set(services) == before
    tool = box.get("team_spawn")
    assert tool is not None
    assert tool.name == "team_spawn"
    assert {kind.__name__ for kind in set(services) - before} == {"Hiring"}
    assert box.get("team_spawn") is tool


def test_words_that_many_tools_have_find_nothing_that_a_rarer_word_does_not():
    more = ("context_offload", "decision_update", "find_symbol", "lsp_references", "lsp_rename", "team_spawn")
    box, _ = filled(("file_read",), more)
    assert "lsp_references" in [spec.name for spec in box.search("find all callers of a function", 2)]
    assert box.search("rename a function everywhere in the code", 1)[0].name == "lsp_rename"


def test_what_was_found_stays_in_sight_of_another_role_only_where_it_may():
    box, services = filled(("file_read",), ("web_fetch", "git_read"))
    box.show(("web_fetch", "git_read"))
    role = Role("any", "", ("file_search",), "", more_tools=("git_read", "shell_output"))
    box.become(role.tools, role.more_tools)
    Toolset()(box, role, services)
    assert box.names == ("file_search", "git_read")
    assert box.get("file_read") is None
    assert box.get("shell_output") is None
