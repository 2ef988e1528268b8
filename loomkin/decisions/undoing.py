"""Taking back the last change of the graph: the facts that lead from after it to before it."""

from collections.abc import Mapping

from loomkin.errors import NotFoundError
from loomkin.records.decision import Author, DecisionEdge
from loomkin.records.decision_event import (
    DecisionLinked,
    DecisionLogged,
    DecisionRemoved,
    DecisionRevised,
    DecisionUnlinked,
)
from loomkin.records.event import Fact
from loomkin.store import decisions as store
from loomkin.store.database import Database
from loomkin.store.decision_log import UNDO

MOST = 10
"""Changes that are told one by one."""
_EDGES, _NODES = (DecisionLinked, DecisionUnlinked), (DecisionLogged, DecisionRemoved)


def inverse(database: Database, by: str) -> tuple[list[Fact], str]:
    """The facts that take back the last act which was not taken back yet, and what it was in words.

    What was recorded automatically is passed over: nobody did that. Raises NotFoundError where there is none.
    """
    undone: set[str] = set()
    last, found = "", []
    for fact in store.changes(database):
        act = fact.act
        if fact.by == Author.AUTOMATIC:
            continue
        if act.startswith(UNDO):
            undone.add(act.removeprefix(UNDO))
        elif last and act != last:
            break
        elif act not in undone:
            last = act
            found.append(fact)
    if not found:
        raise NotFoundError("Nothing was changed that could be taken back.")
    back = [_back(fact, by, UNDO + last) for fact in found]
    return back, _told(database, found[::-1])


def _told(database: Database, facts: list[store.Change]) -> str:
    """What was taken back: how much where that is much, and the first of it."""
    shown = facts if len(facts) <= MOST else facts[: MOST // 2]
    ends = {end for fact in shown if isinstance(fact, _EDGES) for end in (fact.edge.start, fact.edge.end)}
    names = {node.change_id: node.id for node in store.some(database, ends)}
    names |= {fact.node.change_id: fact.node.id for fact in facts if isinstance(fact, _NODES)}
    lines = "; ".join(_words(fact, names) for fact in shown)
    if shown is facts:
        return f"Taken back: {lines}."
    return f"Taken back, {len(facts):,} changes: {lines}; and {len(facts) - len(shown):,} more."


def _back(fact: store.Change, by: str, act: str) -> Fact:
    match fact:
        case DecisionLogged(node):
            return DecisionRemoved(node, by, act)
        case DecisionRemoved(node):
            return DecisionLogged(node, by, act)
        case DecisionRevised(identity, change, before, after):
            return DecisionRevised(identity, change, after, before, by, act)
        case DecisionLinked(edge, before=None):
            return DecisionUnlinked(edge, by, act)
        case DecisionLinked(edge, before=before) if before is not None:
            return DecisionLinked(before, by, act, edge)
        case DecisionUnlinked(edge):
            return DecisionLinked(edge, by, act)
    raise AssertionError(fact)


def _words(fact: store.Change, names: Mapping[str, str]) -> str:
    match fact:
        case DecisionLogged(node, by):
            return f"{node.id} ({node.title}) was added by {by}"
        case DecisionRemoved(node, by):
            return f"{node.id} ({node.title}) was deleted by {by}"
        case DecisionRevised(identity, _, _, after, by):
            return f"{identity} ({after.title}) was changed by {by}"
        case DecisionLinked(edge, by):
            return f"an edge ({_named(edge, names)}) was drawn by {by}"
        case DecisionUnlinked(edge, by):
            return f"an edge ({_named(edge, names)}) was taken away by {by}"
    raise AssertionError(fact)


def _named(edge: DecisionEdge, names: Mapping[str, str]) -> str:
    return f"{names.get(edge.start, edge.start)} {edge.type} {names.get(edge.end, edge.end)}"
