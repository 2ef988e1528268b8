"""What a repository keeps of a session that is deleted: its decisions, without the person's own words."""

from sqlite3 import Connection

from loomkin.store.projections_decisions import DECISION_TABLES

KEPT = DECISION_TABLES
"""Tables whose rows outlive the session that they come from."""


def release(db: Connection, session: str) -> None:
    """Take the session, and what the person said in it, out of all that speaks of decisions."""
    db.execute(
        "UPDATE events SET data = json_set(unpack(data), '$.node.origin.session', '',"
        " '$.node.origin.prompt', '') WHERE kind IN ('DecisionLogged', 'DecisionRemoved')"
        " AND json_extract(unpack(data), '$.node.origin.session') = ?",
        (session,),
    )
    db.execute(
        "UPDATE events SET data = json_set(unpack(data), '$.session', '')"
        " WHERE kind = 'DoubtRaised' AND json_extract(unpack(data), '$.session') = ?",
        (session,),
    )
    db.execute(
        "UPDATE events SET session = '' WHERE session = ?"
        " AND (kind GLOB 'Decision[LRU]*' OR kind GLOB 'Doubt[RTC]*')",
        (session,),
    )
    db.execute("UPDATE decisions SET session = '', prompt = '' WHERE session = ?", (session,))
    db.execute("UPDATE doubts SET session = '' WHERE session = ?", (session,))
