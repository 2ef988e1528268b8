"""A bounded mailbox: read by priority, woken by what cannot wait, edited by the person while it waits."""

import asyncio
from collections.abc import Callable, Collection

from loomkin.records.mail import RANK, SYSTEM, Delivery, Mail, MailKind

BOUND = 64
NOW = frozenset((Delivery.INTERRUPT, Delivery.NEXT_STEP))
AT_END = NOW | {Delivery.TURN_END}
OWED = frozenset((MailKind.HANDOFF, MailKind.ANSWER, MailKind.STEER))


class Mailbox:
    """The letters that wait for one reader; `now` is the wall clock that `not_before` is measured by."""

    def __init__(self, now: Callable[[], float], bound: int = BOUND) -> None:
        self._now = now
        self._bound = bound
        self._letters: list[Mail] = []
        self._changed = asyncio.Event()
        self._interrupt: Callable[[], None] | None = None

    @property
    def full(self) -> bool:
        """Whether another letter would be refused."""
        return len(self._letters) >= self._bound

    @property
    def letters(self) -> tuple[Mail, ...]:
        """All that waits, in the order of reading."""
        return tuple(sorted(self._letters, key=_order)) if self._letters else ()

    def put(self, mail: Mail) -> bool:
        """Take a letter; False where the box is full. What was asked for always has room."""
        if self.full and mail.kind not in OWED and mail.sender != SYSTEM:
            return False
        self._letters.append(mail)
        self._changed.set()
        if mail.delivery is Delivery.INTERRUPT and self._interrupt is not None:
            self._interrupt()
        return True

    def take(self, deliveries: Collection[Delivery], sender: str = "") -> list[Mail]:
        """The due letters of these kinds of delivery, in the order of reading; they leave the box.

        With a `sender` only the ones that it wrote.
        """
        taken = [mail for mail in self._due() if mail.delivery in deliveries and sender in ("", mail.sender)]
        for mail in taken:
            self._letters.remove(mail)
        return taken

    def waits(self, deliveries: Collection[Delivery] = AT_END) -> bool:
        """Whether a due letter of these kinds is there."""
        if not self._letters:  # asked for every member of a large team at every change
            return False
        now = self._now()
        return any(mail.not_before <= now and mail.delivery in deliveries for mail in self._letters)

    def put_in_place(self, mail: Mail) -> bool:
        """Put a letter in the place of the one with its id; False where that one has left."""
        for at, old in enumerate(self._letters):
            if old.id == mail.id:
                self._letters[at] = mail
                self._changed.set()
                return True
        return False

    def remove(self, identity: str) -> Mail | None:
        """Take a letter out by its id."""
        found = next((mail for mail in self._letters if mail.id == identity), None)
        if found is not None:
            self._letters.remove(found)
        return found

    async def wake(self) -> None:
        """Return once a due letter is there that does not wait for a digest."""
        while not self.waits():
            self._changed.clear()
            later = [m.not_before for m in self._letters if m.not_before and m.delivery in AT_END]
            pause = max(0.0, min(later) - self._now()) if later else None
            try:
                async with asyncio.timeout(pause):
                    await self._changed.wait()
            except TimeoutError:
                continue

    def on_interrupt(self, call: Callable[[], None] | None) -> None:
        """Call this at once when an interrupting letter comes, and now if one is there already."""
        self._interrupt = call
        if call is not None and self.waits((Delivery.INTERRUPT,)):
            call()

    def _due(self) -> list[Mail]:
        if not self._letters:
            return []
        now = self._now()
        due = [mail for mail in self._letters if mail.not_before <= now]
        return sorted(due, key=_order) if len(due) > 1 else due


def _order(mail: Mail) -> tuple[int, int, float, str]:
    return (RANK[mail.priority], mail.rank, mail.at, mail.id)
