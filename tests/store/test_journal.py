"""Facts go to disk in groups, in order, before anybody hears of them."""

import asyncio
import json
import sqlite3
import threading
from hashlib import sha256
from pathlib import Path

import pytest

from loomkin.errors import StoreError, UsageError
from loomkin.project.secrets import Redactor
from loomkin.records.dataclass import replace
from loomkin.records.event import (
    CallStarted,
    Event,
    FileChanged,
    NoticeGiven,
    SessionRenamed,
    SessionStarted,
    TextStreamed,
)
from loomkin.records.ids import SessionId
from loomkin.runtime.bus import Bus
from loomkin.runtime.clock import CountingClock
from loomkin.store import rebuild, sessions
from loomkin.store.database import Database
from loomkin.store.journal import Journal, write
from tests.store.facts import event, fill, said, started

SESSION = SessionId("s-1")


class Commits:
    """Counts the transactions that reach a database."""

    def __init__(self, database: Database) -> None:
        self.count = 0
        database.writer.set_trace_callback(self._hear)

    def _hear(self, statement: str) -> None:
        self.count += statement == "COMMIT"


async def test_what_is_recorded_at_once_is_committed_together_and_in_order(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.db")
    commits, heard = Commits(database), []
    journal = Journal(database, heard.append, CountingClock().now)
    journal.record(started(), SESSION)
    for number in range(100):
        journal.record(NoticeGiven(str(number)), SESSION)
    await journal.flush()
    assert commits.count == 1
    assert [one.fact.text for one in heard[1:]] == [str(number) for number in range(100)]
    assert [one.seq for one in heard] == list(range(1, 102))
    assert sessions.events(database, SESSION) == heard
    await journal.aclose()
    database.close()


async def test_facts_that_come_during_a_write_form_the_next_group(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.db")
    commits = Commits(database)
    journal = Journal(database, Bus().publish, CountingClock().now)
    blocker = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    journal.record(started(), SESSION)
    await asyncio.sleep(0)
    for number in range(20):
        journal.record(NoticeGiven(str(number)), SESSION)
        await asyncio.sleep(0)
    assert commits.count == 0
    blocker.execute("COMMIT")
    blocker.close()
    await journal.flush()
    assert commits.count == 2
    assert len(sessions.events(database, SESSION)) == 21
    await journal.aclose()
    database.close()


async def test_nobody_hears_of_a_fact_before_it_is_on_disk(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.db")
    missing: list[Event] = []

    def look(event: Event) -> None:
        if event.fact.stored and event not in sessions.events(database, SESSION):
            missing.append(event)

    journal = Journal(database, look, CountingClock().now)
    journal.record(started(), SESSION)
    for number in range(10):
        journal.record(NoticeGiven(str(number)), SESSION)
    await journal.flush()
    assert missing == []
    assert len(sessions.events(database, SESSION)) == 11
    await journal.aclose()
    database.close()


async def test_fragments_are_heard_in_their_place_and_not_stored(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.db")
    heard: list[Event] = []
    journal = Journal(database, heard.append, CountingClock().now)
    journal.record(started(), SESSION)
    journal.record(TextStreamed("a"), SESSION)
    journal.record(NoticeGiven("b"), SESSION)
    journal.record(TextStreamed("c"), SESSION)
    await journal.flush()
    kinds = [type(one.fact).__name__ for one in heard]
    assert kinds == ["SessionStarted", "TextStreamed", "NoticeGiven", "TextStreamed"]
    assert [one.seq for one in heard] == [1, 0, 2, 0]
    assert len(sessions.events(database, SESSION)) == 2
    await journal.aclose()
    database.close()


async def test_fragments_alone_cost_no_transaction(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.db")
    commits, heard = Commits(database), []
    journal = Journal(database, heard.append, CountingClock().now)
    journal.record(TextStreamed("a"), SESSION)
    await journal.flush()
    assert (commits.count, len(heard)) == (0, 1)
    await journal.aclose()
    database.close()


async def test_writing_happens_on_one_thread_that_is_not_the_loops(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.db")
    threads: set[int] = set()
    database.writer.set_trace_callback(lambda statement: threads.add(threading.get_ident()))
    journal = Journal(database, Bus().publish, CountingClock().now)
    for _ in range(3):
        journal.record(NoticeGiven("x"), SESSION)
        await journal.flush()
    assert len(threads) == 1
    assert threading.get_ident() not in threads
    await journal.aclose()
    database.close()


async def test_a_reader_that_fails_does_not_hold_up_those_who_flush(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.db")
    errors: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, what: errors.append(str(what["exception"])))

    def fail(event: Event) -> None:
        raise RuntimeError("the screen is gone")

    journal = Journal(database, fail, CountingClock().now)
    journal.record(started(), SESSION)
    async with asyncio.timeout(5):
        await journal.flush()
    assert errors == ["the screen is gone"]
    assert len(sessions.events(database, SESSION)) == 1
    await journal.aclose()
    database.close()


async def test_after_a_failed_write_everything_says_so_and_nothing_is_half_written(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.db")
    journal = Journal(database, Bus().publish, CountingClock().now)
    journal.record(started(), SESSION)
    await journal.flush()
    database.writer.execute("DROP TABLE changes")
    journal.record(NoticeGiven("goes down with it"), SESSION)
    journal.record(FileChanged("c1", "a.py", "", "x", 1, 0, ""), SESSION)
    with pytest.raises(StoreError, match="changes"):
        await journal.flush()
    with pytest.raises(StoreError):
        await journal.flush()
    assert len(sessions.events(database, SESSION)) == 1
    await journal.aclose()
    database.close()


async def test_what_found_no_room_is_written_in_its_order_once_there_is_room(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.db")
    heard: list[Event] = []
    journal = Journal(database, heard.append, CountingClock().now)
    journal.record(started(), SESSION)
    await journal.flush()
    database.writer.execute("PRAGMA max_page_count=1")  # SQLite takes the present size where that is more
    long = "".join(sha256(bytes(number)).hexdigest() for number in range(1_600))  # hardly shrinks
    journal.record(NoticeGiven(long), SESSION)
    with pytest.raises(StoreError, match="the disk is full"):
        await journal.flush()
    journal.record(NoticeGiven("said meanwhile"), SESSION)
    with pytest.raises(StoreError, match="the disk is full"):
        await journal.flush()
    assert len(heard) == 1
    database.writer.execute("PRAGMA max_page_count=100000")
    await journal.flush()
    texts = [one.fact.text for one in sessions.events(database, SESSION) if isinstance(one.fact, NoticeGiven)]
    assert texts == [long, "said meanwhile"]
    assert [one.seq for one in heard] == [1, 2, 3]
    assert rebuild.differences(database) == []
    await journal.aclose()
    database.close()


async def test_half_characters_are_replaced_in_log_and_tables_alike(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.db")
    heard: list[Event] = []
    journal = Journal(database, heard.append, CountingClock().now)
    journal.record(started(), SESSION)
    journal.record(said("half \ud83d done"), SESSION)
    journal.record(FileChanged("c1", "caf\udce9.py", "", "x", 1, 0, ""), SESSION)
    await journal.flush()
    assert [message.text for message in sessions.messages(database, SESSION)] == ["half \ufffd done"]
    assert [change.path for change in sessions.changes(database, SESSION)] == ["caf\ufffd.py"]
    assert rebuild.differences(database) == []
    assert sessions.events(database, SESSION) == heard
    await journal.aclose()
    database.close()


def test_a_call_identifier_that_comes_again_does_not_end_the_journal() -> None:
    database = Database(None)
    fill(database, CallStarted("call_0", "shell", "{}"), CallStarted("call_0", "file_read", "{}"))
    assert [call.tool for call in sessions.calls(database, SESSION)] == ["file_read"]
    assert rebuild.differences(database) == []
    database.close()


def test_an_event_of_a_newer_loomkin_is_named() -> None:
    database = Database(None)
    fill(database)
    database.writer.execute("UPDATE events SET kind = 'MoonLanded'")
    with pytest.raises(StoreError, match="MoonLanded"):
        sessions.events(database, SESSION)
    database.writer.execute("UPDATE events SET kind = 'SessionStarted', data = '{}'")
    with pytest.raises(StoreError, match="Event 1"):
        sessions.events(database, SESSION)
    database.close()


def test_a_failed_group_leaves_the_connection_usable() -> None:
    database = Database(None)
    fill(database)
    with pytest.raises(StoreError):
        write(database, [event(NoticeGiven("x")), event(started())])
    write(database, [event(NoticeGiven("y"))])
    assert [one.fact for one in sessions.events(database, SESSION)][1:] == [NoticeGiven("y")]
    database.close()


@pytest.mark.parametrize("how", ["deleted", "replaced"])
async def test_a_file_that_goes_away_while_it_is_used_is_said_and_not_written_into_the_void(
    tmp_path: Path, how: str
) -> None:
    path = tmp_path / "a.db"
    database = Database(path)
    journal = Journal(database, lambda event: None, lambda: 1.0)
    journal.record(started(), SessionId("s-1"))
    await journal.flush()
    path.unlink()
    if how == "replaced":
        path.write_bytes(b"")
    journal.record(NoticeGiven("after"), SessionId("s-1"))
    with pytest.raises(StoreError, match="deleted or replaced"):
        await journal.flush()
    await journal.aclose()
    database.close()


async def test_the_start_of_a_session_is_written_with_its_first_stored_fact_and_before_it() -> None:
    database, seen = Database(None), list[Event]()
    journal = Journal(database, seen.append, lambda: 1.0)
    journal.begin(started(), SessionId("s-1"))
    journal.begin(started(), SessionId("s-2"))
    journal.record(TextStreamed("half"), SessionId("s-1"))
    await journal.flush()
    assert sessions.all_sessions(database) == []
    journal.record(NoticeGiven("one"), SessionId("s-1"))
    journal.record(NoticeGiven("two"), SessionId("s-1"))
    await journal.aclose()
    assert [one.id for one in sessions.all_sessions(database)] == ["s-1"]
    kinds = [type(one.fact) for one in seen]
    assert kinds == [TextStreamed, SessionStarted, NoticeGiven, NoticeGiven]
    database.close()


def test_a_name_is_decided_in_the_transaction_that_writes_it(tmp_path: Path) -> None:
    """Each looks before the other has written, as processes do that begin together."""
    one, other = Database(tmp_path / "a.db"), Database(tmp_path / "a.db")
    first, second = (
        Event(0, 1.0, SessionId(name), "", "", SessionStarted("/", "m", "ask", "same")) for name in "ab"
    )
    for database in (one, other):
        sessions.refuse_taken(database, "same")
    write(one, [first])
    with pytest.raises(UsageError, match="Session a has that name already"):
        write(other, [second, replace(second, fact=NoticeGiven("more"))])
    assert [row.id for row in sessions.all_sessions(other)] == ["a"], "nothing of the second is written"
    assert sessions.events(other, "b") == []
    write(other, [replace(second, fact=SessionStarted("/", "m", "ask", ""))])
    renamed = write(other, [replace(second, fact=SessionRenamed("same"))])
    assert renamed[0].fact == SessionRenamed("same-2"), "a session at work goes on under the next free name"
    assert sessions.find(one, "same").id == "a"
    one.close()
    other.close()


async def test_what_is_written_and_heard_of_a_fact_holds_no_secret(tmp_path: Path) -> None:
    database, heard = Database(tmp_path / "a.db"), []
    clean = Redactor({"KEY": 'zq"plover', "OTHER": "CallStarted"}).redact
    journal = Journal(database, heard.append, CountingClock().now, clean)
    journal.record(started(), SESSION)
    journal.record(CallStarted("c1", "shell", json.dumps({"command": 'echo zq"plover CallStarted'})), SESSION)
    await journal.flush()
    told = {"command": "echo [redacted:KEY] [redacted:OTHER]"}
    for events in (heard, sessions.events(database, SESSION)):
        assert json.loads(events[1].fact.arguments) == told
    await journal.aclose()
    database.close()
