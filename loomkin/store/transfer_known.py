"""The events of a session as a file has them, and whether the session of a file is here already."""

import hashlib
import json
from collections.abc import Callable, Iterator

from loomkin.records.codec import to_plain
from loomkin.records.event import Event
from loomkin.records.ids import SessionId
from loomkin.store import event_log, sessions
from loomkin.store.database import Database
from loomkin.store.transfer_read import Staged, summed


def here_already(db: Database, staged: Staged, clean: Callable[[str], str] = str) -> SessionId | None:
    """The session that a file is of: an import of it, or the very one that was exported with `clean`."""
    rows = db.rows(
        "SELECT session FROM imports WHERE project = ? AND digest = ? LIMIT 1", (db.project, staged.digest)
    )
    if rows:
        return SessionId(rows[0][0])
    if not any(row.id == staged.session for row in sessions.all_sessions(db)):
        return None
    total = hashlib.sha256()
    for event in all_events(db, staged.session):
        summed(total, json.loads(clean(json.dumps(plain(event), ensure_ascii=False))))
    return SessionId(staged.session) if total.hexdigest() == staged.digest else None


def all_events(db: Database, session: str) -> Iterator[Event]:
    """The log of a session, and what others did with its keepers, in one order."""
    return map(sessions.event_of, event_log.rows_with_uses(db, session))


def plain(event: Event) -> dict[str, object]:
    """An event as an entry of the file."""
    fact = to_plain(event.fact)
    kind = fact.pop("_")
    return {
        "seq": event.seq,
        "at": event.at,
        "agent": event.agent,
        "task": event.task,
        "kind": kind,
        "data": fact,
    }
