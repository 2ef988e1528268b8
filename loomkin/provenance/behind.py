"""What stands behind a decision: what it weighed, what it came of, what proves it, who said what."""

from collections.abc import Iterable, Sequence

from loomkin.provenance.account import Link, Option, Reason
from loomkin.records.decision import DecisionEdge, EdgeType, Node, NodeKind, NodeStatus
from loomkin.store import decisions, goals, origins
from loomkin.store.database import Database
from loomkin.store.sessions import ChangeRow

_STEPS = 3
_WEIGHED = (EdgeType.CHOSEN, EdgeType.REJECTED)
_SUPERSEDES, _LEADS = EdgeType.SUPERSEDES, EdgeType.LEADS_TO


def reasons(db: Database, nodes: Iterable[Node], link: Link) -> list[Reason]:
    """Each of these decisions with what stands behind it."""
    return [_reason(db, node, link) for node in nodes]


def decided(db: Database, actions: Sequence[Node]) -> list[Node]:
    """The decisions that led to actions."""
    edges = decisions.edges_of(db, [node.change_id for node in actions])
    done = {node.change_id for node in actions}
    before = [edge.start for edge in edges if edge.end in done and edge.type is EdgeType.LEADS_TO]
    return [node for node in decisions.some(db, before) if node.kind is NodeKind.DECISION]


def governing(db: Database, change: ChangeRow, paths: Sequence[str]) -> list[Node]:
    """What was decided in the session of a change by then: about the file, else by the same agent at all.

    Only the last one that named no file counts of the latter; one that holds no more counts last.
    """
    there = [node for node in origins.in_session(db, change.session) if node.created <= change.at]
    about = [node for node in there if _names(node, set(paths))]
    if not about:
        own = [node for node in there if node.origin.agent == change.agent and not node.wording.files]
        about = own[:1]
    gone = (NodeStatus.SUPERSEDED, NodeStatus.ABANDONED)
    return sorted(about, key=lambda node: node.status in gone)


def any_active(db: Database, session: str) -> bool:
    """Whether a session has a decision that holds."""
    return any(node.active for node in origins.in_session(db, session))


def for_files(db: Database, session: str, paths: Iterable[str]) -> list[Node]:
    """The decisions of a session that hold and led to changes of these files, oldest first.

    One that names no file led to what its agent changed afterwards.
    """
    wanted = set(paths)
    return [
        node
        for node in reversed(origins.in_session(db, session))
        if node.active and (_names(node, wanted) or _came_before(db, session, node, wanted))
    ]


def _names(node: Node, paths: set[str]) -> bool:
    """Whether a node is about one of these files, or about a folder that one lies in."""
    return any(path == file or path.startswith(f"{file}/") for file in node.wording.files for path in paths)


def _came_before(db: Database, session: str, node: Node, paths: set[str]) -> bool:
    if node.wording.files:
        return False
    return origins.changed_after(db, session, node.origin.agent, node.created, paths)


def _reason(db: Database, node: Node, link: Link) -> Reason:
    edges = decisions.edges_of(db, [node.change_id])
    led, after = _walk(db, node.change_id, edges, up=True), _walk(db, node.change_id, edges, up=False)
    ends = {end for edge in edges for end in (edge.start, edge.end)} | led | after
    nodes = {one.change_id: one for one in decisions.some(db, ends)}
    options = tuple(
        Option(nodes[edge.end], edge.type is EdgeType.CHOSEN, edge.reason)
        for edge in edges
        if edge.start == node.change_id and edge.type in _WEIGHED
    )
    instead = [edge.start for edge in edges if edge.end == node.change_id and edge.type is _SUPERSEDES]
    above = [one for one in nodes.values() if one.change_id in led and one.kind is NodeKind.GOAL]
    outcomes = [one for one in nodes.values() if one.change_id in after and one.kind is NodeKind.OUTCOME]
    served, session, task = [goal.id for goal in above], node.origin.session, node.origin.task
    return Reason(
        node,
        link,
        options,
        tuple(above),
        tuple(nodes[one] for one in instead),
        tuple(outcomes),
        tuple(goals.evidence(db, served, [(session, task)])),
        tuple(origins.task_titles(db, session, [task], served).items()),
        tuple(origins.told(db, session, node.wording.messages)),
    )


def _walk(db: Database, change: str, edges: Sequence[DecisionEdge], *, up: bool) -> set[str]:
    """The nodes that led to one, or that it led to, within some steps."""
    found: set[str] = set()
    here = {change}
    for _ in range(_STEPS):
        pairs = [
            (edge.end, edge.start) if up else (edge.start, edge.end) for edge in edges if edge.type is _LEADS
        ]
        here = {other for one, other in pairs if one in here} - found - {change}
        if not here:
            break
        found |= here
        edges = decisions.edges_of(db, here)
    return found
