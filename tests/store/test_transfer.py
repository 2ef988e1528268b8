"""Sessions as files: all of it comes through, nonsense does not."""

import json
from collections.abc import Callable
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loomkin.errors import UsageError
from loomkin.records import failure_event
from loomkin.records.event import Event, Fact, GrantAdded, GrantRevoked, NoticeGiven
from loomkin.records.session_event import SessionImported
from loomkin.store import ledger, rebuild, sessions
from loomkin.store.database import Database
from loomkin.store.journal import write
from tests.store.carried import exported, take
from tests.store.facts import fill, histories, said, used


def told(fact: Fact) -> object:
    """A fact as it must come through; of one about keepers or decisions, which get new numbers, its kind."""
    return type(fact) if type(fact).__module__.endswith(("keeper_event", "decision_event")) else fact


@given(histories())
@settings(max_examples=15, deadline=None)
def test_an_exported_session_is_the_same_elsewhere_but_for_its_grants_and_failures(log: list[Event]) -> None:
    here, there = Database(None), Database(None)
    try:
        write(here, log)
        taken = take(there, exported(here))
        before = sessions.events(here, "s-1")
        granted = [one for one in before if isinstance(one.fact, GrantAdded | GrantRevoked)]
        learnt = [one for one in before if type(one.fact).__module__ == failure_event.__name__]
        unnamed = [one for one in before if getattr(one.fact, "keeper", None) == ""]  # no keeper is called so
        kept = [one for one in before if one not in (*granted, *learnt, *unnamed)]
        after = sessions.events(there, "s-1")
        assert [(one.at, one.agent, told(one.fact)) for one in after[: len(kept)]] == [
            (one.at, one.agent, told(one.fact)) for one in kept
        ]
        assert isinstance(next(one.fact for one in after[taken.events :]), SessionImported)
        assert (taken.id, taken.grants, taken.learnt) == ("s-1", len(granted), len(learnt))
        before_messages, messages = sessions.messages(here, "s-1"), sessions.messages(there, "s-1")
        assert messages[: len(before_messages)] == before_messages
        assert all("is now" in one.text for one in messages[len(before_messages) :])
        assert ledger.grants(there, "s-1") == []
        assert rebuild.differences(there) == []
    finally:
        here.close()
        there.close()


def test_a_taken_identifier_gives_way_to_a_new_one() -> None:
    database = Database(None)
    fill(database, said("hello"), used())
    taken = take(database, exported(database), iter(["s-1", "s-9"]).__next__, "copy")
    assert taken.id == "s-9"
    assert sessions.find(database, "copy").id == "s-9"
    assert ledger.total(database, "s-9").cost == ledger.total(database, "s-1").cost == 1000
    assert rebuild.differences(database) == []
    database.close()


def test_a_grant_in_a_file_allows_nothing_here_and_takes_nothing_back() -> None:
    here, there = Database(None), Database(None)
    mine = fill(there, GrantAdded("shell(make test)", "project"), session="mine")[-1]
    fill(here, GrantAdded("shell(rm *)", "project"), GrantRevoked(mine.seq))
    taken = take(there, exported(here))
    assert taken.grants == 2
    assert [grant.rule for grant in ledger.grants(there, "s-1")] == ["shell(make test)"]
    here.close()
    there.close()


def change(edit: Callable[[dict[str, object]], object]) -> Callable[[str], str]:
    def changed(text: str) -> str:
        whole = json.loads(text)
        edit(whole)
        return json.dumps(whole)

    return changed


def last(name: str, value: object) -> Callable[[str], str]:
    return change(lambda whole: whole["events"][-1].__setitem__(name, value))  # type: ignore[index]


NOTICE = {"text": "x", "level": "info"}
DAMAGE: dict[str, tuple[Callable[[str], str], str]] = {
    "empty": (lambda text: "", "not JSON"),
    "cut": (lambda text: text[: len(text) // 2], "not JSON"),
    "binary": (lambda text: "\x00\x01\x02", "not JSON"),
    "nested": (lambda text: "[" * 100_000, "not JSON"),
    "infinite": (lambda text: text.replace("1700000000.0", "Infinity"), "not JSON"),
    "another format": (lambda text: '{"messages": []}', "not a session that loomkin exported"),
    "a list": (lambda text: "[]", "not JSON"),
    "a newer version": (change(lambda whole: whole.update(version=2)), "version 2"),
    "a path for a name": (change(lambda whole: whole.update(session="../../x")), "names no session"),
    "no events": (change(lambda whole: whole.update(events=[])), "does not begin"),
    "events of another type": (change(lambda whole: whole.update(events={})), "names no session"),
    "two beginnings": (
        change(lambda whole: whole["events"].append(whole["events"][0])),  # type: ignore[attr-defined, index]
        "does not begin",
    ),
    "an unknown kind": (last("kind", "MoonLanded"), "Event 4 .* no kind 'MoonLanded'"),
    "a fragment": (last("kind", "TextStreamed"), "Event 4 .* no kind"),
    "no data": (last("data", None), "Event 4"),
    "a number for a word": (last("data", {**NOTICE, "text": 5}), "NoticeGiven.text has the wrong type"),
    "a list for a word": (last("data", {**NOTICE, "level": []}), "NoticeGiven.level has the wrong type"),
    "a missing field": (last("data", {}), "Event 4"),
    "time as a word": (last("at", "now"), "out of range"),
    "time beyond calendars": (last("at", 1e300), "out of range"),
    "an agent that is no word": (last("agent", 7), "`agent`"),
    "half a character": (last("agent", "\ud83d"), "Event 4"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_what_is_no_session_is_refused_whole(name: str) -> None:
    damage, words = DAMAGE[name]
    here, there = Database(None), Database(None)
    fill(here, said("hello"), used(), NoticeGiven("x"))
    with pytest.raises(UsageError, match=words) as caught:
        take(there, damage(exported(here)))
    assert caught.value.hint
    assert there.reader.execute("SELECT count(*) FROM events").fetchone()[0] == 0
    here.close()
    there.close()


def test_a_number_that_no_column_holds_is_refused() -> None:
    here, there = Database(None), Database(None)
    fill(here, used())
    text = exported(here).replace('"input": 10,', '"input": 99999999999999999999999,')
    with pytest.raises(UsageError, match="contradict each other"):
        take(there, text)
    assert sessions.all_sessions(there) == []
    here.close()
    there.close()


@cache
def small() -> str:
    here = Database(None)
    try:
        fill(here, said("hello"), used(), NoticeGiven("x"))
        return exported(here)
    finally:
        here.close()


@given(st.data())
@settings(max_examples=30, deadline=None)
def test_a_file_with_any_one_value_replaced_is_taken_or_refused_but_never_crashes(
    data: st.DataObject,
) -> None:
    whole = json.loads(small())
    spot, key = data.draw(st.sampled_from(list(_spots(whole))))
    spot[key] = data.draw(st.sampled_from([None, True, -1, 0.5, "", "x", [], {}, [1], {"_": "Text"}, 10**30]))
    there = Database(None)
    try:
        taken = take(there, json.dumps(whole))
    except UsageError:
        assert there.reader.execute("SELECT count(*) FROM events").fetchone()[0] == 0
    else:
        assert len(sessions.events(there, taken.id)) > taken.events
        assert rebuild.differences(there) == []
    finally:
        there.close()


def _spots(value: object) -> list[tuple[object, object]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found: list[tuple[object, object]] = []
    for key, below in items:
        found += [(value, key), *_spots(below)]
    return found
