"""Which agents changed files, and which models they were."""

from collections.abc import Iterable, Mapping

from loomkin.store.database import Database
from loomkin.store.decisions import as_list


def helpers(db: Database, since: Mapping[str, float]) -> list[tuple[str, str]]:
    """Session and agent of all who changed these files, each after its own moment; the first first."""
    rows = db.rows(
        "SELECT changes.session, changes.agent, changes.path, changes.at FROM changes"
        " JOIN sessions ON sessions.id = changes.session AND sessions.project = ?"
        " WHERE path IN (SELECT value FROM json_each(?)) ORDER BY changes.seq",
        (db.project, as_list(since)),
    )
    return list(dict.fromkeys((str(row[0]), str(row[1])) for row in rows if row[3] > since[row[2]]))


def changed_since(db: Database, since: Mapping[str, float]) -> frozenset[str]:
    """Which of these files agents of any session changed, each after its own moment."""
    rows = db.rows(
        "SELECT path, max(changes.at) FROM changes"
        " JOIN sessions ON sessions.id = changes.session AND sessions.project = ?"
        " WHERE path IN (SELECT value FROM json_each(?)) GROUP BY path",
        (db.project, as_list(since)),
    )
    return frozenset(str(row[0]) for row in rows if row[1] > since[row[0]])


def models_of(db: Database, agents: Iterable[tuple[str, str]]) -> list[str]:
    """The models that agents had last, each once; agents are named by session and name."""
    found = []
    for session, agent in agents:
        rows = db.rows(
            "SELECT model FROM usage WHERE session = ? AND agent = ? AND model <> ''"
            " AND woke NOT IN ('context_ask', 'commit') ORDER BY seq DESC LIMIT 1",
            (session, agent),
        )
        found += [str(row[0]) for row in rows]
    return list(dict.fromkeys(found))


def changed_by(db: Database, session: str) -> frozenset[str]:
    """The files that agents of a session changed."""
    rows = db.rows("SELECT DISTINCT path FROM changes WHERE session = ?", (session,))
    return frozenset(str(row[0]) for row in rows)
