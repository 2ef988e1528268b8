"""`loomkin permissions`: which rules are in force, what they say to a call, and taking grants back."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from loomkin.cli.place import SESSION_HELP, AsJson, Folder, Place, group, look, say, warn
from loomkin.cli.tables import table, to_json, when
from loomkin.errors import NotFoundError, UsageError
from loomkin.permissions.explain import explain, parse_call
from loomkin.permissions.gate import Gate
from loomkin.permissions.grant_book import GrantBook
from loomkin.permissions.policy import Policy
from loomkin.permissions.rules import split_rules
from loomkin.project import rules as project_rules
from loomkin.project.workplace import Workplace
from loomkin.records.dataclass import dataclass
from loomkin.records.event import Event, GrantRevoked
from loomkin.records.ids import SessionId
from loomkin.records.permission import Decision, Mode, Rule, ToolUse
from loomkin.runtime.clock import SystemClock
from loomkin.runtime.plugins import discover
from loomkin.store import ledger, sessions
from loomkin.store.journal import write
from loomkin.workspace.policies import Held, all_rules, build_policy, held_grants, misnamed

app = group("What agents may do here, and which rule says so.")
ModeFlag = Annotated[Mode | None, typer.Option("--permission-mode", help="As if a run had this flag.")]
Allowed = Annotated[
    list[str] | None, typer.Option("--allowed-tools", "--allowedTools", metavar="RULE", help="As in a run.")
]
Disallowed = Annotated[
    list[str] | None,
    typer.Option("--disallowed-tools", "--disallowedTools", metavar="RULE", help="As in a run."),
]
Options = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="As in a run.")]
Added = Annotated[list[Path] | None, typer.Option("--add-dir", metavar="DIR", help="As in a run.")]
Trust = Annotated[bool, typer.Option("--trust", help="As if this folder were trusted.")]
Bare = Annotated[bool, typer.Option("--bare", help="As if without LOOMKIN.md.")]
InSession = Annotated[str, typer.Option("--session", metavar="ID", help=f"Its grants too. {SESSION_HELP}")]


@dataclass(frozen=True, slots=True)
class Run:
    """The flags of an imagined run."""

    mode: Mode | None = None
    allowed: Sequence[str] = ()
    disallowed: Sequence[str] = ()
    options: Sequence[str] = ()
    added: Sequence[Path] = ()
    trust: bool = False
    bare: bool = False
    session: str = ""


@app.command("list")
def list_rules(
    context: typer.Context,
    as_json: AsJson = False,
    mode: ModeFlag = None,
    allowed: Allowed = None,
    disallowed: Disallowed = None,
    options: Options = None,
    added: Added = None,
    trust: Trust = False,
    bare: Bare = False,
    session: InSession = "",
    folder: Folder = None,
) -> None:
    """Show the mode, the rules in force and the grants.

    Each rule has the line it came from, each grant the number that `revoke` takes.
    """
    run = Run(mode, allowed or (), disallowed or (), options or (), added or (), trust, bare, session)
    place = look(folder, context)
    policy, rules, grants = _policy(place, run)
    rest = [*grants.own, *grants.foreign]
    if as_json:
        plain = [{"decision": rule.decision, "rule": rule.text, "source": rule.source} for rule in rules]
        held = [
            {"number": one.number, "rule": one.rule, "scope": one.scope, "at": one.at,
             "counts": one in grants.own}
            for one in rest
        ]  # fmt: skip
        say(to_json({"mode": policy.mode, "trusted": place.trusted, "rules": plain, "grants": held}))
        return
    say(f"mode: {policy.mode}")
    order = list(Decision)[::-1]
    rows = [
        (one.decision, one.text, one.source)
        for one in sorted(rules, key=lambda one: order.index(one.decision))
    ]
    say("\n" + table(("ANSWER", "RULE", "FROM"), rows) if rows else "No rules: the mode alone decides.")
    headings = ("GRANT", "RULE", "FOR", "GIVEN")
    for about, part in (
        ("", grants.own),
        ("\nNot given by you in this folder, they count nothing:", grants.foreign),
    ):
        if part:
            say(about)
            say(
                table(headings, [(one.number, one.rule, one.scope, when(one.at)) for one in part], ("GRANT",))
            )
    if rest:
        say("\n`loomkin permissions revoke N` takes one back.")


@app.command("explain")
def explain_call(
    context: typer.Context,
    call: Annotated[str, typer.Argument(metavar="CALL", help="For example 'shell(git push)'.")],
    as_json: AsJson = False,
    mode: ModeFlag = None,
    allowed: Allowed = None,
    disallowed: Disallowed = None,
    options: Options = None,
    added: Added = None,
    trust: Trust = False,
    bare: Bare = False,
    session: InSession = "",
    folder: Folder = None,
) -> None:
    """Say what would happen to a call in a run here, and what decides."""
    run = Run(mode, allowed or (), disallowed or (), options or (), added or (), trust, bare, session)
    place = look(folder, context)
    policy, rules, _ = _policy(place, run)
    use = _call(call, place)
    if as_json:
        verdict = policy.decide(use)
        plain = {name: getattr(verdict, name) for name in ("decision", "reason", "rule", "source", "offers")}
        say(to_json({**plain, "mode": policy.mode}))
        return
    say(explain(policy, use))
    for rule in rules:
        if rule.text.strip() == call.strip():
            say(f"This text is itself a rule in force: {rule.decision} ({rule.source}).")


@app.command("revoke")
def revoke_grant(
    context: typer.Context,
    number: Annotated[int, typer.Argument(metavar="N", help="The grant's number in `permissions list`.")],
    session: InSession = "",
    folder: Folder = None,
) -> None:
    """Take a grant back; the next run asks again."""
    place = look(folder, context)
    with place.sessions() as database:
        identity = sessions.find(database, session).id if session else None
        grants = {grant.number: grant for grant in ledger.grants(database, identity)}
        if number not in grants:
            hint = f"In force are: {', '.join(map(str, grants))}." if grants else "There are none."
            raise NotFoundError(f"There is no grant {number} in force.", hint=hint)
        grant = grants[number]
        owner = SessionId(grant.session)
        GrantBook(place.root, place.environ).drop(grant.rule, grant.scope, grant.session)
        write(database, [Event(0, SystemClock().now(), owner, "", "", GrantRevoked(number))])
    say(f"Revoked {grant.rule}; sessions that are running keep it until they end.")


def _policy(place: Place, run: Run) -> tuple[Policy, list[Rule], Held]:
    """The policy as a run with these flags would hold it, built by the same functions."""
    flags = {
        "permissions.mode": run.mode.value if run.mode else None,
        "permissions.allow": _split(run.allowed),
        "permissions.deny": _split(run.disallowed),
    }
    loaded = place.settings(flags, run.options, trust=run.trust)
    files: Sequence[project_rules.RulesFile] = ()
    if not run.bare:
        found = project_rules.load(place.root, place.cwd, place.environ)
        files = found.files
        for warning in found.warnings:
            warn(warning)
    rules = all_rules(loaded, files, run.trust or place.trusted)
    for warning in misnamed(rules, _tools()):
        warn(warning)
    extra = tuple(path.resolve() for path in run.added)
    workplace = Workplace(place.root, extra, place.state / "outputs")
    home = Path(place.environ.get("HOME") or "~").expanduser()
    with place.database() as database:
        held = Held()
        if database is not None:
            identity = sessions.find(database, run.session).id if run.session else None
            held = held_grants(database, identity, GrantBook(place.root, place.environ))
    return Gate(build_policy(rules, loaded, workplace, home), None, held.in_force).policy, rules, held


def _tools() -> list[str]:
    return [module.TOOL.name for module in discover("loomkin.tools") if hasattr(module, "TOOL")]


def _split(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(rule for word in words for rule in split_rules(word))


def _call(text: str, place: Place) -> ToolUse:
    """The call; a line that is none is taken for a shell command."""
    try:
        return parse_call(text, str(place.cwd), str(place.root))
    except UsageError:
        if not any(letter.isspace() for letter in text.strip().partition("(")[0]):
            raise
        return parse_call(f"shell({text.strip()})", str(place.cwd), str(place.root))
