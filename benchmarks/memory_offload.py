"""An offload of 100,000 tokens: how long it takes, and what the event loop notices of it."""

import asyncio
import json
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.figures import Figure, middle
from benchmarks.process import BUILD, Floor
from loomkin.agent.transcript import Transcript
from loomkin.agent.window import Room, Window
from loomkin.keepers.shelf import Shelf
from loomkin.llm.client import ModelClient
from loomkin.llm.estimate import Estimator
from loomkin.llm.lanes import Lanes
from loomkin.llm.metering import Charge, Meter
from loomkin.llm.models import CallerLevel, ModelSpec
from loomkin.llm.registry import open_wire
from loomkin.llm.retry import RetryPolicy
from loomkin.llm.wire import Endpoint
from loomkin.project.secrets import Redactor
from loomkin.project.workplace import Workplace
from loomkin.records.event import SessionStarted
from loomkin.records.ids import CallId, ModelId, SessionId
from loomkin.records.message import Text, ToolCall, ToolResult
from loomkin.runtime.bus import Bus
from loomkin.runtime.clock import SystemClock
from loomkin.runtime.garbage import collect_seldom
from loomkin.runtime.recorder import Scribe
from loomkin.runtime.threads import share_soon
from loomkin.store.database import FILE_NAME, Database
from loomkin.store.journal import Journal
from loomkin.tooling.toolbox import Toolbox

ROUNDS = 9
TOKENS = 100_000
TICK = 0.001
ROOT = Path(__file__).parents[1]
SESSION = SessionId("20260101-120000-k3f9")
HERE = Endpoint("http://127.0.0.1:1/v1")


def measure(floor: Floor) -> Iterator[Figure]:
    """Each round moves a conversation of its own out of a window, in a database on the project's disk."""
    BUILD.mkdir(exist_ok=True)
    # as the command line does
    collect_seldom()
    share_soon()
    whole, worst, lost, counts = [], [], [], []
    for _ in range(ROUNDS):
        floor.sample()
        with tempfile.TemporaryDirectory(dir=BUILD, prefix="bench-offload-") as folder:
            seconds, lags, tokens, messages = asyncio.run(_round(Path(folder) / FILE_NAME))
        whole.append(seconds)
        worst.append(max(lags))
        lost += lags
        counts.append((tokens, messages))
    idle = [max(asyncio.run(_idle())) for _ in range(ROUNDS)]
    tokens, messages = counts[0]
    note = f"{tokens:,} tokens in {messages} messages; card, hashes of the files, written to disk"
    yield middle("offload of 100k tokens", whole, "< 300", note)
    yield middle("longest hold of the loop meanwhile", worst, "< 20", "the longest of each round")
    yield middle("longest hold of an idle loop as long", idle)
    yield middle("late by, each tick meanwhile", lost)


async def _round(path: Path) -> tuple[float, list[float], int, int]:
    """Seconds of the offload, how late the loop's ticks were meanwhile, tokens and messages that went."""
    database = Database(path)
    journal = Journal(database, Bus().publish, time.time)
    try:
        journal.record(SessionStarted("/project", "openai/fake", "ask"), SESSION)
        window = _window(journal)
        _fill(window)
        await journal.flush()
        lags: list[float] = []
        over = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(_watch(lags, over))
            await asyncio.sleep(5 * TICK)
            begun = time.perf_counter()
            made = await window.offload()
            await journal.flush()
            seconds = time.perf_counter() - begun
            await asyncio.sleep(2 * TICK)
            over.set()
        assert made is not None
        return seconds, lags, made.keeper.tokens, len(made.keeper.messages)
    finally:
        await journal.aclose()
        database.close()


def _window(journal: Journal) -> Window:
    spec = ModelSpec(
        ModelId("openai/fake"), "openai", "fake", "openai", HERE, 200_000, 4_000, None, CallerLevel.NATIVE
    )
    model = ModelClient(
        [spec], open_wire, Meter(lambda task: Charge(())), Estimator(), RetryPolicy(), Lanes(), Redactor({})
    )
    scribe = Scribe(journal, SESSION, "coder")
    workplace = Workplace(ROOT, (), ROOT / ".loomkin" / "outputs")
    shelf = Shelf(journal, partial(workplace.seen, ROOT))
    room = Room(overflow=lambda: shelf)
    return Window("You are coder.", Transcript(scribe, SystemClock()), model, Toolbox((), ()), scribe, room)


def _fill(window: Window) -> None:
    """Steps that read this project's own files, as an agent would."""
    transcript = window.transcript
    transcript.say("<environment>", "loomkin")
    transcript.say("Read the whole project.", "person")
    number = 0
    while window.load().zones.used < TOKENS * 1.03:
        for file in sorted((ROOT / "loomkin").rglob("*.py"))[number : number + 20]:
            name, text = str(file.relative_to(ROOT)), file.read_text(encoding="utf-8")
            call = ToolCall(CallId(f"c{number}"), "file_read", json.dumps({"path": name}))
            said = transcript.answer([Text("I look at the next file."), call], "coder")
            transcript.add_result(ToolResult(said.calls[0].id, "file_read", text))
            number += 1


async def _watch(lags: list[float], over: asyncio.Event) -> None:
    """How much later than a millisecond the loop comes back, until `over`."""
    while not over.is_set():
        begun = time.perf_counter()
        await asyncio.sleep(TICK)
        lags.append(time.perf_counter() - begun - TICK)


async def _idle() -> list[float]:
    lags: list[float] = []
    over = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(_watch(lags, over))
        await asyncio.sleep(0.1)
        over.set()
    return lags
