"""From facts about sessions that came from files to their table."""

from sqlite3 import Connection

from loomkin.records.event import Event
from loomkin.records.session_event import SessionImported
from loomkin.store.projecting import projects

CARRIED_TABLES = ("imports",)


@projects(SessionImported)
def _imported(db: Connection, project: str, event: Event, fact: SessionImported) -> None:
    db.execute("INSERT OR REPLACE INTO imports VALUES (?, ?, ?)", (event.session, project, fact.digest))
