"""The story of a goal, a session or a branch: a timeline, and the text of a pull request."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from loomkin.decisions.drafts import Graph
from loomkin.decisions.lines import edge_lines, line, marks
from loomkin.records.dataclass import dataclass
from loomkin.records.decision import Author, DecisionEdge, EdgeType, Node, NodeKind, NodeStatus
from loomkin.records.task import Evidence

_GONE = (NodeStatus.SUPERSEDED, NodeStatus.ABANDONED)
_CHOSEN = (NodeKind.DECISION, NodeKind.OPTION, NodeKind.OUTCOME)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the graph, oldest node first, with the edges in it and the commands that prove it."""

    nodes: Mapping[str, Node]
    edges: tuple[DecisionEdge, ...]
    evidence: tuple[Evidence, ...] = ()


def part_of(graph: Graph, nodes: Iterable[Node], evidence: Iterable[Evidence] = ()) -> Part:
    """Some nodes of a graph with what lies between them, and the options that their decisions weighed."""
    wanted = {node.change_id for node in nodes}
    wanted |= {
        edge.end
        for edge in graph.edges
        if edge.start in wanted and edge.type in (EdgeType.CHOSEN, EdgeType.REJECTED)
    }
    inside = {change: node for change, node in graph.nodes.items() if change in wanted}
    edges = tuple(edge for edge in graph.edges if edge.start in inside and edge.end in inside)
    return Part(inside, edges, tuple(evidence))


def worth_telling(node: Node) -> bool:
    """Whether a node belongs into the story: of automatic ones what proves something, or was chosen."""
    return node.origin.author is not Author.AUTOMATIC or node.kind in _CHOSEN or bool(node.wording.commit)


def timeline(part: Part) -> str:
    """What happened, oldest first: when, what, how sure, by whom, where, why; empty for nothing."""
    lines = []
    for node in part.nodes.values():
        at = time.strftime("%Y-%m-%d %H:%M", time.localtime(node.created))
        by = node.origin.agent or node.origin.author.value
        lines.append(f"{at}  {line(node)}  [{', '.join((by, *_place(node)))}]")
        lines += [f"    {text}" for text in node.wording.description.splitlines() if text.strip()]
        if node.wording.reason:
            lines.append(f"    {node.status}: {node.wording.reason}")
        out = [edge for edge in part.edges if edge.start == node.change_id]
        lines += [f"    {text}" for text in edge_lines(node, out, part.nodes)]
    return "\n".join(lines)


def writeup(part: Part, title: str = "") -> str:
    """The part as Markdown for a pull request: goals, decisions and why, what was done, what came of it."""
    by_kind: dict[NodeKind, list[Node]] = {}
    for node in part.nodes.values():
        if node.status not in _GONE:
            by_kind.setdefault(node.kind, []).append(node)
    goals = by_kind.get(NodeKind.GOAL, [])
    lines = [f"# {title or (goals[0].title if goals else 'What was decided')}"]
    lines += _section("Goals", goals, lambda node: _told(node, done=True))
    lines += _section("Decisions", by_kind.get(NodeKind.DECISION, []), lambda node: _decision(node, part))
    lines += _section("Open options", _open_options(by_kind.get(NodeKind.OPTION, []), part), _told)
    lines += _section("Observations", by_kind.get(NodeKind.OBSERVATION, []), _told)
    lines += _section("What was done", by_kind.get(NodeKind.ACTION, []), _told)
    lines += _section("Outcomes", by_kind.get(NodeKind.OUTCOME, []), _told)
    gone = [node for node in part.nodes.values() if node.status in _GONE]
    lines += _section("Prior attempts", gone, lambda node: _attempt(node, part))
    lines += ["", "## Evidence", *(_proof(one) for one in part.evidence)]
    if not part.evidence:
        lines.append("No command is on record that proves it.")
    return "\n".join(lines) + "\n"


def _section(name: str, nodes: Sequence[Node], told: Callable[[Node], Iterator[str]]) -> Iterator[str]:
    if nodes:
        yield ""
        yield f"## {name}"
    for node in nodes:
        yield from told(node)


def _told(node: Node, done: bool = False) -> Iterator[str]:
    mark = "" if not done else "[x] " if node.status is NodeStatus.DONE else "[ ] "
    yield f"- {mark}{node.id} {node.title}{marks(node)}{_commit(node)}"
    yield from _indented(node.wording.description)


def _decision(node: Node, part: Part) -> Iterator[str]:
    yield f"- **{node.title}** ({', '.join((node.id, *_sure(node)))}){_commit(node)}"
    yield from _indented(node.wording.description)
    yield from _weighed(node, part)


def _weighed(node: Node, part: Part) -> Iterator[str]:
    for edge in part.edges:
        if edge.start == node.change_id and edge.type in (EdgeType.CHOSEN, EdgeType.REJECTED):
            why = f": {edge.reason}" if edge.reason else ""
            yield f"  - {edge.type.value}: {part.nodes[edge.end].title}{why}"


def _attempt(node: Node, part: Part) -> Iterator[str]:
    """What was given up, why, and what it had rejected: that speaks against those options still."""
    after = [
        part.nodes[edge.start].title
        for edge in part.edges
        if edge.end == node.change_id and edge.type is EdgeType.SUPERSEDES
    ]
    instead = f"; now: {', '.join(after)}" if after else ""
    why = f": {node.wording.reason}" if node.wording.reason else ""
    yield f"- ~~{node.title}~~ ({node.id} {node.status}){why}{instead}"
    yield from _weighed(node, part)


def _open_options(options: Iterable[Node], part: Part) -> list[Node]:
    """Options that no decision chose or rejected."""
    weighed = {edge.end for edge in part.edges if edge.type in (EdgeType.CHOSEN, EdgeType.REJECTED)}
    return [node for node in options if node.change_id not in weighed]


def _proof(one: Evidence) -> str:
    at = time.strftime("%Y-%m-%d %H:%M", time.localtime(one.at))
    flaky = ", passed when run again" if one.flaky else ""
    mark = "x" if one.exit_code == 0 else " "
    return f"- [{mark}] {_code(one.command)}: exit code {one.exit_code}{flaky}, by {one.by}, {at}"


def _code(text: str) -> str:
    """A command in one line of Markdown, whatever stands in it."""
    flat = " ".join(text.split())
    return f"`` {flat} ``" if "`" in flat else f"`{flat}`"


def _indented(text: str) -> Iterator[str]:
    yield from (f"  {line}" for line in text.splitlines() if line.strip())


def _commit(node: Node) -> str:
    commit = node.wording.commit
    return f" `{commit[:10]}`" if commit and node.kind in (NodeKind.ACTION, NodeKind.OUTCOME) else ""


def _sure(node: Node) -> tuple[str, ...]:
    return (f"confidence {node.confidence} %",) if node.confidence is not None else ()


def _place(node: Node) -> tuple[str, ...]:
    branch, commit = node.wording.branch, node.wording.commit[:10]
    return tuple(part for part in ("@".join(one for one in (branch, commit) if one),) if part)
