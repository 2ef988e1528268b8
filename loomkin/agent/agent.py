"""One agent: a role, a transcript, and the turns it takes when it is woken."""

import asyncio
from collections.abc import Awaitable, Callable

from loomkin.agent.steering import Steering
from loomkin.agent.transcript import Transcript
from loomkin.agent.turn import Check, Limits, Outcome, Turn, TurnEnd
from loomkin.agent.window import Window
from loomkin.errors import LoomkinError
from loomkin.llm.client import ModelClient
from loomkin.permissions.gate import Gate
from loomkin.permissions.hooks import Hooks
from loomkin.records.dataclass import dataclass
from loomkin.records.event import StateChanged, TurnEnded, TurnStarted
from loomkin.runtime.clock import Clock
from loomkin.runtime.recorder import Scribe
from loomkin.tooling.hooked import told
from loomkin.tooling.runner import Runner


@dataclass(frozen=True, slots=True)
class Parts:
    """What an agent is made of."""

    window: Window
    model: ModelClient
    runner: Runner
    hooks: Hooks
    scribe: Scribe
    clock: Clock


class Agent:
    """Takes one turn at a time; every turn ends in the log, cancelled ones too.

    `before_turn` may change what the agent is told and which tools it holds; `first_words` open its
    transcript; `most_steps` is the most that its role lets it take in a turn.
    """

    def __init__(self, parts: Parts, turns: int = 0) -> None:
        self._parts = parts
        self._turns = turns
        self.before_turn: Callable[[], None] = lambda: None
        self.most_steps: int | None = None
        self.first_words: Callable[[], Awaitable[str]] | None = None
        self.steering = Steering()
        parts.runner.review = self.steering.review

    @property
    def name(self) -> str:
        """The agent's name."""
        return self._parts.scribe.agent

    @property
    def turns(self) -> int:
        """How many turns it has begun."""
        return self._turns

    @property
    def scribe(self) -> Scribe:
        """What writes down what it does, and for which task."""
        return self._parts.scribe

    @property
    def transcript(self) -> Transcript:
        """All it heard and said."""
        return self._parts.window.transcript

    @property
    def window(self) -> Window:
        """What its model sees of that."""
        return self._parts.window

    @property
    def runner(self) -> Runner:
        """What runs its calls."""
        return self._parts.runner

    @property
    def model(self) -> ModelClient:
        """What it thinks with."""
        return self._parts.model

    async def open(self) -> None:
        """Say what it must know before anything else, once; looked up only when it is first woken."""
        if self.first_words is not None and not self.transcript.messages:
            self.transcript.say(await self.first_words(), "loomkin")

    async def turn(self, woke: str, limits: Limits, checks: tuple[Check, ...] = ()) -> TurnEnd:
        """Work until the transcript's last request is answered or something stops it."""
        parts = self._parts
        self._turns += 1
        self.before_turn()
        number, begun = self._turns, parts.clock.monotonic()
        parts.scribe.record(TurnStarted(number, woke))
        work = Turn(
            parts.window,
            parts.model,
            parts.runner,
            self.steering,
            parts.scribe,
            Limits(min(limits.steps, self.most_steps or limits.steps), limits.seconds),
            (*checks, _StopHook(parts.hooks, parts.scribe, parts.runner.gate)),
        )
        end = TurnEnd(Outcome.FAILED, "", 0)
        try:
            end = await work.run(woke)
            return end
        except asyncio.CancelledError:
            end = TurnEnd(Outcome.CANCELLED, "", work.steps)
            raise
        except LoomkinError as error:
            end = TurnEnd(Outcome.FAILED, "", work.steps, error)
            raise
        finally:
            detail = end.error.message if end.error else ""
            seconds = parts.clock.monotonic() - begun
            parts.scribe.record(TurnEnded(number, end.outcome.value, detail, end.steps, seconds))
            parts.scribe.record(StateChanged("idle", end.outcome.value))


class _StopHook:
    """Lets the person's Stop hooks send the agent back to work, once a turn."""

    def __init__(self, hooks: Hooks, scribe: Scribe, gate: Gate) -> None:
        self._hooks = hooks
        self._scribe = scribe
        self._gate = gate
        self._used = False

    async def __call__(self, text: str) -> str:
        if self._used or not self._hooks.wants("Stop"):
            return ""
        known = {"session_id": self._scribe.session, "permission_mode": self._gate.mode.value}
        outcome = await self._hooks.run(
            "Stop", {**known, "stop_hook_active": self._used, "last_message": text}, ""
        )
        told(self._scribe, "Stop", outcome)
        if outcome.stop or not outcome.blocked:
            return ""
        self._used = True
        return f"A hook of the person does not accept this as the end: {outcome.reason}"
