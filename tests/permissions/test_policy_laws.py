"""Laws that hold for every policy and every command line."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loomkin.permissions.explain import explain
from loomkin.permissions.policy import Policy
from loomkin.records.permission import Access, Decision, Mode, Rule, ToolUse

ROOT = Path("/project-that-is-not-there")
ALLOW, ASK, DENY = Decision.ALLOW, Decision.ASK, Decision.DENY

simple = st.sampled_from(
    [
        "ls",
        "cat a.py",
        "cat .env",
        "git status",
        "git push",
        "rm -rf x",
        "npm test",
        "npm run build --fast",
        "echo hi > src/a",
        "touch .git/x",
        "curl x.org",
        "sudo npm test",
        "timeout 5 npm test",
        "FOO=1 npm test",
        "cat $F",
        "$X",
        "cat /etc/hosts",
        "tee src/b",
        "xargs rm",
        "bash -c 'npm test; rm x'",
        "x=1",
        "> out",
    ]
)
joiner = st.sampled_from([" && ", " || ", "; ", " | ", "\n", " & "])
lines = st.lists(st.one_of(simple, joiner), min_size=1, max_size=5).map("".join) | st.text(max_size=40)
specs = st.sampled_from(
    [
        "shell",
        "shell(*)",
        "shell(git *)",
        "shell(npm *)",
        "shell(rm -rf x)",
        "shell(rm *)",
        "shell(cat *)",
        "shell(timeout *)",
        "shell(sudo *)",
        "shell(ls)",
        "shell(git push)",
        "file_edit",
        "file_edit(src/**)",
        "file_edit(**)",
        "file_read(/etc/**)",
        "file_read(.env)",
        "file_read",
        "web_fetch",
        "*",
    ]
)
sources = st.sampled_from(["managed", "user", "project", "LOOMKIN.md:3", "session grant"])
rules = st.lists(st.builds(Rule, st.sampled_from(list(Decision)), specs, sources), max_size=4)
modes = st.sampled_from(list(Mode))


def decide(line: str, found: list[Rule], mode: Mode, sandboxed: bool = False) -> Decision:
    policy = Policy(found, mode, [ROOT], Path("/home/me"), sandboxed=sandboxed)
    return policy.decide(ToolUse("shell", Access.EXECUTE, str(ROOT), command=line)).decision


@given(lines, rules, modes, st.booleans())
@settings(max_examples=150, deadline=None)
def test_a_denial_of_everything_beats_everything(
    line: str, found: list[Rule], mode: Mode, boxed: bool
) -> None:
    assert decide(line or "ls", [*found, Rule(DENY, "shell", "project")], mode, boxed) is DENY


@given(lines, rules, modes, specs, sources)
@settings(max_examples=200, deadline=None)
def test_one_more_allowance_never_undoes_a_denial(
    line: str, found: list[Rule], mode: Mode, spec: str, source: str
) -> None:
    before = decide(line, found, mode)
    after = decide(line, [*found, Rule(ALLOW, spec, source)], mode)
    assert after is DENY if before is DENY else after is not DENY


@given(lines, rules, modes, specs, sources)
@settings(max_examples=200, deadline=None)
def test_one_more_denial_never_opens_anything(
    line: str, found: list[Rule], mode: Mode, spec: str, source: str
) -> None:
    order = [ALLOW, ASK, DENY]
    before = decide(line, found, mode)
    after = decide(line, [*found, Rule(DENY, spec, source)], mode)
    assert order.index(after) >= order.index(before)


@given(simple, joiner.filter(lambda one: one != " | "), simple, rules, modes)
@settings(max_examples=200, deadline=None)
def test_two_commands_are_allowed_only_if_each_is_allowed_alone(
    one: str, join: str, other: str, found: list[Rule], mode: Mode
) -> None:
    if decide(one + join + other, found, mode) is ALLOW:
        assert decide(one, found, mode) is ALLOW
        assert decide(other, found, mode) is ALLOW


@given(simple, joiner, simple, rules, modes)
@settings(max_examples=200, deadline=None)
def test_a_denied_part_denies_the_whole(
    one: str, join: str, other: str, found: list[Rule], mode: Mode
) -> None:
    if DENY in (decide(one, found, mode), decide(other, found, mode)):
        assert decide(one + join + other, found, mode) is DENY


@given(st.text(max_size=60), modes)
@settings(max_examples=200, deadline=None)
def test_nothing_that_is_typed_raises(line: str, mode: Mode) -> None:
    policy = Policy([Rule(DENY, "file_read(a[b)", "user")], mode, [ROOT], Path("/home/me"))
    for use in (
        ToolUse("shell", Access.EXECUTE, str(ROOT), command=line),
        ToolUse("file_edit", Access.WRITE, str(ROOT), writes=(line,)),
        ToolUse("web_fetch", Access.NETWORK, str(ROOT), url=line),
        ToolUse(line, Access.EXECUTE, str(ROOT), arguments={"x": line}),
    ):
        assert explain(policy, use)


@given(lines, rules)
@settings(max_examples=100, deadline=None)
def test_plan_mode_allows_nothing_that_ask_mode_without_rules_would_not(line: str, found: list[Rule]) -> None:
    if decide(line, found, Mode.PLAN) is ALLOW and "/etc" not in line:
        assert decide(line, [], Mode.ASK) is ALLOW


@pytest.mark.parametrize("mode", list(Mode))
def test_more_than_ten_thousand_characters_are_not_judged(mode: Mode) -> None:
    line = "echo " + "a" * 10_000
    expected = {Mode.PLAN: DENY, Mode.YOLO: ALLOW}.get(mode, ASK)
    assert decide(line, [Rule(ALLOW, "shell", "user")], mode) is expected
