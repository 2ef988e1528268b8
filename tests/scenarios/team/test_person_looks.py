"""What a person or a program sees of a team that runs in another process."""

import asyncio
import json
import os
import signal
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.scenarios.conftest import Bench, call

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "stream-json.schema.json").read_text())
TEAM = ("--team", "default", "--permission-mode", "auto", "--set", "team.orient=false")


def spawn(role: str) -> dict[str, Any]:
    return call("team_spawn", role=role, work="Look at calc.py.")


async def states(bench: Bench) -> dict[str, tuple[str, str]]:
    """What `loomkin ps` says in a process of its own."""
    (one,) = (await bench.run("ps", "--json")).json["sessions"]
    return {agent["agent"]: (agent["state"], agent["detail"]) for agent in one["agents"]}


@pytest.mark.feature("F3")
async def test_ps_in_another_process_shows_what_each_agent_does_now(bench: Bench) -> None:
    os.mkfifo(bench.root / "gate")
    script = {
        "concierge": [{"calls": [spawn("coder"), spawn("tester")]}, {"text": "Under way."}],
        "coder": [{"text": "never", "wait_for": "never"}],
        "tester": [{"calls": [call("shell", command="cat gate")]}, {"text": "never", "wait_for": "never"}],
    }
    async with bench.model(script=script) as server:
        running = await bench.start("ask", "go", *TEAM, "--output-format", "stream-json")
        try:
            async with asyncio.timeout(30):
                assert running.stdout is not None
                while b'"Under way."' not in await running.stdout.readline():
                    pass
                # the command has begun once somebody reads the pipe
                pipe = await asyncio.to_thread(os.open, bench.root / "gate", os.O_WRONLY)
            assert await states(bench) == {
                "concierge": ("idle", ""),
                "coder": ("thinking", ""),
                "tester": ("in_tool", "shell"),
            }
            os.close(pipe)
            await server.until(lambda entries: sum(entry.agent == "tester" for entry in entries) == 2)
            assert (await states(bench))["tester"] == ("thinking", "")
        finally:
            os.killpg(running.pid, signal.SIGKILL)
            await running.communicate()
        assert await states(bench) == {
            "concierge": ("ended", ""),
            "coder": ("interrupted", "its process ended"),
            "tester": ("interrupted", "its process ended"),
        }


@pytest.mark.feature("F3")
async def test_the_json_stream_tells_of_every_agent_and_the_result_sums_up_all(bench: Bench) -> None:
    script = {
        "concierge": [
            {"calls": [spawn("coder")], "usage": {"input": 1000, "output": 10}},
            {"text": "Under way.", "usage": {"input": 1000, "output": 10}},
            {"text": "It adds one.", "usage": {"input": 1000, "output": 10}},
        ],
        "coder": [{"text": "One is added.", "usage": {"input": 500, "output": 5}}],
    }
    async with bench.model(script=script):
        done = await bench.run("ask", "go", *TEAM, "--output-format", "stream-json")
    assert done.code == 0, done.err
    for line in done.lines:
        jsonschema.Draft202012Validator(SCHEMA).validate(line)
    first, last = done.lines[0], done.lines[-1]
    assert (first["type"], first["subtype"]) == ("system", "init")
    assert (last["type"], last["result"], last["num_turns"]) == ("result", "It adds one.", 4)
    assert (last["usage"]["input_tokens"], last["usage"]["output_tokens"]) == (3500, 35)
    answers = [
        (line["agent"], line["message"]["content"][0]["text"])
        for line in done.lines
        if line["type"] == "assistant" and line["message"]["content"][0]["type"] == "text"
    ]
    assert ("coder", "One is added.") in answers
    assert answers[-1] == ("concierge", "It adds one.")
    told = [(line["subtype"], line.get("agent"), line["state"]) for line in done.lines if "state" in line]
    assert ("agent_state", "coder", "starting") in told
    letters = [line for line in done.lines if line.get("subtype") == "mail" and line.get("to") == "concierge"]
    assert letters[0]["text"] == "One is added.\n\nloomkin saw: no file changed; only reading."


@pytest.mark.feature("F3")
async def test_verbose_lines_name_the_agent(bench: Bench) -> None:
    script = {
        "concierge": [{"calls": [spawn("coder")]}, {"text": "Under way."}, {"text": "It adds one."}],
        "coder": [{"calls": [call("file_read", path="calc.py")]}, {"text": "One is added."}],
    }
    async with bench.model(script=script):
        done = await bench.run("ask", "go", *TEAM, "-v")
    assert (done.code, done.out) == (0, "It adds one.\n"), done.err
    lines = done.err.splitlines()
    assert "coder: joins as coder for concierge: Look at calc.py." in lines
    assert "coder: file_read calc.py" in lines
    assert any(line.startswith("coder: to concierge (handoff): One is added.") for line in lines)
    assert any(line.startswith("coder: done after 2 model calls, ") for line in lines)
