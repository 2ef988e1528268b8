"""Taking a session out of the database for good: log, tables and full-text index."""

from loomkin.store.database import Database, transaction
from loomkin.store.passages import forget
from loomkin.store.projections import TABLES
from loomkin.store.releasing import KEPT, release


def delete(db: Database, session: str) -> None:
    """Take a session out of the log, of every table and of the index, for good; blocks.

    What it granted goes with it; what it took back of other sessions' grants stays taken back.
    """
    with db.failures():
        db.writer.execute("PRAGMA secure_delete=ON")  # what is deleted is overwritten
    with db.failures(), transaction(db.writer):
        db.writer.execute(
            "UPDATE events SET session = granted.session FROM events AS granted"
            " WHERE events.kind = 'GrantRevoked' AND events.session = ?"
            " AND granted.seq = json_extract(unpack(events.data), '$.grant') AND granted.kind = 'GrantAdded'",
            (session,),
        )
        release(db.writer, session)
        forget(db.writer, session)
        db.writer.execute("DELETE FROM events WHERE session = ?", (session,))
        for table in TABLES:
            if table in KEPT:
                continue
            column = "id" if table == "sessions" else "session"
            db.writer.execute(f"DELETE FROM {table} WHERE {column} = ?", (session,))
