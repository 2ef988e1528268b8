"""What a commit does against denials, and what no model is shown; loaded only where something is denied."""

from collections.abc import Sequence
from pathlib import Path

from loomkin.githooks.checking import denials
from loomkin.githooks.hook import Call
from loomkin.githooks.staged import Staged
from loomkin.permissions.file_policy import both_forms
from loomkin.permissions.file_table import Touch
from loomkin.permissions.paths import place
from loomkin.permissions.rulebook import RuleBook
from loomkin.project.listing import shown_path
from loomkin.project.secrets import is_secret_path
from loomkin.records.permission import Decision, Rule


def denied(call: Call, files: Sequence[Staged], rules: list[Rule]) -> list[str]:
    """What the commit does against these denials, with the line that says so."""
    book = _book(call, rules)
    found = []
    for one in files:
        for path in filter(None, (one.path, one.earlier)):
            if rule := _rule(book, call, "file_edit", Touch.WRITE, path):
                found.append(f"{shown_path(path)}: {_says(rule)}")
    if call.agent and (rule := book.for_command(Decision.DENY, ["git commit"])):
        found.append(f"git commit: {_says(rule)}")
    return found


def unseen(call: Call, files: Sequence[Staged]) -> list[str]:
    """The files that no model is shown: secret ones by their names, and those that may not be read."""
    book = _book(call, denials(call))
    names = dict.fromkeys(name for one in files for name in (one.path, one.earlier) if name)
    return [
        name for name in names if is_secret_path(name) or _rule(book, call, "file_read", Touch.READ, name)
    ]


def _book(call: Call, rules: list[Rule]) -> RuleBook:
    return RuleBook(rules, both_forms((call.root.path,)), str(Path.home()))


def _rule(book: RuleBook, call: Call, tool: str, touch: Touch, path: str) -> Rule | None:
    return book.for_path(Decision.DENY, tool, touch, place(path, str(call.root.path), str(Path.home())))


def _says(rule: Rule) -> str:
    return f"{rule.source.removeprefix('project ')} denies {rule.text}"
