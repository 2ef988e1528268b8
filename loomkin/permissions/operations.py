"""Turns the lists of operations in LOOMKIN.md into permission rules that name their line."""

import re
from collections.abc import Iterable

from loomkin.errors import ConfigError
from loomkin.permissions.rules import exact_rule_text, parse_rule
from loomkin.records.permission import Decision, Rule
from loomkin.records.regex import pattern

_TOOLS = {
    "shell": "shell",
    "command": "shell",
    "commands": "shell",
    "bash": "shell",
    "file write": "file_edit",
    "file edit": "file_edit",
    "write": "file_edit",
    "edit": "file_edit",
    "file read": "file_read",
    "read": "file_read",
    "network": "web_fetch",
    "web": "web_fetch",
    "web fetch": "web_fetch",
    "tool": "",
    "tools": "",
    "mcp": "",
}
_ENDINGS = {
    "denied": Decision.DENY,
    "forbidden": Decision.DENY,
    "ask": Decision.ASK,
    "asks": Decision.ASK,
    "allowed": Decision.ALLOW,
}
_BULLET = pattern(r"\s*[-*+]\s+(.*\S)\s*")
_PATTERN = pattern(r"`([^`]+)`|([^,`]+)")


def operations_to_rules(
    sections: Iterable[tuple[Decision, int, str]], file: str = "LOOMKIN.md"
) -> list[Rule]:
    """Read the lines below the headings of operations: (the heading's decision, line number, line).

    `- Shell: `pytest *`, `git *``, `- File Write Denied: `.env*``, `- Network: example.org`, or a whole rule
    such as `- shell(git push *)`. Raises ConfigError that names the line of a list that cannot be read.
    """
    rules: list[Rule] = []
    for decision, number, line in sections:
        bullet = _BULLET.fullmatch(line)
        if bullet is not None:
            rules.extend(_line_rules(decision, f"{file}:{number}", bullet[1]))
    return rules


def _line_rules(decision: Decision, source: str, text: str) -> list[Rule]:
    category, colon, rest = text.partition(":")
    words = re.sub(r"[*_`]", "", category).strip().lower().replace("_", " ").split()
    if words and words[-1] in _ENDINGS and colon:
        stated = _ENDINGS[words.pop()]
        # a line can take back what its heading gives, never the other way round
        decision = decision if decision is Decision.DENY else stated
    tool = _TOOLS.get(" ".join(words)) if colon else None
    if tool is None:
        return _whole_rules(decision, source, text)
    patterns = [(quoted or plain).strip() for quoted, plain in _PATTERN.findall(rest)]
    patterns = [pattern for pattern in patterns if pattern]
    if not patterns:
        raise ConfigError(f"{source}: `{text}` lists nothing.", hint=_hint())
    return [_checked(Rule(decision, _rule_text(tool, pattern), source)) for pattern in patterns]


def _whole_rules(decision: Decision, source: str, text: str) -> list[Rule]:
    quoted = re.findall(r"`([^`]+)`", text)
    texts = quoted or [text]
    unknown = ":" in text.split("`", 1)[0].split("(", 1)[0]
    rules = []
    for one in texts:
        written = re.fullmatch(r"[A-Za-z_][\w.-]*\*?\(.*\)|mcp__[\w.*-]+", one)
        if written is None and (unknown or decision is not Decision.DENY or not quoted):
            raise ConfigError(f"{source}: `{text}` is no list of operations.", hint=_hint())
        rules.append(_checked(Rule(decision, one if written else _rule_text("shell", one), source)))
    return rules


def _rule_text(tool: str, pattern: str) -> str:
    if not tool:
        return pattern
    if tool == "web_fetch" and "/" not in pattern and not pattern.startswith("domain:"):
        return f"web_fetch(domain:{pattern})"
    return f"{tool}({pattern})"


def _checked(rule: Rule) -> Rule:
    parse_rule(rule)
    return rule


def _hint() -> str:
    example = exact_rule_text("make test").removeprefix("shell(").removesuffix(")")
    return f"Write `- Shell: `{example}``, `- File Write: `src/**`` or a rule such as `- shell(git push *)`."
