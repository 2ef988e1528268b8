"""`loomkin audit`: every decision on a tool call, with the rule that decided."""

from dataclasses import asdict
from typing import Annotated

import typer

from loomkin.cli.place import SESSION_HELP, AsJson, Folder, at_least_one, look, say, single
from loomkin.cli.tables import flat, table, to_json, when
from loomkin.errors import UsageError
from loomkin.store import ledger, sessions
from loomkin.store.ledger import VerdictRow

app = single("Decisions on tool calls.")
_LONGEST = 60


@app.command()
def audit(
    session: Annotated[str, typer.Option(metavar="ID", help=f"Only this session. {SESSION_HELP}")] = "",
    limit: Annotated[int, typer.Option(metavar="N", callback=at_least_one, help="The newest so many.")] = 200,
    denied: Annotated[bool, typer.Option("--denied", help="Only what was refused.")] = False,
    as_json: AsJson = False,
    folder: Folder = None,
) -> None:
    """Show who or what allowed or denied each call, oldest first."""
    place = look(folder)
    rows: list[VerdictRow] = []
    with place.database() as database:
        if session and database is None:
            raise UsageError(f"There are no sessions in {place.root} yet.", hint="Leave --session out.")
        if database is not None:
            only = sessions.find(database, session).id if session else None
            rows = ledger.verdicts(database, only, limit, denied)
    if as_json:
        say(to_json([asdict(row) for row in rows]))
    elif not rows:
        say(f"{'Nothing was refused' if denied else 'No tool was called'} in {place.root} yet.")
    else:
        say(table(("WHEN", "AGENT", "ANSWER", "TOOL", "TARGET", "DECIDED BY"), map(_line, rows)))


def _line(row: VerdictRow) -> tuple[str, ...]:
    rule = f"{row.rule} ({row.source})" if row.rule else row.source
    decided = ": ".join(part for part in (row.decided_by, flat(rule or row.reason)) if part)
    return when(row.at), row.agent, row.decision, row.tool, flat(row.target, _LONGEST), decided
