"""Whatever a crash left, the history that a provider gets has one result behind each call."""

from itertools import zip_longest
from operator import is_

from hypothesis import given
from hypothesis import strategies as st

from loomkin.agent.history import INTERRUPTED, Readying, unanswered, wire_ready
from loomkin.records.ids import CallId, MessageId
from loomkin.records.message import Message, Part, Role, Text, ToolCall, ToolResult


def call(identity: str) -> ToolCall:
    return ToolCall(CallId(identity), "shell", "{}")


def result(identity: str, text: str = "done") -> ToolResult:
    return ToolResult(CallId(identity), "shell", text)


def message(role: Role, *parts: Part) -> Message:
    return Message(MessageId("m"), role, parts, "person", 0.0)


def shape(messages: tuple[Message, ...]) -> list[tuple[str, list[str]]]:
    return [(one.role.value, [type(part).__name__ for part in one.parts]) for one in messages]


def test_results_stand_behind_their_calls_in_call_order():
    ready = wire_ready(
        [
            message(Role.USER, Text("go")),
            message(Role.ASSISTANT, call("a"), call("b")),
            message(Role.USER, result("b", "second")),
            message(Role.USER, Text("by the way")),
            message(Role.USER, result("a", "first")),
        ]
    )
    assert [part.text for part in ready[2].results] == ["first", "second"]
    assert ready[3].text == "by the way"


def test_a_call_without_a_result_gets_one_that_says_so():
    ready = wire_ready([message(Role.ASSISTANT, Text("I run it"), call("a"))])
    assert ready[1].results[0].text == INTERRUPTED
    assert ready[1].results[0].is_error


def test_a_result_without_a_call_and_an_empty_message_are_left_out():
    assert wire_ready([message(Role.USER, result("x")), message(Role.ASSISTANT)]) == ()


parts = st.one_of(
    st.builds(Text, st.just("words")),
    st.builds(call, st.sampled_from("abcdef")),
)
entries = st.one_of(
    st.builds(lambda p: message(Role.ASSISTANT, *p), st.lists(parts, max_size=3, unique_by=str)),
    st.builds(lambda i: message(Role.USER, result(i)), st.sampled_from("abcdefgh")),
    st.just(message(Role.USER, Text("words"))),
)


@given(st.lists(entries, max_size=12))
def test_any_history_becomes_one_that_providers_accept(history: list[Message]):
    ready = wire_ready(history)
    for before, after in zip_longest(ready, ready[1:]):
        assert before.parts
        if before.calls:
            assert after is not None
            assert [one.call_id for one in after.results] == [one.id for one in before.calls]
        if before.results:
            assert before.role is Role.USER
    assert unanswered(ready) == []
    assert wire_ready(ready) == ready


@given(st.lists(entries, max_size=12), st.integers(0, 12), st.lists(entries, max_size=6))
def test_a_history_that_grows_is_made_ready_as_if_it_were_new(
    history: list[Message], kept: int, other: list[Message]
):
    readying = Readying()
    for end in range(len(history) + 1):
        assert readying(history[:end]) == wire_ready(history[:end])
    branch = [*history[:kept], *other]
    assert readying(branch) == wire_ready(branch)


def test_what_was_made_ready_stays_the_same_objects_while_the_history_grows():
    history = [message(Role.ASSISTANT, call("a"), Text("first")), message(Role.USER, result("a"))]
    readying = Readying()
    before = readying(history)
    after = readying([*history, message(Role.ASSISTANT, call("b"))])
    assert len(after) == len(before) + 2
    assert all(map(is_, before, after))
