"""/permissions: the rules in force, the grants, and why a call would pass or not."""

from loomkin.commands.command import Command, CommandResult, Context
from loomkin.errors import NotFoundError, UsageError
from loomkin.permissions.explain import explain, parse_call
from loomkin.store import ledger
from loomkin.workspace.policies import grant_of

_HINT = "/permissions · /permissions revoke N · /permissions explain 'shell(git push)'"


class Permissions(Command):
    """Lists rules and grants, takes a grant back, or explains a call."""

    name = "permissions"
    summary = "rules and grants; what would happen to a call, and why"
    usage = "[revoke N | explain CALL]"

    async def run(self, context: Context, argument: str) -> CommandResult:
        verb, _, rest = argument.strip().partition(" ")
        rest = rest.strip().strip("'\"`")
        if not verb:
            return CommandResult(await _listed(context))
        if verb == "explain" and rest:
            session = context.session
            use = parse_call(rest, session.facts.cwd, session.facts.root)
            return CommandResult(explain(session.gate.policy, use))
        if verb == "revoke" and rest.isdecimal():
            return CommandResult(await _revoke(context, int(rest)))
        raise UsageError(f"/permissions cannot do {argument!r}.", hint=_HINT)

    def choices(self, context: Context) -> tuple[str, ...]:
        return ("revoke", "explain")


async def _listed(context: Context) -> str:
    await context.scribe.flush()
    session = context.session
    rows = ledger.grants(context.database, session.id)
    grants = [row for row in rows if grant_of(row) in session.gate.grants]
    foreign = [row for row in rows if row not in grants]
    given = {grant.rule for grant in grants}
    lines = [f"mode: {session.gate.mode}"]
    rules = [
        rule for rule in session.gate.policy.rules if not (rule.text in given and "grant" in rule.source)
    ]
    lines += ["", "rules"] if rules else ["", "no rules in the settings"]
    lines += [f"  {rule.decision:<5}  {rule.text}  ({rule.source})" for rule in rules]
    lines += ["", "your grants"] if grants else ["", "no grants"]
    lines += [f"  {grant.number:>4}  {grant.rule}  ({grant.scope})" for grant in grants]
    lines += ["", "not given by you here: these count nothing"] if foreign else []
    lines += [f"  {grant.number:>4}  {grant.rule}  ({grant.scope})" for grant in foreign]
    return "\n".join(lines)


async def _revoke(context: Context, number: int) -> str:
    await context.scribe.flush()
    for grant in ledger.grants(context.database, context.session.id):
        if grant.number == number:
            context.session.gate.revoke(number, grant_of(grant), context.scribe)
            return f"Taken back: {grant.rule}. The next such call asks again."
    raise NotFoundError(f"There is no grant {number}.", hint="/permissions lists them with their numbers.")


COMMAND = Permissions()
