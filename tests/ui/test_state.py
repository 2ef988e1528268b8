"""The view state is made from events alone, and no event can break it."""

from dataclasses import fields
from functools import reduce as fold
from typing import Any, get_type_hints

from hypothesis import given, settings
from hypothesis import strategies as st

from loomkin.records.event import (
    CallFinished,
    CallStarted,
    Event,
    ModelRetried,
    OutputStreamed,
    QuestionAnswered,
    QuestionAsked,
    SessionStarted,
    StateChanged,
    StreamRestarted,
    TextStreamed,
    TurnEnded,
    TurnStarted,
)
from loomkin.records.facts import FACTS
from loomkin.records.message import Message, Role, Text, Thinking, ToolCall, ToolResult
from loomkin.records.usage import Usage
from loomkin.ui.state import ViewState, about, reduce
from tests.records.strategies import record
from tests.ui.facts import denied, event, job, said, used


def seen(*events: Event) -> ViewState:
    return fold(reduce, events, ViewState())


def test_a_turn_adds_up_to_steps_tokens_and_money() -> None:
    state = seen(*job())
    agent = state.agent("coder")
    assert (agent.steps, agent.tokens, agent.cost) == (2, 260, 5_000_000)
    assert (agent.state, agent.text, agent.calls) == ("done", "Done.", ())
    assert state.changed == 1


def test_a_running_call_shows_what_it_is_about_and_what_it_printed_last() -> None:
    start = event(CallStarted("c1", "shell", '{"command": "pytest -q\\n", "timeout": 5}'), at=7.0)
    state = seen(start, event(OutputStreamed("c1", "one\ntwo\x1b[31m\n\n")))
    (call,) = state.agent("coder").calls
    assert (call.tool, call.about, call.since, call.tail) == ("shell", "pytest -q", 7.0, "two")
    assert reduce(state, event(CallFinished("c1", "shell", "ok", 1.0))).agent("coder").calls == ()


def test_streamed_words_grow_until_the_message_is_whole_or_starts_over() -> None:
    state = seen(event(TurnStarted(1, "person")), event(TextStreamed("Hel")), event(TextStreamed("lo")))
    assert (state.agent("coder").text, state.agent("coder").streaming) == ("Hello", True)
    assert reduce(state, event(StreamRestarted())).agent("coder").text == ""
    whole = reduce(state, event(said(Text("Hello."))))
    assert (whole.agent("coder").text, whole.agent("coder").streaming) == ("Hello.", False)
    assert reduce(whole, event(TextStreamed("Next"))).agent("coder").text == "Next"


def test_agents_are_kept_apart_in_the_order_they_appear() -> None:
    state = seen(
        event(StateChanged("thinking"), "lead"), event(used(), "coder"), event(StateChanged("idle"), "lead")
    )
    assert [(agent.name, agent.state, agent.steps) for agent in state.agents] == [
        ("lead", "idle", 0),
        ("coder", "idle", 1),
    ]


def test_a_question_is_pending_until_it_is_answered() -> None:
    asked = seen(event(QuestionAsked("q1", "Which?", ("a", "b"))))
    assert [(one.agent, one.text, one.options) for one in asked.pending] == [("coder", "Which?", ("a", "b"))]
    assert reduce(asked, event(QuestionAnswered("q1", "a", False))).pending == ()


def test_refusals_retries_and_unknown_prices_are_shown() -> None:
    state = seen(
        event(denied()), event(ModelRetried(2, 5, 1.5, "HTTP 503", 503, "m")), event(used(cost=None))
    )
    assert "a.py" in state.notices[0]
    assert "try 2 of 5 in 1.5 s" in state.agent("coder").detail
    assert state.unpriced == 1


def test_the_outcome_of_a_turn_outlives_the_idle_state_after_it() -> None:
    state = seen(event(TurnEnded(1, "failed", "no", 1, 1.0)), event(StateChanged("idle", "failed")))
    assert state.agent("coder").state == "failed"


def test_a_session_says_where_it_is() -> None:
    state = seen(event(SessionStarted("/x", "openai/fake", "edits", "named")))
    assert (state.model, state.mode, state.name) == ("openai/fake", "edits", "named")


def test_what_a_call_is_about_is_one_short_printable_line() -> None:
    assert about('{"old": "x", "path": "a.py"}') == "a.py"
    assert about('{"n": 3}') == "3"
    assert about("not json\nat all") == "not json at all"
    assert about("[1, 2]") == "[1, 2]"
    assert about("{}") == ""
    assert len(about('{"command": "' + "x" * 500 + '"}')) == 80


MESSAGES = st.builds(
    Message,
    id=st.text(max_size=3),
    role=st.sampled_from(Role),
    parts=st.lists(
        st.one_of(
            st.builds(Text, st.text(max_size=9)),
            st.builds(Thinking, st.text(max_size=9)),
            st.builds(ToolCall, st.text(max_size=3), st.text(max_size=9), st.text(max_size=9)),
            st.builds(ToolResult, st.text(max_size=3), st.text(max_size=9), st.text(max_size=9)),
        ),
        max_size=3,
    ).map(tuple),
    sender=st.text(max_size=5),
    at=st.floats(0, 9),
)
VALUES: dict[Any, st.SearchStrategy[Any]] = {
    str: st.one_of(st.text(max_size=20), st.sampled_from(["c1", '{"a":[1]}', "[" * 3000, "deny"])),
    int: st.integers(-5, 10**13),
    float: st.floats(0, 1e6),
    bool: st.booleans(),
    int | None: st.none() | st.integers(0, 10**13),
    tuple[str, ...]: st.lists(st.text(max_size=4), max_size=3).map(tuple),
    Message: MESSAGES,
    Usage: st.builds(Usage, *[st.integers(0, 10**7)] * 5),
}


def facts_of(kind: type[Any]) -> st.SearchStrategy[Any]:
    hints = get_type_hints(kind)
    known = {field.name: VALUES[hints[field.name]] for field in fields(kind) if hints[field.name] in VALUES}
    return record(kind, **known)


EVENTS = st.builds(
    event,
    st.sampled_from(sorted(FACTS)).flatmap(lambda name: facts_of(FACTS[name])),
    st.sampled_from(["", "coder", "lead"]),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(EVENTS, max_size=12))
def test_no_event_breaks_the_state(events: list[Event]) -> None:
    state = seen(*events)
    assert state.tokens >= 0
    assert seen(*events) == state
