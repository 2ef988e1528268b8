"""Recording model calls and playing them back."""

import asyncio
import json
import os
import stat
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loomkin.errors import RateLimitError, ReplayDivergence, StoreError, StreamCutError, UsageError
from loomkin.llm.cassette import RecordingWire, ReplayWire, Steps, agent_of
from loomkin.llm.cassette_lines import delta_from_line, delta_to_line, redacted
from loomkin.llm.fingerprint import asked
from loomkin.llm.registry import opener
from loomkin.llm.wire import (
    CallDelta,
    Delta,
    Endpoint,
    Finished,
    FinishReason,
    Request,
    TextDelta,
    ThinkingDelta,
    Wire,
)
from loomkin.llm.wires.openai_chat import OpenAIChat
from loomkin.records.ids import CallId, MessageId
from loomkin.records.message import Message, Part, Role, Text, ToolCall, ToolResult, ToolSpec
from loomkin.records.usage import Usage
from tests.fakes.model_server import ModelServer

SECRET = "sk-live-0123456789"
TOOL = ToolSpec("shell", "Run a command.", {"type": "object"})


def blot(text: str) -> str:
    return text.replace(SECRET, "[secret]")


def keep(text: str) -> str:
    return text


def message(*parts: Part, identity: str = "m1", at: float = 1.0, role: Role = Role.USER) -> Message:
    return Message(MessageId(identity), role, parts, "person", at)


def request(agent: str, *messages: Message) -> Request:
    return Request("fake-model", f"You are {agent}, the coder of a team.", messages, (TOOL,))


async def collect(wire: Wire, asked_for: Request) -> list[Delta]:
    return [delta async for delta in wire.stream(asked_for)]


class Playing:
    """A wire that answers everything with the same deltas, then waits if told to."""

    def __init__(self, *deltas: Delta, gate: asyncio.Event | None = None) -> None:
        self._deltas = deltas
        self._gate = gate
        self.closed = asyncio.Event()

    async def stream(self, request: Request) -> AsyncIterator[Delta]:
        try:
            for delta in self._deltas:
                yield delta
            if self._gate is not None:
                await self._gate.wait()
        finally:
            self.closed.set()

    async def aclose(self) -> None:
        """Nothing to release."""


async def test_a_recorded_session_of_two_agents_plays_back_after_the_server_is_gone(tmp_path: Path) -> None:
    calls = [{"name": "shell", "arguments": {"command": "ls"}}]
    script = {
        "ada": [{"text": "one two", "thinking": "hm"}, {"calls": calls}],
        "bob": [{"fault": "status", "status": 429, "headers": {"retry-after": "7"}}, {"text": "three"}],
    }
    hello = message(Text("hello"))
    tape = tmp_path / "tape.jsonl"
    requests = [
        request("ada", hello),
        request("bob", hello),
        request("ada", hello, hello),
        request("bob", hello),
    ]

    async def play(wire: Wire) -> list[object]:
        seen: list[object] = []
        for each in requests:
            try:
                seen.append(await collect(wire, each))
            except RateLimitError as error:
                seen.append((error.message, error.status, error.retry_after))
        return seen

    async with ModelServer(script) as server:
        inner = OpenAIChat(Endpoint(f"{server.url}/v1", SECRET))
        recording = RecordingWire(inner, tape, keep, Steps())
        recorded = await play(recording)
        await recording.aclose()
    assert isinstance(recorded[1], tuple)
    assert recorded[1][1:] == (429, 7.0)
    replay = await asyncio.to_thread(ReplayWire.load, tape, keep)
    assert await play(replay) == recorded
    assert await asyncio.to_thread(tape.read_text) != ""
    assert SECRET not in await asyncio.to_thread(tape.read_text)


async def test_secrets_are_blotted_out_also_when_cut_into_fragments(tmp_path: Path) -> None:
    tape = tmp_path / "tape.jsonl"
    deltas: list[Delta] = [
        ThinkingDelta("key sk-live"),
        ThinkingDelta("-0123456789", "sig"),
        TextDelta("it is sk-"),
        TextDelta("live-0123"),
        TextDelta("456789."),
        CallDelta(0, "c", "shell", '{"command": "echo sk-live-'),
        CallDelta(0, arguments='0123456789"}'),
        Finished(FinishReason.STOP, Usage(1, 2, 3, 4, 1)),
    ]
    asked_for = request("ada", message(Text(f"my key is {SECRET}")))
    live = await collect(RecordingWire(Playing(*deltas), tape, blot, Steps()), asked_for)
    assert live == deltas
    text = await asyncio.to_thread(tape.read_text)
    assert SECRET not in text
    assert SECRET not in "".join(json.loads(text)["deltas"][at].get("text", "") for at in range(4))
    assert await collect(await asyncio.to_thread(ReplayWire.load, tape, blot), asked_for) == [
        ThinkingDelta("key [secret]", "sig"),
        TextDelta("it is [secret]."),
        CallDelta(0, "c", "shell", '{"command": "echo [secret]"}'),
        deltas[-1],
    ]


async def test_only_the_owner_can_read_a_recording(tmp_path: Path) -> None:
    tape = tmp_path / "tape.jsonl"
    await collect(RecordingWire(Playing(TextDelta("a")), tape, keep, Steps()), request("ada"))
    assert stat.S_IMODE((await asyncio.to_thread(os.stat, tape)).st_mode) == 0o600


async def test_a_cancelled_call_is_recorded_as_far_as_it_came_and_closes_the_connection(
    tmp_path: Path,
) -> None:
    tape = tmp_path / "tape.jsonl"
    inner, first = Playing(TextDelta("half"), gate=asyncio.Event()), asyncio.Event()
    recording = RecordingWire(inner, tape, keep, Steps())

    async def consume() -> None:
        async for _ in recording.stream(request("ada")):
            first.set()

    async with asyncio.TaskGroup() as group:
        task = group.create_task(consume())
        await first.wait()
        task.cancel()
    assert inner.closed.is_set()
    replay = await asyncio.to_thread(ReplayWire.load, tape, keep)
    answer = replay.stream(request("ada"))
    assert await anext(answer) == TextDelta("half")
    with pytest.raises(StreamCutError):
        await anext(answer)


def test_a_recording_that_cannot_be_written_is_said_before_anything_is_paid_for(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="x cannot be written: No such file or directory"):
        opener(tmp_path / "missing" / "x", None, True, keep, keep)


async def test_a_disk_that_fills_up_while_recording_is_said_in_words(tmp_path: Path) -> None:
    async with ModelServer(script=[{"text": "hello"}]) as server:
        wire = opener(Path("/dev/full"), None, True, keep, keep)("openai", Endpoint(f"{server.url}/v1"))
        with pytest.raises(StoreError, match="/dev/full cannot be written: No space left on device"):
            await collect(wire, request("coder", message(Text("go"))))
        await wire.aclose()


async def test_a_divergence_shows_both_sides_of_the_first_difference(tmp_path: Path) -> None:
    tape = tmp_path / "tape.jsonl"
    before = request("ada", message(Text("same")), message(Text("fix the bug")))
    now = request("ada", message(Text("same")), message(Text("add a test")))
    await collect(RecordingWire(Playing(TextDelta("a")), tape, keep, Steps()), before)
    replay = await asyncio.to_thread(ReplayWire.load, tape, keep)
    with pytest.raises(ReplayDivergence, match="Call 1 of ada differs") as caught:
        await collect(replay, now)
    recorded, present = caught.value.message.splitlines()[1:]
    assert "recorded: message 2 (user)" in recorded
    assert "fix the bug" in recorded
    assert "add a test" in present
    assert "same" not in caught.value.message


async def test_a_call_more_than_recorded_and_an_unknown_agent_are_divergences(tmp_path: Path) -> None:
    tape = tmp_path / "tape.jsonl"
    await collect(RecordingWire(Playing(TextDelta("a")), tape, keep, Steps()), request("ada"))
    replay = await asyncio.to_thread(ReplayWire.load, tape, keep)
    await collect(replay, request("ada"))
    with pytest.raises(ReplayDivergence, match="the recording holds 1 of its calls"):
        await collect(replay, request("ada"))
    with pytest.raises(ReplayDivergence, match="bob asks a model, and the recording knows only: ada"):
        await collect(replay, request("bob"))


async def test_a_file_that_is_no_recording_is_refused_with_the_line(tmp_path: Path) -> None:
    tape = tmp_path / "tape.jsonl"
    for text in ("{}", "[1]", "words", '{"cassette": 99}', '{"cassette": 1, "agent": "a", "step": 1}'):
        await asyncio.to_thread(tape.write_text, f"\n{text}\n")
        with pytest.raises(ReplayDivergence, match=r"tape\.jsonl:2 is not a line of a recording"):
            await asyncio.to_thread(ReplayWire.load, tape, keep)
    with pytest.raises(ReplayDivergence, match="cannot be read"):
        await asyncio.to_thread(ReplayWire.load, tmp_path / "none", keep)


def test_the_fingerprint_does_not_depend_on_ids_and_times() -> None:
    def history(call: str, identity: str, at: float) -> Request:
        return request(
            "ada",
            message(ToolCall(CallId(call), "shell", "{}"), identity=identity, at=at, role=Role.ASSISTANT),
            message(ToolResult(CallId(call), "shell", "ok"), identity=identity + "b", at=at + 1),
        )

    assert asked(history("c1", "m", 1.0), keep) == asked(history("zz", "n", 9.0), keep)


def test_the_fingerprint_depends_on_everything_else() -> None:
    plain = request("ada", message(Text("a")))
    others = [
        request("bob", message(Text("a"))),
        replace(plain, tools=()),
        replace(plain, tools=(replace(TOOL, description="Other."),)),
        request("ada", message(Text("b"))),
        request("ada", message(Text("a"), Text(""))),
        request("ada", message(Text("a"), role=Role.ASSISTANT)),
        request("ada", message(Text("a")), message()),
        request("ada", message(ToolResult(CallId("c"), "shell", "a"))),
        request("ada", message(ToolResult(CallId("c"), "shell", "a", True))),
    ]
    assert len({asked(each, keep).fingerprint for each in (plain, *others)}) == len(others) + 1


def test_which_call_a_result_answers_is_part_of_the_fingerprint() -> None:
    calls = (ToolCall(CallId("a"), "shell", "{}"), ToolCall(CallId("b"), "shell", "{}"))
    first = request("ada", message(*calls), message(ToolResult(CallId("a"), "shell", "x")))
    second = request("ada", message(*calls), message(ToolResult(CallId("b"), "shell", "x")))
    assert asked(first, keep).fingerprint != asked(second, keep).fingerprint


def test_the_speaker_is_read_from_the_system_prompt() -> None:
    assert agent_of(request("ada-2")) == "ada-2"
    assert agent_of(replace(request("x"), system="Hello")) == "default"


USAGE = st.none() | st.builds(Usage, st.integers(0), st.integers(0))
DELTAS = st.one_of(
    st.builds(TextDelta, st.text()),
    st.builds(ThinkingDelta, st.text(), st.text()),
    st.builds(CallDelta, st.integers(0, 3), st.text(), st.text(), st.text()),
    st.builds(Finished, st.sampled_from(FinishReason), USAGE),
)


@given(DELTAS)
def test_every_delta_survives_the_file(delta: Delta) -> None:
    assert delta_from_line(json.loads(json.dumps(delta_to_line(delta)))) == delta


@given(st.lists(DELTAS, max_size=8))
def test_without_secrets_the_fragments_stay_as_they_came(deltas: list[Delta]) -> None:
    assert redacted(deltas, keep) == deltas
