"""Questions to the person: approvals of calls, and what agents ask; answered in any order."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

from loomkin.permissions.gate import Answer, Approval, Scope, target_of
from loomkin.records.dataclass import dataclass, field

GUARD = 0.3
"""Seconds after a box has appeared in which keys are taken for typing that was meant for the input line."""

T = TypeVar("T")


class Step(StrEnum):
    """What a box waits for: a key, or words."""

    KEY = "key"
    WORDS = "words"


@dataclass(slots=True, eq=False)
class Ask:
    """An approval that waits; `since` is when its box appeared, on the monotonic clock."""

    approval: Approval
    future: "asyncio.Future[Answer]"
    step: Step = Step.KEY
    since: float | None = None


@dataclass(slots=True, eq=False)
class Inquiry:
    """An agent's question that waits."""

    agent: str
    question: str
    options: tuple[str, ...]
    free: bool
    future: "asyncio.Future[str | None]"
    step: Step = Step.KEY
    since: float | None = field(default=None)


class Approvals:
    """Asks the person; the screen shows `current` and passes keys and words on.

    It is the gate's asker and the person of ask_person. A question is taken back with its call.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._waiting: deque[Ask | Inquiry] = deque()
        self.changed: Callable[[], None] = lambda: None

    @property
    def current(self) -> Ask | Inquiry | None:
        """The question on the screen."""
        return self._waiting[0] if self._waiting else None

    @property
    def count(self) -> int:
        """How many questions wait, the one on the screen included."""
        return len(self._waiting)

    @property
    def others(self) -> tuple[str, ...]:
        """Who else waits and for what, a line each, in the order in which `turn` comes to them."""
        return tuple(f"{agent_of(one)}: {subject_of(one)}" for one in list(self._waiting)[1:])

    def turn(self) -> None:
        """Show the next question; the present one waits behind the others."""
        if self.count > 1:
            self._waiting.rotate(-1)
            self._waiting[0].since = None
            self.changed()

    @property
    def guarded(self) -> bool:
        """Whether the box is so new that a key cannot be meant for it."""
        current = self.current
        return current is not None and (current.since is None or self._now() - current.since < GUARD)

    def appeared(self) -> None:
        """The box of the current question is on the screen now."""
        if self.current is not None and self.current.since is None:
            self.current.since = self._now()

    def typed(self) -> None:
        """Something was typed into the input line: who types does not answer, so the guard begins anew."""
        if self.current is not None and self.current.since is not None:
            self.current.since = self._now()

    async def approve(self, approval: Approval) -> Answer:
        """The person's answer; cancelled with the call."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        return await self._put(Ask(approval, future), future)

    async def ask(self, question: str, options: tuple[str, ...], free: bool, agent: str) -> str | None:
        """The person's answer, one of the options or their own words; None where they decline."""
        future: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        inquiry = Inquiry(agent, question, options, free, future, Step.KEY if options else Step.WORDS)
        return await self._put(inquiry, future)

    def press(self, key: str) -> bool:
        """Take a key; False where it means nothing here, so that it may be typed."""
        current = self.current
        if current is None or self.guarded or current.step is Step.WORDS:
            return False
        taken = _decide(current, key) if isinstance(current, Ask) else _choose(current, key)
        if taken:
            self.changed()
        return taken

    def say(self, words: str) -> bool:
        """Take words: the reason of a declined call, or a free answer; False where none are wanted."""
        current = self.current
        if current is None or current.step is not Step.WORDS:
            return False
        if isinstance(current, Ask):
            _settle(current.future, Answer(False, reason=words.strip()))
        elif words.strip():
            _settle(current.future, words.strip())
        self.changed()
        return True

    def back(self) -> bool:
        """Go back from words to keys; False where the question began with words, or keys are wanted."""
        current = self.current
        if (
            current is None
            or current.step is Step.KEY
            or (isinstance(current, Inquiry) and not current.options)
        ):
            return False
        current.step = Step.KEY
        self.changed()
        return True

    def decline(self, one: Ask | Inquiry | None = None) -> None:
        """Decline one question, or all that wait."""
        for each in (one,) if one else tuple(self._waiting):
            if isinstance(each, Ask):
                _settle(each.future, Answer(False, reason="the person declined and interrupted"))
            else:
                _settle(each.future, None)

    async def _put(self, one: Ask | Inquiry, future: "asyncio.Future[T]") -> T:
        self._waiting.append(one)
        self.changed()
        try:
            return await future
        finally:
            self._waiting.remove(one)
            self.changed()


def agent_of(one: Ask | Inquiry) -> str:
    """Whose call or question it is."""
    return one.approval.agent if isinstance(one, Ask) else one.agent


def subject_of(one: Ask | Inquiry) -> str:
    """What it is about, in one line."""
    if isinstance(one, Inquiry):
        return f"asks: {one.question}"
    return f"wants {one.approval.use.tool} {target_of(one.approval.use)}".rstrip()


def offered(ask: Ask) -> str:
    """The rule that a longer approval would save, or nothing where widening is unsafe."""
    return next(iter(ask.approval.verdict.offers), "")


def _decide(ask: Ask, key: str) -> bool:
    rule = offered(ask)
    scope = {"a": Scope.SESSION, "p": Scope.PROJECT}.get(key)
    if key == "y":
        _settle(ask.future, Answer(True))
    elif scope is not None and rule:
        _settle(ask.future, Answer(True, scope, rule))
    elif key == "n":
        _settle(ask.future, Answer(False))
    elif key == "d":
        ask.step = Step.WORDS
    else:
        return False
    return True


def _choose(inquiry: Inquiry, key: str) -> bool:
    if key.isdecimal() and 1 <= int(key) <= len(inquiry.options):
        _settle(inquiry.future, inquiry.options[int(key) - 1])
    elif inquiry.free and key == "d":
        inquiry.step = Step.WORDS
    else:
        return False
    return True


def _settle(future: "asyncio.Future[T]", answer: T) -> None:
    if not future.done():
        future.set_result(answer)
