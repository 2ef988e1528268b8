"""Making every table anew from the log, to prove that the log is the whole truth, or to mend them."""

import sqlite3
from collections.abc import Iterator
from sqlite3 import Connection

from loomkin.errors import StoreError
from loomkin.records.event import Event
from loomkin.store.database import Database
from loomkin.store.packing import unpack
from loomkin.store.projections import TABLES, apply
from loomkin.store.sessions import event_of

MOST = 20
"""Events that are named one by one."""
Rows = list[tuple[object, ...]]
Contents = dict[str, Rows]


def contents(db: Database) -> Contents:
    """All rows of all projected tables, in a fixed order; packed texts as texts, however they were packed."""
    return {table: _rows(db, table) for table in TABLES}


def replayed(db: Database) -> Contents:
    """The same, made from nothing but the log."""
    fresh = Database.scratch()
    try:
        replay(db.reader, fresh.writer)
        return contents(fresh)
    finally:
        fresh.close()


def differences(db: Database) -> list[str]:
    """The tables that are not what the log says, and events that it cannot have; empty when all is well."""
    fresh = Database.scratch()
    try:
        refused = replay(db.reader, fresh.writer)
        found = [f"event {number} contradicts earlier ones" for number in refused[:MOST]]
        for table in TABLES:
            now, anew = _rows(db, table), _rows(fresh, table)
            if now != anew:
                found.append(f"{table}: {len(now)} rows, {len(anew)} by the log")
        return found
    finally:
        fresh.close()


def replay(log: Connection, tables: Connection) -> list[int]:
    """Apply all that can be read of a log to empty tables; gives the events that contradict earlier ones."""
    refused = []
    for project, event in _readable(log):
        try:
            apply(tables, project, event)
        except sqlite3.IntegrityError:
            refused.append(event.seq)
    return refused


def rebuild(db: Database) -> list[int]:
    """The same for the tables themselves, within a transaction."""
    for table in TABLES:
        db.writer.execute(f"DELETE FROM {table}")
    return replay(db.writer, db.writer)


def _readable(log: Connection) -> Iterator[tuple[str, Event]]:
    rows = log.execute("SELECT seq, at, project, session, agent, task, kind, data FROM events ORDER BY seq")
    for row in rows:
        try:
            yield str(row["project"]), event_of(row)
        except StoreError:
            continue


def _rows(db: Database, table: str) -> Rows:
    rows = db.reader.execute(f"SELECT * FROM {table}")
    return sorted(
        (tuple(unpack(value) if isinstance(value, bytes) else value for value in row) for row in rows),
        key=repr,
    )
