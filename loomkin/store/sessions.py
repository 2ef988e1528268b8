"""Reading sessions and what belongs to them; every list takes the database's own project."""

import json
from math import inf
from sqlite3 import Connection, Row
from typing import TypeVar

from loomkin.errors import NotFoundError, StoreError, UsageError
from loomkin.records.codec import load
from loomkin.records.dataclass import dataclass
from loomkin.records.event import Event, Fact, MessageAdded
from loomkin.records.facts import FACTS
from loomkin.records.ids import SessionId
from loomkin.records.message import Message
from loomkin.store.database import Database
from loomkin.store.packing import unpack

LEAST = 4
"""Characters of an id that may stand for it; fewer are taken for a slip."""
F = TypeVar("F", bound=Fact)


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One session as lists show it; times are seconds since the epoch."""

    id: SessionId
    name: str
    title: str
    cwd: str
    model: str
    mode: str
    parent: str
    started: float
    updated: float
    turns: int
    cleared: int


@dataclass(frozen=True, slots=True)
class CallRow:
    """One tool call and how it ended; state `running` means that nobody saw the end."""

    call_id: str
    tool: str
    arguments: str
    state: str
    seconds: float
    output_id: str


@dataclass(frozen=True, slots=True)
class TurnRow:
    """One turn of an agent; the outcome is empty where nobody saw the end."""

    number: int
    agent: str
    started: float
    outcome: str
    steps: int


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One change of a file by a tool."""

    seq: int
    session: str
    agent: str
    call_id: str
    at: float
    path: str
    before: str
    after: str
    added: int
    removed: int
    diff: str


def all_sessions(db: Database, limit: int = -1, since: float = 0.0, until: float = inf) -> list[SessionRow]:
    """The sessions of this repository, last used first; at most `limit` where that is given.

    Those last used at `since` count, those at `until` do not.
    """
    rows = db.rows(
        f"SELECT {_SESSION} FROM sessions WHERE project = ? AND updated >= ? AND updated < ?"
        " ORDER BY updated DESC, id DESC LIMIT ?",
        (db.project, since, until, limit),
    )
    return [SessionRow(*row) for row in rows]


def latest(db: Database) -> SessionRow | None:
    """The session used last in which something was said, or None where there is none."""
    return next((row for row in all_sessions(db) if row.turns or row.title), None)


def find(db: Database, word: str) -> SessionRow:
    """The session with this id or name, or with an id that begins or ends in at least four letters of it.

    Raises NotFoundError where there is none or more than one.
    """
    sessions = all_sessions(db)
    exact = [row for row in sessions if word in (row.id, row.name)]
    part = word if len(word) >= LEAST else "\0"
    found = exact or [row for row in sessions if row.id.startswith(part) or row.id.endswith(part)]
    if len(found) == 1 or (exact and found[0].id == word):
        return found[0]
    if not found:
        short = f" A part of an id is {LEAST} characters or more." if len(word) < LEAST else ""
        raise NotFoundError(
            f"No session {word!r} in this repository.", hint=f"`loomkin sessions list` shows them.{short}"
        )
    some = ", ".join(row.id for row in found[:5])
    raise NotFoundError(f"{len(found)} sessions fit {word!r}: {some}.", hint="Give more of the id.")


def refuse_taken(db: Database, name: str, owner: str = "") -> None:
    """Raise UsageError where another session than `owner` answers to that name already."""
    for row in all_sessions(db) if name else ():
        if name in (row.name, row.id) and row.id != owner:
            raise taken(row.id)


def taken(session: str) -> UsageError:
    """What somebody hears whose name for a session is another's."""
    return UsageError(f"Session {session} has that name already.", hint="Choose another name.")


def holder_of(connection: Connection, project: str, name: str, but: str) -> str:
    """Another session than `but` that answers to that name, else nothing; asked while nobody else writes."""
    row = connection.execute(
        "SELECT id FROM sessions WHERE project = ? AND ? IN (name, id) AND id <> ?", (project, name, but)
    ).fetchone()
    return str(row["id"]) if row else ""


def messages(
    db: Database, session: str, agent: str | None = None, after: int = 0, until: int = 0
) -> list[Message]:
    """The transcript of a session, of one agent where named, from behind event `after` on, up to `until`."""
    rows = db.rows(
        "SELECT messages.seq, data FROM messages CROSS JOIN events ON events.seq = messages.seq"
        " WHERE messages.session = ? AND messages.seq > ? AND (? IS NULL OR messages.agent = ?)"
        " AND (? = 0 OR messages.seq <= ?) ORDER BY messages.seq",
        (session, after, agent, agent, until, until),
    )
    return [fact_of(MessageAdded, row).message for row in rows]


def speakers(db: Database, session: str) -> list[str]:
    """The agents that have a transcript in a session, the first one first."""
    rows = db.rows(
        "SELECT agent FROM messages WHERE session = ? GROUP BY agent ORDER BY min(seq)", (session,)
    )
    return [str(row["agent"]) for row in rows]


def last_agent(db: Database, session: str) -> str:
    """The agent of the newest message, empty before the first."""
    rows = db.rows("SELECT agent FROM messages WHERE session = ? ORDER BY seq DESC LIMIT 1", (session,))
    return str(rows[0]["agent"]) if rows else ""


def calls(db: Database, session: str, state: str | None = None) -> list[CallRow]:
    """The tool calls of a session, of one state where named."""
    rows = db.rows(
        "SELECT call_id, tool, unpack(arguments), state, seconds, output_id FROM calls"
        " WHERE session = ? AND (? IS NULL OR state = ?) ORDER BY started",
        (session, state, state),
    )
    return [CallRow(*row) for row in rows]


def outputs(db: Database, session: str) -> list[str]:
    """The names of kept outputs in `.loomkin/outputs/` that belong to this session alone."""
    rows = db.rows(
        "SELECT DISTINCT output_id FROM calls WHERE session = ? AND output_id LIKE '.loomkin/outputs/%'"
        " AND output_id NOT IN (SELECT output_id FROM calls WHERE session <> ?)",
        (session, session),
    )
    names = [str(row["output_id"]).rpartition("/")[2] for row in rows]
    return [name for name in names if name not in ("", "..", ".")]


def open_turns(db: Database, session: str) -> list[tuple[str, int]]:
    """Agent and number of each turn that never ended."""
    rows = db.rows(
        "SELECT agent, number FROM turns WHERE session = ? AND ended IS NULL ORDER BY number", (session,)
    )
    return [(str(row["agent"]), int(row["number"])) for row in rows]


def turns(db: Database, session: str) -> list[TurnRow]:
    """The turns of all agents of a session, oldest first."""
    rows = db.rows(
        "SELECT number, agent, started, outcome, steps FROM turns WHERE session = ?"
        " ORDER BY started, agent, number",
        (session,),
    )
    return [TurnRow(*row) for row in rows]


def last_turn(db: Database, session: str, agent: str | None = None) -> int:
    """The number of the newest turn, of one agent where named, 0 before the first."""
    row = db.reader.execute(
        "SELECT max(number) AS n FROM turns WHERE session = ? AND (? IS NULL OR agent = ?)",
        (session, agent, agent),
    ).fetchone()
    return int(row["n"] or 0)


def changes(db: Database, session: str) -> list[ChangeRow]:
    """The file changes of a session, oldest first."""
    rows = db.rows(
        "SELECT seq, session, agent, call_id, at, path, before, after, added, removed, unpack(diff)"
        " FROM changes WHERE session = ? ORDER BY seq",
        (session,),
    )
    return [ChangeRow(*row) for row in rows]


def changed_files(db: Database, session: str) -> list[tuple[str, int, int]]:
    """The files that a session changed, with the lines added and removed."""
    rows = db.rows(
        "SELECT path, sum(added), sum(removed) FROM changes WHERE session = ? GROUP BY path ORDER BY path",
        (session,),
    )
    return [(str(row[0]), int(row[1]), int(row[2])) for row in rows]


def events(db: Database, session: str, kind: str | None = None) -> list[Event]:
    """The log of a session, oldest first; of one kind of fact where named."""
    rows = db.rows(
        "SELECT seq, at, session, agent, task, kind, data FROM events"
        " WHERE session = ? AND (? IS NULL OR kind = ?) ORDER BY seq",
        (session, kind, kind),
    )
    return [event_of(row) for row in rows]


def event_of(row: Row) -> Event:
    """An event from its row of the log; raises StoreError for one that this loomkin cannot read."""
    kind = FACTS.get(row["kind"])
    if kind is None:
        raise StoreError(
            f"Event {row['seq']} is a {row['kind']}, which this loomkin does not know.",
            hint="A newer loomkin wrote it: upgrade this one.",
        )
    return Event(
        row["seq"], row["at"], SessionId(row["session"]), row["agent"], row["task"], fact_of(kind, row)
    )


def fact_of(kind: type[F], row: Row) -> F:
    """The fact in a row of the log that is of this kind; raises StoreError for a damaged one."""
    try:
        return load(kind, unpack(row["data"]))
    except ValueError as error:
        raise StoreError(
            f"Event {row['seq']} ({kind.__name__}) is damaged: {error}.",
            hint="`loomkin sessions repair` puts it aside, and all else can be read.",
        ) from error


_SESSION = "id, name, title, cwd, model, mode, parent, started, updated, turns, cleared"


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """A question to the person; `answer` is None while it waits, `assumed` where nobody was there."""

    call_id: str
    agent: str
    question: str
    options: tuple[str, ...]
    answer: str | None
    assumed: bool


def questions(db: Database, session: str) -> list[QuestionRow]:
    """What was asked in a session, oldest first."""
    rows = db.rows(
        "SELECT call_id, agent, question, options, answer, assumed FROM questions"
        " WHERE session = ? ORDER BY at",
        (session,),
    )
    return [
        QuestionRow(row[0], row[1], row[2], tuple(json.loads(row[3])), row[4], bool(row[5])) for row in rows
    ]
