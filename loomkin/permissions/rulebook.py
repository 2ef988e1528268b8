"""All rules of a policy, parsed once and found by what a call touches."""

from collections.abc import Callable, Sequence

from loomkin.permissions.file_table import Touch
from loomkin.permissions.paths import Place, is_inside, protected_by
from loomkin.permissions.rules import EDITING, READING, ParsedRule, parse_rule, path_matches
from loomkin.permissions.simple import names
from loomkin.records.permission import Decision, Rule

GRANTS = names("once session")


def rank(source: str) -> int:
    """The place of a source in the order managed, user, project, other, grants."""
    first = source.strip().lower().split(" ", 1)[0].split(":", 1)[0]
    if first == "managed":
        return 0
    if first in GRANTS:
        return 4
    if first in ("user", "flag", "flags", "command"):
        return 1
    return 2 if first in ("project", "local", "loomkin.md", ".loomkin.toml") else 3


class RuleBook:
    """Finds the first rule of a decision that matches; order is that of the sources."""

    def __init__(self, rules: Sequence[Rule], roots: tuple[str, ...], home: str) -> None:
        parsed = sorted((parse_rule(rule) for rule in rules), key=lambda one: rank(one.rule.source))
        self._by = {decision: [one for one in parsed if one.decision is decision] for decision in Decision}
        self._roots = roots
        self._home = home

    def _first(self, decision: Decision, matches: Callable[[ParsedRule], bool]) -> Rule | None:
        return next((one.rule for one in self._by[decision] if matches(one)), None)

    def for_command(self, decision: Decision, texts: Sequence[str], *, exact: bool = False) -> Rule | None:
        """The first rule that matches one of the forms of a command."""
        return self._first(
            decision,
            lambda one: any(one.matches_command(text) for text in texts) and (one.is_exact or not exact),
        )

    def for_tool(self, decision: Decision, tool: str, text: str) -> Rule | None:
        """The first rule that speaks of a tool as a whole or of the text of its call."""

        def matches(one: ParsedRule) -> bool:
            if one.spec is not None and one.tool in EDITING | READING | {"shell", "web_fetch"}:
                return False
            return one.names_tool(tool) and one.matches_text(text)

        return self._first(decision, matches)

    def for_url(self, decision: Decision, tool: str, url: str) -> Rule | None:
        """The first rule that matches an address; `web_fetch` rules bind every tool when they forbid."""

        def matches(one: ParsedRule) -> bool:
            binds = one.names_tool(tool) or (one.tool == "web_fetch" and decision is not Decision.ALLOW)
            return binds and one.matches_url(url)

        return self._first(decision, matches)

    def for_path(self, decision: Decision, tool: str, touch: Touch, place: Place) -> Rule | None:
        """The first rule that matches a file; an allowance must match the file that is really meant."""
        wide = decision is not Decision.ALLOW

        def matches(one: ParsedRule) -> bool:
            if not _binds(one, tool, touch):
                return False
            if one.spec is None:
                # a denial of all reading must not forbid every command because of the folder it starts in
                if wide:
                    return touch is not Touch.LIST
                return is_inside(place.real, self._roots) and not self._protected(touch, place)
            if not wide and self._protected(touch, place) and not self._names_protected(one.spec):
                return False
            forms = place.forms if wide else (place.real,)
            return any(path_matches(one.spec, form, self._roots, self._home, wide=wide) for form in forms)

        return self._first(decision, matches)

    def denied_below(self, place: Place) -> Rule | None:
        """A denial of reading something inside a folder, which a recursive reader would meet."""
        bases = [root.rstrip("/") for root in self._roots]

        def matches(one: ParsedRule) -> bool:
            if one.tool != "file_read" or one.spec is None or "/" not in one.spec.rstrip("/"):
                return False
            literal = one.spec.split("*", 1)[0].removeprefix("./").replace("~", self._home, 1)
            paths = [literal] if literal.startswith("/") else [f"{base}/{literal}" for base in bases]
            return any(is_inside(path.rstrip("/"), place.forms) for path in paths)

        return self._first(Decision.DENY, matches)

    def denials(self) -> tuple[Rule, ...]:
        """Denials that could concern a command which nobody can read."""
        families = EDITING | READING | {"shell", "web_fetch"}
        return tuple(
            one.rule for one in self._by[Decision.DENY] if any(one.names_tool(tool) for tool in families)
        )

    def _protected(self, touch: Touch, place: Place) -> bool:
        return touch is Touch.WRITE and any(self.protection(form) for form in place.forms)

    def protection(self, path: str) -> str:
        """The name that protects a path inside the project, seen from the project's root."""
        for root in self._roots:
            if is_inside(path, (root,)):
                return protected_by(path[len(root.rstrip("/")) :], self._home)
        return protected_by(path, self._home)

    def _names_protected(self, spec: str) -> bool:
        literal = spec.split("*", 1)[0].split("?", 1)[0].split("[", 1)[0].rstrip("/")
        return bool(protected_by(literal, self._home))


def _binds(one: ParsedRule, tool: str, touch: Touch) -> bool:
    if one.tool == "*" or (one.names_tool(tool) and (one.spec is None or tool in EDITING | READING)):
        return tool != "shell"
    if touch is Touch.WRITE:
        return one.tool == "file_edit" or (one.tool in EDITING and one.decision is not Decision.ALLOW)
    return one.tool == "file_read"
