"""Making every table anew from the log, to prove that the log is the whole truth."""

from loomkin.store.database import Database
from loomkin.store.packing import unpack
from loomkin.store.projections import TABLES, apply
from loomkin.store.sessions import event_of

Contents = dict[str, list[tuple[object, ...]]]


def contents(db: Database) -> Contents:
    """All rows of all projected tables, in a fixed order; packed texts as texts, however they were packed."""
    return {
        table: sorted(
            tuple(unpack(value) if isinstance(value, bytes) else value for value in row)
            for row in db.reader.execute(f"SELECT * FROM {table}")
        )
        for table in TABLES
    }


def replayed(db: Database) -> Contents:
    """The same, made in memory from nothing but the log."""
    fresh = Database(None)
    try:
        rows = db.reader.execute(
            "SELECT seq, at, project, session, agent, task, kind, data FROM events ORDER BY seq"
        )
        for row in rows:
            apply(fresh.writer, row["project"], event_of(row))
        return contents(fresh)
    finally:
        fresh.close()


def differences(db: Database) -> list[str]:
    """The tables whose rows differ from what the log says; empty when all is well."""
    now, anew = contents(db), replayed(db)
    return [
        f"{table}: {len(now[table])} rows, {len(anew[table])} by the log"
        for table in TABLES
        if now[table] != anew[table]
    ]
