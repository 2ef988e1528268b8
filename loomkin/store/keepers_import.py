"""Keepers of an imported session: each gets a number that nobody has here."""

from collections.abc import Iterable

from loomkin.records.dataclass import replace
from loomkin.records.event import Fact
from loomkin.records.ids import KeeperId, SessionId
from loomkin.records.keeper_event import KeeperMade, KeeperMoved, KeeperRevised, KeeperUsed
from loomkin.store.database import Database
from loomkin.store.keepers import NUMBERS
from loomkin.store.numbers import take_number


def renumbered(db: Database, facts: Iterable[Fact], session: SessionId) -> list[Fact]:
    """The facts with their keepers under new numbers; blocks."""
    known: dict[str, KeeperId] = {}
    moved: list[Fact] = []
    for fact in facts:
        if isinstance(fact, KeeperMade):
            identity = known.setdefault(fact.keeper.id, KeeperId(f"k{take_number(db.writer, NUMBERS)}"))
            fact = replace(fact, keeper=replace(fact.keeper, id=identity, session=session))
        elif isinstance(fact, KeeperMoved | KeeperRevised | KeeperUsed):
            fact = replace(fact, keeper=known.get(fact.keeper, fact.keeper))
        moved.append(fact)
    return moved
