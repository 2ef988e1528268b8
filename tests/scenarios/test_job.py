"""The same job through every wire: read, an edit that fails, the corrected edit, the tests, the answer."""

import json
import sys
from itertools import pairwise
from typing import Any

import pytest

from tests.scenarios.conftest import CALC, JOB, Bench, bodies, said

ANSWER = "Mended: `mean` added one. The test passes."


async def do_the_job(bench: Bench, *words: str, environ: dict[str, str] | None = None) -> dict[str, Any]:
    ended = await bench.run(
        "ask", "--permission-mode", "yolo", "--output-format", "json", *words, "fix the failing test",
        environ=environ,
    )  # fmt: skip
    assert ended.code == 0, ended.err
    return ended.json


def check_job(bench: Bench, result: dict[str, Any]) -> None:
    assert result["subtype"] == "success"
    assert result["result"] == ANSWER
    assert result["num_turns"] == 5
    assert (bench.root / "calc.py").read_text() == CALC.replace(" + 1", "")


@pytest.mark.feature("A5")
@pytest.mark.parametrize("stream", ["true", "false"])
@pytest.mark.parametrize("wire", ["openai", "anthropic", "ollama"])
async def test_the_job_gets_done_through_each_direct_wire(bench: Bench, wire: str, stream: str):
    async with bench.model(*JOB, wire=wire) as server:
        result = await do_the_job(bench, "--set", f"model.stream={stream}")
    check_job(bench, result)
    last = said(bodies(server)[-1])
    assert "1 passed" in last
    refused = said(bodies(server)[2])
    assert "len(values)" in refused, "the failed edit must show what stands in the file"


@pytest.mark.slow
@pytest.mark.feature("G1")
@pytest.mark.parametrize("stream", ["true", "false"])
async def test_the_job_gets_done_through_litellm(bench: Bench, stream: str):
    async with bench.model(*JOB, wire="litellm"):
        result = await do_the_job(bench, "--set", f"model.stream={stream}")
    check_job(bench, result)


def replacing(old: str, new: str) -> dict[str, str]:
    block = f"<<<<<<< SEARCH\n    {old}\n=======\n    {new}\n>>>>>>> REPLACE"
    return {"text": f"```tool name=file_edit path=calc.py\n{block}\n```end"}


TEXT_JOB = (
    {"text": "I look first.\n```tool name=file_read path=calc.py\n```end"},
    replacing("return sum(values)/len(values)+1", "return 1"),
    replacing("return sum(values) / len(values) + 1", "return sum(values) / len(values)"),
    {"text": f"```tool name=shell\n{sys.executable} -m pytest -q test_calc.py\n```end"},
    {"text": ANSWER},
)


@pytest.mark.feature("A5")
async def test_the_job_gets_done_by_a_model_without_tools(bench: Bench):
    async with bench.model(*TEXT_JOB) as server:
        result = await do_the_job(bench, "--set", 'models."openai/fake-model".caller="text"')
    check_job(bench, result)
    for body in bodies(server):
        assert "tools" not in body
        assert not any("tool_calls" in message for message in body["messages"])
    assert "1 passed" in said(bodies(server)[-1])


@pytest.mark.feature("A5")
async def test_a_call_written_as_text_is_rescued(bench: Bench):
    call = {"name": "file_read", "arguments": {"path": "calc.py"}}
    steps = [
        {"text": f"Let me look.\n<tool_call>\n{json.dumps(call)}\n</tool_call>"},
        {"text": "It adds one."},
    ]
    async with bench.model(*steps, wire="ollama") as server:
        ended = await bench.run("ask", "what is wrong?")
    assert ended.out == "It adds one.\n"
    assert "The arithmetic mean" in said(bodies(server)[1])


@pytest.mark.feature("A3")
async def test_calls_of_one_message_run_and_answer_in_call_order(bench: Bench):
    async with bench.model(*JOB) as server:
        await do_the_job(bench)
    messages = bodies(server)[1]["messages"]
    results = [message for message in messages if message["role"] == "tool"]
    planned = [call["id"] for message in messages for call in message.get("tool_calls", ())]
    assert [message["tool_call_id"] for message in results] == planned
    assert "def mean" in results[0]["content"]
    assert "def test_mean" in results[1]["content"]


@pytest.mark.feature("C11")
async def test_the_fixed_part_is_small_and_requests_repeat_their_beginning(bench: Bench):
    async with bench.model(*JOB) as server:
        await do_the_job(bench)
    asked = bodies(server)
    fixed = len(json.dumps(asked[0]["tools"])) + len(json.dumps(asked[0]["messages"][0]))
    assert fixed <= 10_000
    for before, after in pairwise(asked):
        assert after["tools"] == before["tools"]
        assert after["messages"][: len(before["messages"])] == before["messages"]


@pytest.mark.feature("D5")
async def test_the_first_message_tells_place_git_and_the_projects_rules(bench: Bench):
    bench.write("LOOMKIN.md", "# Rules\n\nAlways say please.\n")
    bench.write("deep/AGENTS.md", "Deep rule: only tabs.\n")
    bench.write("deep/code.py", "x = 1\n")
    look = {"calls": [{"name": "file_read", "arguments": {"path": "deep/code.py"}}]}
    async with bench.model(look, {"text": "done"}) as server:
        await bench.run("ask", "hello")
    first, second = (said(body) for body in bodies(server))
    assert "Always say please." in first
    assert "branch main" in first
    assert "First" in first
    assert "Deep rule" not in first
    assert "Deep rule: only tabs." in second


@pytest.mark.feature("F3")
async def test_a_replayed_recording_gives_the_same_result_without_a_network(bench: Bench):
    cassette = str(bench.root.parent / "run.cassette")
    async with bench.model(*JOB):
        recorded = await do_the_job(bench, "--record", cassette)
    bench.git("checkout", "-q", "calc.py")
    bench.git("clean", "-fdxq", "-e", ".loomkin")
    alone = {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}
    replayed = await do_the_job(bench, "--replay", cassette, environ=alone)
    check_job(bench, replayed)
    assert replayed["usage"] == recorded["usage"]
    bench.git("checkout", "-q", "calc.py")
    bench.git("clean", "-fdxq", "-e", ".loomkin")
    bench.write("test_calc.py", "# another file now\n")
    bench.git("commit", "-qam", "First", "--amend")
    ended = await bench.run(
        "ask", "--permission-mode", "yolo", "--replay", cassette, "fix the failing test", environ=alone
    )
    assert ended.code == 1
    assert "another file now" in ended.err


@pytest.mark.feature("A5")
async def test_a_recording_may_lie_in_the_repository_and_be_committed(bench: Bench):
    async with bench.model({"text": "A mean."}):
        assert (await bench.run("ask", "--record", "r.cassette", "what is it?")).out == "A mean.\n"
    alone = {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}
    for change in ((), ("add", "r.cassette"), ("commit", "-qm", "Add a recording: 1.")):
        if change:
            bench.git(*change)
        replayed = await bench.run("ask", "--replay", "r.cassette", "what is it?", environ=alone)
        assert replayed.out == "A mean.\n", replayed.err
    other = await bench.run("ask", "--replay", "r.cassette", "what else?", environ=alone)
    assert other.code == 1
    assert "differs from the recording" in other.err
