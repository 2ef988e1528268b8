"""One model call as the loop sees it: reserved, streamed, retried, settled and written down."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence

from loomkin.errors import ContentPolicyError, ModelNotFoundError, OverloadedError, RateLimitError
from loomkin.llm.callers import Caller, Found, caller_of
from loomkin.llm.estimate import Estimator
from loomkin.llm.gathering import Gathering
from loomkin.llm.metering import Meter
from loomkin.llm.models import ModelSpec
from loomkin.llm.retry import RetryNotice, RetryPolicy, with_retry
from loomkin.llm.wire import Delta, Endpoint, FinishReason, Request, Wire
from loomkin.records.dataclass import dataclass, field, replace
from loomkin.records.event import ModelRetried, NoticeGiven, StateChanged, StreamRestarted, UsageRecorded
from loomkin.records.message import Message, Part, Text, ToolCall, ToolSpec
from loomkin.records.usage import Usage
from loomkin.runtime.ratelimit import TokenBucket
from loomkin.runtime.recorder import Scribe

FALL_BACK_ON = (RateLimitError, OverloadedError, ModelNotFoundError)
SAFETY = 1.25
OpenWire = Callable[[str, Endpoint], Wire]


@dataclass(frozen=True, slots=True)
class Completion:
    """A whole answer; `truncated` says that the output limit or a filter cut it off.

    `problem` tells the model why a call that it wrote as text cannot be read.
    """

    parts: tuple[Part, ...]
    text: str
    calls: tuple[ToolCall, ...]
    truncated: bool
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Rates:
    """The buckets of one provider; None where no limit is set."""

    requests: TokenBucket | None = None
    tokens: TokenBucket | None = None


class ModelClient:
    """Calls one model, and its fallbacks where that one has no room or is gone."""

    def __init__(
        self,
        chain: Sequence[ModelSpec],
        open_wire: OpenWire,
        meter: Meter,
        estimator: Estimator,
        policy: RetryPolicy,
        rates: Mapping[str, Rates],
        stream: bool = True,
    ) -> None:
        self._chain = tuple(chain)
        self._open_wire = open_wire
        self._wires: dict[str, Wire] = {}
        self._policy = policy
        self._rates = rates
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
            call = _Call(spec, request, Gathering(scribe, caller_of(spec.caller).shows_calls), scribe, woke)
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
        held = await self.meter.reserve(spec.price, prompt, shaped.max_output, spec.id)
        call.request, call.begun = replace(shaped, max_output=held.max_output), time.monotonic()
        try:
            await self._wait_for_rate(spec, prompt, call.scribe)
            await self._receive(call)
        finally:
            self.meter.release(held)
            # what arrived before a failure was paid for, though nobody says how much
            self._book(call)
        return _completion(call.gathering, caller, tools)

    async def _receive(self, call: "_Call") -> None:
        spec, scribe = call.spec, call.scribe
        wire = self._wires.get(spec.id)
        if wire is None:
            wire = self._wires[spec.id] = self._open_wire(spec.wire, spec.endpoint)

        def start() -> AsyncIterator[Delta]:
            return wire.stream(call.request)

        def waits(notice: RetryNotice) -> None:
            if notice.discard:
                self._book(call)
                call.gathering.restart()
                scribe.record(StreamRestarted())
            error = notice.error
            scribe.record(
                ModelRetried(
                    notice.attempt, notice.attempts, notice.seconds, error.message, error.status, spec.id
                )
            )

        async for delta in with_retry(start, self._policy, _Pace(), waits):
            call.gathering.take(delta)

    async def _wait_for_rate(self, spec: ModelSpec, prompt: int, scribe: Scribe) -> None:
        rates = self._rates.get(spec.provider, Rates())

        def waits(seconds: float) -> None:
            scribe.record(StateChanged("waiting_rate", f"{seconds:.1f}"))

        if rates.requests is not None:
            await rates.requests.take(1, waits)
        if rates.tokens is not None:
            await rates.tokens.take(prompt, waits)

    def _book(self, call: "_Call") -> None:
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
        cost = self.meter.count(spec.id, usage, spec.price)
        now = time.monotonic()
        spent, call.begun = int((now - call.begun) * 1000), now
        self.milliseconds += spent
        finish = gathering.finish.value if gathering.finish else "broken"
        call.scribe.record(UsageRecorded(spec.id, usage, cost, source, spent, call.woke, finish))


@dataclass(slots=True)
class _Call:
    """One call under way; `begun` is when its present try began."""

    spec: ModelSpec
    request: Request
    gathering: Gathering
    scribe: Scribe
    woke: str
    begun: float = field(default_factory=time.monotonic)


class _Pace:
    """Real time and chance for retries."""

    def now(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def random(self) -> float:
        return random.random()


def _completion(gathering: Gathering, caller: Caller, tools: tuple[ToolSpec, ...]) -> Completion:
    filtered = gathering.finish is FinishReason.CONTENT_FILTER
    truncated = filtered or gathering.finish is FinishReason.LENGTH
    found = Found(gathering.parts())
    if not gathering.calls:
        found = caller.find_calls(found.parts, tools, truncated)
    parts = found.parts
    text = "\n".join(part.text for part in parts if isinstance(part, Text))
    calls = tuple(part for part in parts if isinstance(part, ToolCall))
    if filtered and not calls:
        withheld = "the rest of the answer" if text.strip() else "the answer"
        raise ContentPolicyError(
            f"The provider's content filter withheld {withheld}.", hint="Rephrase the request."
        )
    return Completion(parts, text, calls, truncated, found.problem)
