"""Reading what the plan did for goals: their tasks and the commands that proved them."""

from collections.abc import Iterable

from loomkin.records.codec import load
from loomkin.records.decision import NodeKind, NodeStatus
from loomkin.records.task import Evidence
from loomkin.store import decisions
from loomkin.store.database import Database


def with_tasks(db: Database) -> list[str]:
    """The ids of goals that any plan of the repository has tasks for."""
    rows = db.rows(
        "SELECT DISTINCT json_extract(tasks.data, '$.goal') AS goal FROM tasks JOIN sessions"
        " ON sessions.id = tasks.session WHERE sessions.project = ? AND goal <> ''",
        (db.project,),
    )
    return [str(row["goal"]) for row in rows]


def evidence(db: Database, goals: Iterable[str], tasks: Iterable[tuple[str, str]]) -> list[Evidence]:
    """The commands that were run for the tasks of goals, and for tasks of sessions, oldest first."""
    rows = db.rows(
        "SELECT evidence.data FROM evidence JOIN tasks ON tasks.session = evidence.session"
        " AND tasks.id = evidence.task WHERE (json_extract(tasks.data, '$.goal')"
        " IN (SELECT value FROM json_each(?)) OR tasks.session || ' ' || tasks.id"
        " IN (SELECT value FROM json_each(?))) AND NOT EXISTS"
        " (SELECT 1 FROM json_each(tasks.data, '$.withdrawn') AS gone WHERE"
        " json_extract(gone.value, '$.command') = json_extract(evidence.data, '$.command'))"
        " ORDER BY evidence.seq",
        (decisions.as_list(goals), decisions.as_list(" ".join(one) for one in tasks)),
    )
    return [load(Evidence, row["data"]) for row in rows]


def active(db: Database, session: str) -> list[tuple[str, str]]:
    """The active goals that a session logged, with the agent that did, newest first."""
    found = decisions.listed(db, (NodeKind.GOAL,), status=NodeStatus.ACTIVE, session=session)
    return [(node.id, node.origin.agent) for node in found]


def titled(db: Database, goal: str) -> str | None:
    """The title of the goal of that id, None where there is none."""
    node = decisions.find(db, goal)
    return node.title if node and node.kind is NodeKind.GOAL else None
