"""Changes of the decision graph as lines of the JSON stream."""

from typing import Any

from loomkin.records import decision_event as facts
from loomkin.records.decision import Node, Wording
from loomkin.records.event import Fact

Line = dict[str, Any]


def decision_line(fact: Fact) -> Line | None:
    """The line of a fact, None for one that is not about decisions; edges and doubts name change ids."""
    told = _of_node(fact) or _of_edge(fact) or _of_doubt(fact)
    return {"type": "system", "subtype": "decision", **told} if told else None


def _of_node(fact: Fact) -> Line | None:
    match fact:
        case facts.DecisionLogged(node, by):
            return {"action": "logged", **_node(node), "by": by}
        case facts.DecisionRevised(identity, change, _, after, by):
            return {
                "action": "revised",
                "decision_id": identity,
                "change_id": change,
                **_words(after),
                "by": by,
            }
        case facts.DecisionRemoved(node, by):
            return {"action": "removed", **_node(node), "by": by}
    return None


def _of_edge(fact: Fact) -> Line | None:
    match fact:
        case facts.DecisionLinked(edge, by):
            action = "linked"
        case facts.DecisionUnlinked(edge, by):
            action = "unlinked"
        case _:
            return None
    ends = {"from": edge.start, "to": edge.end, "edge": edge.type.value, "reason": edge.reason}
    return {"action": action, "change_id": edge.change_id, **ends, "by": by}


def _of_doubt(fact: Fact) -> Line | None:
    match fact:
        case facts.DoubtRaised(node, source):
            return {"action": "doubted", "change_id": node, "source": source}
        case facts.DoubtCleared(node, source):
            return {"action": "settled", "change_id": node, "source": source}
    return None


def _node(node: Node) -> Line:
    return {
        "decision_id": node.id,
        "change_id": node.change_id,
        "kind": node.kind.value,
        **_words(node.wording),
    }


def _words(wording: Wording) -> Line:
    return {
        "title": wording.title,
        "status": wording.status.value,
        "confidence": wording.confidence,
        "reason": wording.reason,
        "files": list(wording.files),
    }
