"""One model call as the loop sees it: reserved, streamed, retried, settled and written down."""

import asyncio
import random
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence

from loomkin.errors import (
    ContentPolicyError,
    ModelNotFoundError,
    OverloadedError,
    RateLimitError,
    TransientError,
)
from loomkin.llm.callers import Caller, Found, caller_of
from loomkin.llm.estimate import Estimator
from loomkin.llm.gathering import Gathering, Redaction
from loomkin.llm.lanes import Lane, Lanes
from loomkin.llm.metering import Meter, Reservation
from loomkin.llm.models import ModelSpec
from loomkin.llm.retry import RetryNotice, RetryPolicy, with_retry
from loomkin.llm.wire import Delta, Endpoint, FinishReason, Request, Wire
from loomkin.records.dataclass import dataclass, field, replace
from loomkin.records.event import ModelRetried, NoticeGiven, StateChanged, StreamRestarted, UsageRecorded
from loomkin.records.message import Message, Part, Text, Thinking, ToolCall, ToolSpec
from loomkin.records.usage import Usage
from loomkin.runtime.recorder import Scribe

FALL_BACK_ON = (RateLimitError, OverloadedError, ModelNotFoundError)
SAFETY = 1.25
UNSAID = 1.0
"""Seconds that a provider's gate shuts where a refusal does not say how long."""
OpenWire = Callable[[str, Endpoint], Wire]


@dataclass(frozen=True, slots=True)
class Completion:
    """A whole answer; `truncated` says that the output limit or a filter cut it off.

    Its words hold no secrets, the arguments of its calls may. `problem` tells the model why a call that it
    wrote as text cannot be read.
    """

    parts: tuple[Part, ...]
    text: str
    calls: tuple[ToolCall, ...]
    truncated: bool
    problem: str = ""


class ModelClient:
    """Calls one model, and its fallbacks where that one has no room or is gone."""

    def __init__(
        self,
        chain: Sequence[ModelSpec],
        open_wire: OpenWire,
        meter: Meter,
        estimator: Estimator,
        policy: RetryPolicy,
        lanes: Lanes,
        redaction: Redaction,
        stream: bool = True,
    ) -> None:
        self._chain = tuple(chain)
        self._open_wire = open_wire
        self._wires: dict[str, Wire] = {}
        self._policy = policy
        self._lanes = lanes
        self._redaction = redaction
        self._stream = stream
        self.meter = meter
        self.estimator = estimator
        self.milliseconds = 0

    @property
    def spec(self) -> ModelSpec:
        """The model in use."""
        return self._chain[0]

    def use(self, chain: Sequence[ModelSpec]) -> None:
        """Go on with other models."""
        self._chain = tuple(chain)

    async def aclose(self) -> None:
        """Close all connections."""
        for wire in self._wires.values():
            await wire.aclose()
        self._wires.clear()

    async def complete(
        self,
        system: str,
        messages: tuple[Message, ...],
        tools: tuple[ToolSpec, ...],
        max_output: int,
        scribe: Scribe,
        woke: str,
    ) -> Completion:
        """Ask for one answer.

        Raises LimitError where no budget allows it, and a ProviderError leaf where the call failed for good.
        """
        for spec, following in zip(self._chain, (*self._chain[1:], None), strict=True):
            most = min(max_output, spec.max_output)
            request = Request(spec.name, system, messages, tools, most, self._stream, options=spec.options)
            gathering = Gathering(scribe, caller_of(spec.caller).shows_calls, self._redaction)
            call = _Call(spec, request, gathering, scribe, woke)
            try:
                return await self._call(call)
            except FALL_BACK_ON as error:
                if following is None:
                    raise
                if call.gathering.begun:
                    scribe.record(StreamRestarted())
                scribe.record(NoticeGiven(f"{error.message} Going on with {following.id}.", "warning"))
        raise AssertionError("a chain has at least one model")

    async def _call(self, call: "_Call") -> Completion:
        spec, tools, caller = call.spec, call.request.tools, caller_of(call.spec.caller)
        shaped = caller.shape(call.request)
        prompt = int(self.estimator.request(spec.id, shaped) * SAFETY)
        states, lane = _States(call.scribe), self._lanes.of(spec)
        held = await self.meter.reserve(
            spec.price, prompt, shaped.max_output, spec.id, call.scribe.task, states.waits_for_money
        )
        call.request = replace(shaped, max_output=held.max_output)
        try:
            await lane.take(prompt, states.waits_for_rate)
            await self._receive(call, held, lane, states)
        finally:
            self.meter.release(held)
            # what arrived before a failure was paid for, though nobody says how much
            self._book(call, held)
        return _completion(call.gathering, caller, tools, self._redaction)

    async def _receive(self, call: "_Call", held: Reservation, lane: Lane, states: "_States") -> None:
        spec, scribe = call.spec, call.scribe
        wire = self._wires.get(spec.id)
        if wire is None:
            wire = self._wires[spec.id] = self._open_wire(spec.wire, spec.endpoint)

        async def start() -> AsyncIterator[Delta]:
            self.meter.check(held)
            entered = await lane.gate.enter(states.waits_for_rate)
            states.goes_on()
            call.begun = time.monotonic()
            answer = wire.stream(call.request)
            try:
                async for delta in answer:
                    yield delta
            except TransientError as error:
                if isinstance(error, RateLimitError) or error.retry_after is not None:
                    lane.gate.refused(entered, UNSAID if error.retry_after is None else error.retry_after)
                raise
            finally:
                if isinstance(answer, AsyncGenerator):
                    await answer.aclose()

        def waits(notice: RetryNotice) -> None:
            if notice.discard:
                self._book(call, held)
                call.gathering.restart()
                scribe.record(StreamRestarted())
            error = notice.error
            if isinstance(error, RateLimitError):
                states.waits_for_rate(notice.seconds)
            scribe.record(
                ModelRetried(
                    notice.attempt, notice.attempts, notice.seconds, error.message, error.status, spec.id
                )
            )

        async for delta in with_retry(start, self._policy, _Pace(), waits):
            call.gathering.take(delta)

    def _book(self, call: "_Call", held: Reservation) -> None:
        """Count what an answer cost, whole or broken, by the provider's word or estimated."""
        spec, gathering, usage = call.spec, call.gathering, call.gathering.usage
        if not gathering.begun:
            return
        source = spec.price.source if spec.price else "unknown"
        if usage is None:
            prompt = self.estimator.request(spec.id, call.request)
            usage = Usage(prompt, self.estimator.text(spec.id, gathering.written))
            source = f"{source}, tokens estimated"
        else:
            self.estimator.learn(spec.id, call.request, usage.prompt)
        cost = self.meter.count(held, spec.id, usage, spec.price)
        now = time.monotonic()
        spent, call.begun = int((now - call.begun) * 1000), now
        self.milliseconds += spent
        finish = gathering.finish.value if gathering.finish else "broken"
        # under the task that the money was set aside for, whatever the agent works on by now
        paid = Scribe(call.scribe.recorder, call.scribe.session, call.scribe.agent, held.charge.task)
        paid.record(UsageRecorded(spec.id, usage, cost, source, spent, call.woke, finish))


@dataclass(slots=True)
class _Call:
    """One call under way; `begun` is when its present try began."""

    spec: ModelSpec
    request: Request
    gathering: Gathering
    scribe: Scribe
    woke: str
    begun: float = field(default_factory=time.monotonic)


class _States:
    """Says why a call has not begun yet, and that it has."""

    def __init__(self, scribe: Scribe) -> None:
        self._scribe = scribe
        self._waited = False

    def waits_for_money(self) -> None:
        self._waited = True
        self._scribe.record(StateChanged("waiting_money"))

    def waits_for_rate(self, seconds: float) -> None:
        self._waited = True
        self._scribe.record(StateChanged("waiting_rate", f"{seconds:.1f}"))

    def goes_on(self) -> None:
        if self._waited:
            self._waited = False
            self._scribe.record(StateChanged("thinking"))


class _Pace:
    """Real time and chance for retries."""

    def now(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def random(self) -> float:
        return random.random()


def _completion(
    gathering: Gathering, caller: Caller, tools: tuple[ToolSpec, ...], redaction: Redaction
) -> Completion:
    filtered = gathering.finish is FinishReason.CONTENT_FILTER
    truncated = filtered or gathering.finish is FinishReason.LENGTH
    found = Found(gathering.parts())
    if not gathering.calls:
        found = caller.find_calls(found.parts, tools, truncated)
    parts = tuple(_clean(part, redaction) for part in found.parts)
    text = "\n".join(part.text for part in parts if isinstance(part, Text))
    calls = tuple(part for part in parts if isinstance(part, ToolCall))
    if filtered and not calls:
        withheld = "the rest of the answer" if text.strip() else "the answer"
        raise ContentPolicyError(
            f"The provider's content filter withheld {withheld}.", hint="Rephrase the request."
        )
    return Completion(parts, text, calls, truncated, redaction.redact(found.problem))


def _clean(part: Part, redaction: Redaction) -> Part:
    """A part without secrets in its words; a signature does not outlive the thought that it was for."""
    if not isinstance(part, Text | Thinking):
        return part
    clean = redaction.redact(part.text)
    if clean == part.text:
        return part
    return Text(clean) if isinstance(part, Text) else Thinking(clean)
