"""The permission policy of a run, from settings, LOOMKIN.md and the command line."""

from collections.abc import Collection, Sequence
from pathlib import Path

from loomkin.config.load import Loaded
from loomkin.config.paths import Layer
from loomkin.errors import ConfigError, UsageError
from loomkin.permissions.gate import Gate, Grant, Scope
from loomkin.permissions.grant_book import GrantBook
from loomkin.permissions.operations import operations_to_rules
from loomkin.permissions.policy import Policy
from loomkin.permissions.rules import ALIASES, parse_rule
from loomkin.project.rules import RulesFile
from loomkin.project.workplace import Workplace
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Decision, Mode, Rule
from loomkin.runtime.recorder import Scribe
from loomkin.store import ledger
from loomkin.store.database import Database

_RANKS = {
    Layer.MANAGED: "managed",
    Layer.SYSTEM: "user",
    Layer.USER: "user",
    Layer.PROJECT: "project",
    Layer.LOCAL: "project",
    Layer.ENVIRONMENT: "environment",
    Layer.OPTION: "flag",
    Layer.FLAG: "flag",
}
_VERBS = {Decision.DENY: "denies", Decision.ASK: "asks about", Decision.ALLOW: "allows"}
_STRICTEST_FIRST = (Mode.PLAN, Mode.ASK, Mode.EDITS, Mode.AUTO, Mode.YOLO)


def all_rules(loaded: Loaded, files: Sequence[RulesFile], trusted: bool) -> list[Rule]:
    """Every rule in force, each with the line it came from.

    What a rules file allows counts in a trusted folder only; what it denies always does.
    """
    rules = [
        Rule(layered.rule.decision, layered.rule.text, f"{_RANKS[layered.layer]} {layered.rule.source}")
        for layered in loaded.rule_sources
    ]
    for file in files:
        listed = [(line.kind, line.line, f"- {line.text}") for line in file.operations]
        for rule in operations_to_rules(listed, file.path.name):
            if trusted or rule.decision is not Decision.ALLOW:
                rules.append(Rule(rule.decision, rule.text, f"project {rule.source}"))
    rules += [
        Rule(Decision.ALLOW, f"web_fetch(domain:{host})", "user web.allow_hosts")
        for host in loaded.settings.web.allow_hosts
    ]
    return rules


def misnamed(rules: Sequence[Rule], tools: Collection[str]) -> tuple[str, ...]:
    """What to say of rules that name no tool, which therefore do nothing.

    Raises UsageError or ConfigError for a denial that misspells a tool: it would be taken to protect.
    """
    known = {*tools, *ALIASES.values(), "*"}
    notes: list[str] = []
    for rule in rules:
        tool = parse_rule(rule).tool
        prefix = tool.removesuffix("*")
        if tool in known or tool.startswith("mcp__") or (prefix != tool and _begins(prefix, known)):
            continue
        near = _nearest_tool(tool, tools)
        source = rule.source.removeprefix("user ").removeprefix("project ")
        what = f"{source}: the rule `{rule.text}` {_VERBS[rule.decision]} nothing: there is no tool {tool}."
        if rule.decision is Decision.DENY and near:
            error = UsageError if rule.source.startswith("flag ") else ConfigError
            raise error(what, hint=f"Did you mean {near}?")
        notes.append(f"{what} Did you mean {near}?" if near else what)
    return tuple(notes)


def _begins(prefix: str, names: Collection[str]) -> bool:
    return any(name.startswith(prefix) for name in names)


def _nearest_tool(name: str, tools: Collection[str]) -> str:
    from difflib import get_close_matches  # heavy: late on purpose

    lower = {one.lower(): one for one in (*tools, *ALIASES)}
    return next((lower[one] for one in get_close_matches(name.lower(), lower, 1)), "")


def build_policy(rules: Sequence[Rule], loaded: Loaded, workplace: Workplace, home: Path) -> Policy:
    """The policy; raises ConfigError for a rule that cannot be read."""
    readable = (workplace.outputs,)
    return Policy(rules, loaded.settings.permissions.mode, workplace.roots, home, readable=readable)


def mode_fixed_by(loaded: Loaded) -> str:
    """Where the administrator set the mode, or nothing."""
    origins = loaded.provenance.get("permissions.mode", ())
    return origins[-1].where if origins and origins[-1].layer is Layer.MANAGED else ""


@dataclass(frozen=True, slots=True)
class Held:
    """The grants of a database: those that the person gave in this folder, and those that count nothing."""

    own: tuple[ledger.GrantRow, ...] = ()
    foreign: tuple[ledger.GrantRow, ...] = ()

    @property
    def in_force(self) -> tuple[Grant, ...]:
        """The person's own, as the gate takes them."""
        return tuple(grant_of(row) for row in self.own)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the person should know of the others."""
        if not self.foreign:
            return ()
        many = len(self.foreign) > 1
        what = f"{len(self.foreign)} grants in it count" if many else "A grant in it counts"
        return (
            f"The database of this folder came with grants that were not given by you here. {what} nothing; "
            "`loomkin permissions list` shows them, `loomkin permissions revoke N` clears them away.",
        )


def held_grants(db: Database, session: str | None, book: GrantBook) -> Held:
    """The grants of the project, and of a session where one is named; blocks for a look at each."""
    rows = ledger.grants(db, session)
    own = tuple(row for row in rows if book.has(row.rule, row.scope, row.session))
    return Held(own, tuple(row for row in rows if row not in own))


def forget_grants(db: Database, session: str, book: GrantBook) -> None:
    """Take out of the book what was granted in a session that is about to be deleted; blocks."""
    for row in ledger.grants(db, session):
        if row.session == session:
            book.drop(row.rule, row.scope, row.session)


def grant_of(row: ledger.GrantRow) -> Grant:
    """A row of the database as the gate takes it."""
    return Grant(row.rule, Scope(row.scope), row.session)


def resume_mode(gate: Gate, before: str, loaded: Loaded, attended: bool, scribe: Scribe) -> tuple[str, ...]:
    """Settle the mode of a session that last ran in the mode `before`; what the person should know of it.

    A mode that was named for this run counts. Else a person who is there goes on in the earlier mode where it
    lets no more pass than the settings' mode; headless runs are always as their settings say.
    """
    mode = gate.mode
    if before in ("", mode):
        return ()
    origins = loaded.provenance.get("permissions.mode", ())
    named = bool(origins) and origins[-1].layer >= Layer.ENVIRONMENT
    if not attended or named or before not in _STRICTEST_FIRST:
        gate.change_mode(mode, scribe)
        return ()
    if _STRICTEST_FIRST.index(Mode(before)) < _STRICTEST_FIRST.index(mode):
        gate.change_mode(Mode(before), scribe)
        return (f"The mode is {before}, as this session last ran; `/mode {mode}` is that of the settings.",)
    gate.change_mode(mode, scribe)
    return (
        f"The mode is {mode}, as the settings say; this session last ran in {before} (`/mode {before}`).",
    )


def denied_tools(rules: Sequence[Rule]) -> tuple[str, ...]:
    """Tools that a rule denies as a whole: a model is not told of them at all."""
    bare = [rule.text.strip() for rule in rules if rule.decision is Decision.DENY and "(" not in rule.text]
    return tuple(ALIASES.get(name, name) for name in bare)
