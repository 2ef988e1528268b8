"""The journal: events a second in groups, how long a flush takes, and what the loop notices of it."""

import asyncio
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.figures import Figure, middle, rate
from benchmarks.process import BUILD, Floor
from loomkin.records import event as facts
from loomkin.records.ids import CallId, MessageId, SessionId
from loomkin.records.message import Message, Role, Text, ToolCall, ToolResult
from loomkin.records.usage import Usage
from loomkin.runtime.bus import Bus
from loomkin.store.database import FILE_NAME, Database
from loomkin.store.journal import Journal

ROUNDS = 9
STEPS = 1_000
STEPS_AT_ONCE = 20
FLUSHES = 300
TICK = 0.001
SESSION = SessionId("20260101-120000-k3f9")
OUTPUT = "".join(f"{number}| a line of a file that was read, of the usual length\n" for number in range(60))


def step(number: int) -> tuple[facts.Fact, ...]:
    """What one step of an agent writes down: an answer with a call, its verdict, its run, its result."""
    call = CallId(f"call_{number}")
    arguments = '{"path":"package/module.py","start":1,"end":60}'
    asked = (Text("I look at the module first."), ToolCall(call, "file_read", arguments))
    answered = (ToolResult(call, "file_read", OUTPUT),)
    return (
        facts.MessageAdded(Message(MessageId(f"m{number}a"), Role.ASSISTANT, asked, "coder", 1.7e9)),
        facts.UsageRecorded("openai/fake", Usage(9_000, 60), 1_000_000, "packaged", 900, "person", "calls"),
        facts.PermissionDecided(call, "file_read", "package/module.py", "allow", "reads", "", "", "rule"),
        facts.CallStarted(call, "file_read", arguments),
        facts.CallFinished(call, "file_read", "ok", 0.004),
        facts.MessageAdded(Message(MessageId(f"m{number}b"), Role.USER, answered, "loomkin", 1.7e9)),
    )


def measure(floor: Floor) -> Iterator[Figure]:
    """Each round writes a database of its own, on the disk that holds this project."""
    BUILD.mkdir(exist_ok=True)
    whole, processor, lags, flushes = [], [], [], []
    for _ in range(ROUNDS):
        floor.sample()
        with tempfile.TemporaryDirectory(dir=BUILD, prefix="bench-journal-") as folder:
            wall, cpu, lag, flush = asyncio.run(_round(Path(folder) / FILE_NAME))
        whole.append(wall)
        processor.append(cpu)
        lags += lag
        flushes += flush
    idle = [late for _ in range(3) for late in asyncio.run(_idle())]
    count = len(step(0))
    note = f"{STEPS * count:,} events a round, {STEPS_AT_ONCE * count} recorded at once"
    yield rate("grouped, by the wall", "events/s", [one / STEPS / count for one in whole], ">= 5,000", note)
    yield rate("grouped, by the processor", "events/s", [one / STEPS / count for one in processor])
    yield middle("one flush of one event", flushes)
    yield middle("loop lag while writing", lags, note=f"idle p50 {median(idle) * 1000:.2f} ms")


async def _round(path: Path) -> tuple[float, float, list[float], list[float]]:
    """Seconds and processor seconds of the grouped writes, lags of the loop meanwhile, seconds a flush."""
    database = Database(path)
    bus = Bus()
    journal = Journal(database, bus.publish, time.time)
    lags: list[float] = []
    flushes: list[float] = []
    try:
        journal.record(facts.SessionStarted("/project", "openai/fake", "ask"), SESSION)
        await journal.flush()
        over = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(_watch(lags, over))
            started, used = time.perf_counter(), time.process_time()
            for number in range(STEPS):
                for fact in step(number):
                    journal.record(fact, SESSION, "coder")
                if number % STEPS_AT_ONCE == STEPS_AT_ONCE - 1:
                    await asyncio.sleep(0)
            await journal.flush()
            wall, cpu = time.perf_counter() - started, time.process_time() - used
            over.set()
        for number in range(FLUSHES):
            begun = time.perf_counter()
            journal.record(facts.CallStarted(f"late_{number}", "file_read", "{}"), SESSION, "coder")
            await journal.flush()
            flushes.append(time.perf_counter() - begun)
    finally:
        await journal.aclose()
        database.close()
    return wall, cpu, lags, flushes


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
        await asyncio.sleep(0.2)
        over.set()
    return lags
