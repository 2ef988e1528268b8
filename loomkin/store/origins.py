"""Reading what lies behind lines of files: who changed them, what was asked for and said."""

import json
from collections.abc import Iterable

from loomkin.records.codec import load
from loomkin.records.decision import Node
from loomkin.records.event import MessageAdded
from loomkin.records.message import Message
from loomkin.store import decisions
from loomkin.store.database import Database
from loomkin.store.packing import unpack
from loomkin.store.sessions import ChangeRow

MOST_CHANGES = 200
"""Changes of a file that are looked through for a line, newest first."""


def changes_of(db: Database, paths: Iterable[str], until: float) -> list[ChangeRow]:
    """The last changes of files up to a moment, newest first."""
    rows = db.rows(
        "SELECT seq, session, agent, call_id, at, path, before, after, added, removed, unpack(diff)"
        " FROM changes WHERE path IN (SELECT value FROM json_each(?)) AND at <= ? ORDER BY seq DESC LIMIT ?",
        (decisions.as_list(paths), until, MOST_CHANGES),
    )
    return [ChangeRow(*row) for row in rows]


def arguments(db: Database, change: ChangeRow) -> list[str]:
    """The texts in the call that made a change, as far as they are on record."""
    rows = db.rows(
        "SELECT unpack(arguments) FROM calls WHERE session = ? AND agent = ? AND call_id = ?",
        (change.session, change.agent, change.call_id),
    )
    try:
        planned = json.loads(rows[0][0]) if rows else {}
    except ValueError:
        return []
    return list(_texts(planned))


def _texts(value: object) -> Iterable[str]:
    """All strings in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)


def told(db: Database, session: str, ids: Iterable[str]) -> list[Message]:
    """The messages of these ids in a session, oldest first."""
    rows = db.rows(
        "SELECT data FROM messages CROSS JOIN events ON events.seq = messages.seq"
        " WHERE messages.session = ? AND messages.id IN (SELECT value FROM json_each(?))"
        " GROUP BY messages.id ORDER BY messages.seq",
        (session, decisions.as_list(ids)),
    )
    return [load(MessageAdded, unpack(row[0])).message for row in rows]


def said_before(db: Database, session: str, agent: str, seq: int) -> list[str]:
    """The ids of the person's last words before an event, and of its agent's last message before it."""
    rows = db.rows(
        "SELECT id, max(seq) AS seq FROM messages WHERE session = ?1 AND sender = 'person' AND seq < ?3"
        " UNION ALL SELECT id, max(seq) FROM messages"
        " WHERE session = ?1 AND agent = ?2 AND role = 'assistant' AND seq < ?3 ORDER BY seq",
        (session, agent, seq),
    )
    return [str(row["id"]) for row in rows if row["id"]]


def before_change(db: Database, change: ChangeRow) -> list[str]:
    """What was said before a change: see `said_before`."""
    return said_before(db, change.session, change.agent, change.seq)


def of_commits(db: Database, commits: Iterable[str]) -> dict[str, list[Node]]:
    """The actions that recorded a commit, by commit."""
    rows = db.rows(
        "SELECT change_id FROM decisions WHERE commit_id IN (SELECT value FROM json_each(?))"
        " AND project = ? AND kind = 'action' AND author = 'automatic'",
        (decisions.as_list(commits), db.project),
    )
    found: dict[str, list[Node]] = {}
    for node in decisions.some(db, [row["change_id"] for row in rows]):
        found.setdefault(node.wording.commit, []).append(node)
    return found


def in_session(db: Database, session: str) -> list[Node]:
    """The decisions of a session, last made first."""
    rows = db.rows(
        "SELECT change_id FROM decisions WHERE project = ? AND kind = 'decision' AND session = ?",
        (db.project, session),
    )
    return decisions.some(db, [row["change_id"] for row in rows])[::-1]


def task_titles(db: Database, session: str, tasks: Iterable[str], goals: Iterable[str]) -> dict[str, str]:
    """The tasks of a session by id, and those of any session that serve one of these goals."""
    rows = db.rows(
        "SELECT id, title, state FROM tasks WHERE (session = ? AND id IN (SELECT value FROM json_each(?)))"
        " OR json_extract(data, '$.goal') IN (SELECT value FROM json_each(?)) ORDER BY seq",
        (session, decisions.as_list(tasks), decisions.as_list(goals)),
    )
    return {str(row["id"]): f"{row['title']} ({row['state']})" for row in rows}


def task_of(db: Database, session: str, task: str) -> tuple[str, str]:
    """The title of a task and the id of the goal that it serves, empty for none."""
    rows = db.rows(
        "SELECT title, json_extract(data, '$.goal') AS goal FROM tasks WHERE session = ? AND id = ?",
        (session, task),
    )
    return (str(rows[0]["title"]), str(rows[0]["goal"] or "")) if rows else ("", "")


def of_task(db: Database, session: str, task: str) -> list[Node]:
    """The active decisions that were made for a task."""
    return [node for node in in_session(db, session) if node.active and node.origin.task == task]


def outcome(db: Database, session: str, titles: Iterable[str]) -> Node | None:
    """The automatic outcome of a session that has one of these titles."""
    rows = db.rows(
        "SELECT change_id FROM decisions WHERE project = ? AND kind = 'outcome' AND session = ?"
        " AND author = 'automatic' AND title IN (SELECT value FROM json_each(?)) ORDER BY seq DESC LIMIT 1",
        (db.project, session, decisions.as_list(titles)),
    )
    return next(iter(decisions.some(db, [row["change_id"] for row in rows])), None)


def last_commit(db: Database, session: str) -> Node | None:
    """The commit of a session that was recorded last."""
    rows = db.rows(
        "SELECT change_id FROM decisions WHERE project = ? AND kind = 'action' AND session = ?"
        " AND author = 'automatic' AND commit_id <> '' ORDER BY seq DESC LIMIT 1",
        (db.project, session),
    )
    return next(iter(decisions.some(db, [row["change_id"] for row in rows])), None)


def changed_any(db: Database, session: str) -> bool:
    """Whether a session changed a file."""
    return bool(db.rows("SELECT 1 FROM changes WHERE session = ? LIMIT 1", (session,)))


def changed_after(db: Database, session: str, agent: str, since: float, paths: Iterable[str]) -> bool:
    """Whether an agent changed one of these files after a moment."""
    rows = db.rows(
        "SELECT 1 FROM changes WHERE path IN (SELECT value FROM json_each(?)) AND session = ? AND agent = ?"
        " AND at >= ? LIMIT 1",
        (decisions.as_list(paths), session, agent, since),
    )
    return bool(rows)
