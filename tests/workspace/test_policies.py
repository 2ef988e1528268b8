"""Rules that name no tool are told, and a misspelled denial stops the run."""

import pytest

from loomkin.errors import ConfigError, LoomkinError, UsageError
from loomkin.records.permission import Decision, Rule
from loomkin.workspace.policies import misnamed

TOOLS = ("shell", "file_read", "file_edit", "web_fetch", "git")


@pytest.mark.parametrize(
    ("source", "kind"),
    [("flag --disallowed-tools", UsageError), ("user /etc/loomkin.toml:3", ConfigError)],
)
@pytest.mark.parametrize(
    ("text", "meant"), [("shel(git *)", "shell"), ("bash(rm *)", "Bash"), ("File_Raed(x)", "file_read")]
)
def test_a_denial_that_misspells_a_tool_is_refused(
    source: str, kind: type[LoomkinError], text: str, meant: str
) -> None:
    with pytest.raises(kind, match=f"Did you mean {meant}") as refused:
        misnamed([Rule(Decision.DENY, text, source)], TOOLS)
    assert source.removeprefix("user ") in str(refused.value)


def test_other_rules_that_name_no_tool_are_told_with_the_nearest_name() -> None:
    notes = misnamed(
        [
            Rule(Decision.ALLOW, "shel(git diff *)", "user x.toml:4"),
            Rule(Decision.ASK, "file_reed", "user x.toml:5"),
            Rule(Decision.DENY, "NotebookEdit(x)", "project .loomkin.toml:2"),
        ],
        TOOLS,
    )
    assert notes[0].startswith("x.toml:4: the rule `shel(git diff *)` allows nothing")
    assert "Did you mean shell?" in notes[0]
    assert "Did you mean file_read?" in notes[1]
    assert notes[2].startswith(".loomkin.toml:2: the rule `NotebookEdit(x)` denies nothing: there is no tool")


def test_names_of_other_assistants_wildcards_and_servers_are_no_mistake() -> None:
    texts = ("Bash(ls)", "Task", "git(push *)", "*", "file_*", "mcp__any__tool(x)")
    assert misnamed([Rule(Decision.DENY, text, "user") for text in texts], TOOLS) == ()
