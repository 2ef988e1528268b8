"""How one neutral history is told to each provider."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loomkin.llm.history import CLEAN_ID, LOST, arguments_object, turns
from loomkin.llm.http import join_url
from loomkin.llm.json_body import encode
from loomkin.llm.wire import Endpoint, Request
from loomkin.llm.wires import anthropic_messages, ollama_chat, openai_chat
from loomkin.records.ids import CallId
from loomkin.records.message import Image, Message, Part, Role, Text, Thinking, ToolCall, ToolResult
from tests.fakes.wire_kinds import BY_LITELLM, LITELLM_MARKS, READ, hear, said

USER, MODEL = Role.USER, Role.ASSISTANT
OPENAI = Endpoint("https://api.openai.com/v1")
ELSEWHERE = Endpoint("http://127.0.0.1:8080/v1")


def call(identity: str, path: str = "a.py", name: str = "read") -> ToolCall:
    return ToolCall(CallId(identity), name, json.dumps({"path": path}))


def result(identity: str, text: str = "content", *, is_error: bool = False) -> ToolResult:
    return ToolResult(CallId(identity), "read", text, is_error)


def asked(*messages: Message, **fields: Any) -> Request:
    return Request("m", fields.pop("system", "Be brief."), messages, **fields)


WORKED = (
    said(USER, Text("fix it")),
    said(MODEL, Thinking("look first", "c2ln"), Text("I look."), call("c1"), call("c2", "b.py")),
    said(USER, result("c1"), result("c2", "no such file", is_error=True)),
    said(USER, Text("and hurry")),
    said(MODEL, Text("Done.")),
    said(USER, Text("thanks")),
)


# --- the neutral shape -----------------------------------------------------------------------------


def test_messages_of_one_side_become_one_turn_with_results_first() -> None:
    shaped = turns(WORKED)
    assert [turn.role for turn in shaped] == [USER, MODEL, USER, MODEL, USER]
    assert [type(part) for part in shaped[2].parts] == [ToolResult, ToolResult, Text]


def test_a_call_without_a_result_gets_one_that_says_so() -> None:
    shaped = turns([said(USER, Text("x")), said(MODEL, call("c1"), call("c2")), said(USER, result("c2"))])
    assert [(part.call_id, part.text, part.is_error) for part in shaped[2].results] == [
        ("c1", LOST, True),
        ("c2", "content", False),
    ]


def test_a_call_at_the_very_end_is_answered_too() -> None:
    shaped = turns([said(USER, Text("x")), said(MODEL, call("c1"))])
    assert shaped[-1].results[0].text == LOST


def test_a_result_that_comes_late_is_put_directly_after_its_call() -> None:
    late = [
        said(USER, Text("x")),
        said(MODEL, call("c1")),
        said(USER, Text("wait")),
        said(MODEL, Text("waiting")),
        said(USER, result("c1", "late")),
    ]
    shaped = turns(late)
    assert shaped[2].results[0].text == "late"
    assert all(not turn.results for turn in shaped[3:])


def test_a_result_without_a_call_becomes_words() -> None:
    shaped = turns([said(USER, result("ghost", "left over"))])
    assert shaped[0].parts == (Text("Result of read:\nleft over"),)


def test_empty_words_and_bare_thinking_are_left_out() -> None:
    shaped = turns(
        [
            said(USER, Text("x"), Text("  \n")),
            said(MODEL, Thinking("hm")),
            said(MODEL, Text("")),
            said(USER, Text("y")),
        ]
    )
    assert [turn.parts for turn in shaped] == [(Text("x"), Text("y"))]


def test_bad_ids_are_replaced_in_call_and_result_alike() -> None:
    history = [said(USER, Text("x"))]
    for raw in ("", "same", "same", "y" * 60, "a b"):
        history += [said(MODEL, call(raw)), said(USER, result(raw, f"for {raw}"))]
    shaped = turns(history)
    calls = [part for turn in shaped for part in turn.calls]
    results = [part for turn in shaped for part in turn.results]
    assert [part.id for part in calls] == [part.call_id for part in results]
    assert [part.text for part in results] == ["for ", "for same", "for same", "for " + "y" * 60, "for a b"]
    assert len({part.id for part in calls}) == 5
    assert all(CLEAN_ID.fullmatch(part.id) for part in calls)


def test_two_calls_with_one_id_in_one_turn_get_their_results_in_order() -> None:
    shaped = turns(
        [said(MODEL, call("d", "1"), call("d", "2")), said(USER, result("d", "first"), result("d", "second"))]
    )
    assert [part.text for part in shaped[1].results] == ["first", "second"]


parts = st.one_of(
    st.builds(Text, st.sampled_from(["", " ", "words"])),
    st.builds(Thinking, st.just("hm"), st.sampled_from(["", "sig"])),
    st.builds(call, st.sampled_from(["", "a", "b", "c", "x" * 50])),
    st.builds(result, st.sampled_from(["", "a", "b", "c", "x" * 50])),
)
histories = st.lists(
    st.builds(lambda role, chosen: said(role, *chosen), st.sampled_from(Role), st.lists(parts, max_size=4)),
    max_size=8,
)


@settings(max_examples=200, deadline=None)
@given(histories)
def test_every_history_alternates_and_answers_each_call_once_directly(history: list[Message]) -> None:
    history = [_only_own_parts(message) for message in history]
    shaped = turns(history)
    assert all(a.role is not b.role for a, b in pairwise(shaped))
    identities = [part.id for turn in shaped for part in turn.calls]
    assert len(set(identities)) == len(identities)
    for turn, following in pairwise([*shaped, None]):
        if turn is not None and turn.calls:
            assert following is not None
            assert [part.call_id for part in following.results] == [part.id for part in turn.calls]
    answered = sum(len(turn.results) for turn in shaped)
    assert answered == len(identities)


def _only_own_parts(message: Message) -> Message:
    foreign: type[Part] = ToolResult if message.role is MODEL else ToolCall
    return said(message.role, *(part for part in message.parts if not isinstance(part, foreign)))


@settings(max_examples=100, deadline=None)
@given(histories, histories)
def test_what_was_said_before_keeps_its_ids_when_more_is_said(old: list[Message], new: list[Message]) -> None:
    old, new = [_only_own_parts(m) for m in old], [_only_own_parts(m) for m in new]
    before = [part.id for turn in turns(old) for part in turn.calls]
    after = [part.id for turn in turns([*old, *new]) for part in turn.calls]
    assert after[: len(before)] == before


@pytest.mark.parametrize("raw", ["", "{", "[1]", "null", '"x"', '{"a": 1', "x" * 10, "[" * 100_000])
def test_arguments_that_are_no_object_become_an_empty_one(raw: str) -> None:
    assert arguments_object(ToolCall(CallId("c"), "read", raw)) == {}


# --- OpenAI ----------------------------------------------------------------------------------------


def test_openai_gets_results_as_messages_of_their_own() -> None:
    listed = openai_chat.messages(asked(*WORKED))
    roles = [message["role"] for message in listed]
    assert roles == ["system", "user", "assistant", "tool", "tool", "user", "assistant", "user"]
    assert listed[3] == {"role": "tool", "tool_call_id": "c1", "content": "content"}
    assert listed[2]["tool_calls"] == [
        {"id": "c1", "type": "function", "function": {"name": "read", "arguments": '{"path": "a.py"}'}},
        {"id": "c2", "type": "function", "function": {"name": "read", "arguments": '{"path": "b.py"}'}},
    ]
    assert "reasoning_content" not in listed[2]


def test_openai_gets_reasoning_back_only_where_asked() -> None:
    listed = openai_chat.messages(asked(*WORKED, options={"send_reasoning": True}))
    assert listed[2]["reasoning_content"] == "look first"


def test_openai_never_gets_arguments_that_are_no_json() -> None:
    broken = ToolCall(CallId("c1"), "functions.read file", '{"path": ')
    listed = openai_chat.messages(asked(said(MODEL, broken)))
    assert listed[1]["tool_calls"][0]["function"] == {"name": "functions_read_file", "arguments": "{}"}  # type: ignore[index]


@pytest.mark.parametrize(
    ("endpoint", "options", "field"),
    [
        (OPENAI, {}, "max_completion_tokens"),
        (ELSEWHERE, {}, "max_tokens"),
        (ELSEWHERE, {"max_tokens_field": "max_completion_tokens"}, "max_completion_tokens"),
        (OPENAI, {"max_tokens_field": "max_tokens"}, "max_tokens"),
    ],
)
def test_the_output_limit_goes_by_the_name_the_server_knows(
    endpoint: Endpoint, options: dict[str, object], field: str
) -> None:
    body = openai_chat.body(asked(*WORKED, options=options, max_output=77), endpoint)
    assert body[field] == 77
    assert {"max_tokens", "max_completion_tokens"} & set(body) == {field}
    assert "max_tokens_field" not in body


def test_openai_gets_only_what_was_set() -> None:
    bare = openai_chat.body(asked(*WORKED, stream=False, options={"num_ctx": 9}), ELSEWHERE)
    assert set(bare) == {"model", "stream", "max_tokens", "messages"}
    full = openai_chat.body(
        asked(*WORKED, temperature=0.0, stop=("END",), tools=(READ,), options={"reasoning_effort": "low"}),
        OPENAI,
    )
    assert full["temperature"] == 0.0
    assert full["stop"] == ["END"]
    assert full["reasoning_effort"] == "low"
    assert full["stream_options"] == {"include_usage": True}


# --- Anthropic -------------------------------------------------------------------------------------


def test_anthropic_gets_results_grouped_and_their_failure_marked() -> None:
    listed: Any = anthropic_messages.messages(turns(WORKED))
    assert [message["role"] for message in listed] == ["user", "assistant", "user", "assistant", "user"]
    assert [block["type"] for block in listed[2]["content"]] == ["tool_result", "tool_result", "text"]
    assert "is_error" not in listed[2]["content"][0]
    assert listed[2]["content"][1]["is_error"] is True


def test_anthropic_gets_signed_thinking_back_untouched_and_no_other() -> None:
    thoughts = (Thinking("mine", "c2ln"), Thinking("foreign"), Thinking("", "redacted:ZGF0YQ=="))
    listed: Any = anthropic_messages.messages(
        turns([said(USER, Text("x")), said(MODEL, *thoughts, Text("y"))])
    )
    blocks = listed[1]["content"]
    assert blocks == [
        {"type": "thinking", "thinking": "mine", "signature": "c2ln"},
        {"type": "redacted_thinking", "data": "ZGF0YQ=="},
        {"type": "text", "text": "y"},
    ]


def test_anthropic_marks_system_last_tool_and_the_last_two_user_messages() -> None:
    other = READ.__class__("write", "Write.", {"type": "object"})
    body: Any = anthropic_messages.body(asked(*WORKED, tools=(READ, other)))
    assert "cache_control" not in body["tools"][0]
    assert body["tools"][1]["cache_control"] == {"type": "ephemeral"}
    assert body["system"][0]["cache_control"] == {"type": "ephemeral"}
    marked = [
        number
        for number, message in enumerate(body["messages"])
        for block in message["content"]
        if "cache_control" in block
    ]
    assert marked == [2, 4]


def test_anthropic_hears_the_user_first_and_no_empty_words() -> None:
    body: Any = anthropic_messages.body(
        asked(said(MODEL, Text("I begin. \n"), call("c1")), said(USER, result("c1", " ")))
    )
    assert body["messages"][0]["role"] == "user"
    assert body["messages"][1]["content"][0]["text"] == "I begin."
    assert body["messages"][2]["content"][0]["content"] == "(no output)"


def test_anthropic_is_told_the_names_of_tools_that_the_history_used() -> None:
    body: Any = anthropic_messages.body(asked(*WORKED))
    assert [tool["name"] for tool in body["tools"]] == ["read"]


@pytest.mark.parametrize(("room", "budget"), [(32_000, 10_000), (8_000, 7_488), (1_200, None)])
def test_anthropic_never_thinks_for_longer_than_the_answer_may_be(room: int, budget: int | None) -> None:
    request = asked(said(USER, Text("go")), max_output=room, options={"thinking_budget": 10_000})
    thinking = anthropic_messages.body(request).get("thinking")
    assert thinking == (budget and {"type": "enabled", "budget_tokens": budget})


def test_anthropic_gets_an_object_for_arguments_that_are_none() -> None:
    broken = said(MODEL, ToolCall(CallId("c1"), "read", "{oops"))
    body: Any = anthropic_messages.body(asked(said(USER, Text("x")), broken))
    assert body["messages"][1]["content"][0]["input"] == {}


# --- Ollama ----------------------------------------------------------------------------------------


def test_ollama_gets_its_window_and_its_own_options() -> None:
    options: dict[str, object] = {"num_ctx": 16384, "top_k": 3, "think": False, "keep_alive": "5m"}
    body: Any = ollama_chat.body(asked(*WORKED, options=options, max_output=99, temperature=0.5))
    assert body["options"] == {"num_ctx": 16384, "top_k": 3, "num_predict": 99, "temperature": 0.5}
    assert body["think"] is False
    assert body["keep_alive"] == "5m"


def test_ollama_gets_arguments_as_objects_and_results_by_name() -> None:
    listed: Any = ollama_chat.messages(asked(*WORKED))
    assert listed[2]["tool_calls"][0]["function"] == {"name": "read", "arguments": {"path": "a.py"}}
    assert listed[2]["thinking"] == "look first"
    assert listed[3] == {"role": "tool", "content": "content", "tool_name": "read", "tool_call_id": "c1"}


@pytest.mark.parametrize("base", ["http://h:1", "http://h:1/", "http://h:1/v1", "http://h:1/api"])
def test_ollama_is_found_from_any_of_its_addresses(base: str) -> None:
    assert ollama_chat.api_url(Endpoint(base), "/api/chat") == "http://h:1/api/chat"


# --- all -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("http://h:1", "http://h:1/v1/chat/completions"),
        ("http://h:1/", "http://h:1/v1/chat/completions"),
        ("http://h:1/v1/", "http://h:1/v1/chat/completions"),
        ("https://x.test/openai/v1", "https://x.test/openai/v1/chat/completions"),
    ],
)
def test_a_bare_address_gets_the_usual_version(base: str, url: str) -> None:
    assert join_url(Endpoint(base), "/chat/completions") == url


def test_half_characters_and_odd_letters_leave_as_valid_utf8() -> None:
    sent = encode({"text": "ä \ud800 \U0001f600"})
    assert json.loads(sent.decode("utf-8")) == {"text": "ä ? \U0001f600"}


@pytest.mark.parametrize("wire", ["openai", "anthropic", "ollama"])
def test_the_next_request_begins_with_the_bytes_of_the_last(wire: str) -> None:
    long = [said(USER, Text("begin"))]
    for number in range(20):
        long += [said(MODEL, call(f"c{number}")), said(USER, result(f"c{number}", f"line {number} " * 50))]
    earlier, later = asked(*long[:-2], tools=(READ,)), asked(*long, tools=(READ,))
    make = {
        "openai": lambda request: openai_chat.body(request, OPENAI),
        "anthropic": anthropic_messages.body,
        "ollama": ollama_chat.body,
    }[wire]
    one, two = encode(make(earlier)), encode(make(later))
    common = next((n for n, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), len(one))
    assert common / len(one) > 0.88  # the two cache marks move on with the last two messages


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, id=kind.id, marks=LITELLM_MARKS) for kind in BY_LITELLM[:2]]
)
async def test_litellm_is_given_the_same_history(kind: Any) -> None:
    async with kind.server({"text": "ok"}) as server, kind.wire_to(server) as wire:
        request = kind.request(messages=(*WORKED[:4], said(USER, Image("image/png", "aGk="))), tools=(READ,))
        await hear(wire, request)
        sent = server.chats[0].body
    text = json.dumps(sent)
    assert "no such file" in text
    assert "aGk=" in text
    if kind.dialect == "anthropic":
        assert {"type": "thinking", "thinking": "look first", "signature": "c2ln"} in sent["messages"][1][
            "content"
        ]
    else:
        assert [message["role"] for message in sent["messages"]] == [
            "system", "user", "assistant", "tool", "tool", "user",
        ]  # fmt: skip


@pytest.mark.parametrize("kind", [pytest.param(BY_LITELLM[1], id="claude", marks=LITELLM_MARKS)])
async def test_claude_by_litellm_gets_cache_marks(kind: Any) -> None:
    async with kind.server({"text": "ok"}) as server, kind.wire_to(server) as wire:
        request = kind.request(tools=(READ,))
        await hear(wire, Request("anthropic/claude-test", request.system, request.messages, request.tools))
        sent = server.chats[0].body
    assert sent["system"][0]["cache_control"] == {"type": "ephemeral"}
    assert sent["messages"][-1]["content"][-1]["cache_control"] == {"type": "ephemeral"}
