"""The graph as a tree for the terminal: goals, what was decided and turned down for them, done and found."""

from collections.abc import Sequence

from loomkin.decisions.drafts import Graph
from loomkin.decisions.lines import BACK, line, marks
from loomkin.records.dataclass import dataclass
from loomkin.records.decision import BACKWARD, DecisionEdge, EdgeType, Node, NodeKind

_RANKS = {EdgeType.CHOSEN: 0, EdgeType.REJECTED: 1}
_SIGNS = {EdgeType.CHOSEN: "✓ chosen", EdgeType.REJECTED: "✗ rejected"}


@dataclass(frozen=True, slots=True)
class _Branch:
    """A node to be shown, the edge that leads there, and what stands before its line and those below."""

    node: Node
    edge: DecisionEdge | None
    before: str
    below: str


def tree(graph: Graph) -> str:
    """Every node once, below the first it came of; where it comes up again only its id and title."""
    children = _children(graph)
    lines: list[str] = []
    seen: set[str] = set()
    for root in _roots(graph, children):
        if root.change_id not in seen:
            _grow(_Branch(root, None, "", ""), graph, children, seen, lines)
    return "\n".join(lines)


def _grow(
    root: _Branch,
    graph: Graph,
    children: dict[str, list[tuple[str, DecisionEdge]]],
    seen: set[str],
    lines: list[str],
) -> None:
    waiting = [root]
    while waiting:
        branch = waiting.pop()
        change = branch.node.change_id
        again = change in seen
        lines.append(f"{branch.before}{_told(branch, again)}")
        if again:
            continue
        seen.add(change)
        reason = branch.node.wording.reason
        below = children.get(change, [])
        if reason and not branch.node.active:
            lines.append(f"{branch.below}{'│  ' if below else '   '}{branch.node.status}: {_flat(reason)}")
        for number, (other, edge) in reversed(list(enumerate(below))):
            last = number == len(below) - 1
            before, more = ("└─ ", "   ") if last else ("├─ ", "│  ")
            waiting.append(_Branch(graph.nodes[other], edge, branch.below + before, branch.below + more))


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
