"""Listens for what is worth keeping of a session, and has it written into the decision graph, proof in hand.

What an event says counts only with evidence: a commit, a check after an edit, a person's choice or
correction, a task that was verified or was not. All else stays in the log.
"""

import json
from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from loomkin.decisions.desk import Desk
from loomkin.errors import LoomkinError
from loomkin.project.head import commit_of
from loomkin.project.root import find_root
from loomkin.records.dataclass import dataclass, field
from loomkin.records.event import (
    CallFinished,
    CallStarted,
    Event,
    FileChanged,
    MessageAdded,
    NoticeGiven,
    PermissionDecided,
    QuestionAnswered,
    QuestionAsked,
    TurnEnded,
    TurnStarted,
)
from loomkin.records.mail import PERSON
from loomkin.records.message import RAN, Message, Text
from loomkin.records.regex import pattern
from loomkin.records.task import Evidence, TaskState
from loomkin.records.team_event import EvidenceGathered, TaskMoved
from loomkin.runtime.bus import Bus
from loomkin.runtime.recorder import Scribe
from loomkin.runtime.supervisor import Supervisor
from loomkin.workspace.crew import Crew

if TYPE_CHECKING:
    from loomkin.decisions.graph import DecisionGraph
    from loomkin.provenance.promoting import Promoter

_COMMIT = pattern(r"\bgit\b[^;&|]*\bcommit\b|^commit$")
_CODE = pattern(r"\bexit (\d+)\b")
_CORRECTS = pattern(
    r"(?:no|nope|stop|wrong|don't|do not|rather|instead|actually|not like that|nein|falsch|lieber)\b", 2
)
_DECLINED = "the person declined"


@dataclass(slots=True)
class _Call:
    """A command that runs, or ran since the last edit."""

    started: Event
    command: str
    amends: bool
    head: str = ""
    passed: bool | None = None
    code: int | None = None
    output: str = ""


@dataclass(slots=True)
class _Agent:
    """What one agent did in the turn that it is in."""

    working: bool = False
    edited: dict[str, None] = field(default_factory=dict)
    running: dict[str, _Call] = field(default_factory=dict)
    last: _Call | None = None
    asked: dict[str, QuestionAsked] = field(default_factory=dict)


Work = Callable[["Promoter"], Awaitable[None]]


class Recording:
    """One session's; `aclose` returns when everything is written. Nothing is loaded before there is proof."""

    def __init__(
        self,
        bus: Bus,
        root: Path,
        scribe: Scribe,
        graph: "Callable[[], DecisionGraph]",
        supervisor: Supervisor,
    ) -> None:
        self._root = root
        self._scribe = scribe
        self._graph = graph
        self._supervisor = supervisor
        self._agents: dict[str, _Agent] = {}
        self._proofs: dict[str, Evidence] = {}
        self._waiting: deque[Work] = deque()
        self._worker: Awaitable[None] | None = None
        self._leave = bus.subscribe(self.happened)

    async def settled(self) -> None:
        """Return when all that happened so far is written down."""
        await self._scribe.flush()
        if self._worker is not None:
            await self._worker

    async def aclose(self) -> None:
        """Write down what there is, then listen no more."""
        await self.settled()
        self._leave()

    def happened(self, event: Event) -> None:
        """Take one event; returns at once."""
        if event.fact.stored and event.session == self._scribe.session:
            heard = _HEARD.get(type(event.fact))
            if heard is not None:
                heard(self, self._agents.setdefault(event.agent, _Agent()), event)

    def _turn_started(self, agent: _Agent, event: Event) -> None:
        self._agents[event.agent] = _Agent(working=True)

    def _turn_ended(self, agent: _Agent, event: Event) -> None:
        agent.working = False
        last, files = agent.last, tuple(agent.edited)
        if last is None or last.passed is None or not files:
            return
        if last.passed is False and last.code is None:
            return

        async def write(promoter: "Promoter") -> None:
            from loomkin.provenance.promoting import Checked  # heavy: late on purpose

            found = Checked(last.command, bool(last.passed), last.code, files, last.output)
            await promoter.checked(event, found)

        self._keep(write)

    def _changed(self, agent: _Agent, event: Event) -> None:
        assert isinstance(event.fact, FileChanged)
        agent.edited[event.fact.path] = None
        agent.last = None  # what ran before says nothing of this

    def _call_started(self, agent: _Agent, event: Event) -> None:
        fact = event.fact
        assert isinstance(fact, CallStarted)
        if fact.tool in ("shell", "git"):
            command = _command(fact)
            # the call waits until its start is written down, so this is what it finds
            head = commit_of(find_root(self._root)) if _COMMIT.search(command) else ""
            agent.running[fact.call_id] = _Call(event, command, "--amend" in command, head)

    def _call_finished(self, agent: _Agent, event: Event) -> None:
        fact = event.fact
        assert isinstance(fact, CallFinished)
        call = agent.running.get(fact.call_id)
        if call is None or fact.state not in ("ok", "failed"):
            return
        call.passed, call.output = fact.state == "ok", fact.output_id
        if call.passed and _COMMIT.search(call.command):
            self._keep(lambda promoter: promoter.commits(call.started, event, call.head, call.amends))
        elif agent.edited and fact.tool == "shell" and self._proves(call.command):
            agent.last = call
            call.code = 0 if call.passed else None

    def _said(self, agent: _Agent, event: Event) -> None:
        assert isinstance(event.fact, MessageAdded)
        message = event.fact.message
        for result in message.results:
            call = agent.running.pop(result.call_id, None)
            if call is not None and call.passed is False and (found := _CODE.search(result.text)):
                call.code = int(found[1])
        text = _words(message) if message.sender == PERSON else ""
        if text and not text.startswith(RAN) and (agent.working or _CORRECTS.match(text)):
            self._keep(lambda promoter: promoter.corrected(event, text))

    def _asked(self, agent: _Agent, event: Event) -> None:
        assert isinstance(event.fact, QuestionAsked)
        agent.asked[event.fact.call_id] = event.fact

    def _answered(self, agent: _Agent, event: Event) -> None:
        fact = event.fact
        assert isinstance(fact, QuestionAnswered)
        asked = agent.asked.pop(fact.call_id, None)
        if asked is not None and not fact.assumed and fact.answer.strip():
            question, options = asked.question, asked.options
            self._keep(lambda promoter: promoter.answered(event, question, options, fact.answer))

    def _decided(self, agent: _Agent, event: Event) -> None:
        fact = event.fact
        assert isinstance(fact, PermissionDecided)
        if fact.by == PERSON and fact.decision == "deny" and fact.reason not in ("", _DECLINED):
            text = f"{fact.reason} (to `{fact.target}`)"
            self._keep(lambda promoter: promoter.corrected(event, text))

    def _gathered(self, agent: _Agent, event: Event) -> None:
        fact = event.fact
        assert isinstance(fact, EvidenceGathered)
        self._proofs[fact.task] = fact.evidence
        if fact.evidence.exit_code != 0:
            self._keep(lambda promoter: promoter.proved(event, fact.task, fact.evidence))

    def _task_moved(self, agent: _Agent, event: Event) -> None:
        fact = event.fact
        assert isinstance(fact, TaskMoved)
        proof = self._proofs.get(fact.task)
        if fact.after is TaskState.DONE and proof is not None and proof.exit_code == 0:
            self._keep(lambda promoter: promoter.proved(event, fact.task, proof))

    def _proves(self, command: str) -> bool:
        from loomkin.provenance.checks import is_check  # heavy: late on purpose

        return is_check(command)

    def _keep(self, work: Work) -> None:
        self._waiting.append(work)
        if self._worker is None:
            self._worker = self._supervisor.start("recording", self._write())

    async def _write(self) -> None:
        from loomkin.provenance.promoting import Promoter  # heavy: late on purpose

        promoter = Promoter(self._graph(), self._root)
        try:
            while self._waiting:
                await self._one(promoter, self._waiting.popleft())
        finally:
            self._worker = None

    async def _one(self, promoter: "Promoter", work: Work) -> None:
        try:
            await work(promoter)
        except LoomkinError as error:
            self._scribe.record(NoticeGiven(f"Not all was kept as decisions: {error.message}", "warning"))


def record(crew: Crew, desk: Desk, supervisor: Supervisor) -> Recording:
    """Begin to listen to a session."""
    house = crew.house
    return Recording(house.bus, house.workplace.root, crew.scribe(""), lambda: desk.graph, supervisor)


_HEARD: dict[type, Callable[[Recording, _Agent, Event], None]] = {
    TurnStarted: Recording._turn_started,
    TurnEnded: Recording._turn_ended,
    FileChanged: Recording._changed,
    CallStarted: Recording._call_started,
    CallFinished: Recording._call_finished,
    MessageAdded: Recording._said,
    QuestionAsked: Recording._asked,
    QuestionAnswered: Recording._answered,
    PermissionDecided: Recording._decided,
    EvidenceGathered: Recording._gathered,
    TaskMoved: Recording._task_moved,
}


def _command(fact: CallStarted) -> str:
    """What a call runs; of the git tool its operation."""
    try:
        planned = json.loads(fact.arguments)
    except ValueError:
        return ""
    if not isinstance(planned, dict):
        return ""
    word = planned.get("command") or planned.get("cmd") or planned.get("operation") or ""
    return str(word)


def _words(message: Message) -> str:
    """The person's words themselves."""
    return next((part.text for part in message.parts if isinstance(part, Text)), "")
