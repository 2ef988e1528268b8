"""Reading what each agent of a session does, from what is written down alone, for other processes."""

import json
from sqlite3 import Row

from loomkin.records.codec import load
from loomkin.records.dataclass import dataclass
from loomkin.records.region import Claim
from loomkin.store import ledger, team
from loomkin.store.database import Database
from loomkin.store.ledger import Spend
from loomkin.store.team import AgentRow

LASTING = ("paused", "stalled", "crashed", "stopped", "done")
"""States that are written down; what else an agent does is read from its turn and its calls."""
IN_HAND = ("in_progress", "partially_available", "waiting", "verifying", "in_review")
_CALLS = (
    "SELECT call_id, tool, unpack(arguments) AS arguments, started FROM calls"
    " WHERE session = ? AND agent = ? AND state = 'running' ORDER BY started"
)
_ASKED = (
    "SELECT at, json_extract(unpack(data), '$.tool'), json_extract(unpack(data), '$.target')"
    " FROM events AS asked"
    " WHERE session = ? AND agent = ? AND kind = 'ApprovalAsked' AND at >= ? AND NOT EXISTS"
    " (SELECT 1 FROM verdicts WHERE verdicts.session = asked.session AND verdicts.agent = asked.agent"
    " AND verdicts.seq > asked.seq AND verdicts.call_id = json_extract(unpack(asked.data), '$.call_id'))"
    " ORDER BY seq LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Activity:
    """One agent: `since` in seconds since the epoch, money in picodollars, `steps` are model calls.

    `budget` is what it was hired with, None for none of its own; `spawner` is who asked for it.
    """

    name: str
    role: str
    team: str
    model: str
    purpose: str
    state: str
    detail: str
    since: float
    steps: int
    tokens: int
    cost: int
    unpriced: int
    task: str
    title: str
    claims: tuple[str, ...]
    mail: int
    budget: int | None = None
    spawner: str = ""


def activity(db: Database, session: str, running: bool) -> list[Activity]:
    """What every agent of a session does, oldest first.

    Where its process is not `running` any more, what was under way shows as interrupted.
    """
    with db.failures():
        known = {row.name: row for row in team.agents(db, session)}
        spent = {one.group: one for one in ledger.spend(db, "agent", session)}
        turns = {str(row["agent"]): row for row in db.rows(_TURNS, (session,))}
        names = list(dict.fromkeys((*known, *turns)))
        return [
            _of(db, session, name, known.get(name), turns.get(name), spent.get(name), running)
            for name in names
        ]


def _of(
    db: Database,
    session: str,
    name: str,
    row: AgentRow | None,
    turn: Row | None,
    spent: Spend | None,
    running: bool,
) -> Activity:
    state, detail, since = _state(db, session, name, row, turn, running)
    held = db.rows("SELECT data FROM claims WHERE session = ? AND agent = ? ORDER BY id", (session, name))
    tasks = db.rows(_TASKS, (session, name, *IN_HAND))
    letters = db.rows(_MAIL, (session, name))
    return Activity(
        name,
        row.role if row else name,
        row.team if row else "",
        row.model if row else "",
        row.purpose if row else "",
        state,
        detail,
        since,
        spent.calls if spent else 0,
        spent.usage.total if spent else 0,
        spent.cost if spent else 0,
        spent.unpriced if spent else 0,
        str(tasks[0][0]) if tasks else "",
        str(tasks[0][1]) if tasks else "",
        tuple(str(load(Claim, one[0]).region) for one in held),
        int(letters[0][0]),
        row.budget if row else None,
        row.spawner if row else "",
    )


def _state(
    db: Database, session: str, name: str, row: AgentRow | None, turn: Row | None, running: bool
) -> tuple[str, str, float]:
    """State, what is known about it, and since when."""
    working = turn is not None and turn["ended"] is None
    lasting = row.state if row is not None else ""
    if row is not None and lasting in ("stopped", "done"):
        return lasting, row.reason, row.since
    if not running and (working or lasting in LASTING):
        return "interrupted", "its process ended", float(turn["started"]) if turn else 0.0
    if row is not None and lasting in LASTING and not (lasting == "stalled" and _moves(db, session, row)):
        return lasting, row.reason, row.since
    if working and turn is not None:
        return _at_work(db, session, name, float(turn["started"]))
    outcome = str(turn["outcome"]) if turn is not None else ""
    ended = float(turn["ended"]) if turn is not None else row.since if row is not None else 0.0
    return "idle" if running else "ended", "" if outcome == "done" else outcome, ended


def _moves(db: Database, session: str, row: AgentRow) -> bool:
    """Whether a stalled agent has done something since."""
    return bool(db.rows(_SINCE, (session, row.name, row.since)))


def _at_work(db: Database, session: str, name: str, begun: float) -> tuple[str, str, float]:
    asked = db.rows(_ASKED, (session, name, begun))
    if asked:
        at, tool, target = asked[0]
        return "waiting_person", f"{tool} {target}".strip(), float(at)
    for call in db.rows(_CALLS, (session, name)):
        tool, since = str(call["tool"]), float(call["started"])
        if tool == "ask_person":
            return "waiting_person", tool, since
        if tool in ("peer_ask", "rendezvous_ready"):
            return "waiting_agent", _to(str(call["arguments"])), since
        return "in_tool", tool, since
    last = db.rows(_LAST, (session, name, begun))
    return "thinking", "", float(last[0][0] or begun)


def _to(arguments: str) -> str:
    try:
        value = json.loads(arguments)
    except ValueError:
        return ""
    return str(value.get("to") or value.get("name") or "") if isinstance(value, dict) else ""


_TURNS = (
    "SELECT agent, number, started, ended, outcome, detail FROM turns AS one WHERE session = ? AND number ="
    " (SELECT max(number) FROM turns WHERE session = one.session AND agent = one.agent) ORDER BY started"
)
_TASKS = (
    "SELECT id, title FROM tasks WHERE session = ? AND owner = ? AND state IN (?, ?, ?, ?, ?)"
    " ORDER BY moved DESC"
)
_MAIL = "SELECT count(*) FROM mail WHERE session = ? AND recipient = ? AND state = 'queued'"
_LAST = "SELECT max(at) FROM messages WHERE session = ? AND agent = ? AND at >= ?"
_SINCE = "SELECT 1 FROM events WHERE session = ? AND agent = ? AND at > ? LIMIT 1"
