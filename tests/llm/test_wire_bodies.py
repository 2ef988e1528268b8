"""A wire that remembers what it wrote sends the same bytes as one that begins anew."""

import gc
import json
import weakref
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loomkin.llm.history import Shaper, turns
from loomkin.llm.json_body import Written, encode, written
from loomkin.llm.wire import Endpoint, Request
from loomkin.llm.wires import anthropic_messages, ollama_chat, openai_chat
from loomkin.records.ids import CallId
from loomkin.records.message import Image, Message, Part, Role, Text, Thinking, ToolCall, ToolResult
from tests.fakes.wire_kinds import READ, said

USER, MODEL = Role.USER, Role.ASSISTANT
HERE = Endpoint("http://127.0.0.1:8080/v1")
Body = Callable[[Request], Mapping[str, object]]


class Way(NamedTuple):
    """A wire's memory, made new, and the function that has none."""

    remembering: Callable[[], Body]
    plain: Body


WAYS = {
    "openai": Way(lambda: openai_chat.OpenAIChat(HERE).body, lambda one: openai_chat.body(one, HERE)),
    "anthropic": Way(lambda: anthropic_messages.AnthropicMessages(HERE).body, anthropic_messages.body),
    "ollama": Way(lambda: ollama_chat.OllamaChat(HERE).body, ollama_chat.body),
}
every_wire = pytest.mark.parametrize("wire", WAYS)

words = st.sampled_from(["", " ", "look", "tschüß \U0001f600 ", 'half \ud800 "quoted"\n'])
names = st.sampled_from(["c1", "c2", "c3", "", "odd id!"])
parts: st.SearchStrategy[Part] = st.one_of(
    st.builds(Text, words),
    st.builds(Thinking, words, st.sampled_from(["", "c2ln", "redacted:abc"])),
    st.builds(Image, st.just("image/png"), st.just("aGk=")),
    st.builds(
        lambda name, said: ToolCall(CallId(name), "re ad", said),
        names,
        st.sampled_from(["{}", '{"a": 1}', "{"]),
    ),
    st.builds(
        lambda name, text, bad: ToolResult(CallId(name), "read", text, bad), names, words, st.booleans()
    ),
)
messages = st.builds(
    lambda role, some: said(role, *some), st.sampled_from([USER, MODEL]), st.lists(parts, max_size=4)
)
exchanges = st.builds(
    lambda name, text: [
        said(MODEL, Text("I look."), ToolCall(CallId(name), "read", '{"path": "a"}')),
        said(USER, ToolResult(CallId(name), "read", text)),
    ],
    names,
    words,
)
growths = st.one_of(exchanges, st.lists(messages, max_size=3))
changes = st.sampled_from(["grow", "grow", "grow", "grow", "grow", "clear", "copy", "shorten"])


def changed(history: list[Message], change: str, growth: list[Message]) -> list[Message]:
    match change:
        case "clear":
            return growth
        case "copy":
            copies = [Message(m.id, m.role, tuple(map(_copy, m.parts)), m.sender, m.at) for m in history]
            return [*copies, *growth]
        case "shorten":
            return history[:-1]
    return history + growth


def _copy(part: Part) -> Part:
    return Text(part.text + "!") if isinstance(part, Text) else part


@every_wire
@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(changes, growths), min_size=1, max_size=12), st.booleans(), st.booleans())
def test_remembered_bodies_are_the_bytes_of_plain_ones(
    wire: str, steps: list[tuple[str, list[Message]]], reasoning: bool, with_tools: bool
) -> None:
    way = WAYS[wire]
    body = way.remembering()
    history: list[Message] = []
    for number, (change, growth) in enumerate(steps):
        history = changed(history, change, growth)
        options: dict[str, object] = {"send_reasoning": reasoning != (number % 5 == 4), "seed": 7}
        tools = (READ,) if with_tools else ()
        request = Request("m", "Be brief." * (number % 2), tuple(history), tools, options=options)
        plain = way.plain(request)
        text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
        assert encode(body(request)) == text.encode("utf-8", "replace") == encode(plain)


class Watched(Text):
    """Words that can be seen to go."""

    __slots__ = ("__weakref__",)


@every_wire
def test_a_cleared_history_is_let_go(wire: str) -> None:
    body = WAYS[wire].remembering()
    text = Watched("long ago")
    watched = weakref.ref(text)
    body(asked(said(USER, text), said(MODEL, Text("yes")), said(USER, Text("more"))))
    del text
    gc.collect()
    assert watched() is not None  # otherwise nothing was remembered, and this test says nothing
    body(asked(said(USER, Text("anew"))))
    gc.collect()
    assert watched() is None


def test_settled_turns_stay_the_same_objects() -> None:
    shaper = Shaper()
    history: list[Message] = [said(USER, Text("begin"))]
    before: list[Any] = []
    for number in range(20):
        call = CallId(f"c{number}")
        history += [said(MODEL, ToolCall(call, "read", "{}")), said(USER, ToolResult(call, "read", "x"))]
        shaped = shaper.turns(history)
        assert shaped == turns(history)
        assert [a is b for a, b in zip(shaped, before[:-2], strict=False)] == [True] * len(before[:-2])
        before = shaped


def test_a_late_result_still_finds_its_call() -> None:
    shaper = Shaper()
    call = ToolCall(CallId("c"), "read", "{}")
    early = [said(USER, Text("x")), said(MODEL, call), said(USER, Text("wait")), said(MODEL, Text("yes"))]
    shaper.turns(early)
    shaped = shaper.turns([*early, said(USER, ToolResult(call.id, "read", "here it is"))])
    assert [result.text for result in shaped[2].results] == ["here it is"]


def test_pieces_without_entries_leave_no_commas() -> None:
    pieces = (written([]), written([1, "ä"]), written([]), written([{"a": None}]))
    assert (
        encode({"some": Written(pieces), "none": Written(())})
        == '{"some":[1,"ä",{"a":null}],"none":[]}'.encode()
    )


def asked(*history: Message) -> Request:
    return Request("m", "Be brief.", history)
