"""An explanation shows the same answer as the gate, piece by piece."""

from pathlib import Path

import pytest

from loomkin.errors import UsageError
from loomkin.permissions.explain import explain, parse_call
from loomkin.permissions.policy import Policy
from loomkin.records.permission import Access, Decision, Mode, Rule


def test_a_call_is_read_as_the_tool_would_see_it() -> None:
    use = parse_call("shell(git push)", "/x")
    assert (use.tool, use.access, use.command) == ("shell", Access.EXECUTE, "git push")
    use = parse_call("Edit(src/x.py)", "/x")
    assert (use.tool, use.access, use.writes) == ("file_edit", Access.WRITE, ("/x/src/x.py",))
    assert parse_call("web_fetch(domain:x.org)", "/x").url == "https://x.org/"
    assert parse_call("Bash(echo (a))", "/x").command == "echo (a)"
    assert parse_call("mcp__docs__find", "/x").access is Access.EXECUTE


@pytest.mark.parametrize("text", ["", "shell", "shell()", "shell(ls", "git push", "(x)"])
def test_any_other_text_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match="shell"):
        parse_call(text, "/x")


def test_an_explanation_names_each_part_and_what_decided(tmp_path: Path) -> None:
    policy = Policy([Rule(Decision.DENY, "shell(npm *)", "LOOMKIN.md:4")], Mode.ASK, [tmp_path], tmp_path)
    text = explain(policy, parse_call("shell(git status && npm test)", str(tmp_path)))
    assert text.splitlines()[0] == "deny: The rule shell(npm *) denies npm test."
    assert "decided by shell(npm *) (LOOMKIN.md:4)" in text
    assert "allow  git status\n         built-in: read-only command (built-in)" in text
    assert "deny   npm test\n         shell(npm *) (LOOMKIN.md:4)" in text


def test_an_explanation_shows_the_rules_that_would_settle_the_question(tmp_path: Path) -> None:
    policy = Policy([], Mode.ASK, [tmp_path], tmp_path)
    text = explain(policy, parse_call("shell(npm run build)", str(tmp_path)))
    assert "rules that would settle it:\n  shell(npm run build)\n  shell(npm run *)" in text
    assert text.endswith("mode: ask")


def test_paths_and_git_calls_are_read_as_the_tools_read_them(tmp_path: Path) -> None:
    assert parse_call("file_write(.git\\hooks\\x)", "/x").writes == ("/x/.git/hooks/x",)
    assert parse_call("git(commit -m x)", "/x").command == "git commit -m x"
    rules = [Rule(Decision.ALLOW, "git(commit *)", "project")]
    policy = Policy(rules, Mode.ASK, [tmp_path], tmp_path)
    assert policy.decide(parse_call("git(commit -m x)", str(tmp_path))).decision is Decision.ALLOW
    assert policy.decide(parse_call("git(add .)", str(tmp_path))).decision is Decision.ASK
