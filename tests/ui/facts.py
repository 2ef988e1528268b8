"""Events for tests of what reads them."""

from loomkin.records.event import (
    CallFinished,
    CallStarted,
    Event,
    Fact,
    FileChanged,
    MessageAdded,
    PermissionDecided,
    TextStreamed,
    TurnEnded,
    TurnStarted,
    UsageRecorded,
)
from loomkin.records.ids import CallId, MessageId, SessionId
from loomkin.records.message import Message, Part, Role, Text, ToolCall, ToolResult
from loomkin.records.usage import Usage

SESSION = SessionId("20260131-142530-k3f9")


def event(fact: Fact, agent: str = "coder", at: float = 1.0) -> Event:
    """A fact of an agent."""
    return Event(0, at, SESSION, agent, "", fact)


def said(*parts: Part, sender: str = "coder") -> MessageAdded:
    """The agent's own message."""
    return MessageAdded(Message(MessageId("m_1"), Role.ASSISTANT, parts, sender, 1.0))


def heard(*parts: Part, sender: str = "loomkin") -> MessageAdded:
    """A message to the agent."""
    return MessageAdded(Message(MessageId("m_2"), Role.USER, parts, sender, 1.0))


def used(cost: int | None = 2_500_000, finish: str = "stop", model: str = "openai/fake") -> UsageRecorded:
    """One model call: 100 tokens in, 20 out, 7 read from the cache."""
    return UsageRecorded(model, Usage(100, 20, 7, 3), cost, "catalogue", 150, "person", finish)


def edit(call_id: str = "c1") -> ToolCall:
    """A planned edit of a.py."""
    return ToolCall(CallId(call_id), "file_edit", '{"path": "a.py", "old": "1", "new": "2"}')


def denied(call_id: str = "c1") -> PermissionDecided:
    """A verdict against a call."""
    return PermissionDecided(call_id, "file_edit", "a.py", "deny", "nobody is there", "", "mode", "headless")


def job() -> list[Event]:
    """A turn with one edit and an answer, as the loop tells it."""
    facts: list[Fact] = [
        heard(Text("Where you are"), sender="loomkin"),
        heard(Text("mend it"), sender="person"),
        TurnStarted(1, "person"),
        TextStreamed("I look "),
        TextStreamed("first."),
        used(finish="tool_calls"),
        said(Text("I look first."), edit()),
        CallStarted(CallId("c1"), "file_edit", '{"path": "a.py"}'),
        FileChanged(CallId("c1"), "a.py", "aa", "bb", 1, 1, "-1\n+2"),
        CallFinished(CallId("c1"), "file_edit", "ok", 0.25),
        heard(ToolResult(CallId("c1"), "file_edit", "Changed a.py.")),
        TextStreamed("Done."),
        used(),
        said(Text("Done.")),
        TurnEnded(1, "done", "", 2, 1.5),
    ]
    return [event(fact, at=float(number)) for number, fact in enumerate(facts)]
