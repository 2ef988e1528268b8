"""Damage that SQLite does not see: it is named, mended, and nothing that is there is lost."""

import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loomkin.errors import StoreError
from loomkin.records.event import Event, MessageAdded, TurnStarted
from loomkin.store import mending, rebuild, sessions
from loomkin.store.database import Database
from loomkin.store.journal import write
from loomkin.store.numbers import use_numbers_up_to
from loomkin.store.passages import catch_up
from tests.store.facts import event, fill, histories, said, started, used
from tests.store.test_carried import keeper


def good(db: Database) -> None:
    fill(db, said("one"), used(), said("two", "coder", "m2"), keeper(1), said("three", identity="m3"))
    use_numbers_up_to(db.writer, "keeper", 1)
    while not catch_up(db.writer):
        pass


def whole(db: Database) -> None:
    assert mending.damage(db) == []
    assert rebuild.differences(db) == []


def sql(statement: str) -> Callable[[sqlite3.Connection], object]:
    return lambda connection: connection.execute(statement)


DAMAGE: dict[str, tuple[Callable[[sqlite3.Connection], object], str]] = {
    "a fact cut off": (
        sql("UPDATE events SET data = substr(data, 1, 20) WHERE seq = 4"),
        "event 4 .MessageAdded. cannot be read",
    ),
    "packed bytes that are none": (
        sql("UPDATE events SET data = x'01ffff' WHERE seq = 4"),
        "event 4 .MessageAdded. cannot be read",
    ),
    "no beginning": (sql("DELETE FROM events WHERE seq = 1"), "session s-1 has no beginning"),
    "a beginning twice": (
        sql(
            "INSERT INTO events SELECT 9, at, project, session, agent, task, kind, data FROM events"
            " WHERE seq = 1"
        ),
        "event 9 contradicts",
    ),
    "a tail that is missing": (
        sql("DELETE FROM events WHERE seq > 4"),
        "the index for searching knows events that the log has not",
    ),
    "numbers that begin anew": (sql("DELETE FROM meta WHERE key = 'next:keeper'"), "would be given twice"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_named_mended_and_said_no_more(name: str) -> None:
    damage, words = DAMAGE[name]
    db = Database(None)
    try:
        good(db)
        whole(db)
        damage(db.writer)
        left = {row[0] for row in db.rows("SELECT data FROM events")}
        with pytest.raises(AssertionError):
            whole(db)
        told = [*mending.damage(db), *rebuild.differences(db)]
        assert any(re.search(words, line) for line in told), told
        mending.mend(db)
        assert [line for line in mending.damage(db) if "messages are gone" not in line] == []
        assert rebuild.differences(db) == []
        kept = {
            row[0] for table in ("events", "damaged_events") for row in db.rows(f"SELECT data FROM {table}")
        }
        assert left <= kept
        assert [row.id for row in sessions.all_sessions(db)] == ["s-1"]
        assert sessions.messages(db, "s-1")
        while not catch_up(db.writer):
            pass
    finally:
        db.close()


def test_a_damaged_event_says_what_to_do_and_afterwards_the_rest_can_be_read() -> None:
    db = Database(None)
    try:
        good(db)
        db.writer.execute("UPDATE events SET data = '{' WHERE seq = 4")
        with pytest.raises(StoreError) as caught:
            sessions.messages(db, "s-1")
        assert "sessions repair" in caught.value.hint
        assert mending.mend(db).aside == 1
        assert [one.text for one in sessions.messages(db, "s-1")] == ["one", "three"]
        [gap] = mending.gaps(db)
        assert (gap.keeper, gap.gone, gap.messages) == ("k1", 1, 2)
        assert db.rows("SELECT data FROM damaged_events")[0][0] == "{"
    finally:
        db.close()


def test_events_of_a_newer_loomkin_are_left_where_they_are() -> None:
    db = Database(None)
    try:
        good(db)
        db.writer.execute("UPDATE events SET kind = 'MoonLanded' WHERE seq = 3")
        assert mending.newer(db) == 1
        assert mending.damage(db) == []
        mending.mend(db)
        assert mending.newer(db) == 1
    finally:
        db.close()


@given(histories(), st.integers(0, 40), st.sampled_from(["", "{", '{"message"', "null"]))
@settings(max_examples=15, deadline=None)
def test_whatever_event_is_damaged_all_tables_come_back_from_the_rest(
    log: list[Event], at: int, data: str
) -> None:
    db = Database(None)
    try:
        written = write(db, log)
        hit = written[at % len(written)].seq
        db.writer.execute("UPDATE events SET data = ? WHERE seq = ?", (data, hit))
        db.writer.execute("DELETE FROM messages")
        mending.mend(db)
        assert rebuild.differences(db) == []
        assert {row.id for row in sessions.all_sessions(db)} == {
            one.session for one in written if one.seq != hit
        }
        total = db.rows("SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM damaged_events)")[0][0]
        assert total >= len(written)
        for session in ("s-1", "s-2"):
            texts = [one.fact for one in written if one.session == session and one.seq != hit]
            kept = [one.message for one in texts if isinstance(one, MessageAdded)]
            assert [one for one in sessions.messages(db, session) if one in kept] == kept
    finally:
        db.close()


def test_an_index_of_the_file_that_does_not_fit_is_made_anew(tmp_path: Path) -> None:
    db = Database(tmp_path / "x.db")
    try:
        fill(db, *(said(f"word {number}", identity=f"m{number}") for number in range(50)))
        write(db, [event(TurnStarted(1, "person")), event(started(), "s-2")])
        [(page,)] = db.writer.execute("SELECT rootpage FROM sqlite_master WHERE name = 'events_session'")
        size = db.writer.execute("PRAGMA page_size").fetchone()[0]
        db.writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        db.close()
    raw = bytearray((tmp_path / "x.db").read_bytes())
    place = raw.find(b"s-1", (page - 1) * size, page * size)
    raw[place : place + 3] = b"s-0"
    (tmp_path / "x.db").write_bytes(bytes(raw))
    db = Database(tmp_path / "x.db")
    try:
        assert any("index" in line for line in mending.damage(db))
        mending.mend(db)
        whole(db)
        assert len(sessions.messages(db, "s-1")) == 50
    finally:
        db.close()
