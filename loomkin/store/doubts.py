"""Reading what rests on something unsure: what ought to be flagged, what is, and who has not heard of it."""

from loomkin.records.dataclass import dataclass
from loomkin.records.ids import SessionId
from loomkin.store.database import Database

STEPS = 5
"""How far doubt reaches."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A node and the unsure one that it rests on, both by change id; `state` is raised or cleared."""

    node: str
    source: str
    state: str
    told: bool
    at: float


@dataclass(frozen=True, slots=True)
class Unheard:
    """A doubt that its owner has not heard of, with the words it takes to say so."""

    doubt: Doubt
    id: str
    title: str
    source_id: str
    source_title: str
    confidence: int | None
    failed: bool


def due(db: Database, threshold: int) -> list[tuple[str, str, SessionId, str]]:
    """What ought to be flagged: node, source, and the node's session and agent.

    Unsure is what holds with a confidence below the threshold, and what an outcome that failed came of, up
    to the nearest decision. It reaches what requires, is enabled by or is blocked by it.
    """
    rows = db.rows(
        "WITH RECURSIVE"
        " blamed(source, node, kind, steps) AS ("
        " SELECT change_id, change_id, kind, 0 FROM decisions"
        " WHERE project = ?1 AND status = 'active' AND failed"
        " UNION SELECT blamed.source, before.change_id, before.kind, steps + 1 FROM blamed"
        " JOIN decision_edges ON finish = blamed.node AND type = 'leads_to'"
        " JOIN decisions AS before ON before.change_id = start AND before.kind <> 'goal'"
        " WHERE steps < ?3 AND blamed.kind <> 'decision'),"
        " resting(source, node, steps) AS ("
        " SELECT change_id, change_id, 0 FROM decisions"
        " WHERE project = ?1 AND status = 'active' AND confidence < ?2"
        " UNION SELECT source, node, 0 FROM blamed"
        " UNION SELECT resting.source, later, steps + 1 FROM resting JOIN decision_edges"
        " ON earlier = resting.node AND type IN ('requires', 'blocks', 'enables') WHERE steps < ?3)"
        " SELECT DISTINCT change_id, source, session, agent FROM resting JOIN decisions"
        " ON change_id = node WHERE node <> source AND status = 'active' ORDER BY seq, source",
        (db.project, threshold, STEPS),
    )
    return [(row[0], row[1], SessionId(row[2]), row[3]) for row in rows]


def doubts(db: Database) -> list[Doubt]:
    """All flags, and those taken back that their owners have not heard of."""
    rows = db.rows("SELECT node, source, state, told, at FROM doubts ORDER BY at, node, source")
    return [Doubt(row[0], row[1], row[2], bool(row[3]), row[4]) for row in rows]


def unheard(db: Database, session: str, agent: str) -> list[Unheard]:
    """What an agent of a session has not heard of doubts in its own nodes."""
    rows = db.reader.execute(
        "SELECT node, source, state, doubts.told, doubts.at, own.id, own.title,"
        " coalesce(other.id, 'a deleted node'), coalesce(other.title, ''), other.confidence,"
        " coalesce(other.failed, 0) FROM doubts"
        " JOIN decisions AS own ON own.change_id = node"
        " LEFT JOIN decisions AS other ON other.change_id = source"
        " WHERE doubts.session = ? AND doubts.agent = ? AND doubts.told = 0 ORDER BY at, node, source",
        (session, agent),
    )
    return [
        Unheard(
            Doubt(row[0], row[1], row[2], bool(row[3]), row[4]),
            *(row[5], row[6], row[7], row[8]),
            confidence=row[9],
            failed=bool(row[10]),
        )
        for row in rows
    ]
