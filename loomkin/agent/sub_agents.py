"""Read-only helpers of an agent: each has its own window, an end, and last words that always come back."""

import asyncio
from typing import Protocol

from loomkin.agent.agent import Agent
from loomkin.agent.tally import Tally
from loomkin.agent.turn import Limits, Outcome, TurnEnd
from loomkin.errors import LimitError
from loomkin.records.role import Role
from loomkin.records.team_event import AgentJoined, AgentMoved, AgentReported
from loomkin.runtime.supervisor import Supervisor

STEPS = 25
SECONDS = 600.0
ORDER = (
    "{task}\n\nYour last message is all that {caller} gets of your work: put the answer and its evidence "
    "into it. You have at most {steps} steps."
)
CONCLUDE = "Your steps are used up. Answer now, without calls: what you found, where, and what is still open."


class Studio(Protocol):
    """Who makes helpers, and what they run under."""

    @property
    def supervisor(self) -> Supervisor:
        """The owner of their tasks."""
        ...

    @property
    def most_a_turn(self) -> int:
        """How many helpers an agent may have in one turn."""
        ...

    def tally(self, most: int) -> Tally:
        """A count that begins anew with each turn."""
        ...

    def role(self, name: str) -> Role:
        """The role of that name; raises NotFoundError."""
        ...

    async def reader(self, name: str, role: Role) -> Agent:
        """An agent with the tools of a role that read."""
        ...

    def tell(self, name: str, text: str) -> None:
        """Let an agent know something before its next step."""
        ...

    def new_name(self, wish: str) -> str:
        """A name that no agent of the session ever had."""
        ...


class SubAgents:
    """Sends helpers out and brings back what they say; they have no helpers of their own."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._tally = studio.tally(studio.most_a_turn)

    async def ask(self, caller: str, role_name: str, task: str) -> str:
        """The helper's last words, also where it was stopped or failed: then they say so first.

        Raises NotFoundError for an unknown role, LimitError where the caller has had enough of them.
        """
        role = self._studio.role(role_name)
        if not self._tally.one_more(caller):
            raise LimitError(
                f"You have sent {self._tally.most} sub-agents out in this turn, which is the most.",
                limit="sub_agents",
                hint="Work with what they found, or look yourself.",
            )
        name = self._studio.new_name(f"{caller}/{role.name}")
        agent = await self._studio.reader(name, role)
        model = str(agent.model.spec.id)
        agent.scribe.record(AgentJoined(name, role.name, "", caller, model, task, tier=role.tier))
        steps = min(role.max_turns or STEPS, STEPS)
        agent.transcript.say(ORDER.format(task=task, caller=caller, steps=steps), caller)
        work = self._studio.supervisor.start(
            name, concluded(agent, f"task from {caller}", Limits(steps, SECONDS))
        )
        try:
            await asyncio.wait([work])
        except asyncio.CancelledError:
            work.cancel()
            said = _said(agent)
            agent.scribe.record(AgentMoved(name, "stopped", f"{caller} was stopped"))
            self._studio.tell(caller, f"Your sub-agent {name} was stopped together with your call.{said}")
            raise
        words = _last_words(agent, work)
        outcome = work.result().outcome.value if _ended_well(work) else "crashed"
        agent.scribe.record(AgentReported(name, caller, words, outcome))
        agent.scribe.record(AgentMoved(name, "done", "" if outcome == Outcome.DONE else outcome))
        return words


async def concluded(agent: Agent, woke: str, limits: Limits) -> TurnEnd:
    """A turn; where its steps or its time run out, one more answer in which the agent says what it has."""
    end = await agent.turn(woke, limits)
    if end.outcome is not Outcome.LIMIT_REACHED or end.limit == "budget":
        return end
    agent.transcript.say(CONCLUDE, "loomkin")
    last = await agent.turn("its limit", Limits(1, limits.seconds))
    return last if last.outcome is Outcome.DONE else end


def _ended_well(work: "asyncio.Task[TurnEnd]") -> bool:
    return not work.cancelled() and work.exception() is None


def _last_words(agent: Agent, work: "asyncio.Task[TurnEnd]") -> str:
    if not _ended_well(work):
        error = None if work.cancelled() else work.exception()
        why = f"crashed: {type(error).__name__}: {error}" if error else "was stopped"
        return f"It {why}, and did not finish.{_said(agent)}"
    end = work.result()
    if end.outcome is Outcome.DONE:
        return end.text
    reason = end.error.message if end.error else end.outcome.value
    return f"It did not finish: {reason}{_said(agent)}"


def _said(agent: Agent) -> str:
    text = agent.transcript.last_said()
    return f"\nIt said last: {text}" if text else "\nIt had said nothing."
