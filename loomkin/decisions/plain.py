"""Nodes and edges as JSON objects, for programs."""

from collections.abc import Iterable, Mapping
from typing import Any

from loomkin.records.decision import DecisionEdge, Node

Plain = dict[str, Any]


def plain_node(node: Node) -> Plain:
    """A node as one flat object."""
    wording, origin = node.wording, node.origin
    return {
        "id": node.id,
        "change_id": node.change_id,
        "kind": node.kind.value,
        "title": wording.title,
        "description": wording.description,
        "status": wording.status.value,
        "reason": wording.reason,
        "confidence": wording.confidence,
        "failed": wording.failed,
        "files": list(wording.files),
        "branch": wording.branch,
        "commit": wording.commit,
        "author": origin.author.value,
        "agent": origin.agent,
        "session": origin.session,
        "task": origin.task,
        "prompt": origin.prompt,
        "messages": list(wording.messages),
        "keepers": list(wording.keepers),
        "created": node.created,
        "updated": node.updated,
    }


def plain_edge(edge: DecisionEdge, nodes: Mapping[str, Node]) -> Plain:
    """An edge between two nodes by their ids here."""
    return {
        "change_id": edge.change_id,
        "from": nodes[edge.start].id,
        "to": nodes[edge.end].id,
        "type": edge.type.value,
        "reason": edge.reason,
        "created": edge.created,
    }


def plain_graph(nodes: Mapping[str, Node], edges: Iterable[DecisionEdge]) -> Plain:
    """Nodes by change id, and the edges between them."""
    inside = [edge for edge in edges if edge.start in nodes and edge.end in nodes]
    return {
        "nodes": [plain_node(node) for node in nodes.values()],
        "edges": [plain_edge(edge, nodes) for edge in inside],
    }
