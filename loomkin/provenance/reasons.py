"""What was decided behind a change, in the lines that a commit's message or a reader needs."""

from collections.abc import Iterable

from loomkin.provenance import behind
from loomkin.provenance.account import Link
from loomkin.records.decision import Node, NodeKind
from loomkin.store import decision_files, decisions
from loomkin.store.database import Database
from loomkin.store.helped import helpers


def decided_for(db: Database, since: dict[str, float], session: str = "") -> list[Node]:
    """The decisions that led to changes of these files, each counted from its own moment on.

    What the person decided about them since, in no session, belongs to it as well.
    """
    sessions = dict.fromkeys([*([session] if session else []), *(one for one, _ in helpers(db, since))])
    found = [
        node for one in sessions if behind.any_active(db, one) for node in behind.for_files(db, one, since)
    ]
    found += [
        node
        for node in decision_files.at_files(db, list(since))
        if node.kind is NodeKind.DECISION
        and node.active
        and not node.origin.session
        and any(node.created > since.get(path, node.created) for path in node.wording.files)
    ]
    return decisions.some(db, dict.fromkeys(node.change_id for node in found))


def in_lines(db: Database, nodes: Iterable[Node]) -> list[str]:
    """Each decision in a line: what, and what was turned down for which reason."""
    lines = []
    for reason in behind.reasons(db, nodes, Link.COMMIT):
        against = [
            f"{one.node.title} ({one.reason})" if one.reason else one.node.title
            for one in reason.options
            if not one.chosen
        ]
        line = reason.node.title.rstrip(".") + "."
        lines.append(f"{line} Not taken: {'; '.join(against)}." if against else line)
    return lines
