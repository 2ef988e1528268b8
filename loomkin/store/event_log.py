"""Reading the log of a session an event at a time, however long it is."""

from collections.abc import Iterator
from sqlite3 import Row
from typing import TypeVar

from loomkin.records.event import Event, Fact, MessageAdded
from loomkin.records.message import Message
from loomkin.store.database import Database
from loomkin.store.sessions import event_of, fact_of

F = TypeVar("F", bound=Fact)


def each_event(db: Database, session: str) -> Iterator[Event]:
    """The log of a session, oldest first, one event at a time."""
    return map(event_of, each_row(db, session))


def each_row(db: Database, session: str, agent: str | None = None) -> Iterator[Row]:
    """The same as the log has it, packed; of one agent where named."""
    with db.failures():
        rows = db.reader.execute(
            "SELECT seq, at, session, agent, task, kind, data FROM events"
            " WHERE session = ? AND (? IS NULL OR agent = ?) ORDER BY seq",
            (session, agent, agent),
        )
        yield from (row for row in rows)  # else leaving early closes the cursor, maybe after the database


def each_event_of(db: Database, session: str, agent: str) -> Iterator[Event]:
    """The log of one agent, one event at a time."""
    return map(event_of, each_row(db, session, agent))


def rows_with_uses(db: Database, session: str) -> Iterator[Row]:
    """The same with what other sessions did with the keepers that were made in this one."""
    with db.failures():
        rows = db.reader.execute(
            "WITH own(id) AS (SELECT id FROM keepers AS mine WHERE session = ?1 AND NOT EXISTS (SELECT 1"
            " FROM keepers AS older WHERE older.id = mine.id AND older.seq < mine.seq)),"
            " wanted(number) AS (SELECT seq FROM events WHERE session = ?1"
            " UNION SELECT seq FROM keeper_uses WHERE keeper IN own"
            " UNION SELECT seq FROM keeper_changes WHERE keeper IN own)"
            " SELECT seq, at, session, agent, task, kind, data FROM wanted"
            " CROSS JOIN events ON events.seq = wanted.number ORDER BY wanted.number",
            (session,),
        )
        yield from (row for row in rows)  # else leaving early closes the cursor, maybe after the database


def facts(db: Database, session: str, kind: type[F]) -> Iterator[F]:
    """All facts of a kind in a session, oldest first."""
    rows = db.rows(
        "SELECT seq, data FROM events WHERE session = ? AND kind = ? ORDER BY seq", (session, kind.__name__)
    )
    return (fact_of(kind, row) for row in rows)


def each_message(db: Database, session: str, agent: str) -> Iterator[Message]:
    """The transcript of an agent."""
    kind = MessageAdded.__name__
    return (fact_of(MessageAdded, row).message for row in each_row(db, session, agent) if row["kind"] == kind)
