"""What every session asks of the memory at next to no cost, before anything of it is loaded."""

from loomkin.store.database import Database


def any_earlier(db: Database, session: str) -> bool:
    """Whether something was said here in another session."""
    found = db.reader.execute(
        "SELECT 1 FROM sessions WHERE project = ? AND id <> ? AND turns > 0 LIMIT 1", (db.project, session)
    )
    return found.fetchone() is not None


def earlier(db: Database, session: str) -> tuple[int, int]:
    """How many other sessions there are in which something was said, and how many keepers of them."""
    (sessions,) = db.reader.execute(
        "SELECT count(*) FROM sessions WHERE project = ? AND id <> ? AND turns > 0", (db.project, session)
    ).fetchone()
    (keepers,) = db.reader.execute(
        "SELECT count(DISTINCT id) FROM keepers WHERE project = ? AND session <> ?", (db.project, session)
    ).fetchone()
    return int(sessions), int(keepers)


def newest_keepers(db: Database, limit: int = 50) -> list[tuple[str, str]]:
    """The ids and titles of the keepers that were made last, newest first."""
    rows = db.rows(
        "SELECT id, title, max(seq) AS last FROM keepers WHERE project = ? GROUP BY id"
        " ORDER BY last DESC LIMIT ?",
        (db.project, limit),
    )
    return [(str(row["id"]), str(row["title"])) for row in rows]
