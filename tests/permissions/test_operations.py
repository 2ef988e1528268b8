"""The lists of operations in LOOMKIN.md become rules with the line they came from."""

import pytest

from loomkin.errors import ConfigError
from loomkin.permissions.operations import operations_to_rules
from loomkin.records.permission import Decision, Rule

ALLOW, ASK, DENY = Decision.ALLOW, Decision.ASK, Decision.DENY


def rules(decision: Decision, line: str) -> list[tuple[Decision, str]]:
    return [(rule.decision, rule.text) for rule in operations_to_rules([(decision, 7, line)])]


LINES = [
    (ALLOW, "- Shell: `pytest *`, `git *`", [(ALLOW, "shell(pytest *)"), (ALLOW, "shell(git *)")]),
    (ALLOW, "- Shell: make test, make lint", [(ALLOW, "shell(make test)"), (ALLOW, "shell(make lint)")]),
    (ALLOW, "- Shell: `echo a, b`", [(ALLOW, "shell(echo a, b)")]),
    (ALLOW, "* **File Write**: `src/**`", [(ALLOW, "file_edit(src/**)")]),
    (ALLOW, "- File Write Denied: `.env*`", [(DENY, "file_edit(.env*)")]),
    (ALLOW, "- File Read Denied: `config/**`", [(DENY, "file_read(config/**)")]),
    (ALLOW, "- Shell Ask: `npm publish`", [(ASK, "shell(npm publish)")]),
    (ALLOW, "- Network: `example.org`", [(ALLOW, "web_fetch(domain:example.org)")]),
    (ALLOW, "- Network: `https://x.org/docs/*`", [(ALLOW, "web_fetch(https://x.org/docs/*)")]),
    (ALLOW, "- Tools: `mcp__docs__*`", [(ALLOW, "mcp__docs__*")]),
    (ALLOW, "- shell(git push *)", [(ALLOW, "shell(git push *)")]),
    (DENY, "- Shell: `rm *`", [(DENY, "shell(rm *)")]),
    (DENY, "- Shell Allowed: `rm *`", [(DENY, "shell(rm *)")]),
    (DENY, "- `git push --force`", [(DENY, "shell(git push --force)")]),
    (ALLOW, "Some words about it.", []),
    (ALLOW, "", []),
]


@pytest.mark.parametrize(("decision", "line", "expected"), LINES)
def test_a_line_becomes_rules(decision: Decision, line: str, expected: list[tuple[Decision, str]]) -> None:
    assert rules(decision, line) == expected


def test_a_rule_carries_the_line_it_came_from() -> None:
    found = operations_to_rules([(ALLOW, 14, "- Shell: `ls`")])
    assert found == [Rule(ALLOW, "shell(ls)", "LOOMKIN.md:14")]


@pytest.mark.parametrize(
    "line", ["- Shell:", "- Shell: ``", "- never touch the database", "- Shel: `rm *`", "- Tools: `a b`"]
)
def test_a_list_that_cannot_be_enforced_is_refused_with_its_line(line: str) -> None:
    with pytest.raises(ConfigError, match=r"LOOMKIN\.md:7"):
        operations_to_rules([(DENY, 7, line)])
