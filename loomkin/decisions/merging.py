"""Taking in a patch: of every node and edge the newer word counts, whichever clone it comes from."""

import json
from collections.abc import Callable, Iterator

from loomkin.decisions.drafts import GraphError
from loomkin.decisions.patch import content
from loomkin.decisions.patch_fields import PatchError
from loomkin.records.dataclass import dataclass, field, replace
from loomkin.records.decision import DecisionEdge, Node
from loomkin.records.decision_event import (
    DecisionLinked,
    DecisionLogged,
    DecisionRemoved,
    DecisionRevised,
    DecisionUnlinked,
)
from loomkin.records.event import Event, Fact
from loomkin.records.ids import DecisionId, SessionId
from loomkin.store.decision_log import PATCH, QUIET, EdgeWord, Key, LastWords, NodeWord


@dataclass(slots=True)
class Merged:
    """What a patch comes to: nodes and edges by what becomes of them; the rest are numbers."""

    added: list[Node] = field(default_factory=list)
    changed: list[tuple[Node, Node]] = field(default_factory=list)
    removed: list[Node] = field(default_factory=list)
    linked: list[DecisionEdge] = field(default_factory=list)
    unlinked: list[DecisionEdge] = field(default_factory=list)
    known: int = 0
    older: int = 0
    events: list[Event] = field(default_factory=list)

    @property
    def nothing(self) -> bool:
        """Whether the graph stays as it is."""
        return not (self.added or self.changed or self.removed or self.linked or self.unlinked)


class Merger:
    """Plans one patch against the last words of a repository; `number` gives a new node its id here."""

    def __init__(self, here: LastWords, act: str, number: Callable[[], str]) -> None:
        self._before = here
        self._now = LastWords(dict(here.nodes), dict(here.edges))
        self._act = act
        self._number = number
        self._merged = Merged()

    def plan(self, patch: LastWords) -> Merged:
        """All that is to be written, in its order; raises GraphError where that cannot be."""
        self._refuse_dangling(patch)
        for change, word in patch.nodes.items():
            self._node(change, word)
        for key, edge_word in patch.edges.items():
            self._edge(key, edge_word)
        self._refuse_circle()
        before, now = self._before, self._now
        keys = sorted(now.edges)
        for key in keys:
            if before.seen(key) and (not now.seen(key) or _drawn_anew(before.edges[key], now.edges[key])):
                self._unlink(key)
        for change in sorted(patch.nodes):
            self._remove(change)
        for key in keys:
            if now.seen(key) and not (before.seen(key) and before.edges[key] == now.edges[key]):
                self._link(key)
        for key in keys:
            self._remember(key)
        return self._merged

    def _node(self, change: str, word: NodeWord) -> None:
        known = self._before.nodes.get(change)
        if known is not None and known.node.kind is not word.node.kind:
            raise PatchError(
                f"{change} is a {word.node.kind} in the file and a {known.node.kind} here"
                f" ({known.node.title})."
            )
        if not self._wins(_node_rank(word), None if known is None else _node_rank(known)):
            return
        if word.gone:
            self._now.nodes[change] = word
            return
        if known is None or known.gone:
            once = known.node.id if known is not None else ""
            node = replace(word.node, id=DecisionId(once or self._number()))
            self._merged.added.append(node)
            self._say(word.at, DecisionLogged(node, PATCH, self._act))
        else:
            after = replace(word.node.wording, keepers=known.node.wording.keepers)
            node = replace(known.node, wording=after, updated=word.at)
            if after != known.node.wording:
                self._merged.changed.append((known.node, node))
            revised = DecisionRevised(node.id, change, known.node.wording, after, PATCH, self._act)
            self._say(word.at, revised)
        self._now.nodes[change] = NodeWord(word.at, node)

    def _edge(self, key: Key, word: EdgeWord) -> None:
        known = self._before.edges.get(key)
        if self._wins(_edge_rank(word), None if known is None else _edge_rank(known)):
            self._now.edges[key] = word

    def _wins(self, rank: tuple[object, ...], known: tuple[object, ...] | None) -> bool:
        """Whether the file's word counts; what is said at the same moment is told apart by its content."""
        if known is None or rank > known:
            return True
        if rank == known:
            self._merged.known += 1
        else:
            self._merged.older += 1
        return False

    def _unlink(self, key: Key) -> None:
        word, after = self._before.edges[key], self._now.edges[key]
        if not self._now.seen(key):
            self._merged.unlinked.append(word.edge)
        self._say(max(word.at, after.at), DecisionUnlinked(word.edge, PATCH, self._act))

    def _remove(self, change: str) -> None:
        before, now = self._before.nodes.get(change), self._now.nodes[change]
        if not now.gone or before == now:
            return
        if before is not None and not before.gone:
            self._merged.removed.append(before.node)
            self._say(now.at, DecisionRemoved(before.node, PATCH, self._act))
        node = replace(now.node, id=before.node.id) if before else now.node
        self._say(now.at, DecisionRemoved(node, PATCH, QUIET + self._act))

    def _link(self, key: Key) -> None:
        before, word = self._before.edges.get(key), self._now.edges[key]
        if before is not None and self._before.seen(key) and not _drawn_anew(before, word):
            self._say(word.at, DecisionLinked(word.edge, PATCH, self._act, before.edge))
            return
        if not self._before.seen(key):
            self._merged.linked.append(word.edge)
        self._say(word.at, DecisionLinked(word.edge, PATCH, self._act))

    def _remember(self, key: Key) -> None:
        """Keep in the log what is said of an edge that is not to be seen: its end, or that an end is gone."""
        before, now = self._before.edges.get(key), self._now.edges[key]
        if self._now.seen(key) or (before == now and not self._before.seen(key)):
            return
        if not now.gone:
            self._say(now.at, DecisionLinked(now.edge, PATCH, QUIET + self._act))
        elif not self._before.seen(key):
            self._say(now.at, DecisionUnlinked(now.edge, PATCH, QUIET + self._act))

    def _say(self, at: float, fact: Fact) -> None:
        self._merged.events.append(Event(0, at, SessionId(""), "", "", fact))

    def _refuse_dangling(self, patch: LastWords) -> None:
        for (start, end, kind), word in patch.edges.items():
            for change in (start, end):
                if not word.gone and change not in patch.nodes and change not in self._before.nodes:
                    raise PatchError(
                        f"An edge of the file ({start} {kind} {end}) hangs on {change}, which is neither in"
                        " the file nor in the graph here."
                    )

    def _refuse_circle(self) -> None:
        circle = _circle(self._now)
        if circle:
            named = " -> ".join(self._named(change) for change in circle)
            raise GraphError(
                f"The patch would close a circle: {named}.",
                hint="Each of these comes before the next, here or in the file. Unlink what is wrong, here or"
                " where the file comes from, and apply it then. Nothing was changed.",
            )

    def _named(self, change: str) -> str:
        node = self._now.nodes[change].node
        return f"{node.id} ({node.title})" if self._before.holds(change) else node.title


def _circle(said: LastWords) -> list[str]:
    """The nodes of a circle of edges that order them, the first one again at the end; empty for none."""
    later: dict[str, list[str]] = {}
    waiting: dict[str, int] = {}
    for key in sorted(said.edges):
        order = said.edges[key].edge.order if said.seen(key) else None
        if order:
            later.setdefault(order[0], []).append(order[1])
            waiting[order[1]] = waiting.get(order[1], 0) + 1
            waiting.setdefault(order[0], 0)
    free = [change for change, count in waiting.items() if not count]
    for change in free:
        for other in later.get(change, ()):
            waiting[other] -= 1
            if not waiting[other]:
                free.append(other)
    left = {change for change, count in waiting.items() if count}
    if not left:
        return []
    return _walked_back(min(left), left, later)


def _walked_back(start: str, left: set[str], later: dict[str, list[str]]) -> list[str]:
    """From a node that a circle leads to, back along edges until one comes again."""
    earlier = {other: change for change in sorted(left) for other in later.get(change, ()) if other in left}
    way = [start]
    while way.count(way[-1]) == 1:
        way.append(earlier[way[-1]])
    return way[way.index(way[-1]) :][::-1]


def differing(before: Node, after: Node) -> Iterator[str]:
    """The fields in which two wordings of a node differ."""
    one, other = content(before), content(after)
    return (name for name in one if one[name] != other[name])


def _drawn_anew(before: EdgeWord, after: EdgeWord) -> bool:
    """Whether it is another edge between the same nodes, not the same one with another reason."""
    return (before.edge.change_id, before.edge.created) != (after.edge.change_id, after.edge.created)


def _node_rank(word: NodeWord) -> tuple[object, ...]:
    return word.at, word.gone, "" if word.gone else json.dumps(content(word.node), sort_keys=True)


def _edge_rank(word: EdgeWord) -> tuple[object, ...]:
    edge = word.edge
    return word.at, word.gone, *(("", 0.0, "") if word.gone else (edge.change_id, edge.created, edge.reason))
