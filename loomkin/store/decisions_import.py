"""The part of the decision graph that belongs to a session, out of one repository and into another."""

from collections.abc import Iterable, Iterator

from loomkin.records.dataclass import replace
from loomkin.records.decision import DecisionEdge, Node, Origin
from loomkin.records.decision_event import (
    DecisionLinked,
    DecisionLogged,
    DecisionRemoved,
    DecisionRevised,
    DecisionUnlinked,
)
from loomkin.records.event import Fact
from loomkin.store import decisions
from loomkin.store.database import Database

BY = "loomkin"
_Key = tuple[str, str, str]


def part_of(db: Database, session: str) -> tuple[list[Node], list[DecisionEdge]]:
    """What a session decided or changed, as it stands now, with its edges and what is at their other ends.

    Of what other sessions decided the person's words and the session stay out of it.
    """
    own = _touched(db, session)
    near = {end for edge in decisions.edges_of(db, own) for end in (edge.start, edge.end)}
    nodes = decisions.some(db, own | near)
    inside = {node.change_id for node in nodes}
    edges = [edge for edge in decisions.edges_of(db, inside) if edge.start in inside and edge.end in inside]
    return [node if node.origin.session == session else _without_words(node) for node in nodes], edges


def corrections(
    db: Database, nodes: Iterable[Node], edges: Iterable[DecisionEdge], act: str
) -> Iterator[tuple[float, Fact]]:
    """What must happen, and when it did, so that the graph of `db` becomes this one; in a fixed order."""
    wanted = {node.change_id: node for node in nodes}
    lines = {_key(edge): edge for edge in edges}
    known_nodes, known_edges = decisions.everything(db)
    known = {node.change_id: node for node in known_nodes}
    drawn = {_key(edge): edge for edge in known_edges}
    for key, edge in drawn.items():
        if key not in lines:
            yield edge.created, DecisionUnlinked(edge, BY, act)
    for change, node in known.items():
        if change not in wanted:
            yield node.updated, DecisionRemoved(node, BY, act)
    for change, node in wanted.items():
        before = known.get(change)
        if before is None:
            yield node.updated, DecisionLogged(node, BY, act)
        elif before.wording != node.wording:
            yield node.updated, DecisionRevised(node.id, change, before.wording, node.wording, BY, act)
    for key, edge in lines.items():
        if key not in drawn or drawn[key].reason != edge.reason:
            yield edge.created, DecisionLinked(edge, BY, act, drawn.get(key))


def _touched(db: Database, session: str) -> set[str]:
    rows = db.rows(
        "SELECT change_id FROM decisions WHERE session = ?1"
        " UNION SELECT coalesce(json_extract(unpack(data), '$.node.change_id'),"
        " json_extract(unpack(data), '$.change_id'), json_extract(unpack(data), '$.edge.start'))"
        " FROM events WHERE session = ?1 AND kind GLOB 'Decision[LRU]*'"
        " UNION SELECT json_extract(unpack(data), '$.edge.end') FROM events"
        " WHERE session = ?1 AND kind IN ('DecisionLinked', 'DecisionUnlinked')"
        " UNION SELECT change_id FROM decisions WHERE id IN"
        " (SELECT json_extract(data, '$.goal') FROM tasks WHERE session = ?1)",
        (session,),
    )
    return {str(row[0]) for row in rows}


def _without_words(node: Node) -> Node:
    return replace(node, origin=Origin(node.origin.author, node.origin.agent))


def _key(edge: DecisionEdge) -> _Key:
    return edge.start, edge.end, edge.type.value
