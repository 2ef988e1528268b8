"""One agent at a real model server, with tools that only answer, and all it wrote down."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, TypeVar

from loomkin.agent.agent import Agent, Parts
from loomkin.agent.transcript import Transcript
from loomkin.agent.turn import Check, Limits, TurnEnd
from loomkin.agent.window import Room, Window
from loomkin.config.settings import HookSettings
from loomkin.llm.accounts import Account
from loomkin.llm.client import ModelClient
from loomkin.llm.estimate import Estimator
from loomkin.llm.lanes import Lanes
from loomkin.llm.metering import Charge, Meter
from loomkin.llm.models import CallerLevel, ModelSpec
from loomkin.llm.registry import open_wire
from loomkin.llm.retry import RetryPolicy
from loomkin.llm.wire import Endpoint
from loomkin.permissions.gate import Gate
from loomkin.permissions.hooks import Hooks
from loomkin.permissions.policy import Policy
from loomkin.project.secrets import Redactor
from loomkin.records.event import Fact
from loomkin.records.ids import ModelId, SessionId
from loomkin.records.message import ToolCall
from loomkin.records.permission import Access, Mode, ToolUse
from loomkin.records.usage import Price
from loomkin.runtime.clock import SystemClock
from loomkin.runtime.recorder import Scribe
from loomkin.tooling.runner import Runner
from loomkin.tooling.tool import Call, Ok, Tool
from loomkin.tooling.toolbox import Toolbox
from tests.fakes.model_server import ModelServer

Kind = TypeVar("Kind", bound=Fact)
LEFT = 10**12
PRICE = Price(1_000_000, 5_000_000, 100_000, 1_250_000, "test")


@dataclass(frozen=True, slots=True)
class Params:
    path: str


class Look(Tool[Params]):
    """Answers with the path it was asked for."""

    name: ClassVar[str] = "look"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.READ

    def use(self, params: Params, call: Call) -> ToolUse:
        return ToolUse(self.name, self.access, str(call.cwd), (str(call.cwd / params.path),))

    async def run(self, params: Params, call: Call) -> Ok:
        return Ok(f"saw {params.path}")


class Log:
    """Keeps all facts."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self._grown = asyncio.Event()

    def record(self, fact: Fact, session: SessionId, agent: str = "", task: str = "") -> None:
        self.facts.append(fact)
        self._grown.set()

    async def until(self, kind: type[Fact], count: int) -> None:
        """Wait for so many facts of a kind."""
        while len(self.of(kind)) < count:
            self._grown.clear()
            await self._grown.wait()

    async def flush(self) -> None:
        """All is kept already."""

    def of(self, kind: type[Kind]) -> list[Kind]:
        """The facts of one kind."""
        return [fact for fact in self.facts if isinstance(fact, kind)]


@dataclass
class Seat:
    """An agent and what surrounds it."""

    agent: Agent
    client: ModelClient
    server: ModelServer
    log: Log

    async def ask(self, text: str, *checks: Check, steps: int = 20, seconds: float | None = None) -> TurnEnd:
        """The person's words, and a turn."""
        self.agent.transcript.say(text, "person")
        return await self.agent.turn("person", Limits(steps, seconds), checks)

    @property
    def results(self) -> list[str]:
        """The texts of all results, in order."""
        return [part.text for message in self.agent.transcript.messages for part in message.results]


def spec_of(server: ModelServer, name: str, max_output: int, silence: float) -> ModelSpec:
    """A model of the server, by the OpenAI wire."""
    endpoint = Endpoint(f"{server.url}/v1", silence=silence)
    price, level = PRICE, CallerLevel.NATIVE
    return ModelSpec(
        ModelId(f"openai/{name}"), "openai", name, "openai", endpoint, 32_000, max_output, price, level
    )


@asynccontextmanager
async def seated(
    folder: Path,
    *script: dict[str, object],
    hooks: Sequence[HookSettings] = (),
    fallback: bool = False,
    silence: float = 5.0,
) -> AsyncIterator[Seat]:
    """An agent at a server that plays `script`."""
    async with ModelServer(script=script) as server:
        log = Log()
        scribe, clock = Scribe(log, SessionId("s"), "coder"), SystemClock()
        models = [("fake-model", 4096), *([("small", 1000)] if fallback else [])]
        chain = [spec_of(server, name, most, silence) for name, most in models]
        policy = RetryPolicy(attempts=2, base=0.001)
        charge = Charge((Account("test", LEFT),))
        meter = Meter(lambda task: charge)
        client = ModelClient(chain, open_wire, meter, Estimator(), policy, Lanes(), Redactor({}))
        toolbox = Toolbox(("look",), ())
        toolbox.know(Look())
        gate = Gate(Policy((), Mode.YOLO, (folder,), folder / "home"), None)
        run = Hooks(hooks, folder, dict(os.environ))

        def call_of(call: ToolCall) -> Call:
            return Call(call.id, scribe.session, "coder", folder)

        runner = Runner(toolbox, gate, run, clock, lambda text: text, call_of)
        window = Window("You are coder.", Transcript(scribe, clock), client, toolbox, scribe, Room())
        parts = Parts(window, client, runner, run, scribe, clock)
        try:
            yield Seat(Agent(parts), client, server, log)
        finally:
            await client.aclose()


def look(*paths: str) -> dict[str, object]:
    """A step of a script: calls that look at paths."""
    return {"calls": [{"name": "look", "arguments": {"path": path}} for path in paths]}
