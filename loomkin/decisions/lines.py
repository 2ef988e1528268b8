"""Nodes and edges in one line each, as models and people read them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from loomkin.records.decision import DecisionEdge, EdgeType, Node

if TYPE_CHECKING:
    from loomkin.store.decision_files import NotTaken


def line(node: Node) -> str:
    """A node: id, kind, how sure, whether it still holds, title."""
    return f"{node.id} {node.kind}: {node.title}{marks(node)}"


def marks(node: Node) -> str:
    """What else counts of a node, in brackets: confidence, status, failure."""
    found = [f"{node.confidence} %"] if node.confidence is not None else []
    if node.wording.failed:
        found.append("failed")
    if not node.active:
        found.append(node.status.value)
    return f" ({', '.join(found)})" if found else ""


def few(parts: Sequence[str], most: int = 10) -> str:
    """The first of many in one line, and how many more there are."""
    more = f", and {len(parts) - most:,} more" if len(parts) > most else ""
    return ", ".join(parts[:most]) + more


def lost_line(lost: "NotTaken") -> str:
    """A way that was not taken for a file: what became of it, why, and what was done instead."""
    node = lost.node
    became = "rejected" if node.active else node.status.value
    why = f": {lost.reason}" if lost.reason else ""
    instead = f" (decided: {lost.instead})" if lost.instead else ""
    return f"{node.id} {node.title}: {became} for {lost.path}{why}{instead}"


def edge_lines(node: Node, edges: Iterable[DecisionEdge], nodes: Mapping[str, Node]) -> list[str]:
    """The edges of a node, seen from there."""
    found = []
    for edge in edges:
        if node.change_id not in (edge.start, edge.end):
            continue
        out = edge.start == node.change_id
        other = nodes.get(edge.end if out else edge.start)
        if other is None:
            continue
        why = f": {edge.reason}" if edge.reason else ""
        words = str(edge.type) if out else f"{BACK[edge.type]}"
        found.append(f"{words} {other.id} {other.title}{why}")
    return found


BACK = {
    EdgeType.LEADS_TO: "comes from",
    EdgeType.CHOSEN: "chosen by",
    EdgeType.REJECTED: "rejected by",
    EdgeType.REQUIRES: "required by",
    EdgeType.BLOCKS: "blocked by",
    EdgeType.ENABLES: "enabled by",
    EdgeType.SUPERSEDES: "superseded by",
    EdgeType.SUPPORTS: "supported by",
    EdgeType.REVISES: "revised by",
    EdgeType.SUMMARIZES: "summarized by",
}
