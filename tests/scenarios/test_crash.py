"""kill -9 at any moment of a session: nothing written is lost, nothing runs twice unmarked, `-c` goes on."""

import asyncio
import json
import os
import random
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from loomkin.store import rebuild, sessions
from loomkin.store.database import Database
from tests.fakes.model_server import ModelServer
from tests.scenarios.conftest import Bench, bodies, call, said

ROUNDS = 16
LINES = "".join(f"value_{number} = {number}\n" for number in range(400))


def long_job() -> list[Mapping[str, Any]]:
    """Reads, edits and commands without end; every command leaves a line, so that a second run would show."""
    steps: list[Mapping[str, Any]] = []
    for number in range(60):
        edit = call(
            "file_edit", path="big.py", old=f"value_{number} = {number}", new=f"value_{number} = -{number}"
        )
        steps += [
            {
                "text": "Looking.",
                "calls": [call("file_read", path="big.py", limit=5), call("git", operation="status")],
            },
            {"calls": [edit]},
            {"calls": [call("shell", command=f"echo {number} >> ran.txt")]},
        ]
    return steps


def check_history(messages: Sequence[Mapping[str, Any]]) -> None:
    """What OpenAI demands of a history: behind each message with calls, one result a call and no other."""
    waiting: list[str] = []
    for message in messages:
        if message["role"] == "tool":
            assert message["tool_call_id"] in waiting
            waiting.remove(message["tool_call_id"])
            continue
        assert waiting == []
        waiting = [one["id"] for one in message.get("tool_calls", ())]
    assert waiting == []


def check_disk(root: Path, before: set[str]) -> set[str]:
    """The database is whole and says what the log says; the file is as before or after an edit."""
    text = (root / "big.py").read_text()
    assert len(text.splitlines()) == 400
    assert text.endswith("value_399 = 399\n")
    assert not [
        name for name in os.listdir(root) if name.startswith(".") and name not in (".git", ".loomkin")
    ]
    db = Database(root / ".loomkin" / "loomkin.db")
    try:
        assert db.reader.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert rebuild.differences(db) == []
        rows = {row["id"] for row in db.reader.execute("SELECT id FROM messages")}
        assert before <= rows, "a message that was on disk is gone"
        newest = sessions.latest(db)
        if newest is not None:
            planned = [one.id for message in sessions.messages(db, newest.id) for one in message.calls]
            started = {row.call_id for row in sessions.calls(db, newest.id)}
            assert started <= set(planned), "a call ran that was not written down first"
        return rows
    finally:
        db.close()


async def one_round(
    bench: Bench, server: ModelServer, chance: random.Random, kept: set[str], words: Sequence[str]
) -> set[str]:
    """Start, wait for a random moment (one in five before the first model call), kill, look at the disk."""
    asked = len(server.chats)
    nothing = asyncio.subprocess.DEVNULL
    process = await bench.start("ask", "--permission-mode", "yolo", *words, stdin=nothing)
    with suppress(TimeoutError):
        async with asyncio.timeout(chance.uniform(0.05, 1.0) if chance.random() < 0.2 else 20):
            await server.until(lambda entries: len(entries) > asked)
    with suppress(TimeoutError):
        async with asyncio.timeout(chance.uniform(0.0, 0.3)):
            await process.wait()
    with suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGKILL)
    await process.wait()
    if not (bench.root / ".loomkin" / "loomkin.db").exists():
        return kept
    return check_disk(bench.root, kept)


@pytest.mark.slow
@pytest.mark.timeout(500)
@pytest.mark.feature("A10")
@pytest.mark.parametrize("seed", range(3))
async def test_a_session_killed_at_random_moments_always_goes_on(bench: Bench, seed: int):
    chance = random.Random(seed)
    bench.write("big.py", LINES)
    bench.git("add", ".")
    bench.git("commit", "-qm", "Big")
    kept: set[str] = set()
    async with bench.model(*long_job() * 4) as server:
        for number in range(ROUNDS):
            words = ["-c", "go on"] if kept else ["begin"]
            kept = await one_round(bench, server, chance, kept, words)
            if number % 10 == 9:
                for body in bodies(server):
                    check_history(body["messages"])
    assert kept, "no round lived long enough to write anything"
    async with bench.model({"text": "Finished."}) as server:
        ended = await bench.run("ask", "-c", "--permission-mode", "yolo", "finish")
    assert (ended.code, ended.out) == (0, "Finished.\n")
    last = bodies(server)[-1]["messages"]
    check_history(last)
    check_disk(bench.root, kept)
    check_effects(bench.root, last)


def check_effects(root: Path, messages: Sequence[Mapping[str, Any]]) -> None:
    """Each line in ran.txt stems from a call with a result; one without a line is marked as interrupted."""
    commands = {
        one["id"]: json.loads(one["function"]["arguments"])["command"].split()[1]
        for message in messages
        for one in message.get("tool_calls", ())
        if one["function"]["name"] == "shell"
    }
    results = {
        message["tool_call_id"]: message["content"] for message in messages if message["role"] == "tool"
    }
    ran = (root / "ran.txt").read_text().split() if (root / "ran.txt").exists() else []
    marked = [word for identity, word in commands.items() if "Interrupted" in said({"": results[identity]})]
    done = [word for identity, word in commands.items() if "Interrupted" not in said({"": results[identity]})]
    assert not set(done) - set(ran), "a result says done, and the effect is not there"
    for word in set(ran):
        assert ran.count(word) <= done.count(word) + marked.count(word), (
            "a command ran more often than planned"
        )
