"""What goes in and out: every line by the schema, and pipes of every bad kind."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.scenarios.conftest import CALC, JOB, Bench, Ended, bodies, call, said

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "stream-json.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
DONE = {"text": "Done."}
STREAM = ("--output-format", "stream-json")
YOLO = ("--permission-mode", "yolo")


def user(text: str) -> bytes:
    return json.dumps({"type": "user", "message": {"role": "user", "content": text}}).encode() + b"\n"


def blocks(lines: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """The blocks of a kind in all messages of a stream, in order."""
    messages = [line["message"]["content"] for line in lines if line["type"] in ("assistant", "user")]
    return [block for content in messages for block in content if block["type"] == kind]


@pytest.mark.feature("F3")
@pytest.mark.parametrize("wire", ["openai", "anthropic"])
async def test_every_line_of_a_whole_job_fits_the_schema(bench: Bench, wire: str):
    async with bench.model(*JOB, wire=wire):
        ended = await bench.run("ask", "fix the failing test", *STREAM, *YOLO, "--include-partial-messages")
    assert ended.code == 0, ended.err
    for line in ended.lines:
        VALIDATOR.validate(line)
    planned, answered = blocks(ended.lines, "tool_use"), blocks(ended.lines, "tool_result")
    assert [one["name"] for one in planned] == ["file_read", "file_read", "file_edit", "file_edit", "shell"]
    results = {one["tool_use_id"]: one for one in answered}
    assert len(answered) == len(results) == 5, "as they come, one for each call"
    in_order = [results[one["id"]] for one in planned]
    assert [bool(one.get("is_error")) for one in in_order] == [False, False, True, False, False]
    assert "1 passed" in json.dumps(in_order[-1])
    first, last = ended.lines[0], ended.lines[-1]
    assert (first["type"], first["subtype"], last["type"], last["subtype"]) == (
        "system", "init", "result", "success",
    )  # fmt: skip
    assert last["num_turns"] == 5
    assert (bench.root / "calc.py").read_text() == CALC.replace(" + 1", "")


@pytest.mark.feature("F3")
async def test_refusals_limits_and_failures_end_in_a_result_of_the_schema(bench: Bench):
    write = {"calls": [call("file_write", path="x", content="")]}
    async with bench.model(write, {"fault": "status", "status": 400, "message": "no such option"}):
        failed = await bench.run("ask", "go", *STREAM)
    async with bench.model(write):
        limited = await bench.run("ask", "go", *STREAM, "--max-turns", "1")
    for ended, code in ((failed, 1), (limited, 53)):
        assert ended.code == code
        for line in ended.lines:
            VALIDATOR.validate(line)
        assert ended.lines[-1]["is_error"]
        assert ended.lines[-1]["permission_denials"][0]["tool_name"] == "file_write"
    assert "no such option" in failed.lines[-1]["errors"][0]


async def in_shell(bench: Bench, line: str) -> Ended:
    """A line of bash in which LOOMKIN is the command."""
    shell = await asyncio.create_subprocess_exec(
        "bash", "-c", line.replace("LOOMKIN", f"{sys.executable} -m loomkin"),
        cwd=bench.root, env={**os.environ, **bench.environ},
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await shell.communicate()
    return Ended(shell.returncode or 0, out.decode(), err.decode())


@pytest.mark.feature("F3")
@pytest.mark.parametrize("form", ["stream-json", "text"])
async def test_a_reader_that_leaves_after_one_line_ends_the_run_quietly(bench: Bench, form: str):
    steps = [{"calls": [call("file_read", path="calc.py", offset=n)]} for n in range(1, 6)]
    roomy = {"context_length": 1_000_000}
    async with bench.model(*steps, {"text": "a line\n" * 50_000}, **roomy):
        ended = await in_shell(
            bench, f"LOOMKIN ask go --output-format {form} | head -1; exit ${{PIPESTATUS[0]}}"
        )
    assert ended.code == 1
    assert len(ended.out.splitlines()) == 1
    assert "Traceback" not in ended.err
    assert "defect" not in ended.err
    async with bench.model(DONE, **roomy):
        again = await bench.run("ask", "-c", "go on")
    assert (again.code, again.out) == (0, "Done.\n"), again.err


@pytest.mark.feature("F3")
async def test_input_of_up_to_ten_megabytes_is_taken_and_more_is_refused(bench: Bench):
    big = b"all work and no play\n" * 50_000
    async with bench.model(DONE, context_length=10_000_000) as server:
        ended = await bench.run("ask", "sum it up", stdin=big)
        assert (ended.code, ended.out) == (0, "Done.\n"), ended.err
        refused = await bench.run("ask", "sum it up", stdin=b"x" * 11_000_000)
        assert len(server.chats) == 1
    prompt = bodies(server)[0]["messages"][-1]["content"]
    assert prompt.endswith(f"sum it up\n\n{big.decode().strip()}")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith("loomkin: Standard input is longer than 10 MB.")
    assert "name the file in the prompt" in refused.err


@pytest.mark.feature("F3")
@pytest.mark.parametrize(
    ("data", "words", "says"),
    [
        (b"\x7fELF\x02\x01\x01\0\0\0", ("what is this?",), "Standard input is not text: byte 7 is NUL."),
        (b"\x89PNG\r\n\x1a\n", (), "Standard input is not text: byte 0 is not UTF-8."),
        (b"", (), "There is nothing to do: no prompt was given."),
        (b" \n\t\n", ("",), "There is nothing to do: no prompt was given."),
        (b"", ("-",), "There is nothing to do: no prompt was given."),
    ],
)
async def test_binary_and_empty_input_are_refused_in_words(
    bench: Bench, data: bytes, words: tuple[str, ...], says: str
):
    async with bench.model(DONE) as server:
        ended = await bench.run("ask", *words, stdin=data)
        as_json = await bench.run("ask", *words, "--output-format", "json", stdin=data)
        assert server.chats == []
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"loomkin: {says}")
    VALIDATOR.validate(as_json.json)
    assert (as_json.code, as_json.json["is_error"]) == (2, True)
    assert not (bench.root / ".loomkin").exists(), "nothing was begun"


@pytest.mark.feature("F3")
async def test_a_file_and_a_pipeline_are_appended_to_the_prompt(bench: Bench):
    async with bench.model(DONE, DONE, DONE) as server:
        first = await in_shell(bench, "LOOMKIN ask 'what is this?' < calc.py")
        second = await in_shell(bench, "git log --format=%s | LOOMKIN -p 'and this?' - ")
        third = await in_shell(bench, "LOOMKIN ask what else '<' /dev/null")
    assert [one.out for one in (first, second, third)] == ["Done.\n"] * 3
    prompts = [body["messages"][-1]["content"] for body in bodies(server)]
    assert prompts[0].endswith(f"what is this?\n\n{CALC.strip()}")
    assert prompts[1].endswith("and this?\n\nFirst")
    assert prompts[2].endswith("what else < /dev/null")


@pytest.mark.feature("F3")
async def test_requests_of_a_stream_share_tools_and_history(bench: Bench):
    steps = [
        {"calls": [call("file_read", path="calc.py")]},
        {"text": "One."},
        {"calls": [call("file_edit", path="calc.py", old="value * 2", new="2 * value")], "match": "One."},
        {"text": "Two."},
    ]
    async with bench.model(*steps) as server:
        ended = await bench.run(
            "ask", *STREAM, "--input-format", "stream-json", *YOLO, stdin=user("a") + user("b")
        )
    assert ended.code == 0, ended.err
    for line in ended.lines:
        VALIDATOR.validate(line)
    results = [line for line in ended.lines if line["type"] == "result"]
    assert [(one["result"], one["num_turns"]) for one in results] == [("One.", 2), ("Two.", 2)]
    assert len([line for line in ended.lines if line.get("subtype") == "init"]) == 1
    assert "2 * value" in (bench.root / "calc.py").read_text()
    roles = [message["role"] for message in bodies(server)[-1]["messages"]]
    assert roles.count("assistant") == 3


@pytest.mark.feature("F3")
async def test_a_structured_answer_comes_after_real_work_and_in_the_stream(bench: Bench):
    schema = bench.write(
        "answer.json",
        json.dumps(
            {
                "type": "object",
                "properties": {"functions": {"type": "array", "items": {"type": "string"}}},
                "required": ["functions"],
                "additionalProperties": False,
            }
        ),
    )
    steps = [
        {"calls": [call("content_search", pattern="^def (\\w+)")]},
        {"text": '{"functions": "mean, double"}'},
        {"text": '{"functions": ["mean", "double"]}'},
    ]
    async with bench.model(*steps) as server:
        ended = await bench.run("ask", "list them", *STREAM, "--json-schema", str(schema))
    assert ended.code == 0, ended.err
    result = ended.lines[-1]
    VALIDATOR.validate(result)
    assert result["structured_output"] == {"functions": ["mean", "double"]}
    assert "array" in said(bodies(server)[2]), "what did not fit is told"
    async with bench.model({"text": '{"functions": []}'}):
        text = await bench.run("ask", "list them", "--json-schema", str(schema))
    assert json.loads(text.out) == {"functions": []}
