"""The checkpoint between steps: what the person and teammates say meanwhile, interrupting, and pausing."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from loomkin.agent.review import Review
from loomkin.records.dataclass import dataclass
from loomkin.records.mail import SYSTEM
from loomkin.runtime.turnstile import Turnstile


@dataclass(frozen=True, slots=True)
class Heard:
    """Words for the agent, and whose they are."""

    text: str
    sender: str = "person"


class Inbox(Protocol):
    """Where an agent's letters come from."""

    def take(self, *, end: bool) -> list[Heard]:
        """What is to be heard now; at the `end` of a turn also what waited for it."""
        ...

    def waits(self) -> bool:
        """Whether something is to be heard before the turn may end."""
        ...

    def owes(self) -> bool:
        """Whether somebody waits for what the agent says at the end of the turn."""
        ...

    def asked(self) -> bool:
        """Whether an agent waits for the answer to a question."""
        ...

    def rests(self) -> bool:
        """Whether others are at work for the agent, who has no task in hand."""
        ...

    def heard(self) -> None:
        """What was taken has been in a model call."""
        ...

    def on_interrupt(self, call: Callable[[], None] | None) -> None:
        """Whom to tell at once of a letter that cannot wait for the step's end."""
        ...


class Interrupted(Exception):
    """The step was stopped for words that cannot wait."""


class Steering:
    """Guidance that goes into the very next model call, and a gate that holds the loop.

    `notes` are asked for before each step, too: what the house has to say by then; `look` says what became
    of the files that the agent knows.
    """

    def __init__(self, inbox: Inbox | None = None) -> None:
        self._said: deque[str] = deque()
        self._running = asyncio.Event()
        self._running.set()
        self._inbox = inbox
        self.review = Review(self.held)
        self._stop: Callable[[], None] | None = None
        self._turnstile: Turnstile | None = None
        self.notes: Callable[[], list[Heard]] = list
        self.look: Callable[[], Awaitable[str]] | None = None

    @property
    def paused(self) -> bool:
        """Whether the loop stands at its next checkpoint."""
        return not self._running.is_set()

    @property
    def waiting(self) -> tuple[str, ...]:
        """What the person has said and has not been delivered yet."""
        return tuple(self._said)

    @property
    def owes(self) -> bool:
        """Whether somebody waits for the agent's last words: the person, for one who is in no team."""
        return self._inbox is None or self._inbox.owes()

    @property
    def asked(self) -> bool:
        """Whether an agent waits for the answer to a question, which a remark is not."""
        return self._inbox is None or self._inbox.asked()

    @property
    def rests(self) -> bool:
        """Whether a remark beside changes of the plan is all that the agent has to do for now."""
        return self._inbox is not None and self._inbox.rests()

    def attach(self, inbox: Inbox, turnstile: Turnstile) -> None:
        """Hear letters from there, too, and compute in turn with the others of a team."""
        self._inbox = inbox
        self._turnstile = turnstile

    def say(self, text: str) -> None:
        """Queue guidance."""
        self._said.append(text)

    def take_back(self) -> str | None:
        """The last guidance that has not been delivered, no longer queued."""
        return self._said.pop() if self._said else None

    def pause(self) -> None:
        """Hold the loop at its next checkpoint."""
        self._running.clear()

    def resume(self) -> None:
        """Let the loop go on."""
        self._running.set()

    async def held(self) -> None:
        """Wait while paused."""
        await self._running.wait()

    def poke(self) -> None:
        """Stop the step that runs, if it can be, and begin it anew."""
        if self._stop is not None:
            self._stop()

    async def checkpoint(self) -> list[Heard]:
        """Wait while paused, then take all there is to hear: the person's words first, each oldest first."""
        await self._running.wait()
        await self.own_round()
        seen = await self.look() if self.look is not None else ""
        heard = [Heard(text) for text in self._said]
        self._said.clear()
        heard += [Heard(seen, SYSTEM)] if seen else []
        return heard + self.notes() + (self._inbox.take(end=False) if self._inbox else [])

    async def own_round(self) -> None:
        """Wait until no other agent of the team computes in the same round of the event loop."""
        if self._turnstile is not None:
            await self._turnstile()

    def last_words(self) -> list[Heard]:
        """What must be heard before the turn may end."""
        return self._inbox.take(end=True) if self._inbox and self._inbox.waits() else []

    def delivered(self) -> None:
        """The model has been told all that was taken."""
        if self._inbox is not None:
            self._inbox.heard()

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Stop what runs inside when a letter comes that cannot wait; raises Interrupted then."""
        if self._inbox is None:
            yield
            return
        task, hit = asyncio.current_task(), False

        def stop() -> None:
            nonlocal hit
            if task is not None and not hit:
                hit = True
                task.cancel()

        self._stop = stop
        self._inbox.on_interrupt(stop)
        try:
            yield
        except asyncio.CancelledError:
            # someone else's cancellation counts more than ours
            if hit and task is not None and task.uncancel() == 0:
                raise Interrupted from None
            raise
        finally:
            self._stop = None
            self._inbox.on_interrupt(None)
