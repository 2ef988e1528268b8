"""Counting what a window and its keepers hold against all that was ever said: nothing may be lost."""

from collections.abc import Iterable
from hashlib import sha256

from loomkin.agent.view import Shown
from loomkin.records.codec import dump
from loomkin.records.dataclass import dataclass
from loomkin.records.keeper import Form
from loomkin.records.message import Message
from loomkin.store import sessions
from loomkin.store.database import Database
from loomkin.store.keepers import kept_messages


@dataclass(frozen=True, slots=True)
class Account:
    """How many different messages an agent ever heard and said, and where they are now."""

    ever: int
    window: int
    kept: int
    lost: int

    def __str__(self) -> str:
        where = f"{self.window} in the window, {self.kept} in keepers"
        return f"lost {self.lost}: of {self.ever} messages ever seen {where}, each counted once"


def account(db: Database, session: str, agent: str, shown: Iterable[Shown]) -> Account:
    """The account of an agent, by the hashes of its messages; blocks."""
    said = sessions.messages(db, session, agent)
    ids = kept_messages(db, session, agent)
    ever = {digest(message) for message in said}
    kept = {digest(message) for message in said if message.id in ids}
    window = {digest(one.original) for one in shown if one.original is not None and one.form is Form.WHOLE}
    return Account(len(ever), len(window), len(kept), len(ever - window - kept))


def digest(message: Message) -> str:
    """What tells a message from every other one."""
    return sha256(dump(message).encode("utf-8", "replace")).hexdigest()
