"""A person's session: one conversation with one agent, durable, resumable, steerable."""

import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from loomkin.agent.agent import Agent
from loomkin.agent.turn import Check, Limits, Outcome, TurnEnd
from loomkin.agent.window import Offloaded
from loomkin.agent.zones import Zones
from loomkin.errors import LoomkinError, UsageError
from loomkin.llm.books import Books
from loomkin.permissions.gate import Gate
from loomkin.permissions.hooks import HookOutcome, Hooks
from loomkin.records.dataclass import dataclass
from loomkin.records.event import HookRan, NoticeGiven, SessionRenamed, WindowCleared
from loomkin.records.ids import SessionId
from loomkin.records.message import ANSWER_ONLY, FROM_FILES
from loomkin.records.permission import Mode
from loomkin.runtime.recorder import Scribe
from loomkin.workspace.mentions import Attached

if TYPE_CHECKING:  # a session of one agent has no team and loads none
    from loomkin.decisions.desk import Desk
    from loomkin.workspace.git_desk import GitDesk
    from loomkin.workspace.languages import Languages
    from loomkin.workspace.oversight import Oversight
    from loomkin.workspace.remembering import Remembering
    from loomkin.workspace.watching import Watching


class Blocked(LoomkinError):
    """A hook of the person did not let the prompt pass, or the session begin."""


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """What does not change while the session is open; `mode_fixed_by` is the administrator's `file:line`."""

    id: SessionId
    cwd: str
    root: str
    role: str
    started: float
    resumed: bool
    mode_fixed_by: str = ""


class Company(Protocol):
    """The other agents of a session, as far as its own turns depend on them."""

    async def news(self) -> bool:
        """Wait while others work; True where they have something to say to the session's agent."""
        ...

    async def turn(self, limits: Limits, checks: tuple[Check, ...]) -> TurnEnd:
        """Let the session's agent hear it and answer."""
        ...

    async def woken(self) -> None:
        """Return when others have something to say to the session's agent."""
        ...

    async def close(self) -> None:
        """Send everybody home."""
        ...

    @property
    def oversight(self) -> "Oversight":
        """What the person may do with the team."""
        ...


class Person(Protocol):
    """Whoever can put a question to the person."""

    async def ask(self, question: str, options: tuple[str, ...], free: bool, agent: str) -> str | None:
        """The answer, or None where nobody is there or they decline."""
        ...


class Session:
    """Takes the person's words, wakes the agent, and closes in order.

    `opening` makes the first message (place, rules, hook context) when the first words come.
    """

    def __init__(
        self,
        facts: SessionFacts,
        name: str,
        agent: Agent,
        gate: Gate,
        hooks: Hooks,
        scribe: Scribe,
        opening: Callable[[str], Awaitable[str]],
        mentions: Callable[[str], Attached],
        books: Books,
    ) -> None:
        self.facts = facts
        self.name = name
        self.agent = agent
        self.gate = gate
        self._hooks = hooks
        self._scribe = scribe
        self.opening = opening
        self._mentions = mentions
        self.books = books
        self._context = ""
        self.company: Company | None = None
        self.gather: Callable[[], Company] | None = None
        self.recall: Callable[[str, float], str] = lambda text, since: ""
        self.desk: Desk | None = None
        self.memory: Remembering | None = None
        self.languages: Languages | None = None
        self.git: GitDesk | None = None
        self.person: Person | None = None
        self.watching: Callable[[], Watching] | None = None
        self.begun = time.monotonic()

    @property
    def id(self) -> SessionId:
        """The session's identifier."""
        return self.facts.id

    async def start(self) -> None:
        """Run the person's SessionStart hooks; what they print becomes context of the first message.

        Raises Blocked where one of them ends the session.
        """
        outcome = await self._hook("SessionStart", {"source": "resume" if self.facts.resumed else "startup"})
        if outcome.stop:
            raise Blocked(
                f"A hook ended the session: {outcome.stop}", hint="Your SessionStart hook decided this."
            )
        self._context = outcome.context

    async def send(self, text: str, limits: Limits, checks: tuple[Check, ...] = ()) -> TurnEnd:
        """Give the agent the person's words and let the team work until nobody has anything left to do.

        Raises what `answer` raises.
        """
        end = await self.answer(text, limits, checks)
        while end.outcome is Outcome.DONE and self.company is not None:
            if not await self.company.news():
                break
            end = await self.company.turn(limits, checks)
        return end

    async def answer(self, text: str, limits: Limits, checks: tuple[Check, ...] = ()) -> TurnEnd:
        """Give the agent the person's words and let it work until its turn ends; others may still work then.

        Raises Blocked where a UserPromptSubmit hook objects; cancellation ends the turn and passes through.
        """
        outcome = await self._hook("UserPromptSubmit", {"prompt": text})
        if outcome.blocked or outcome.stop:
            raise Blocked(
                f"A hook blocked the prompt: {outcome.reason or outcome.stop}",
                hint="Your UserPromptSubmit hook decided this.",
            )
        transcript = self.agent.transcript
        since = transcript.messages[-1].at if transcript.messages else 0.0
        await self._open()
        found = Attached("") if text.startswith(FROM_FILES) else self._mentions(text)
        for problem in found.problems:
            self._scribe.record(NoticeGiven(problem, "warning"))
        along = await self._along(text)
        transcript.say(text, "person", "\n".join(part for part in (found.text.lstrip(), along) if part))
        if outcome.context:
            transcript.say(outcome.context, "loomkin")
        if known := self.recall(text, since):
            transcript.say(known, "loomkin")
        with self._answering(text):
            return await self.agent.turn("person", limits, checks)

    @contextmanager
    def _answering(self, text: str) -> Iterator[None]:
        """Hold the agent to reading where an order out of files only asks."""
        mode = self.gate.mode
        if not (text.startswith(FROM_FILES) and text.endswith(ANSWER_ONLY)) or mode is Mode.PLAN:
            yield
            return
        self.gate.change_mode(Mode.PLAN, self._scribe)
        try:
            yield
        finally:
            if self.gate.mode is Mode.PLAN:
                self.gate.change_mode(mode, self._scribe)

    async def _along(self, text: str) -> str:
        """What keepers that the words name bring along."""
        if self.memory is None or "@k" not in text:
            return ""
        found = await self.memory.along(text)
        for problem in found.problems:
            self._scribe.record(NoticeGiven(problem, "warning"))
        return found.text or " ".join(found.problems)

    async def add_context(self, text: str, sender: str) -> None:
        """Put what the person ran, or what loomkin says, into the conversation without waking the agent."""
        await self._open()
        self.agent.transcript.say(text, sender)

    def note(self, text: str) -> None:
        """Tell the agent something when it next works, without waking it."""
        if self.agent.transcript.messages:
            self.agent.transcript.say(text, "loomkin")

    async def ask(self, question: str, options: tuple[str, ...], free: bool) -> str | None:
        """Put a question of loomkin itself to the person; None where nobody answers."""
        return await self.person.ask(question, options, free, "loomkin") if self.person is not None else None

    def steer(self, text: str) -> None:
        """Words for the agent's very next model call."""
        self.agent.steering.say(text)

    async def clear(self) -> Offloaded | None:
        """Empty the window; a keeper holds what was in it."""
        made = await self.agent.window.clear()
        self._scribe.record(WindowCleared())
        return made

    def rename(self, name: str) -> None:
        """Give the session another name."""
        self.name = name
        self._scribe.record(SessionRenamed(name))

    def change_mode(self, mode: Mode) -> None:
        """Go on in another permission mode; raises UsageError where the administrator fixed it."""
        if self.facts.mode_fixed_by and mode is not self.gate.mode:
            raise UsageError(f"{self.facts.mode_fixed_by} fixes the mode: it stays {self.gate.mode}.")
        self.gate.change_mode(mode, self._scribe)

    def zones(self) -> Zones:
        """How full the model's window is, by zone."""
        return self.agent.window.load().zones

    async def flush(self) -> None:
        """Wait until everything that happened is on disk."""
        await self._scribe.flush()

    async def close(self, reason: str) -> None:
        """Run the SessionEnd hooks and write the rest down."""
        if self.company is not None:
            await self.company.close()
        await self._hook("SessionEnd", {"reason": reason})
        await self._scribe.flush()

    async def _open(self) -> None:
        if not self.agent.transcript.messages:
            self.agent.transcript.say(await self.opening(self._context), "loomkin")

    async def _hook(self, event: str, payload: dict[str, object]) -> HookOutcome:
        if not self._hooks.wants(event):
            return HookOutcome()
        known = {"session_id": self.id, "permission_mode": self.gate.mode.value}
        outcome = await self._hooks.run(event, {**known, **payload})
        self._scribe.record(HookRan(event, outcome.blocked, outcome.reason))
        for notice in outcome.notices:
            self._scribe.record(NoticeGiven(notice, "warning"))
        return outcome
