"""Questions that an agent waits for: answered by a tool, by the other's last words, or not in time."""

import asyncio
from collections.abc import Callable

from loomkin.errors import LoomkinError
from loomkin.records.dataclass import dataclass
from loomkin.records.event import StateChanged
from loomkin.records.ids import MailId
from loomkin.records.mail import MailKind, MailState, Priority
from loomkin.runtime.recorder import Scribe
from loomkin.team.mailroom import Letter, Mailroom

WAIT = 120.0


class Circular(LoomkinError):
    """Waiting for this answer would make agents wait for each other."""


@dataclass(slots=True)
class Open:
    """A question somebody waits for."""

    sender: str
    to: tuple[str, ...]
    text: str
    answer: "asyncio.Future[tuple[str, str]]"


class Questions:
    """Keeps who waits for whom, and gives each waiting agent its answer."""

    def __init__(self, room: Mailroom, scribe: Scribe) -> None:
        self._room = room
        self._scribe = scribe
        self._open: dict[str, Open] = {}
        self.on_answered: Callable[[str, str], None] = lambda agent, letter: None

    async def ask(self, sender: str, to: str, text: str, seconds: float = WAIT) -> tuple[str, str] | None:
        """Ask and wait: who answered, and what; None where nobody did in time.

        Raises Undeliverable, and Circular where the one asked waits for the sender.
        """
        self._refuse_circles(sender, to)
        letter = Letter(to, text, MailKind.QUESTION, Priority.HIGH, reply_within=seconds)
        receipt = self._room.send(sender, letter)
        readers = tuple(mail.to for mail in self._room.queued() if mail.id in receipt.ids)
        question = Open(sender, readers, text, asyncio.get_running_loop().create_future())
        for identity in receipt.ids:
            self._open[identity] = question
        recorder, session = self._scribe.recorder, self._scribe.session
        recorder.record(StateChanged("waiting_agent", ", ".join(readers)), session, sender)
        try:
            async with asyncio.timeout(seconds):
                return await question.answer
        except TimeoutError:
            return None
        finally:
            recorder.record(StateChanged("in_tool", "peer_ask"), session, sender)
            for identity in receipt.ids:
                self._open.pop(identity, None)

    def answer(self, sender: str, identity: str, text: str) -> str:
        """Answer a question by its letter's id; the words say how it was delivered. Raises NotFoundError."""
        told = "Delivered: the one who asked was waiting for it."
        if not self.settle(identity, sender, text):
            to = self._asker(identity)
            letter = Letter(to, text, MailKind.ANSWER, Priority.HIGH, correlation=identity)
            told = self._room.send(sender, letter).text
        self.on_answered(sender, identity)
        return told

    def settle(self, identity: str, sender: str, text: str) -> bool:
        """Give an answer to whoever waits for it; False where nobody does."""
        question = self._open.get(identity)
        if question is None or question.answer.done():
            return False
        question.answer.set_result((sender, text))
        letter = Letter(question.sender, text, MailKind.ANSWER, Priority.HIGH, correlation=identity)
        self._room.note(sender, letter, MailState.READ)
        return True

    def _asker(self, identity: str) -> str:
        return self._room.sender_of(MailId(identity))

    def _refuse_circles(self, sender: str, to: str) -> None:
        seen, waits = {sender}, [to]
        while waits:
            name = waits.pop()
            for question in self._open.values():
                if question.sender != name or question.answer.done():
                    continue
                if sender in question.to:
                    raise Circular(
                        f"{name} waits for your answer itself, to: {question.text}",
                        hint="Answer that first (peer_answer), then ask.",
                    )
                waits += [one for one in question.to if one not in seen]
                seen.update(question.to)
