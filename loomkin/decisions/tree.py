"""The graph as a tree for the terminal: goals, what was decided and turned down for them, done and found."""

from collections.abc import Iterator, Mapping, Sequence

from loomkin.decisions.drafts import Graph
from loomkin.decisions.lines import BACK, line, marks
from loomkin.records.dataclass import dataclass
from loomkin.records.decision import BACKWARD, DecisionEdge, EdgeType, Node, NodeKind

_RANKS = {EdgeType.CHOSEN: 0, EdgeType.REJECTED: 1}
_SIGNS = {EdgeType.CHOSEN: "✓ chosen", EdgeType.REJECTED: "✗ rejected"}


@dataclass(frozen=True, slots=True)
class _Branch:
    """A node to be shown, the edge that leads there, and what stands before its line and those below.

    `upper` is the node that it hangs on, `depth` levels below a root.
    """

    node: Node
    edge: DecisionEdge | None = None
    before: str = ""
    below: str = ""
    upper: str = ""
    depth: int = 0


def tree(graph: Graph) -> str:
    """Every node once, below the first it came of; where it comes up again only its id and title."""
    children, lines = _children(graph), list[str]()
    for branch, again in _walk(graph, children):
        node = branch.node
        lines.append(f"{branch.before}{_told(branch, again)}")
        if node.wording.reason and not node.active and not again:
            bar = "│  " if children.get(node.change_id) else "   "
            lines.append(f"{branch.below}{bar}{node.status}: {_flat(node.wording.reason)}")
    return "\n".join(lines)


def plain_tree(graph: Graph) -> list[Mapping[str, object]]:
    """The lines of the tree for programs; `under` is the node that one hangs on, by the edge `how`."""
    return [
        {
            "id": branch.node.id,
            "kind": branch.node.kind,
            "title": branch.node.title,
            "status": branch.node.status,
            "confidence": branch.node.confidence,
            "depth": branch.depth,
            "under": branch.upper or None,
            "how": branch.edge.type if branch.edge else None,
            "reason": branch.edge.reason if branch.edge else branch.node.wording.reason,
            "again": again,
        }
        for branch, again in _walk(graph, _children(graph))
    ]


def _walk(
    graph: Graph, children: dict[str, list[tuple[str, DecisionEdge]]]
) -> Iterator[tuple[_Branch, bool]]:
    """The lines of the tree from the top, and whether their node came up before."""
    seen: set[str] = set()
    for root in _roots(graph, children):
        waiting = [] if root.change_id in seen else [_Branch(root)]
        while waiting:
            branch = waiting.pop()
            change = branch.node.change_id
            again = change in seen
            yield branch, again
            if again:
                continue
            seen.add(change)
            below = children.get(change, [])
            for number, (other, edge) in reversed(list(enumerate(below))):
                before, more = ("└─ ", "   ") if number == len(below) - 1 else ("├─ ", "│  ")
                waiting.append(
                    _Branch(
                        graph.nodes[other],
                        edge,
                        branch.below + before,
                        branch.below + more,
                        branch.node.id,
                        branch.depth + 1,
                    )
                )


def _told(branch: _Branch, again: bool) -> str:
    node, edge = branch.node, branch.edge
    if edge is None:
        return line(node)
    why = f": {_flat(edge.reason)}" if edge.reason else ""
    if edge.type in _SIGNS:
        return f"{_SIGNS[edge.type]} {node.id} {node.title}{marks(node)}{why}"
    how = "" if edge.type is EdgeType.LEADS_TO else f"{edge.type} "
    if edge.start == node.change_id:
        how = f"{BACK[edge.type]} "
    return f"{how}{node.id} {node.title} (see above){why}" if again else f"{how}{line(node)}{why}"


def _children(graph: Graph) -> dict[str, list[tuple[str, DecisionEdge]]]:
    """What stands below every node: options first, then the rest, each oldest first."""
    found: dict[str, list[tuple[str, DecisionEdge]]] = {}
    for edge in graph.edges:
        turned = edge.type in BACKWARD or edge.type is EdgeType.SUPPORTS
        upper, lower = (edge.end, edge.start) if turned else (edge.start, edge.end)
        found.setdefault(upper, []).append((lower, edge))
    places = {change: place for place, change in enumerate(graph.nodes)}
    for one in found.values():
        one.sort(key=lambda child: (_RANKS.get(child[1].type, 2), places[child[0]]))
    return found


def _roots(graph: Graph, children: dict[str, list[tuple[str, DecisionEdge]]]) -> Sequence[Node]:
    """Where the tree begins: goals, then what comes of nothing, then whatever is left."""
    below = {lower for each in children.values() for lower, _ in each}
    nodes = list(graph.nodes.values())
    return sorted(nodes, key=lambda node: (node.change_id in below, node.kind is not NodeKind.GOAL))


def _flat(text: str) -> str:
    return " ".join(text.split())
