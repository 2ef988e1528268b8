"""How the graph is doing: what hangs in the air, what is unsure or stale, and a score with its arithmetic."""

from collections.abc import Iterable

from loomkin.decisions.drafts import Graph
from loomkin.decisions.lines import line
from loomkin.records.dataclass import dataclass
from loomkin.records.decision import Author, DecisionEdge, EdgeType, Node, NodeKind

DAY = 86_400.0
FULL = 100
MOST = 10
"""Nodes of one fault that are listed."""
_WORK = (NodeKind.ACTION, NodeKind.OUTCOME)
_AGES = (NodeKind.GOAL, NodeKind.DECISION, NodeKind.REVISIT)


@dataclass(frozen=True, slots=True)
class Gap:
    """Nodes with one fault; each costs `each` points of the score, all together `most` at the most."""

    name: str
    nodes: tuple[Node, ...]
    each: int
    most: int

    @property
    def cost(self) -> int:
        """The points that it costs."""
        return min(self.each * len(self.nodes), self.most)


@dataclass(frozen=True, slots=True)
class Pulse:
    """The state of the graph: how many nodes, how many active goals, what is wrong."""

    nodes: int
    goals: tuple[Node, ...]
    gaps: tuple[Gap, ...]

    @property
    def score(self) -> int:
        """Points from 0 to 100."""
        return FULL - sum(gap.cost for gap in self.gaps)

    @property
    def arithmetic(self) -> str:
        """The score with all that it is made of."""
        parts = [
            f" - {gap.cost} ({len(gap.nodes)} {gap.name} x {gap.each}"
            + (f", at most {gap.most})" if gap.each * len(gap.nodes) > gap.most else ")")
            for gap in self.gaps
            if gap.cost
        ]
        return f"{FULL}{''.join(parts)} = {self.score}"


def pulse(
    graph: Graph,
    threshold: int,
    stale_days: int,
    now: float,
    with_tasks: Iterable[str] = (),
    in_doubt: Iterable[str] = (),
) -> Pulse:
    """Look the graph over; `with_tasks` are ids of goals that have tasks, `in_doubt` change ids."""
    active = [node for node in graph.nodes.values() if node.active]
    linked = {end for edge in graph.edges for end in (edge.start, edge.end)}
    worked, planned, doubted = _worked(graph), set(with_tasks), set(in_doubt)
    weighed = _weighed(graph)
    goals = tuple(node for node in active if node.kind is NodeKind.GOAL)
    own = [node for node in active if node.origin.author is not Author.AUTOMATIC]
    gaps = (
        Gap(
            "goals without actions",
            tuple(goal for goal in goals if goal.change_id not in worked and goal.id not in planned),
            10,
            20,
        ),
        Gap(
            "decisions without options",
            tuple(node for node in own if node.kind is NodeKind.DECISION and node.change_id not in weighed),
            5,
            15,
        ),
        Gap("in doubt", tuple(node for node in active if node.change_id in doubted), 5, 15),
        Gap("failed", tuple(node for node in active if node.wording.failed), 5, 10),
        Gap(
            "unsure",
            tuple(node for node in active if node.confidence is not None and node.confidence < threshold),
            3,
            15,
        ),
        Gap(
            "stale",
            tuple(node for node in active if node.kind in _AGES and now - node.updated > stale_days * DAY),
            3,
            10,
        ),
        Gap(
            "orphans",
            tuple(node for node in own if node.kind is not NodeKind.GOAL and node.change_id not in linked),
            5,
            15,
        ),
    )
    return Pulse(len(graph.nodes), goals, gaps)


def in_words(found: Pulse) -> str:
    """The state for people and models."""
    if not found.nodes:
        return "Nothing was decided here yet."
    lines = [
        f"Health {found.score}/100: {found.arithmetic}",
        f"Nodes: {found.nodes}. Active goals: {len(found.goals)}.",
    ]
    for gap in found.gaps:
        if gap.nodes:
            lines += [f"{gap.name.capitalize()}:", *(f"  {line(node)}" for node in gap.nodes[:MOST])]
        if len(gap.nodes) > MOST:
            lines.append(f"  and {len(gap.nodes) - MOST:,} more")
    return "\n".join(lines)


def _worked(graph: Graph) -> set[str]:
    """The nodes that lead to an action or outcome, at whatever distance."""
    before: dict[str, list[str]] = {}
    for edge in graph.edges:
        before.setdefault(edge.end, []).append(edge.start)
        if edge.type is EdgeType.REQUIRES:
            before.setdefault(edge.start, []).append(edge.end)
    found = [node.change_id for node in graph.nodes.values() if node.kind in _WORK]
    seen = set(found)
    for change in found:
        for other in before.get(change, ()):
            if other not in seen:
                seen.add(other)
                found.append(other)
    return seen


def _weighed(graph: Graph) -> set[str]:
    """The nodes that have something to do with an option."""

    def other_end(edge: DecisionEdge) -> Iterable[tuple[str, str]]:
        return ((edge.start, edge.end), (edge.end, edge.start))

    options = {node.change_id for node in graph.nodes.values() if node.kind is NodeKind.OPTION}
    return {one for edge in graph.edges for one, other in other_end(edge) if other in options}
