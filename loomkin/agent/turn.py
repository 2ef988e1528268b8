"""One turn: ask the model, run what it plans, check point, until it has answered or must stop."""

import asyncio
from enum import StrEnum
from typing import Protocol

from loomkin.agent.cycles import Cycles, Repetition, Rung, reminder
from loomkin.agent.steering import Interrupted, Steering
from loomkin.agent.transcript import Transcript
from loomkin.agent.window import Load, Window
from loomkin.errors import ContextLengthError, FatalToolError, LimitError, LoomkinError, ProviderError
from loomkin.llm.client import Completion, ModelClient
from loomkin.records.dataclass import dataclass, replace
from loomkin.records.event import LoopNoticed, StateChanged
from loomkin.records.message import ToolCall, ToolResult
from loomkin.runtime.recorder import Scribe
from loomkin.tooling.hooked import EndedByHook
from loomkin.tooling.runner import Runner
from loomkin.tooling.tool import Fail, Ok

EMPTY_ANSWER = "Your last message was empty. Answer in words, or call a tool."
CUT_OFF = (
    "Your answer was cut off by the output limit. Go on exactly where it stopped, without repeating anything."
)
MOST_BROKEN = 3


class Outcome(StrEnum):
    """The ways a turn ends; only `done` completes the work.

    None is for an open question to the person: where nobody answers, the agent goes on with an assumption.
    """

    DONE = "done"
    BLOCKED = "blocked"
    CANCELLED = "cancelled"
    FAILED = "failed"
    LIMIT_REACHED = "limit_reached"


@dataclass(frozen=True, slots=True)
class TurnEnd:
    """How a turn ended; `text` is the answer, or what was said last where there is none.

    It was not `spoken` where it is the result of the call that ended the turn.
    """

    outcome: Outcome
    text: str
    steps: int
    error: LoomkinError | None = None
    limit: str = ""
    spoken: bool = True


class Check(Protocol):
    """Looks at a final answer before it counts; the answer is what the agent must still hear, or nothing."""

    async def __call__(self, text: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Limits:
    """Most model calls and most seconds of one turn."""

    steps: int
    seconds: float | None = None


class Turn:
    """Works on what the transcript asks for until it ends in one of the outcomes."""

    def __init__(
        self,
        window: Window,
        model: ModelClient,
        runner: Runner,
        steering: Steering,
        scribe: Scribe,
        limits: Limits,
        checks: tuple[Check, ...] = (),
    ) -> None:
        self._window = window
        self._model = model
        self._runner = runner
        self._transcript = window.transcript
        self._steering = steering
        self._scribe = scribe
        self._limits = limits
        self._checks = checks
        self._cycles = Cycles()
        self._steps = 0
        self._said = ""
        self._closing = ""

    @property
    def steps(self) -> int:
        """Model calls so far."""
        return self._steps

    async def run(self, woke: str) -> TurnEnd:
        """Run to the end; cancellation passes through after every planned call has its result."""
        limit = asyncio.timeout(self._limits.seconds)
        try:
            async with limit:
                return await self._loop(woke)
        except TimeoutError:
            if not limit.expired():
                raise
            return self._stopped(f"the time limit of {self._limits.seconds:g} s is reached", "time")
        except LimitError as error:
            return TurnEnd(Outcome.LIMIT_REACHED, self._said, self._steps, error, error.limit)
        except EndedByHook as error:
            return TurnEnd(Outcome.BLOCKED, self._said, self._steps, error)
        except (ProviderError, FatalToolError) as error:
            return TurnEnd(Outcome.FAILED, self._said, self._steps, error)

    async def _loop(self, woke: str) -> TurnEnd:
        nudged = False
        broken = 0
        begun = ""
        while True:
            await self._hear()
            if self._steps >= self._limits.steps:
                return self._stopped(f"the limit of {self._limits.steps} model calls is reached", "turns")
            try:
                with self._steering.interruptible():
                    completion = await self._ask(woke)
                    end = await self._act(completion) if completion.calls else None
            except Interrupted:
                continue
            if completion.calls:
                nudged, begun = False, ""
                broken = broken + 1 if completion.truncated else 0
                if end is None and broken >= MOST_BROKEN:
                    end = self._failed(f"the model's answer was cut off {broken} times in a row")
                if end is not None:
                    return end
                if self._closing and not completion.truncated and not await self._more_to_do(self._closing):
                    return TurnEnd(
                        Outcome.DONE, self._closing, self._steps, spoken=bool(completion.text.strip())
                    )
                continue
            if completion.problem and broken < MOST_BROKEN:
                broken += 1
                self._transcript.say(completion.problem, "loomkin")
                continue
            if not completion.text.strip():
                if nudged:
                    return self._failed("the model answered with nothing, twice")
                nudged = True
                self._transcript.say(EMPTY_ANSWER, "loomkin")
                continue
            self._said = begun + completion.text
            if completion.truncated:
                broken += 1
                if broken >= MOST_BROKEN:
                    return self._failed(f"the model's answer was cut off {broken} times in a row")
                begun = self._said
                self._transcript.say(CUT_OFF, "loomkin")
                continue
            if not await self._more_to_do(self._said):
                return TurnEnd(Outcome.DONE, self._said, self._steps)
            begun, broken = "", 0

    async def _hear(self) -> None:
        if self._steering.paused:
            self._scribe.record(StateChanged("paused"))
        for heard in await self._steering.checkpoint():
            self._transcript.say(heard.text, heard.sender)

    async def _ask(self, woke: str) -> Completion:
        await self._scribe.flush()  # what has happened may bring tools into sight
        await self._steering.own_round()
        load, room = await self._window.fit()
        await self._scribe.flush()
        await self._steering.own_round()
        self._scribe.record(StateChanged("thinking"))
        self._steps += 1
        try:
            completion = await self._call(load, room, woke)
        except ContextLengthError:
            # the provider's own count is what matters
            if not await self._window.refused(load):
                raise
            load, room = await self._window.fit()
            await self._scribe.flush()
            completion = await self._call(load, room, woke)
        await self._steering.own_round()
        parts = [
            piece
            for part in completion.parts
            for piece in (self._runner.separated(part) if isinstance(part, ToolCall) else (part,))
        ]
        self._steering.delivered()
        told = [self._runner.told(part) if isinstance(part, ToolCall) else part for part in parts]
        message = self._transcript.answer(told, self._scribe.agent)
        self._said = completion.text or self._said
        meant = (part.arguments for part in parts if isinstance(part, ToolCall))
        calls = (replace(call, arguments=each) for call, each in zip(message.calls, meant, strict=True))
        return replace(completion, calls=tuple(calls))

    async def _call(self, load: Load, room: int, woke: str) -> Completion:
        system = self._window.system
        return await self._model.complete(system, load.messages, load.tools, room, self._scribe, woke)

    async def _act(self, completion: Completion) -> TurnEnd | None:
        calls = completion.calls
        self._scribe.record(StateChanged("in_tool", ", ".join(call.name for call in calls)))
        collected, self._closing = _Collected(self._transcript, self._cycles), ""
        self._steering.review.begin(calls)
        await self._runner.run(calls, completion.truncated, self._scribe, collected)
        found = self._cycles.note(calls, collected.results) or collected.found
        if found is None:
            self._closing = self._last_words(completion.text.strip(), collected)
            return None
        self._scribe.record(LoopNoticed(found.rung, found.pattern))
        if found.rung is Rung.STOP:
            text = f"the same step was repeated {found.times} times without progress ({found.pattern})"
            return TurnEnd(
                Outcome.FAILED, self._said, self._steps, LoomkinError(f"Stopped: {text}.", hint=_STUCK)
            )
        self._transcript.say(reminder(found), "loomkin")
        return None

    def _last_words(self, said: str, collected: "_Collected") -> str:
        """What the turn ends with, where the calls of a step leave nothing to do."""
        if collected.ends and not collected.to_read and not self._steering.owes:
            return said or collected.ends
        if collected.others or self._steering.asked:
            return ""
        if collected.handed_over or (collected.along and self._steering.rests):
            return said
        return ""

    async def _more_to_do(self, text: str) -> bool:
        if self._steering.waiting:
            return True
        if heard := self._steering.last_words():
            for words in heard:
                self._transcript.say(words.text, words.sender)
            return True
        for check in self._checks:
            wanted = await check(text)
            if wanted:
                self._transcript.say(wanted, "loomkin")
                return True
        return bool(self._steering.waiting)

    def _stopped(self, why: str, limit: str) -> TurnEnd:
        error = LimitError(
            f"Stopped: {why}.", limit=limit, hint="Continue with `-c`; raise the limit if needed."
        )
        return TurnEnd(Outcome.LIMIT_REACHED, self._said, self._steps, error, limit)

    def _failed(self, why: str) -> TurnEnd:
        error = LoomkinError(f"Stopped: {why}.", hint="Try again, or use another model (--model).")
        return TurnEnd(Outcome.FAILED, self._said, self._steps, error)


_STUCK = "Say more precisely what you want, or try another model (--model), and continue with `-c`."


class _Collected:
    """Passes results on to the transcript and keeps what the loop detector looks at."""

    def __init__(self, transcript: Transcript, cycles: Cycles) -> None:
        self._transcript = transcript
        self._cycles = cycles
        self.results: list[ToolResult] = []
        self.found: Repetition | None = None
        self.ends = ""
        self.handed_over = self.along = self.others = self.to_read = False

    def add_result(self, result: ToolResult, outcome: Ok | Fail) -> None:
        self.results.append(result)
        self._transcript.add_result(result)
        if isinstance(outcome, Fail):
            self.others = self.to_read = True
            return
        self.ends = result.text if outcome.ends_turn else self.ends
        self.handed_over |= outcome.hands_over
        self.along |= outcome.goes_along
        quiet = outcome.ends_turn or outcome.hands_over or outcome.goes_along
        self.others |= outcome.must_be_read or not quiet
        self.to_read |= outcome.must_be_read
        for change in outcome.changes:
            found = self._cycles.changed(change.path, change.before, change.after)
            if found and (self.found is None or found.rung > self.found.rung):
                self.found = found
