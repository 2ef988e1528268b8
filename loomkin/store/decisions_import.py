"""Decisions of an imported session: each gets a number that nobody has here; what is here already stays."""

from collections.abc import Iterable

from loomkin.records.dataclass import replace
from loomkin.records.decision_event import (
    DecisionLinked,
    DecisionLogged,
    DecisionRemoved,
    DecisionRevised,
    DecisionUnlinked,
    DoubtCleared,
    DoubtRaised,
    DoubtTold,
)
from loomkin.records.event import Event, Fact
from loomkin.records.ids import DecisionId
from loomkin.store.database import Database
from loomkin.store.decisions import NUMBERS, here
from loomkin.store.numbers import take_number


def adopted(db: Database, events: Iterable[Event]) -> list[Event]:
    """The events with their decisions under new numbers, without those known already; blocks."""
    whole = list(events)
    known = here(db, (change for event in whole for change in _nodes(event.fact)))
    numbers: dict[str, DecisionId] = {}
    kept = []
    for event in whole:
        named = _nodes(event.fact)
        if not named or not known.intersection(named):
            kept.append(replace(event, fact=_renumbered(db, event, numbers)))
    return kept


def _renumbered(db: Database, event: Event, numbers: dict[str, DecisionId]) -> Fact:
    fact = event.fact
    if isinstance(fact, DecisionLogged | DecisionRemoved):
        node = fact.node
        if node.change_id not in numbers:
            numbers[node.change_id] = DecisionId(f"d{take_number(db.writer, NUMBERS)}")
        origin = replace(node.origin, session=event.session)
        return replace(fact, node=replace(node, id=numbers[node.change_id], origin=origin))
    if isinstance(fact, DecisionRevised):
        return replace(fact, id=numbers.get(fact.change_id, fact.id))
    return replace(fact, session=event.session) if isinstance(fact, DoubtRaised) else fact


def _nodes(fact: Fact) -> tuple[str, ...]:
    """The nodes that a fact is about, by change id; none for one that is not about decisions."""
    match fact:
        case DecisionLogged(node) | DecisionRemoved(node):
            return (node.change_id,)
        case DecisionRevised(change_id=change):
            return (change,)
        case DecisionLinked(edge) | DecisionUnlinked(edge):
            return (edge.start, edge.end)
        case DoubtRaised(node, source) | DoubtTold(node, source) | DoubtCleared(node, source):
            return (node, source)
    return ()
