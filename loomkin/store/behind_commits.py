"""Reading what stands behind commits: the tasks for which files were changed, the nodes that name them."""

from collections.abc import Iterable, Mapping

from loomkin.records.dataclass import dataclass
from loomkin.records.decision import Node
from loomkin.store import decisions
from loomkin.store.database import Database


@dataclass(frozen=True, slots=True)
class TaskBehind:
    """A task for which an agent changed files; `goal` is the id of the goal that it serves, or empty."""

    session: str
    agent: str
    id: str
    title: str
    goal: str


def tasks(db: Database, since: Mapping[str, float]) -> list[TaskBehind]:
    """The tasks for which these files were changed, each file after its own moment."""
    rows = db.rows(
        "SELECT events.session, events.agent, tasks.id, tasks.title,"
        " coalesce(json_extract(tasks.data, '$.goal'), ''), changes.path, changes.at"
        " FROM changes JOIN events ON events.seq = changes.seq"
        " JOIN tasks ON tasks.session = events.session AND tasks.id = events.task"
        " WHERE events.project = ? AND events.task <> ''"
        " AND changes.path IN (SELECT value FROM json_each(?)) ORDER BY changes.seq",
        (db.project, decisions.as_list(since)),
    )
    found = [TaskBehind(*map(str, row[:5])) for row in rows if row[6] > since[row[5]]]
    return list(dict.fromkeys(found))


def nodes_at(db: Database, commits: Iterable[str]) -> list[Node]:
    """All nodes that name one of these commits."""
    rows = db.rows(
        "SELECT change_id FROM decisions WHERE project = ? AND commit_id IN (SELECT value FROM json_each(?))",
        (db.project, decisions.as_list(commits)),
    )
    return decisions.some(db, [row["change_id"] for row in rows])
