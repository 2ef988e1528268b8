"""Facts of every stored class, by hand and at random, and a clerk that writes them down."""

from functools import cache
from typing import Any

from hypothesis import strategies as st

from loomkin.records import event as facts
from loomkin.records.dataclass import replace
from loomkin.records.event import Event, Fact
from loomkin.records.facts import FACTS
from loomkin.records.ids import CallId, MessageId, SessionId
from loomkin.records.message import Image, Message, Role, Text, Thinking, ToolCall, ToolResult
from loomkin.records.usage import Usage
from loomkin.store.database import Database
from loomkin.store.journal import write
from tests.records.strategies import WORDS, record

STORED = tuple(kind for kind in FACTS.values() if kind.stored)

_words = WORDS
_ids = st.sampled_from(["c1", "c2", "c3"])
_parts = st.one_of(
    st.builds(Text, _words),
    st.builds(Thinking, _words, _words),
    st.builds(Image, st.just("image/png"), st.just("AAAA")),
    st.builds(ToolCall, _ids.map(CallId), _words, _words),
    st.builds(ToolResult, _ids.map(CallId), _words, _words, st.booleans()),
)
_messages = st.builds(
    Message,
    _words.map(MessageId),
    st.sampled_from(list(Role)),
    st.lists(_parts, max_size=3).map(tuple),
    st.sampled_from(["person", "loomkin", "coder"]),
    st.floats(0, 1e6, allow_nan=False),
)

_FIELDS: dict[str, Any] = {
    "message": _messages,
    "cost": st.none() | st.integers(0, 10**15),
    "options": st.lists(_words, max_size=3).map(tuple),
    "call_id": _ids,
    "grant": st.integers(1, 40),
    "number": st.integers(1, 5),
    "budget": st.none() | st.integers(0, 10**15),
    "scope": st.sampled_from(["session", "project"]),
    "decision": st.sampled_from(["allow", "deny"]),
}


@cache
def fact_of(kind: type[Fact]) -> st.SearchStrategy[Fact]:
    """Random facts of one class."""
    known = {name: _FIELDS[name] for name in getattr(kind, "__dataclass_fields__", {}) if name in _FIELDS}
    return record(kind, **known)


def histories(kinds: tuple[type[Fact], ...] = STORED) -> st.SearchStrategy[list[Event]]:
    """Random logs of up to two sessions, each begun before anything else is said of it."""
    later = tuple(kind for kind in kinds if kind not in (facts.SessionStarted, facts.TurnStarted))
    step = st.tuples(
        st.sampled_from(["s-1", "s-2"]),
        st.sampled_from(["coder", "tester"]),
        st.sampled_from(later).flatmap(fact_of),
    )
    return st.tuples(st.lists(step, max_size=25), fact_of(facts.SessionStarted)).map(_log)


def _log(drawn: tuple[list[tuple[str, str, Fact]], Any]) -> list[Event]:
    steps, start = drawn
    log = [event(_own(start, session), session) for session in ("s-1", "s-2")]
    turns: dict[tuple[str, str], int] = {}
    for number, (session, agent, fact) in enumerate(steps):
        if isinstance(fact, facts.TurnEnded):
            turn = turns[session, agent] = turns.get((session, agent), 0) + 1
            log.append(event(facts.TurnStarted(turn, "person"), session, agent, number))
            fact = facts.TurnEnded(turn, fact.outcome, fact.detail, fact.steps, fact.seconds)
        log.append(event(_own(fact, session), session, agent, number))
    return log


def _own(fact: Any, session: str) -> Fact:
    """The fact; a name that it gives to a session is given to no other."""
    if not isinstance(fact, facts.SessionStarted | facts.SessionRenamed) or not fact.name:
        return fact
    return replace(fact, name=f"{fact.name} {session}")


def event(fact: Fact, session: str = "s-1", agent: str = "coder", at: float = 1_700_000_000.0) -> Event:
    """An event that was not written yet."""
    return Event(0, float(at), SessionId(session), agent, "", fact)


def started(name: str = "", model: str = "fake/model") -> facts.SessionStarted:
    """A beginning."""
    return facts.SessionStarted("/project", model, "ask", name)


def said(text: str, sender: str = "person", identity: str = "m1") -> facts.MessageAdded:
    """Words in the transcript."""
    role = Role.ASSISTANT if sender not in ("person", "loomkin") else Role.USER
    return facts.MessageAdded(Message(MessageId(identity), role, (Text(text),), sender, 1_700_000_000.0))


def used(cost: int | None = 1_000, model: str = "fake/model", tokens: int = 10) -> facts.UsageRecorded:
    """One priced or unpriced model call."""
    return facts.UsageRecorded(model, Usage(input=tokens, output=1), cost, "settings", 5, "person", "stop")


def fill(database: Database, *written: Fact, session: str = "s-1") -> list[Event]:
    """Begin a session and write facts of it."""
    return write(database, [event(started(), session), *(event(fact, session) for fact in written)])
