"""The last word on every node and edge there ever was, deleted ones too: what clones compare."""

from collections.abc import Iterator
from math import inf, nextafter

from loomkin.records.codec import load
from loomkin.records.dataclass import dataclass
from loomkin.records.decision import DecisionEdge, EdgeType, Node
from loomkin.records.decision_event import (
    DecisionLinked,
    DecisionLogged,
    DecisionRemoved,
    DecisionRevised,
    DecisionUnlinked,
)
from loomkin.store.database import Database
from loomkin.store.decisions import Change, everything
from loomkin.store.packing import unpack

PATCH = "a patch"
"""By whom facts are that came from another clone; the time of such a fact is that of its change there."""
UNDO = "undo:"
"""What the act of taking back begins with; the act that is taken back follows."""
QUIET = f"{UNDO}nothing:"
"""The same for what a patch only makes the log remember: it changes nothing that one could take back."""
Key = tuple[str, str, EdgeType]
_KINDS: dict[str, type[Change]] = {
    kind.__name__: kind
    for kind in (DecisionLogged, DecisionRevised, DecisionRemoved, DecisionLinked, DecisionUnlinked)
}


@dataclass(frozen=True, slots=True)
class NodeWord:
    """What was last said of a node, and when; a deleted one is `gone`."""

    at: float
    node: Node
    gone: bool = False


@dataclass(frozen=True, slots=True)
class EdgeWord:
    """What was last said of an edge, and when; it is not seen while one of its ends is gone."""

    at: float
    edge: DecisionEdge
    gone: bool = False


@dataclass(frozen=True, slots=True)
class LastWords:
    """The last word on nodes by change id, and on edges by their ends and type."""

    nodes: dict[str, NodeWord]
    edges: dict[Key, EdgeWord]

    def seen(self, key: Key) -> bool:
        """Whether an edge is there, and both its ends."""
        word = self.edges.get(key)
        return word is not None and not word.gone and self.holds(key[0]) and self.holds(key[1])

    def holds(self, change: str) -> bool:
        """Whether a node is there."""
        return change in self.nodes and not self.nodes[change].gone


def key_of(edge: DecisionEdge) -> Key:
    """What there is one edge of at most."""
    return edge.start, edge.end, edge.type


def last_words(db: Database) -> LastWords:
    """The last words of a repository; blocks. The tables say what is there, the log when, and what was."""
    said = LastWords({}, {})
    for at, fact in _heard(list(_changes(db))):
        _hear(said, at, fact)
    nodes, edges = everything(db)
    here = {node.change_id for node in nodes}
    for change in [change for change, word in said.nodes.items() if not word.gone and change not in here]:
        del said.nodes[change]  # came with a patch, was deleted and brought back, and went with the patch
    for node in nodes:
        said.nodes[node.change_id] = NodeWord(said.nodes[node.change_id].at, node)
    there = {key_of(edge): edge for edge in edges}
    for key in [key for key in said.edges if said.seen(key)]:
        if key in there:
            said.edges[key] = EdgeWord(said.edges[key].at, there[key])
        else:  # refused when it was written: it would have closed a circle
            del said.edges[key]
    return said


def _heard(changes: list[tuple[float, Change]]) -> Iterator[tuple[float, Change]]:
    """All but patches that were taken back: what they said was never said here, nor that it is gone."""
    acts = {fact.act for _, fact in changes if fact.by == PATCH}
    undone = {fact.act.removeprefix(UNDO) for _, fact in changes if fact.act.startswith(UNDO)}
    forgotten = acts & undone
    names = {f"{before}{act}" for act in forgotten for before in ("", UNDO, QUIET)}
    return (one for one in changes if one[1].act not in names)


def _hear(said: LastWords, at: float, fact: Change) -> None:
    match fact:
        case DecisionLogged(node, by) | DecisionRemoved(node, by):
            gone = isinstance(fact, DecisionRemoved)
            before = said.nodes.get(node.change_id)
            said.nodes[node.change_id] = NodeWord(_later(at, by, before), node, gone)
        case DecisionRevised(change_id=change, by=by):
            known = said.nodes.get(change)
            if known is not None and not known.gone:
                said.nodes[change] = NodeWord(_later(at, by, known), known.node)
        case DecisionLinked(edge, by) | DecisionUnlinked(edge, by):
            gone = isinstance(fact, DecisionUnlinked)
            key = key_of(edge)
            said.edges[key] = EdgeWord(_later(at, by, said.edges.get(key)), edge, gone)


def _later(at: float, by: str, before: NodeWord | EdgeWord | None) -> float:
    """When it was said: what is said here comes after what was known here, whatever the clocks say."""
    if by == PATCH or before is None or at > before.at:
        return at
    return nextafter(before.at, inf)


def _changes(db: Database) -> Iterator[tuple[float, Change]]:
    # the index of these kinds is found by the very words that made it
    rows = db.rows(
        "SELECT at, kind, data FROM events WHERE kind IN ('DecisionLogged', 'DecisionRevised',"
        " 'DecisionRemoved', 'DecisionLinked', 'DecisionUnlinked') AND project = ? ORDER BY seq",
        (db.project,),
    )
    return ((row["at"], load(_KINDS[row["kind"]], unpack(row["data"]))) for row in rows)
