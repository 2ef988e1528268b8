"""The full-text index over the log: which terms stand in which passage.

It holds no text (contentless) and no positions: phrases and order are looked up in the passages themselves,
and the index takes half the room. It follows the log up to a watermark and costs nothing until somebody
searches.
"""

import sqlite3
import time
from sqlite3 import Connection, Row

from loomkin.errors import StoreError
from loomkin.store.database import transaction
from loomkin.store.searchable import SEARCHED, passages, said_in
from loomkin.store.words import terms

VERSION = "2"
"""Of the terms, the passages and the tables; another one makes the index anew."""
SECONDS = 0.04
"""How long one transaction of the index may keep facts waiting."""
_TABLES = (
    "DROP TABLE IF EXISTS passages",
    "DROP TABLE IF EXISTS passage_terms",
    "CREATE TABLE passages (id INTEGER PRIMARY KEY, seq INTEGER NOT NULL, start INTEGER NOT NULL)",
    """CREATE VIRTUAL TABLE passage_terms USING fts5 (terms, content='', detail=none, columnsize=0,
        tokenize="ascii tokenchars '_-./:>@+#'")""",
    "INSERT OR REPLACE INTO meta VALUES ('index:seq', '0')",
    f"INSERT OR REPLACE INTO meta VALUES ('index:version', '{VERSION}')",
)
_KINDS = ", ".join(f"'{name}'" for name in SEARCHED)
_NEXT = f"SELECT seq, kind, data FROM events WHERE seq > ? AND kind IN ({_KINDS}) ORDER BY seq LIMIT ?"
_AT_ONCE = 64
_INSERT = "INSERT INTO passage_terms (rowid, terms) VALUES (?, ?)"
_AWAY = (
    "DELETE FROM meta WHERE key = 'index:version'",
    "DROP TABLE passages",
    "DROP TABLE passage_terms",
)
# where the module is not there the table cannot be dropped, but what stands in it can be taken away
_EMPTIED = (*_AWAY[:2], "DELETE FROM passage_terms_data")
NO_MODULE = "no such module"


def catch_up(connection: Connection, seconds: float = SECONDS) -> bool:
    """Index what is new in the log for about so long, in one transaction; whether all is indexed now.

    Raises StoreError where this SQLite has no full-text search.
    """
    if _mark(connection) == _last(connection):
        return True
    until = time.monotonic() + seconds
    try:
        with transaction(connection):
            if _version(connection) != VERSION:
                for statement in _TABLES:
                    connection.execute(statement)
            return _index(connection, until)
    except sqlite3.OperationalError as error:
        if NO_MODULE not in str(error):
            raise
        raise without_index() from error


def forget(connection: Connection, session: str) -> None:
    """Take the passages of a session out of the index; within the transaction that deletes its events."""
    version = _version(connection)
    if not version:
        return
    first, last = between(connection, session)
    rows = connection.execute(
        "SELECT passages.id, passages.seq, start, kind, data FROM passages CROSS JOIN events"
        " ON events.seq = passages.seq WHERE passages.id BETWEEN ? AND ? AND session = ?"
        " ORDER BY passages.id",
        (first, last, session),
    ).fetchall()
    if not rows:
        return
    try:
        if version != VERSION or not _take_out(connection, rows):
            for statement in _AWAY:
                connection.execute(statement)
    except sqlite3.OperationalError as error:
        if NO_MODULE not in str(error):
            raise
        for statement in _EMPTIED:
            connection.execute(statement)


def ahead(connection: Connection) -> bool:
    """Whether the index knows events that the log has not: the file was put together from others."""
    return _version(connection) != "" and _mark(connection) > _last(connection)


def discard(connection: Connection) -> None:
    """Forget the index, which the next search makes anew; within a transaction."""
    if not _version(connection):
        return
    try:
        for statement in _AWAY:
            connection.execute(statement)
    except sqlite3.OperationalError as error:
        if NO_MODULE not in str(error):
            raise
        for statement in _EMPTIED:
            connection.execute(statement)


def between(connection: Connection, session: str) -> tuple[int, int]:
    """The numbers of the passages among which those of a session are; of all where it is empty."""
    (most,) = connection.execute("SELECT coalesce(max(id), 0) FROM passages").fetchone()
    if not session:
        return 1, most
    first, last = connection.execute(
        "SELECT min(seq), max(seq) FROM events WHERE session = ?", (session,)
    ).fetchone()
    if first is None:
        return 1, 0
    return _from(connection, first, most), _from(connection, last + 1, most) - 1


def _from(connection: Connection, seq: int, most: int) -> int:
    """The first passage of that event or a later one; they are in the same order, so no index is kept."""
    low, high = 1, most + 1
    while low < high:
        middle = (low + high) // 2
        row = connection.execute(
            "SELECT id, seq FROM passages WHERE id >= ? ORDER BY id LIMIT 1", (middle,)
        ).fetchone()
        if row is None or row["seq"] >= seq:
            high = middle
        else:
            low = row["id"] + 1
    return low


def without_index() -> StoreError:
    """What to say where this SQLite has no full-text search."""
    return StoreError(
        f"The SQLite {sqlite3.sqlite_version} of this Python has no full-text search (FTS5).",
        hint="Use a Python whose SQLite has it, for example one from python.org; all but searching works.",
    )


def _take_out(connection: Connection, rows: list[Row]) -> bool:
    """Whether it was known which terms each passage had."""
    seq, texts = 0, dict[int, str]()
    for row in rows:
        if row["seq"] != seq:
            seq, texts = row["seq"], dict(passages(said_in(row["kind"], row["data"])))
        if row["start"] not in texts:
            return False
        gone = (row["id"], terms(texts[row["start"]]))
        connection.execute(
            "INSERT INTO passage_terms (passage_terms, rowid, terms) VALUES ('delete', ?, ?)", gone
        )
        connection.execute("DELETE FROM passages WHERE id = ?", (row["id"],))
    # deleted terms stand in the file until the parts of the index are made one
    connection.execute("INSERT INTO passage_terms (passage_terms) VALUES ('optimize')")
    return True


def _index(connection: Connection, until: float) -> bool:
    newest = connection.execute("SELECT id, seq, start FROM passages ORDER BY id DESC LIMIT 1").fetchone()
    number, half, there = newest or (0, 0, 0)
    mark, done = _mark(connection), False
    while not done and time.monotonic() < until:
        rows = connection.execute(_NEXT, (mark, _AT_ONCE)).fetchall()
        for row in rows:
            for start, passage in passages(said_in(row["kind"], row["data"])):
                if row["seq"] == half and start <= there:
                    continue
                if time.monotonic() > until:
                    return _set_mark(connection, mark, False)
                number += 1
                connection.execute("INSERT INTO passages VALUES (?, ?, ?)", (number, row["seq"], start))
                connection.execute(_INSERT, (number, terms(passage)))
            mark = row["seq"]
        done = len(rows) < _AT_ONCE
    return _set_mark(connection, _last(connection) if done else mark, done)


def _set_mark(connection: Connection, mark: int, done: bool) -> bool:
    connection.execute("UPDATE meta SET value = ? WHERE key = 'index:seq'", (str(mark),))
    return done


def _last(connection: Connection) -> int:
    (last,) = connection.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()
    return int(last)


def _mark(connection: Connection) -> int:
    """The last event that is indexed, -1 before there is an index of this version."""
    if _version(connection) != VERSION:
        return -1
    (mark,) = connection.execute("SELECT value FROM meta WHERE key = 'index:seq'").fetchone()
    return int(mark)


def _version(connection: Connection) -> str:
    row = connection.execute("SELECT value FROM meta WHERE key = 'index:version'").fetchone()
    return str(row[0]) if row else ""
