"""What every step may ask of the decision graph at next to no cost, before anything more is loaded."""

from loomkin.store.database import Database


def any_decisions(db: Database) -> bool:
    """Whether the graph of the repository has a node."""
    return db.reader.execute("SELECT 1 FROM decisions LIMIT 1").fetchone() is not None


def any_unheard(db: Database, session: str, agent: str) -> bool:
    """Whether an agent of a session has not heard of a doubt in its own nodes."""
    row = db.reader.execute(
        "SELECT 1 FROM doubts WHERE session = ? AND agent = ? AND told = 0 LIMIT 1", (session, agent)
    ).fetchone()
    return row is not None


def touched(db: Database, session: str, agent: str, limit: int) -> list[str]:
    """The files that an agent of a session changed last, newest first."""
    rows = db.rows(
        "SELECT path, max(seq) AS last FROM changes WHERE session = ? AND agent = ?"
        " GROUP BY path ORDER BY last DESC LIMIT ?",
        (session, agent, limit),
    )
    return [str(row["path"]) for row in rows]
