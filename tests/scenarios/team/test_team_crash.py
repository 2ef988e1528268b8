"""A team of six is killed at random moments, again and again, and still ends its plan with nothing lost."""

import asyncio
import json
import os
import random
import re
import signal
from collections.abc import Mapping
from typing import Any

import pytest

from loomkin.store import sessions
from loomkin.store.database import Database
from loomkin.store.rebuild import differences
from tests.fakes.model_server import ModelServer
from tests.fakes.script import Script, ScriptError, Step, agent_of
from tests.scenarios.conftest import Bench, call

PLAN = (
    ("read", "researcher", ()),
    ("build", "coder", ("t1",)),
    ("paint", "coder", ("t1",)),
    ("try", "tester", ("t2", "t3")),
)
MOST_KILLS = 3


class Colleague(Script):
    """Answers by what a request says, so that it does not matter where an earlier process was killed."""

    def __init__(self) -> None:
        super().__init__(())

    def take(self, body: Mapping[str, Any]) -> Step:
        """The next sensible step of whoever asks; ScriptError for a history that providers refuse."""
        messages = body["messages"]
        _refuse_broken(messages)
        agent = agent_of(body)
        rule = {"concierge": _concierge, "lead": _lead, "orienter": _orienter}.get(agent, _worker)
        return Step.parse(rule(messages))


def _refuse_broken(messages: list[dict[str, Any]]) -> None:
    waiting: list[str] = []
    for message in messages:
        if message["role"] == "tool":
            if message["tool_call_id"] not in waiting:
                raise ScriptError(f"a result without a call: {message['tool_call_id']}")
            waiting.remove(message["tool_call_id"])
        elif waiting:
            raise ScriptError(f"calls without results: {waiting}")
        waiting += [one["id"] for one in message.get("tool_calls") or ()]
    if waiting:
        raise ScriptError(f"calls without results: {waiting}")


def _calls(messages: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [
        json.loads(one["function"]["arguments"])
        for message in messages
        for one in message.get("tool_calls") or ()
        if one["function"]["name"] == name
    ]


def _heard(messages: list[dict[str, Any]]) -> str:
    return "\n".join(str(one["content"]) for one in messages if one["role"] in ("user", "tool"))


def _concierge(messages: list[dict[str, Any]]) -> dict[str, Any]:
    if "lead is at work" not in _heard(messages) and 'from="lead"' not in _heard(messages):
        return {"calls": [call("team_spawn", role="lead", work="Do the plan.")]}
    return {"text": "Finished." if "All four are done." in _heard(messages) else "Under way."}


def _orienter(messages: list[dict[str, Any]]) -> dict[str, Any]:
    return {"text": "A calculator."}


def _lead(messages: list[dict[str, Any]]) -> dict[str, Any]:
    heard = _heard(messages)
    known = [title for title, _, _ in PLAN if re.search(rf"t\d+ \({title}\)|t\d+: {title}\b", heard)]
    if len(known) < len(PLAN):
        missing = [one for one in PLAN if one[0] not in known]
        return {
            "calls": [
                call("task_create", title=title, description=f"Please {title}.", role=role, needs=list(needs))
                for title, role, needs in missing
            ]
        }
    ended = [title for title, _, _ in PLAN if re.search(rf"t\d+ \({title}\) is done", heard)]
    return {"text": "All four are done." if len(ended) == len(PLAN) else "The plan is up."}


def _worker(messages: list[dict[str, Any]]) -> dict[str, Any]:
    last = ""
    for message in messages:
        if message["role"] == "user" and (found := re.findall(r"Task (t\d+): ", str(message["content"]))):
            last = found[-1]
        if message["role"] == "tool" and "Your handoff goes to those" in str(message["content"]):
            last = ""
    if not last:
        return {"text": "Nothing to do."}
    if len(_calls(messages, "file_read")) <= len(_calls(messages, "task_complete")):
        return {"calls": [call("file_read", path="calc.py")]}
    return {"calls": [call("task_complete", task=last, done=f"did {last}")]}


async def killed_after(bench: Bench, server: ModelServer, count: int, *words: str) -> bool:
    """Run until so many more requests have come, then kill it outright; False where it ended before."""
    seen = len(server.chats)
    process = await bench.start(*words, stdin=asyncio.subprocess.DEVNULL)
    async with asyncio.TaskGroup() as group:
        waits = group.create_task(server.until(lambda entries: len(entries) >= seen + count))
        ends = group.create_task(process.communicate())
        await asyncio.wait([waits, ends], return_when=asyncio.FIRST_COMPLETED)
        if not ends.done():
            os.killpg(process.pid, signal.SIGKILL)
        waits.cancel()
    return process.returncode == -signal.SIGKILL


@pytest.mark.slow
@pytest.mark.feature("A10")
@pytest.mark.parametrize("seed", range(6))
async def test_a_killed_team_of_six_comes_back_and_ends_its_plan(bench: Bench, seed: int) -> None:
    chance = random.Random(seed)
    async with bench.model(script=()) as server:
        server.steps = Colleague()
        words: tuple[str, ...] = ("ask", "do it", "--team", "default")
        for _ in range(MOST_KILLS):
            if not await killed_after(bench, server, chance.randint(1, 7), *words):
                break
            words = ("ask", "-c", "go on", "--resume-run")
        done = await bench.run("ask", "-c", "go on", "--resume-run")
        notes = [entry.note for entry in server.chats if entry.note]
        assert notes == []
        assert (done.code, done.out) == (0, "Finished.\n"), done.err
        told = await bench.run("tasks", "list")
        assert re.findall(r"^t\d+\s+(\w+)(?: \(claimed\))?\s+(\w+)", told.out, re.M) == [
            ("done", title) for title, _, _ in PLAN
        ]
        database = Database(bench.root / ".loomkin" / "loomkin.db")
        try:
            assert differences(database) == []
            session = sessions.latest(database)
            assert session is not None
            assert sessions.calls(database, session.id, "running") == []
            assert sessions.open_turns(database, session.id) == []
        finally:
            database.close()
