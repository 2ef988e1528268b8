"""The log is the whole truth: every table can be made from it."""

from hypothesis import given, settings

from loomkin.records.codec import dump, load
from loomkin.records.event import Event, GrantAdded, GrantRevoked, SessionRenamed
from loomkin.store import erasing, ledger, rebuild, sessions
from loomkin.store.database import Database
from loomkin.store.journal import write
from tests.store.facts import STORED, event, fill, histories, said, started, used


@given(histories())
@settings(max_examples=40, deadline=None)
def test_tables_made_anew_from_a_random_log_equal_those_written_on_the_way(log: list[Event]) -> None:
    database = Database(None)
    try:
        written = write(database, log)
        assert [one.seq for one in written] == list(range(1, len(log) + 1))
        assert rebuild.differences(database) == []
        back = [one for session in ("s-1", "s-2") for one in sessions.events(database, session)]
        assert sorted(back, key=lambda one: one.seq) == written
    finally:
        database.close()


@given(histories())
@settings(max_examples=25, deadline=None)
def test_a_deleted_session_leaves_no_trace_and_no_difference(log: list[Event]) -> None:
    database = Database(None)
    try:
        write(database, log)
        erasing.delete(database, "s-1")
        assert rebuild.differences(database) == []
        tables = rebuild.contents(database)
        assert "s-1" not in {value for rows in tables.values() for row in rows for value in row[:3]}
        assert [row.id for row in sessions.all_sessions(database)] == ["s-2"]
    finally:
        database.close()


@given(histories())
@settings(max_examples=25, deadline=None)
def test_every_stored_fact_survives_its_text(log: list[Event]) -> None:
    for one in log:
        assert load(type(one.fact), dump(one.fact)) == one.fact


def test_the_random_logs_reach_every_stored_class() -> None:
    assert {kind.__name__ for kind in STORED} >= {"SessionStarted", "MessageAdded", "GrantRevoked"}
    assert len(STORED) > 15


def test_a_changed_row_is_found() -> None:
    database = Database(None)
    try:
        fill(database, said("hello"), used())
        database.writer.execute("UPDATE usage SET cost = 0")
        assert rebuild.differences(database) == ["usage: 1 rows, 1 by the log"]
        database.writer.execute("DELETE FROM messages")
        assert rebuild.differences(database)[0] == "messages: 0 rows, 1 by the log"
    finally:
        database.close()


def test_a_grant_that_another_session_took_back_stays_taken_back_when_that_one_is_deleted() -> None:
    database = Database(None)
    try:
        grant = fill(database, GrantAdded("shell(ls)", "project"), session="s-1")[-1]
        write(database, [event(started(), "s-2"), event(GrantRevoked(grant.seq), "s-2")])
        erasing.delete(database, "s-2")
        assert ledger.grants(database) == []
        assert rebuild.differences(database) == []
    finally:
        database.close()


def test_renaming_and_clearing_are_read_back() -> None:
    database = Database(None)
    try:
        fill(database, said("first words"), SessionRenamed("other"))
        row = sessions.find(database, "other")
        assert (row.id, row.title) == ("s-1", "first words")
    finally:
        database.close()
