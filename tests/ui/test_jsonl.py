"""Events become the lines that programs know, and a slow or absent reader harms nothing."""

import asyncio
import json
import os
from itertools import count
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from loomkin.records.event import (
    CallStreamed,
    Event,
    ModelRetried,
    NoticeGiven,
    StateChanged,
    StreamRestarted,
    TextStreamed,
    ThinkingStreamed,
    TurnEnded,
    TurnStarted,
)
from loomkin.records.ids import CallId
from loomkin.records.message import Text, Thinking, ToolCall, ToolResult
from loomkin.runtime.bus import Bus
from loomkin.ui.jsonl import follow, line_of
from loomkin.ui.result import Account, Ending, result_message
from loomkin.ui.stream_messages import StreamMessages, init_message, new_uuid
from loomkin.ui.terminal import Writer
from tests.ui.facts import SESSION, edit, event, heard, job, said, used

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "stream-json.schema.json").read_text())
Line = dict[str, Any]


def lines_of(events: list[Event], *, partial: bool = False) -> list[Line]:
    numbers = count()
    stream = StreamMessages("openai/fake", {"coder": "coder"}, partial, lambda: f"u{next(numbers)}")
    return [line for one in events for line in stream.of(one)]


def turn(*facts: Any) -> list[Event]:
    return [event(fact) for fact in (TurnStarted(1, "person"), *facts)]


def valid(line: Line) -> Line:
    jsonschema.Draft202012Validator(SCHEMA).validate(line)
    return line


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_a_job_is_told_as_assistant_and_user_messages() -> None:
    first, result, last = [valid(line) for line in lines_of(job())]
    assert first["message"]["content"] == [
        {"type": "text", "text": "I look first."},
        {
            "type": "tool_use",
            "id": "c1",
            "name": "file_edit",
            "input": {"path": "a.py", "old": "1", "new": "2"},
        },
    ]
    assert first["message"]["stop_reason"] == "tool_use"
    assert first["message"]["usage"] == {
        "input_tokens": 100,
        "output_tokens": 20,
        "cache_read_input_tokens": 7,
        "cache_creation_input_tokens": 3,
    }
    assert first["message"]["model"] == "openai/fake"
    assert result["message"]["content"] == [
        {"type": "tool_result", "tool_use_id": "c1", "content": "Changed a.py."}
    ]
    assert result["tool_use_result"]["changes"][0]["path"] == "a.py"
    assert result["tool_use_result"]["duration_ms"] == 250
    assert last["message"]["stop_reason"] == "end_turn"
    assert {line["session_id"] for line in (first, result, last)} == {SESSION}
    assert len({line["uuid"] for line in (first, result, last)}) == 3
    assert first["parent_tool_use_id"] is None
    assert first["agent"] == "coder"


def test_what_was_said_before_the_turn_is_not_told_again() -> None:
    assert lines_of([event(said(Text("from the session before"))), event(heard(Text("hi")))]) == []


def test_a_failed_result_is_marked_as_one() -> None:
    (line,) = lines_of(turn(heard(ToolResult(CallId("c"), "shell", "no", True))))
    assert valid(line)["message"]["content"][0]["is_error"] is True


def test_arguments_that_are_no_object_come_whole() -> None:
    (line,) = lines_of(turn(said(ToolCall(CallId("c"), "shell", '{"command": '))))
    assert valid(line)["message"]["content"][0]["input"] == {"raw": '{"command": '}
    (line,) = lines_of(turn(said(ToolCall(CallId("c"), "shell", ""))))
    assert line["message"]["content"][0]["input"] == {}


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (429, "rate_limit"),
        (529, "overloaded"),
        (500, "server_error"),
        (0, "unknown"),
        (401, "authentication_failed"),
    ],
)
def test_a_retry_counts_retries_and_classifies_the_failure(status: int, name: str) -> None:
    (line,) = lines_of(turn(ModelRetried(2, 5, 1.5, "no", status, "openai/fake")))
    assert valid(line) == line
    assert (line["subtype"], line["attempt"], line["max_retries"], line["retry_delay_ms"]) == (
        "api_retry", 1, 4, 1500,
    )  # fmt: skip
    assert (line["error"], line["error_status"]) == (name, status or None)


def test_partials_form_a_whole_message_in_the_anthropic_form() -> None:
    facts = (
        StateChanged("thinking"),
        ThinkingStreamed("hm"),
        TextStreamed("I "),
        TextStreamed("look."),
        CallStreamed(0, "file_edit", 10),
        used(finish="tool_calls"),
        said(Thinking("hm"), Text("I look."), edit()),
    )
    state, *lines = [valid(line) for line in lines_of(turn(*facts), partial=True)]
    assert (state["subtype"], state["state"]) == ("agent_state", "thinking")
    *partials, assistant = lines
    events = [line["event"] for line in partials]
    assert [one["type"] for one in events] == [
        "message_start",
        "content_block_start", "content_block_delta", "content_block_stop",
        "content_block_start", "content_block_delta", "content_block_delta", "content_block_stop",
        "content_block_start", "content_block_delta", "content_block_stop",
        "message_delta",
        "message_stop",
    ]  # fmt: skip
    assert [one["index"] for one in events if one["type"] == "content_block_start"] == [0, 1, 2]
    texts = [one["delta"]["text"] for one in events if one.get("delta", {}).get("type") == "text_delta"]
    assert texts == ["I ", "look."]
    (written,) = [one["delta"]["partial_json"] for one in events if "partial_json" in one.get("delta", {})]
    assert json.loads(written)["path"] == "a.py"
    assert events[0]["message"]["id"] == assistant["message"]["id"]
    assert events[-2]["delta"]["stop_reason"] == "tool_use"


def test_a_message_that_did_not_stream_still_has_its_partials() -> None:
    lines = lines_of(turn(used(), said(Text("At once."))), partial=True)
    deltas = [line["event"]["delta"] for line in lines if line.get("event", {}).get("delta", {}).get("text")]
    assert deltas == [{"type": "text_delta", "text": "At once."}]


def test_an_answer_that_starts_over_is_closed_and_begins_under_another_id() -> None:
    facts = (TextStreamed("Half"), StreamRestarted(), TextStreamed("Whole"), used(), said(Text("Whole")))
    events = [
        line["event"] for line in lines_of(turn(*facts), partial=True) if line["type"] == "stream_event"
    ]
    starts = [number for number, one in enumerate(events) if one["type"] == "message_start"]
    assert events[starts[1] - 1]["type"] == "message_stop"
    assert events[starts[0]]["message"]["id"] != events[starts[1]]["message"]["id"]


def test_an_answer_that_is_cut_off_is_closed_by_the_end_of_the_turn() -> None:
    facts = (TextStreamed("Half"), TurnEnded(1, "failed", "cut", 1, 1.0))
    events = [line["event"]["type"] for line in lines_of(turn(*facts), partial=True)]
    assert events[-2:] == ["content_block_stop", "message_stop"]


def test_without_the_flag_there_are_no_partials() -> None:
    assert lines_of(turn(StateChanged("thinking"), TextStreamed("x"), NoticeGiven("y"))) == []


def test_the_first_line_and_the_last_fit_the_schema() -> None:
    init = init_message(SESSION, "/x", "openai/fake", "ask", ("file_read",), "coder", True)
    assert valid({**init, "uuid": new_uuid()})["subtype"] == "init"
    assert valid(result_message(Ending.done("yes", 1), Account(), 1.0))["subtype"] == "success"


def test_identifiers_are_random_uuids() -> None:
    one = new_uuid()
    assert len(one) == 36
    assert one[14] == "4"
    assert one[19] in "89ab"
    assert one != new_uuid()


def test_a_line_is_one_line_for_every_reader() -> None:
    line = line_of({"text": "a\nb\u2028c\x85d\ud800é"})
    assert len(line.splitlines()) == 1
    assert json.loads(line)["text"] == "a\nb\u2028c\x85d?é", "strict readers refuse half surrogates"
    line.encode("ascii")


async def test_a_slow_reader_gets_everything_and_blocks_nobody() -> None:
    reading, writing = os.pipe()
    bus, writer = Bus(), Writer(writing)
    feed = bus.feed()
    text = "x" * 300_000
    async with asyncio.TaskGroup() as group:
        group.create_task(follow(feed, lambda one: text, writer))
        bus.publish(event(said(Text("a"))))
        feed.close()
        loop = asyncio.get_running_loop()
        received = b""
        while len(received) < len(text):
            before = loop.time()
            await asyncio.sleep(0)
            assert loop.time() - before < 1.0
            received += await asyncio.to_thread(os.read, reading, 50_000)
    assert received == text.encode()
    os.close(reading)
    os.close(writing)


async def test_a_reader_that_went_away_is_told_as_a_broken_pipe() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    bus = Bus()
    feed = bus.feed()
    bus.publish(event(said(Text("a"))))
    feed.close()
    with pytest.raises(BrokenPipeError):
        await follow(feed, lambda one: "x", Writer(writing))
    os.close(writing)


async def test_a_reader_that_stands_still_is_given_up_once_it_hurries() -> None:
    reading, writing = os.pipe()
    writer = Writer(writing)
    writer.hurry(0.2)
    async with asyncio.timeout(5):
        await asyncio.to_thread(writer.write, "x" * 1_000_000)
    os.close(reading)
    os.close(writing)
