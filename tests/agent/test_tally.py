"""Counting what an agent starts in a turn."""

from loomkin.agent.tally import Tally
from loomkin.records.event import Event, TurnEnded, TurnStarted
from loomkin.records.ids import SessionId


def event(agent: str, fact: TurnStarted | TurnEnded) -> Event:
    return Event(1, 0.0, SessionId("s"), agent, "", fact)


def test_each_agent_has_its_own_count_that_begins_anew_with_its_turn():
    tally = Tally(2)
    assert [tally.one_more("a") for _ in range(3)] == [True, True, False]
    assert tally.one_more("b")
    tally.take(event("a", TurnEnded(1, "done", "", 1, 0.1)))
    tally.take(event("b", TurnStarted(1, "mail")))
    assert not tally.one_more("a")
    tally.take(event("a", TurnStarted(2, "mail")))
    assert tally.one_more("a")
