"""Turns, time and signals: what is stopped is gone, and the session goes on afterwards."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.scenarios.conftest import Bench, bodies, call, said

DONE = {"text": "Done."}
YOLO = ("--permission-mode", "yolo")
JSON = ("--output-format", "json")
NEVER = {"text": "Too late.", "wait_for": "never"}
SLOW = call("shell", command="(exec sleep 600) >> alive & exec sleep 600 >> alive")


@asynccontextmanager
async def gone_in_the_end(bench: Bench) -> AsyncIterator[None]:
    """A pipe named `alive`; at the end nobody may have it open for writing any more."""
    os.mkfifo(bench.root / "alive")
    reading = os.open(bench.root / "alive", os.O_RDONLY | os.O_NONBLOCK)
    os.set_blocking(reading, True)
    try:
        yield
        async with asyncio.timeout(5):
            assert await asyncio.to_thread(os.read, reading, 100) == b""
    finally:
        os.close(reading)


async def goes_on(bench: Bench, *expected: str) -> None:
    """The session can be continued, knows what was stopped, and the tables are whole."""
    async with bench.model(DONE) as server:
        again = await bench.run("ask", "go on", "-c")
    assert (again.code, again.out) == (0, "Done.\n"), again.err
    for words in expected:
        assert words in said(bodies(server)[0])
    assert (await bench.run("sessions", "check")).code == 0


@pytest.mark.feature("F3")
async def test_the_limit_of_turns_ends_behind_a_whole_step(bench: Bench):
    steps = [
        {"text": f"Look {n}.", "calls": [call("file_read", path="calc.py", offset=n)]} for n in (1, 2, 3)
    ]
    async with bench.model(*steps) as server:
        ended = await bench.run("ask", "go", "--max-turns", "2", *JSON)
        assert len(server.chats) == 2
    assert (ended.code, ended.json["subtype"], ended.json["num_turns"]) == (53, "error_max_turns", 2)
    assert "the limit of 2 model calls is reached" in ended.err
    assert "`-c`" in ended.err
    await goes_on(bench, "Look 2.", "     2→")


@pytest.mark.feature("E5")
async def test_a_timeout_during_a_tool_takes_its_children_along(bench: Bench):
    async with gone_in_the_end(bench), bench.model({"text": "I wait.", "calls": [SLOW]}):
        ended = await bench.run("ask", "go", "--timeout", "1", *YOLO, *JSON)
    assert (ended.code, ended.json["terminal_reason"]) == (53, "timeout")
    assert "time limit of 1 s" in ended.err
    await goes_on(bench, "I wait.", "Stopped before it ended.")


@pytest.mark.feature("F3")
async def test_a_timeout_during_a_model_call_hangs_up(bench: Bench):
    async with bench.model(NEVER) as server:
        ended = await bench.run("ask", "the first words", "--timeout", "1", *JSON)
        await server.until(lambda entries: entries[0].closed_early)
    assert (ended.code, ended.json["terminal_reason"]) == (53, "timeout")
    assert ended.json["duration_ms"] < 5000
    await goes_on(bench, "the first words")


@pytest.mark.feature("A2")
@pytest.mark.parametrize(
    ("number", "code", "reason"),
    [
        (signal.SIGINT, 130, "interrupted"),
        (signal.SIGTERM, 143, "terminated"),
        (signal.SIGHUP, 129, "terminated"),
    ],
)
async def test_a_signal_during_a_model_call_hangs_up_and_ends_with_a_result(
    bench: Bench, number: int, code: int, reason: str
):
    async with bench.model({"fault": "stall", "text": "Half an answer", "events": 3}) as server:
        process = await bench.start("ask", "the first words", "--output-format", "stream-json")
        await server.until(lambda entries: len(entries) == 1)
        process.send_signal(number)
        out, err = await process.communicate()
        await server.until(lambda entries: entries[0].closed_early)
    assert process.returncode == code, err
    assert b"Traceback" not in err
    assert reason in out.decode().splitlines()[-1]
    await goes_on(bench, "the first words")


@pytest.mark.feature("E5")
async def test_what_runs_in_the_background_ends_with_the_run(bench: Bench):
    steps = {"calls": [call("shell", command=SLOW["arguments"]["command"], background=True)]}
    async with gone_in_the_end(bench), bench.model(steps, DONE):
        ended = await bench.run("ask", "go", *YOLO)
    assert (ended.code, ended.out) == (0, "Done.\n")


def killed_when_both_are_there(alive: Path, pid: int) -> bytes:
    """What commands write into a pipe, before and after loomkin is killed, until the last of them is gone."""
    with open(alive, "rb") as pipe:
        there = pipe.readline() + pipe.readline()
        os.kill(pid, signal.SIGKILL)
        return there + pipe.read()


@pytest.mark.feature("E5")
async def test_killed_outright_it_takes_its_commands_along(bench: Bench):
    command = "(echo here; exec sleep 20) >> alive & wait"
    calls = [call("shell", command=command, background=True), call("shell", command=command)]
    alive = bench.root / "alive"
    os.mkfifo(alive)
    async with bench.model({"text": "I wait.", "calls": calls}):
        process = await bench.start("ask", "go", *YOLO, stdin=asyncio.subprocess.DEVNULL)
        async with asyncio.timeout(8):
            written = await asyncio.to_thread(killed_when_both_are_there, alive, process.pid)
        await process.communicate()
    assert written == b"here\nhere\n"
    await goes_on(bench, "I wait.", "Interrupted")


@pytest.mark.feature("A2")
async def test_two_signals_do_not_lose_what_was_done(bench: Bench):
    write = call("file_write", path="made.txt", content="kept\n")
    async with bench.model({"text": "I write.", "calls": [write]}, NEVER) as server:
        process = await bench.start("ask", "go", *YOLO)
        await server.until(lambda entries: len(entries) == 2)
        for _ in range(2):
            process.send_signal(signal.SIGINT)
        _, err = await process.communicate()
    assert process.returncode == 130, err
    assert b"Traceback" not in err
    assert (bench.root / "made.txt").read_text() == "kept\n"
    await goes_on(bench, "I write.", "Created made.txt")
