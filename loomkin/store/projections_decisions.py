"""From the facts of the decision graph to tables; the tables themselves refuse a circle and a second edge.

They belong to the repository, not to a session: what a session decided outlives it.
"""

import json
from sqlite3 import Connection

from loomkin.records import decision_event as facts
from loomkin.records.decision import DecisionEdge, Wording
from loomkin.records.event import Event
from loomkin.records.regex import pattern
from loomkin.store.projecting import projects

DECISION_TABLES = ("decisions", "decision_files", "decision_edges", "decision_search", "doubts")
_CAMEL = pattern(r"(?<=[a-z0-9])(?=[A-Z])")


def split_words(text: str) -> str:
    """The text, with the parts of `camelCase` names behind it, which the index else takes for one word."""
    parted = _CAMEL.sub(" ", text)
    return text if parted == text else f"{text} {parted}"


@projects(facts.DecisionLogged)
def _logged(db: Connection, project: str, event: Event, fact: facts.DecisionLogged) -> None:
    node, origin = fact.node, fact.node.origin
    cursor = db.execute(
        "INSERT OR IGNORE INTO decisions VALUES"
        " (?, ?, ?, ?, ?, ?, '', '', '', '', NULL, 0, '', '', '', '', ?, ?, ?, ?, ?, ?)",
        (
            event.seq,
            project,
            origin.session,
            node.change_id,
            node.id,
            node.kind.value,
            origin.author.value,
            origin.agent,
            origin.task,
            origin.prompt,
            node.created,
            node.updated,
        ),
    )
    if cursor.rowcount:
        _word(db, node.change_id, node.wording, node.updated)


@projects(facts.DecisionRevised)
def _revised(db: Connection, project: str, event: Event, fact: facts.DecisionRevised) -> None:
    _word(db, fact.change_id, fact.after, event.at)


@projects(facts.DecisionRemoved)
def _removed(db: Connection, project: str, event: Event, fact: facts.DecisionRemoved) -> None:
    change = fact.node.change_id
    db.execute(
        "DELETE FROM decision_search WHERE rowid = (SELECT seq FROM decisions WHERE change_id = ?)", (change,)
    )
    others = _neighbours(db, change)
    db.execute("DELETE FROM decision_edges WHERE start = ? OR finish = ?", (change, change))
    db.execute("DELETE FROM decision_files WHERE node = ?", (change,))
    db.execute("DELETE FROM doubts WHERE node = ?", (change,))
    db.execute("DELETE FROM decisions WHERE change_id = ?", (change,))
    for other in others:
        _index(db, other)


@projects(facts.DecisionLinked)
def _linked(db: Connection, project: str, event: Event, fact: facts.DecisionLinked) -> None:
    edge = fact.edge
    earlier, later = edge.order or (None, None)
    if edge.start == edge.end or (earlier and later and _leads(db, later, earlier)):
        return
    db.execute(
        "INSERT INTO decision_edges SELECT ?, ?, ?, ?, ?, ?, ?, ?"
        " WHERE (SELECT count(*) FROM decisions WHERE change_id IN (?, ?)) = 2"
        " ON CONFLICT (start, finish, type) DO UPDATE SET reason = excluded.reason",
        (
            edge.start,
            edge.end,
            edge.type.value,
            edge.change_id,
            edge.reason,
            earlier,
            later,
            edge.created,
            edge.start,
            edge.end,
        ),
    )
    _index_ends(db, edge)


@projects(facts.DecisionUnlinked)
def _unlinked(db: Connection, project: str, event: Event, fact: facts.DecisionUnlinked) -> None:
    edge = fact.edge
    db.execute(
        "DELETE FROM decision_edges WHERE start = ? AND finish = ? AND type = ?",
        (edge.start, edge.end, edge.type.value),
    )
    _index_ends(db, edge)


@projects(facts.DoubtRaised)
def _raised(db: Connection, project: str, event: Event, fact: facts.DoubtRaised) -> None:
    db.execute(
        "INSERT OR REPLACE INTO doubts VALUES (?, ?, 'raised', ?, ?, ?, ?)",
        (fact.node, fact.source, int(fact.told), event.at, fact.session, fact.agent),
    )


@projects(facts.DoubtTold)
def _told(db: Connection, project: str, event: Event, fact: facts.DoubtTold) -> None:
    where = (fact.node, fact.source)
    db.execute("DELETE FROM doubts WHERE node = ? AND source = ? AND state = 'cleared'", where)
    db.execute("UPDATE doubts SET told = 1 WHERE node = ? AND source = ?", where)


@projects(facts.DoubtCleared)
def _cleared(db: Connection, project: str, event: Event, fact: facts.DoubtCleared) -> None:
    where = (fact.node, fact.source)
    if fact.told:
        db.execute("DELETE FROM doubts WHERE node = ? AND source = ?", where)
    else:
        db.execute(
            "UPDATE doubts SET state = 'cleared', told = 0, at = ? WHERE node = ? AND source = ?",
            (event.at, *where),
        )


def _word(db: Connection, change: str, wording: Wording, at: float) -> None:
    """Put the words of a node into its row, its files into theirs, and all into the index."""
    cursor = db.execute(
        "UPDATE decisions SET title = ?, description = ?, status = ?, reason = ?, confidence = ?, failed = ?,"
        " branch = ?, commit_id = ?, messages = ?, keepers = ?, updated = ? WHERE change_id = ?",
        (
            wording.title,
            wording.description,
            wording.status.value,
            wording.reason,
            wording.confidence,
            int(wording.failed),
            wording.branch,
            wording.commit,
            json.dumps(wording.messages),
            json.dumps(wording.keepers),
            at,
            change,
        ),
    )
    if not cursor.rowcount:
        return
    db.execute("DELETE FROM decision_files WHERE node = ?", (change,))
    rows = [(change, number, path) for number, path in enumerate(dict.fromkeys(wording.files))]
    db.executemany("INSERT INTO decision_files VALUES (?, ?, ?)", rows)
    _index(db, change)


def _leads(db: Connection, start: str, end: str) -> bool:
    """Whether the edges that order nodes lead from one to the other."""
    row = db.execute(
        "WITH RECURSIVE after(node) AS (SELECT ? UNION SELECT decision_edges.later FROM after"
        " JOIN decision_edges ON decision_edges.earlier = after.node)"
        " SELECT 1 FROM after WHERE node = ? LIMIT 1",
        (start, end),
    ).fetchone()
    return row is not None


def _neighbours(db: Connection, change: str) -> list[str]:
    rows = db.execute(
        "SELECT finish FROM decision_edges WHERE start = ? UNION"
        " SELECT start FROM decision_edges WHERE finish = ? ORDER BY 1",
        (change, change),
    )
    return [str(row[0]) for row in rows]


def _index_ends(db: Connection, edge: DecisionEdge) -> None:
    for change in dict.fromkeys((edge.start, edge.end)):
        _index(db, change)


def _index(db: Connection, change: str) -> None:
    """What is searched of a node: its title and description, all reasons on it and its edges, its files."""
    row = db.execute(
        "SELECT seq, title, description, reason FROM decisions WHERE change_id = ?", (change,)
    ).fetchone()
    if row is None:
        return
    seq, title, description, reason = row
    reasons = db.execute(
        "SELECT reason FROM decision_edges WHERE (start = ? OR finish = ?) AND reason <> ''"
        " ORDER BY start, finish, type",
        (change, change),
    )
    files = db.execute("SELECT path FROM decision_files WHERE node = ? ORDER BY number", (change,))
    words = (title, description, "\n".join([reason, *(one[0] for one in reasons)]))
    paths = "\n".join(one[0] for one in files)
    db.execute("DELETE FROM decision_search WHERE rowid = ?", (seq,))
    db.execute(
        "INSERT INTO decision_search (rowid, title, description, reasons, files) VALUES (?, ?, ?, ?, ?)",
        (seq, *map(split_words, words), split_words(paths)),
    )
