"""`loomkin ask` from outside: what it takes, what it prints where, and how it ends."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from loomkin.cli.ask_input import MOST_BYTES, Requests, prompt_of, request_of, text_of
from loomkin.cli.flags import Flags, options_from
from loomkin.errors import UsageError
from loomkin.records.permission import Mode
from tests.scenarios.conftest import Bench, bodies, call, said
from tests.scenarios.conftest import bench as bench

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "stream-json.schema.json").read_text())
HI = {"text": "Hi there."}
LOOK = {"calls": [call("file_read", path="calc.py")]}
NEVER = {"text": "never", "wait_for": "never"}


def piped(data: bytes) -> int:
    """A descriptor from which the data can be read."""
    reading, writing = os.pipe()
    os.write(writing, data)
    os.close(writing)
    return reading


def silent(text: str) -> None:
    raise AssertionError(text)


def user(text: object) -> bytes:
    return json.dumps({"type": "user", "message": {"role": "user", "content": text}}).encode() + b"\n"


def test_words_and_standard_input_make_one_prompt() -> None:
    assert prompt_of(["mend", "it"], silent, piped(b"")) == "mend it"
    assert prompt_of(["mend it"], silent, piped(b"the log\n")) == "mend it\n\nthe log"
    assert prompt_of(["-"], silent, piped(b"all of it\n")) == "all of it"
    assert prompt_of([], silent, piped(b"\xef\xbb\xbfall")) == "all"


def test_a_closed_standard_input_is_passed_over() -> None:
    reading = piped(b"")
    os.close(reading)
    assert prompt_of(["mend it"], silent, reading) == "mend it"


def test_a_silent_pipe_is_given_up_with_a_warning() -> None:
    reading, writing = os.pipe()
    warned: list[str] = []
    assert prompt_of(["mend it"], warned.append, reading, 0.1) == "mend it"
    assert "/dev/null" in warned[0]
    os.close(reading)
    os.close(writing)


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"\xff\xfe", "byte 0 is not UTF-8"), (b"ab\0c", "byte 2 is NUL"), (b"x" * (MOST_BYTES + 1), "10 MB")],
)
def test_what_is_no_text_or_too_much_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        text_of(data)


def test_no_prompt_at_all_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="no prompt"):
        prompt_of([], silent, piped(b" \n"))


def test_lines_of_requests_are_read_one_by_one() -> None:
    blocks = [{"type": "text", "text": "b"}, {"type": "text", "text": "c"}]
    requests = Requests(piped(user("a") + b"\n" + user(blocks).rstrip()))
    assert [requests.next(), requests.next(), requests.next()] == ["a", "b\nc", None]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "Line 3 .* is not JSON"),
        ("[]", "no user message"),
        ('{"type":"control_request"}', "no user message"),
        ('{"type":"user","message":{"content":" "}}', "says nothing"),
        ('{"type":"user","message":{"content":[{"type":"image"}]}}', "something else than text"),
    ],
)
def test_a_wrong_line_is_named(line: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        request_of(line, 3)


def test_flags_become_settings_and_the_rest_options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tape.jsonl").touch()
    flags = Flags(
        model="openai/x",
        resume="named",
        fork=True,
        folder=tmp_path,
        mode=Mode.EDITS,
        allowed=["shell(git diff *), file_read", "git"],
        disallowed=["web_fetch"],
        max_turns=3,
        max_budget_usd=0.0,
        timeout=2.5,
        add_dirs=[tmp_path],
        settings=["ui.live=false"],
        replay=Path("tape.jsonl"),
        no_color=True,
    )
    options = options_from(flags, attended=False)
    assert options.flags == {
        "model.default": "openai/x",
        "permissions.mode": "edits",
        "permissions.allow": ["shell(git diff *)", "file_read", "git"],
        "permissions.deny": ["web_fetch"],
        "limits.max_turns": 3,
        "limits.timeout": 2.5,
        "budget.session_usd": 0.0,
        "ui.color": "never",
    }
    assert (options.wish.resume, options.wish.fork, options.cwd) == ("named", True, tmp_path)
    assert options.replay == Path.cwd() / "tape.jsonl"
    assert (options.role, options.set_options, options.add_dirs) == ("coder", ("ui.live=false",), (tmp_path,))


@pytest.mark.parametrize(
    "flags",
    [
        Flags(go_on=True, resume="x"),
        Flags(fork=True),
        Flags(resume=" "),
        Flags(go_on=True, no_persistence=True),
        Flags(record=Path("a"), replay=Path("b")),
        Flags(folder=Path("/nowhere/at/all")),
    ],
)
def test_flags_that_cannot_be_carried_out_are_usage_errors(flags: Flags) -> None:
    with pytest.raises(UsageError):
        options_from(flags, attended=False)


async def test_text_is_the_answer_alone(bench: Bench) -> None:
    async with bench.model(HI) as server:
        ended = await bench.run("ask", "say", "hi", stdin=b"to me\n")
    assert (ended.code, ended.out, ended.err) == (0, "Hi there.\n", "")
    assert "say hi\\n\\nto me" in said(bodies(server)[0])


async def test_json_is_one_result_and_lists_what_was_refused(bench: Bench) -> None:
    write = call("file_write", path="x.py", content="1")
    async with bench.model({"calls": [write]}, HI):
        ended = await bench.run("-p", "hi", "--output-format", "json")
    jsonschema.validate(ended.json, SCHEMA)
    assert (ended.code, ended.json["result"], ended.json["num_turns"]) == (0, "Hi there.", 2)
    (denial,) = ended.json["permission_denials"]
    assert (denial["tool_name"], denial["tool_input"]) == ("file_write", {"path": "x.py", "content": "1"})
    assert "not permitted: file_write" in ended.err
    assert not (bench.root / "x.py").exists()


async def test_every_line_of_a_stream_fits_the_schema(bench: Bench) -> None:
    steps: list[dict[str, Any]] = [
        {"fault": "status", "status": 503},
        {
            "thinking": "Hm.",
            "text": "I look.",
            "calls": [call("file_read", path="calc.py"), call("shell", command="ls")],
        },
        {"calls": [call("file_edit", path="calc.py", old="return value * 2", new="return value + value")]},
        HI,
    ]
    async with bench.model(*steps):
        ended = await bench.run(
            "ask", "hi", "--output-format", "stream-json", "--include-partial-messages",
            "--permission-mode", "edits", "-v",
        )  # fmt: skip
    validator = jsonschema.Draft202012Validator(SCHEMA)
    for line in ended.lines:
        validator.validate(line)
    kinds = [(line["type"], line.get("subtype")) for line in ended.lines]
    assert kinds[0] == ("system", "init")
    assert kinds[-1] == ("result", "success")
    assert kinds.count(("system", "api_retry")) == 1
    assert kinds.count(("assistant", None)) == 3
    assert kinds.count(("user", None)) == 3
    assert ("stream_event", None) in kinds
    assert ("system", "agent_state") in kinds
    assert len({line["session_id"] for line in ended.lines}) == 1
    assert "coder: changed calc.py +1 -1" in ended.err


async def test_requests_of_a_stream_are_worked_off_in_one_session(bench: Bench) -> None:
    async with bench.model({"text": "One."}, {"text": "Two.", "match": "first"}):
        ended = await bench.run(
            "ask", "--input-format", "stream-json", "--output-format", "stream-json",
            stdin=user("the first") + user("the second"),
        )  # fmt: skip
    assert ended.code == 0
    assert [line["type"] for line in ended.lines] == ["system", "assistant", "result", "assistant", "result"]
    results = [line for line in ended.lines if line["type"] == "result"]
    assert [line["result"] for line in results] == ["One.", "Two."]
    assert len({line["session_id"] for line in results}) == 1


async def test_a_wrong_line_ends_a_stream_with_a_result(bench: Bench) -> None:
    async with bench.model(HI):
        ended = await bench.run(
            "ask",
            "--input-format",
            "stream-json",
            "--output-format",
            "stream-json",
            stdin=user("hi") + b"what?\n",
        )
    assert ended.code == 2
    assert [line["is_error"] for line in ended.lines if line["type"] == "result"] == [False, True]
    assert "Line 2" in ended.err


async def test_a_structured_answer_is_asked_for_until_it_fits(bench: Bench) -> None:
    schema = bench.write("schema.json", '{"type": "object", "required": ["n"]}')
    async with bench.model({"text": "twelve"}, {"text": '```json\n{"n": 12}\n```'}) as server:
        ended = await bench.run("ask", "count", "--json-schema", str(schema), "--output-format", "json")
    assert (ended.code, ended.json["structured_output"]) == (0, {"n": 12})
    assert "valid under this schema" in said(bodies(server)[0])


async def test_a_schema_may_come_through_a_pipe_and_holds_for_every_request(bench: Bench) -> None:
    pipe = bench.root / "schema"
    os.mkfifo(pipe)
    stream = ("--input-format", "stream-json", "--output-format", "stream-json")
    asked = bench.run("ask", "--json-schema", str(pipe), *stream, stdin=user("one") + user("two"))
    async with bench.model({"text": "1"}, {"text": "2"}), asyncio.TaskGroup() as group:
        running = group.create_task(asked)
        await asyncio.to_thread(pipe.write_text, '{"type": "integer"}')
    ended = running.result()
    results = [line["structured_output"] for line in ended.lines if line["type"] == "result"]
    assert (ended.code, results) == (0, [1, 2]), ended.err


async def test_an_answer_that_never_fits_the_schema_fails(bench: Bench) -> None:
    schema = bench.write("schema.json", '{"type": "integer"}')
    async with bench.model({"text": "twelve", "repeat": True}):
        ended = await bench.run("ask", "count", "--json-schema", str(schema), "--output-format", "json")
    assert (ended.code, ended.json["subtype"]) == (1, "error_max_structured_output_retries")
    assert "structured_output" not in ended.json


@pytest.mark.parametrize(
    ("flags", "step", "subtype", "reason"),
    [
        (("--max-turns", "1"), LOOK, "error_max_turns", "max_turns"),
        (("--timeout", "1"), NEVER, "error_during_execution", "timeout"),
        (
            ("--max-budget-usd", "0", "--set", 'models."openai/fake-model".input_usd_per_million=3',
             "--set", 'models."openai/fake-model".output_usd_per_million=15'),
            HI, "error_max_budget_usd", "budget_exhausted",
        ),
    ],
)  # fmt: skip
async def test_a_limit_ends_with_53_and_says_which(
    bench: Bench, flags: tuple[str, ...], step: dict[str, Any], subtype: str, reason: str
) -> None:
    async with bench.model(step):
        ended = await bench.run("ask", "hi", "--output-format", "json", *flags)
    jsonschema.validate(ended.json, SCHEMA)
    assert (ended.code, ended.json["subtype"], ended.json["terminal_reason"]) == (53, subtype, reason)
    assert ended.err.startswith("loomkin: ")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("hi", "--no-such-flag"), 2),
        (("hi", "--permission-mode", "loose"), 2),
        (("hi", "--max-turns", "0"), 2),
        (("hi", "-C", "nowhere"), 2),
        (("hi", "--include-partial-messages"), 2),
        (("hi", "--input-format", "stream-json"), 2),
        (("hi", "--json-schema", "calc.py"), 2),
        ((), 2),
        (("hi", "--set", "ui.live=maybe"), 52),
        (("hi", "--set", "permissions.require_trust=true"), 55),
        (("hi", "--set", "ui.live"), 2),
        (("hi", "-r", "no-such-session"), 2),
        (("hi", "-c"), 2),
        (("hi", "--role", "no-such-role"), 2),
        (("hi", "--record", "/nope/r.cassette"), 2),
        (("hi", "--replay", "/nope/r.cassette"), 2),
        (("hi",), 41),
    ],
)
async def test_what_cannot_begin_ends_with_its_code_and_no_trace(
    bench: Bench, words: tuple[str, ...], code: int
) -> None:
    environ = {"OLLAMA_HOST": "http://127.0.0.1:9"}
    if code == 2:
        environ |= {
            "LOOMKIN_MODEL": "openai/x",
            "OPENAI_API_KEY": "k",
            "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
        }
    ended = await bench.run("ask", *words, environ=environ)
    assert (ended.code, ended.out) == (code, "")
    assert ended.err.startswith("loomkin")
    assert "Traceback" not in ended.err


async def test_json_formats_tell_errors_before_the_session_too(bench: Bench) -> None:
    for words, code in ((("hi",), 41), ((), 2)):
        ended = await bench.run(
            "ask", *words, "--output-format", "json", environ={"OLLAMA_HOST": "http://127.0.0.1:9"}
        )
        jsonschema.validate(ended.json, SCHEMA)
        assert (ended.code, ended.json["is_error"], ended.json["session_id"]) == (code, True, "")
        assert ended.json["errors"][0] in ended.err


async def test_quiet_tells_errors_only(bench: Bench) -> None:
    bench.write(".loomkin.toml", "[ui]\nlve = true\n")
    async with bench.model({"calls": [call("file_write", path="x", content="")]}, HI, HI):
        loud = await bench.run("ask", "hi")
        quiet = await bench.run("ask", "hi", "-q")
    assert "warning: " in loud.err
    assert "ui.live" in loud.err
    assert (quiet.out, quiet.err) == ("Hi there.\n", "")


async def test_a_model_that_was_found_is_named_with_the_reason(bench: Bench) -> None:
    async with bench.model(HI, HI, wire="ollama"):
        found = await bench.run("ask", "hi", environ={"LOOMKIN_MODEL": ""})
        named = await bench.run("ask", "hi")
    assert (found.code, named.code) == (0, 0)
    assert "loomkin: using ollama/fake-model" in found.err
    assert named.err == ""


async def test_a_session_goes_on_by_name_and_can_be_forked_or_not_kept(bench: Bench) -> None:
    async with bench.model(HI, {**HI, "match": "remember 7"}, {**HI, "match": "remember 7"}, HI):
        first = await bench.run("ask", "remember 7", "-n", "seven", "--output-format", "json")
        second = await bench.run("ask", "go on", "-r", "seven", "--output-format", "json")
        stream = ("--output-format", "stream-json")
        forked = await bench.run("ask", "beside", "-c", "--fork-session", *stream)
        lost = await bench.run("ask", "x", "--no-session-persistence", "--output-format", "json")
    assert second.json["session_id"] == first.json["session_id"]
    assert forked.lines[0]["session_id"] != first.json["session_id"]
    assert [line["type"] for line in forked.lines] == ["system", "assistant", "result"]
    assert lost.code == 0
    gone = await bench.run("ask", "y", "-r", lost.json["session_id"])
    assert gone.code == 2


@pytest.mark.parametrize(
    "flags",
    [
        ("--output-format", "json", "--nonsense"),
        ("--output-format=stream-json", "hi", "-m"),
        ("--max-turns", "x", "--output-format", "json"),
    ],
)
async def test_flags_that_cannot_be_read_give_a_result_to_programs(
    bench: Bench, flags: tuple[str, ...]
) -> None:
    ended = await bench.run("ask", *flags)
    assert ended.code == 2
    jsonschema.validate(ended.json, SCHEMA)
    assert (ended.json["type"], ended.json["is_error"]) == ("result", True)
    assert ended.json["errors"][0].splitlines()[0] in ended.err


async def test_a_defect_gives_a_result_to_programs(bench: Bench) -> None:
    broken = "import sys, loomkin.cli.ask as ask, loomkin.cli.main as main\nask.prompt_of = None\n"
    words = ["ask", "--output-format", "json", "hi"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", f"{broken}sys.exit(main.run({words}))",
        cwd=bench.root, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    result = json.loads(out)
    jsonschema.validate(result, SCHEMA)
    assert process.returncode == 1
    assert "defect in loomkin: TypeError" in result["errors"][0]
    assert b"defect in loomkin: TypeError" in err
