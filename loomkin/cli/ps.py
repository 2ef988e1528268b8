"""`loomkin ps`: what every agent of the running session does, read from its database."""

import time
from typing import Annotated

import typer

from loomkin.cli.place import SESSION_HELP, AsJson, Folder, Place, look, say, single
from loomkin.cli.tables import dollars, flat, money, table, to_json
from loomkin.records.dataclass import dataclass
from loomkin.store import sessions
from loomkin.store.activity import Activity, activity
from loomkin.store.database import Database
from loomkin.store.lock import holder
from loomkin.store.sessions import SessionRow
from loomkin.ui.theme import clock, count

app = single("What the agents do.")
_HEADINGS = ("AGENT", "ROLE", "STATE", "FOR", "STEPS", "TOKENS", "COST", "MAIL", "TASK", "CLAIMS")
_RIGHT = ("FOR", "STEPS", "TOKENS", "COST", "MAIL")
LONGEST = 60


@dataclass(frozen=True, slots=True)
class Shown:
    """A session with its agents; `process` is None where none works in it."""

    row: SessionRow
    process: int | None
    agents: tuple[Activity, ...]


@app.command()
def ps(
    session: Annotated[str, typer.Option(metavar="ID", help=f"That session. {SESSION_HELP}")] = "",
    as_json: AsJson = False,
    folder: Folder = None,
) -> None:
    """Show every agent of the sessions that run here, of the last one where none runs."""
    place = look(folder)
    with place.database() as database:
        shown = _sessions(place, database, session) if database else []
    if as_json:
        say(to_json({"sessions": [_plain(one) for one in shown]}))
    elif not shown:
        say(f"There are no sessions in {place.root} yet; `loomkin` begins one.")
    else:
        say("\n\n".join(_text(one) for one in shown))


def _sessions(place: Place, database: Database, wanted: str) -> list[Shown]:
    rows = [sessions.find(database, wanted)] if wanted else sessions.all_sessions(database)
    held = {row.id: holder(place.state, row.id) for row in rows}
    there = [row for row in rows if held[row.id] is not None] or rows[:1]
    return [
        Shown(row, held[row.id], tuple(activity(database, row.id, held[row.id] is not None))) for row in there
    ]


def _text(shown: Shown) -> str:
    row = shown.row
    state = (
        f"process {shown.process}" if shown.process else "its process is gone; `loomkin -c` goes on with it"
    )
    head = f"session {row.id} {flat(row.name or row.title, LONGEST)}".rstrip() + f": {state}"
    if not shown.agents:
        return f"{head}\nNobody has done anything in it yet."
    now = time.time()
    return f"{head}\n{table(_HEADINGS, [_line(one, now) for one in shown.agents], _RIGHT)}"


def _line(one: Activity, now: float) -> tuple[object, ...]:
    cost = money(one.cost) + ("+?" if one.unpriced else "")
    cost += "" if one.budget is None else f" of {money(one.budget)}"
    state = f"{one.state.replace('_', ' ')} {one.detail}".strip()
    task = f"{one.task} {one.title}".strip()
    return (
        one.name,
        one.role,
        flat(state, LONGEST),
        clock(now - one.since) if one.since else "",
        one.steps,
        count(one.tokens),
        cost,
        one.mail or "",
        flat(task, LONGEST),
        flat(", ".join(one.claims), LONGEST),
    )


def _plain(shown: Shown) -> dict[str, object]:
    row = shown.row
    return {
        "id": row.id,
        "name": row.name,
        "title": row.title,
        "running": shown.process is not None,
        "process": shown.process,
        "agents": [
            {
                "agent": one.name,
                "role": one.role,
                "team": one.team,
                "parent": one.spawner,
                "model": one.model or row.model,
                "purpose": one.purpose,
                "state": one.state,
                "detail": one.detail,
                "since": one.since,
                "steps": one.steps,
                "tokens": one.tokens,
                "usd": dollars(one.cost),
                "budget_usd": None if one.budget is None else dollars(one.budget),
                "unpriced_calls": one.unpriced,
                "task": one.task,
                "task_title": one.title,
                "claims": list(one.claims),
                "letters_waiting": one.mail,
            }
            for one in shown.agents
        ],
    }
