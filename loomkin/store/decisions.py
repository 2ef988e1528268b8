"""Reading the decision graph of the repository; every walk is one query, whatever its length."""

import json
from collections.abc import Iterable, Iterator
from sqlite3 import Row

from loomkin.records.codec import load
from loomkin.records.dataclass import dataclass
from loomkin.records.decision import (
    Author,
    DecisionEdge,
    EdgeType,
    Node,
    NodeKind,
    NodeStatus,
    Origin,
    Wording,
)
from loomkin.records.decision_event import (
    DecisionLinked,
    DecisionLogged,
    DecisionRemoved,
    DecisionRevised,
    DecisionUnlinked,
)
from loomkin.records.ids import DecisionId, SessionId
from loomkin.records.regex import pattern
from loomkin.store.database import Database
from loomkin.store.packing import unpack
from loomkin.store.projections_decisions import split_words

ALL = -1
NUMBERS = "decision"
"""What the numbers of decisions are counted under."""
Change = DecisionLogged | DecisionRevised | DecisionRemoved | DecisionLinked | DecisionUnlinked
_CHANGES: tuple[type[Change], ...] = (
    DecisionLogged, DecisionRevised, DecisionRemoved, DecisionLinked, DecisionUnlinked,
)  # fmt: skip
_WORD = pattern(r"\w+")
NODE = (
    "decisions.id, decisions.change_id, kind, decisions.title, decisions.description, status, reason,"
    " confidence, failed, branch, commit_id, messages, keepers, author, agent, session, task, prompt,"
    " created, updated,"
    " (SELECT json_group_array(path) FROM (SELECT path FROM decision_files"
    " WHERE decision_files.node = decisions.change_id ORDER BY number)) AS files"
)
_EDGE = "change_id, start, finish, type, reason, at"


@dataclass(frozen=True, slots=True)
class Found:
    """A node and how many steps away from another one it is."""

    node: Node
    steps: int


def find(db: Database, word: str) -> Node | None:
    """The node of that id, such as `d42`, or of that change id."""
    rows = db.rows(
        f"SELECT {NODE} FROM decisions WHERE project = ? AND (id = ? OR change_id = ?)",
        (db.project, word, word),
    )
    return node_of(rows[0]) if rows else None


def listed(
    db: Database,
    kinds: Iterable[NodeKind] = (),
    *,
    status: NodeStatus | None = None,
    title: str | None = None,
    session: str | None = None,
    branch: str | None = None,
    since: float = 0.0,
    limit: int = ALL,
) -> list[Node]:
    """Nodes of these kinds, all where none is named, last changed first; each filter narrows them down."""
    wanted = json.dumps([kind.value for kind in kinds])
    rows = db.rows(
        f"SELECT {NODE} FROM decisions WHERE project = ?1 AND updated > ?2"
        " AND (?3 = '[]' OR kind IN (SELECT value FROM json_each(?3)))"
        " AND (?4 IS NULL OR status = ?4) AND (?5 IS NULL OR title = ?5)"
        " AND (?6 IS NULL OR session = ?6) AND (?7 IS NULL OR branch = ?7)"
        " ORDER BY updated DESC, seq DESC LIMIT ?8",
        (db.project, since, wanted, status.value if status else None, title, session, branch, limit),
    )
    return [node_of(row) for row in rows]


def some(db: Database, changes: Iterable[str]) -> list[Node]:
    """The nodes of these change ids, oldest first."""
    rows = db.rows(
        f"SELECT {NODE} FROM decisions WHERE project = ? AND change_id IN (SELECT value FROM json_each(?))"
        " ORDER BY created, seq",
        (db.project, as_list(changes)),
    )
    return [node_of(row) for row in rows]


def everything(db: Database) -> tuple[list[Node], list[DecisionEdge]]:
    """All nodes and all edges, oldest first."""
    nodes = db.rows(f"SELECT {NODE} FROM decisions WHERE project = ? ORDER BY created, seq", (db.project,))
    edges = db.rows(f"SELECT {_EDGE} FROM decision_edges ORDER BY at, start, finish, type")
    return [node_of(row) for row in nodes], [_edge(row) for row in edges]


def edges_of(db: Database, changes: Iterable[str]) -> list[DecisionEdge]:
    """The edges with an end in these nodes, oldest first."""
    rows = db.rows(
        "WITH wanted(node) AS (SELECT value FROM json_each(?))"
        f" SELECT {_EDGE} FROM decision_edges WHERE start IN wanted OR finish IN wanted"
        " ORDER BY at, start, finish, type",
        (as_list(changes),),
    )
    return [_edge(row) for row in rows]


def search(db: Database, words: str, limit: int = ALL) -> list[Node]:
    """The nodes whose title, description, reasons or files fit best; any word may miss, more is better."""
    terms = dict.fromkeys(_WORD.findall(split_words(words)))
    if not terms:
        return []
    query = " OR ".join(f'"{term}"*' if len(term) > 2 else f'"{term}"' for term in terms)
    rows = db.rows(
        f"SELECT {NODE} FROM decision_search JOIN decisions ON decisions.seq = decision_search.rowid"
        " WHERE decision_search MATCH ? AND project = ?"
        " ORDER BY bm25(decision_search, 4.0, 1.0, 2.0, 2.0), updated DESC LIMIT ?",
        (query, db.project, limit),
    )
    return [node_of(row) for row in rows]


def around(db: Database, change: str, depth: int) -> list[Found]:
    """The nodes within some steps of one, whichever way the edges lead, nearest first."""
    return _walk(db, change, depth, "SELECT start AS one, finish AS other FROM decision_edges UNION ALL"
                 " SELECT finish, start FROM decision_edges")  # fmt: skip


def beneath(db: Database, change: str) -> list[Node]:
    """A node with all that came of it, what was weighed for that, and what bears it out, oldest first."""
    rows = db.rows(
        "WITH RECURSIVE step(one, other) AS (SELECT start, finish FROM decision_edges UNION"
        " SELECT finish, start FROM decision_edges"
        " WHERE type IN ('requires', 'revises', 'summarizes', 'supports')),"
        " below(node) AS (SELECT ? UNION SELECT step.other FROM below JOIN step ON step.one = below.node)"
        f" SELECT {NODE} FROM below JOIN decisions ON decisions.change_id = below.node WHERE project = ?"
        " ORDER BY created, seq",
        (change, db.project),
    )
    return [node_of(row) for row in rows]


def _walk(db: Database, change: str, depth: int, steps: str) -> list[Found]:
    rows = db.rows(
        f"WITH RECURSIVE step(one, other) AS ({steps}), near(node, steps) AS ("
        " SELECT ?, 0 UNION SELECT step.other, near.steps + 1 FROM near JOIN step ON step.one = near.node"
        " WHERE near.steps < ?),"
        " nearest(node, steps) AS (SELECT node, min(steps) FROM near GROUP BY node)"
        f" SELECT {NODE}, nearest.steps AS steps FROM nearest JOIN decisions"
        " ON decisions.change_id = nearest.node WHERE project = ? ORDER BY nearest.steps, created, seq",
        (change, depth, db.project),
    )
    return [Found(node_of(row), row["steps"]) for row in rows]


def way(db: Database, start: str, end: str) -> list[str]:
    """The change ids on a shortest way along edges that order nodes, empty where none leads there."""
    rows = db.rows(
        "WITH RECURSIVE after(node) AS (SELECT ? UNION SELECT later FROM after"
        " JOIN decision_edges ON earlier = after.node)"
        " SELECT earlier, later FROM decision_edges WHERE earlier IN after",
        (start,),
    )
    steps: dict[str, list[str]] = {}
    for earlier, later in rows:
        steps.setdefault(earlier, []).append(later)
    ways = [[start]]
    seen = {start}
    for known in ways:
        if known[-1] == end:
            return known
        for later in steps.get(known[-1], ()):
            if later not in seen:
                seen.add(later)
                ways.append([*known, later])
    return []


def changes(db: Database) -> Iterator[Change]:
    """What was done to the graph, newest first."""
    kinds = {kind.__name__: kind for kind in _CHANGES}
    # the index of these kinds is found by the very words that made it
    rows = db.reader.execute(
        "SELECT kind, data FROM events WHERE kind IN ('DecisionLogged', 'DecisionRevised', 'DecisionRemoved',"
        " 'DecisionLinked', 'DecisionUnlinked') AND project = ? ORDER BY seq DESC",
        (db.project,),
    )
    return (load(kinds[kind], unpack(data)) for kind, data in rows)


def here(db: Database, changes: Iterable[str]) -> set[str]:
    """Those of the change ids that the graph knows."""
    rows = db.rows(
        "SELECT change_id FROM decisions WHERE change_id IN (SELECT value FROM json_each(?))",
        (as_list(changes),),
    )
    return {str(row["change_id"]) for row in rows}


def as_list(values: Iterable[str]) -> str:
    """Values as one parameter, for `json_each`."""
    return json.dumps(list(values))


def node_of(row: Row) -> Node:
    """A row with the columns of `NODE` as a node."""
    wording = Wording(
        row["title"],
        row["description"],
        NodeStatus(row["status"]),
        row["reason"],
        row["confidence"],
        bool(row["failed"]),
        tuple(json.loads(row["files"])),
        row["branch"],
        row["commit_id"],
        tuple(json.loads(row["messages"])),
        tuple(json.loads(row["keepers"])),
    )
    origin = Origin(
        Author(row["author"]), row["agent"], SessionId(row["session"]), row["task"], row["prompt"]
    )
    kind = NodeKind(row["kind"])
    return Node(
        DecisionId(row["id"]), row["change_id"], kind, wording, origin, row["created"], row["updated"]
    )


def _edge(row: Row) -> DecisionEdge:
    return DecisionEdge(row[0], row[1], row[2], EdgeType(row[3]), row[4], row[5])
