"""The shelf: makes keepers of what leaves a window, and writes down how they fare."""

import asyncio
from collections.abc import Callable, Sequence
from sqlite3 import Connection

from loomkin.keepers.card import card
from loomkin.keepers.plan import Moved, plan
from loomkin.records.ids import KeeperId, SessionId
from loomkin.records.keeper import Aim, Card, FileSeen, Held, Keeper, KeeperKind, KeeperState
from loomkin.records.keeper_event import KeeperMoved, KeeperRevised, KeeperUsed
from loomkin.runtime.recorder import Scribe
from loomkin.store.journal import Journal
from loomkin.store.keepers import NUMBERS
from loomkin.store.numbers import take_number


class Shelf:
    """Keepers of one repository; `look` says how a file is now."""

    def __init__(self, journal: Journal, look: Callable[[str], FileSeen]) -> None:
        self._journal = journal
        self._look = look

    async def keep(self, held: Sequence[Held], aim: Aim, scribe: Scribe) -> Keeper | None:
        """A keeper, not written down yet, of what should leave a window; None where nothing should."""
        prepared = await asyncio.to_thread(self._prepare, tuple(held), aim)
        if prepared is None:
            return None
        moved, about, files = prepared
        return Keeper(
            await self._new_id(),
            KeeperKind.CONTEXT,
            scribe.agent,
            SessionId(scribe.session),
            about,
            tuple(message.id for message in moved.messages),
            moved.tokens,
            files,
            moved.words,
            moved.clipped,
            aim.window,
            moved.side,
        )

    def used(self, scribe: Scribe, keeper: str, how: str, useful: bool | None = None) -> None:
        """Somebody read in a keeper, or said whether it was of use."""
        scribe.record(KeeperUsed(keeper, how, useful))

    def move(self, scribe: Scribe, keeper: str, state: KeeperState) -> None:
        """Archive a keeper, or offer it again."""
        scribe.record(KeeperMoved(keeper, state))

    def revise(self, scribe: Scribe, keeper: str, better: Card) -> None:
        """Describe a keeper better; windows show the card that it was made with."""
        scribe.record(KeeperRevised(keeper, better))

    async def _new_id(self) -> KeeperId:
        def take(connection: Connection) -> int:
            return take_number(connection, NUMBERS)

        return KeeperId(f"k{await self._journal.run(take)}")

    def _prepare(self, held: tuple[Held, ...], aim: Aim) -> tuple[Moved, Card, tuple[FileSeen, ...]] | None:
        moved = plan(held, aim)
        if moved is None:
            return None
        window = [one.message for one in held]
        about = card(moved.messages, aim.topic, window, {*moved.words, *moved.clipped})
        return moved, about, tuple(map(self._look, about.files))
