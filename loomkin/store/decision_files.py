"""Reading what was decided about files: what holds, and which ways were not taken."""

from collections.abc import Iterable

from loomkin.records.dataclass import dataclass
from loomkin.records.decision import Node
from loomkin.store.database import Database
from loomkin.store.decisions import NODE, as_list, node_of


@dataclass(frozen=True, slots=True)
class NotTaken:
    """A way of dealing with a file that was not taken: who turned it down, and why."""

    node: Node
    path: str
    reason: str
    instead: str


def at_files(db: Database, paths: Iterable[str]) -> list[Node]:
    """The nodes about one of these files, or about a folder that it lies in, last changed first."""
    rows = db.rows(
        f"SELECT {NODE} FROM decisions WHERE project = ? AND change_id IN (SELECT node FROM decision_files"
        " WHERE path IN (SELECT value FROM json_each(?))) ORDER BY updated DESC, seq DESC",
        (db.project, as_list(_with_folders(paths))),
    )
    return [node_of(row) for row in rows]


def known_files(db: Database) -> list[str]:
    """The files that any node is about."""
    rows = db.rows("SELECT DISTINCT path FROM decision_files ORDER BY path")
    return [str(row["path"]) for row in rows]


def not_taken(db: Database, paths: Iterable[str]) -> list[NotTaken]:
    """Options that were rejected and paths that were abandoned or superseded, for files; newest first.

    A rejected option counts for its own files and for those of the decision that rejected it; one that
    another decision in force has chosen does not count.
    """
    rows = db.rows(
        "WITH here(node, path) AS (SELECT node, path FROM decision_files"
        " WHERE path IN (SELECT value FROM json_each(?2))),"
        " weighed AS (SELECT edge.*, here.path FROM here CROSS JOIN decision_edges AS edge"
        " ON edge.start = here.node UNION SELECT edge.*, here.path FROM here"
        " CROSS JOIN decision_edges AS edge ON edge.finish = here.node),"
        " lost(node, path, why, instead) AS ("
        " SELECT edge.finish, edge.path, edge.reason, by.id || ' ' || by.title FROM weighed AS edge"
        " JOIN decisions AS by ON by.change_id = edge.start WHERE edge.type = 'rejected'"
        " AND NOT EXISTS (SELECT 1 FROM decision_edges AS won JOIN decisions AS winner"
        " ON winner.change_id = won.start AND winner.status IN ('active', 'done')"
        " WHERE won.finish = edge.finish AND won.type = 'chosen')"
        " UNION SELECT gone.change_id, here.path, coalesce(nullif(gone.reason, ''), (SELECT edge.reason"
        " FROM decision_edges AS edge WHERE edge.finish = gone.change_id AND edge.type = 'supersedes'"
        " ORDER BY at DESC LIMIT 1), ''), coalesce((SELECT new.id || ' ' || new.title"
        " FROM decision_edges AS edge"
        " JOIN decisions AS new ON new.change_id = edge.start WHERE edge.finish = gone.change_id"
        " AND edge.type = 'supersedes' ORDER BY at DESC LIMIT 1), '')"
        " FROM here JOIN decisions AS gone ON gone.change_id = here.node"
        " WHERE gone.status IN ('abandoned', 'superseded'))"
        f" SELECT {NODE}, lost.path AS lost_path, lost.why AS why, lost.instead AS instead"
        " FROM lost JOIN decisions ON decisions.change_id = lost.node WHERE project = ?1"
        " GROUP BY decisions.change_id ORDER BY updated DESC, seq DESC",
        (db.project, as_list(_with_folders(paths))),
    )
    return [NotTaken(node_of(row), row["lost_path"], row["why"], row["instead"]) for row in rows]


def _with_folders(paths: Iterable[str]) -> list[str]:
    """The paths and all folders above them."""
    found: dict[str, None] = {}
    for path in paths:
        parts = path.strip("/").split("/")
        found.update(dict.fromkeys("/".join(parts[: count + 1]) for count in range(len(parts))))
    return list(found)
