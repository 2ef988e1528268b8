"""Reading back what was said: a message whole, what stands around it, which keeper holds it."""

import json
from collections.abc import Collection, Iterable, Sequence
from sqlite3 import Connection, Row

from loomkin.records.codec import load
from loomkin.records.dataclass import dataclass
from loomkin.records.event import Fact
from loomkin.records.facts import FACTS
from loomkin.store.packing import unpack

_AT_ONCE = 400
# the team writes handoffs down for the owner of the task
_BY = """CASE WHEN kind != 'HandedOff' OR agent != '' THEN agent ELSE coalesce((SELECT owner FROM tasks
 WHERE tasks.session = events.session AND tasks.id = json_extract(unpack(events.data), '$.task')), '') END"""


@dataclass(frozen=True, slots=True)
class Said:
    """A fact of the log that has words: a message, a report or a handoff."""

    seq: int
    at: float
    session: str
    agent: str
    fact: Fact


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a message stands in its transcript."""

    seq: int
    session: str
    agent: str


def said(connection: Connection, numbers: Iterable[int]) -> dict[int, Said]:
    """What was said in these events; those that are gone or damaged are left out."""
    found: dict[int, Said] = {}
    for some in _portions(list(numbers)):
        rows = connection.execute(
            f"SELECT seq, at, session, {_BY} AS agent, kind, data FROM events"
            f" WHERE seq IN ({_marks(some)}) ORDER BY seq",
            some,
        )
        found |= {one.seq: one for row in rows if (one := _said(row)) is not None}
    return found


def _said(row: Row) -> Said | None:
    kind = FACTS.get(row["kind"])
    try:
        fact = load(kind, unpack(row["data"])) if kind else None
    except ValueError:
        return None
    return Said(row["seq"], row["at"], row["session"], row["agent"], fact) if fact else None


def spot(connection: Connection, project: str, message: str, session: str = "") -> Spot | None:
    """Where a message stands: in `session` where it has it, else where it was said first."""
    rows = connection.execute(
        "SELECT messages.seq, messages.session, messages.agent FROM messages JOIN sessions"
        " ON sessions.id = messages.session WHERE project = ? AND messages.id = ? ORDER BY messages.seq",
        (project, message),
    ).fetchall()
    own = [row for row in rows if row["session"] == session]
    return Spot(*(own or rows)[0]) if rows else None


def originals(connection: Connection, told: Collection[tuple[str, str]]) -> dict[tuple[str, str], Spot]:
    """Where messages of forks, as session and id, were said first, in a session that theirs comes from."""
    found: dict[tuple[str, str], Spot] = {}
    rows = connection.execute(
        "WITH RECURSIVE line(fork, session) AS (SELECT id, parent FROM sessions"
        " WHERE id IN (SELECT value FROM json_each(?)) AND parent != ''"
        " UNION SELECT fork, parent FROM line JOIN sessions ON id = session WHERE parent != '')"
        " SELECT fork, messages.id, seq, messages.session, agent FROM line CROSS JOIN messages"
        " ON messages.session = line.session WHERE messages.id IN (SELECT value FROM json_each(?))"
        " ORDER BY seq",
        (json.dumps([session for session, _ in told]), json.dumps([message for _, message in told])),
    )
    for fork, message, *place in rows:
        found.setdefault((fork, message), Spot(*place))
    return found


def around(connection: Connection, place: Spot, span: int) -> list[int]:
    """The numbers of so many messages of the same transcript on either side, and of the one itself."""
    found: list[int] = []
    for sign, order, count in (("<=", "DESC", span + 1), (">", "ASC", span)):
        rows = connection.execute(
            f"SELECT seq FROM messages WHERE session = ? AND agent = ? AND seq {sign} ?"
            f" ORDER BY seq {order} LIMIT ?",
            (place.session, place.agent, place.seq, count),
        )
        found += [row["seq"] for row in rows]
    return sorted(found)


def held(connection: Connection, project: str, keeper: str, session: str = "") -> list[tuple[str, int]]:
    """The messages of a keeper, in order, their ids and numbers; as `session` has it, else the first one.

    Empty where there is no such keeper.
    """
    rows = connection.execute(
        "SELECT keeper_messages.message, messages.seq FROM"
        " (SELECT session, id, agent FROM keepers WHERE project = ? AND id = ?"
        " ORDER BY session = ? DESC, seq LIMIT 1) AS one"
        " JOIN keeper_messages ON keeper_messages.session = one.session AND keeper = one.id"
        " JOIN messages ON messages.session = one.session AND messages.agent = one.agent"
        " AND messages.id = keeper_messages.message ORDER BY place",
        (project, keeper, session),
    )
    return [(row["message"], row["seq"]) for row in rows]


def keepers_of(connection: Connection, messages: Sequence[str]) -> dict[str, str]:
    """The keeper that holds a message, the newest where there are several."""
    found: dict[str, str] = {}
    for some in _portions(list(messages)):
        rows = connection.execute(
            "SELECT message, keeper FROM keeper_messages JOIN keepers"
            " ON keepers.session = keeper_messages.session AND keepers.id = keeper_messages.keeper"
            f" WHERE message IN ({_marks(some)}) ORDER BY seq",
            some,
        )
        found |= {row["message"]: row["keeper"] for row in rows}
    return found


def arguments(connection: Connection, session: str, agent: str, call: str) -> dict[str, object]:
    """What a tool was called with, empty where it did not run."""
    row = connection.execute(
        "SELECT unpack(arguments) FROM calls WHERE session = ? AND agent = ? AND call_id = ?",
        (session, agent, call),
    ).fetchone()
    try:
        value = json.loads(row[0]) if row else {}
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def known_hash(connection: Connection, path: str, seq: int) -> str | None:
    """The hash that a file had when an event was recorded, as far as changes by tools tell it."""
    row = connection.execute(
        "SELECT after FROM changes WHERE path = ? AND seq <= ? ORDER BY seq DESC LIMIT 1", (path, seq)
    ).fetchone()
    if row is None:
        row = connection.execute(
            "SELECT before FROM changes WHERE path = ? AND seq > ? ORDER BY seq LIMIT 1", (path, seq)
        ).fetchone()
    return str(row[0]) if row else None


def kept_outputs(connection: Connection, project: str, limit: int) -> list[Row]:
    """The newest calls whose whole output is in a file: session, agent, tool, the file."""
    return connection.execute(
        "SELECT calls.session, agent, tool, calls.started, output_id FROM calls"
        " JOIN sessions ON sessions.id = calls.session"
        " WHERE project = ? AND output_id <> '' ORDER BY calls.started DESC LIMIT ?",
        (project, limit),
    ).fetchall()


def is_report(connection: Connection, project: str, number: int) -> bool:
    """Whether an event is a report or a handoff of the repository."""
    row = connection.execute(
        "SELECT kind FROM events WHERE project = ? AND seq = ?", (project, number)
    ).fetchone()
    return row is not None and row["kind"] in ("AgentReported", "HandedOff")


def role_of(connection: Connection, session: str, agent: str) -> str:
    """The role of a member of a session's team, empty for others."""
    row = connection.execute(
        "SELECT role FROM agents WHERE session = ? AND name = ?", (session, agent)
    ).fetchone()
    return str(row["role"]) if row else ""


def _portions(values: Sequence[object]) -> list[list[object]]:
    return [list(values[at : at + _AT_ONCE]) for at in range(0, len(values), _AT_ONCE)]


def _marks(some: Sequence[object]) -> str:
    return ",".join("?" * len(some))
