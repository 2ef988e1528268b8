"""The index follows the log, forgets what is deleted, and is made anew when it has to be."""

import asyncio
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loomkin.errors import StoreError
from loomkin.records.ids import SessionId
from loomkin.runtime.bus import Bus
from loomkin.runtime.clock import CountingClock
from loomkin.store import erasing, passages, searchable
from loomkin.store.archive import Archive
from loomkin.store.database import Database
from loomkin.store.journal import Journal, write
from loomkin.store.passages import catch_up
from loomkin.store.search import Hit, Query, search
from loomkin.store.words import terms
from tests.store.facts import event, fill, said, started

SESSION = SessionId("s-1")
LONG = "\n".join(f"line {number} of a kestrel{number}" for number in range(2_000))
SEARCHER = """
import sys
from pathlib import Path
from loomkin.store.database import Database
from loomkin.store.search import Query, search
database = Database(Path(sys.argv[1]))
print(*(hit.message for hit in search(database, Query(sys.argv[2]))))
database.close()
"""


def numbers(database: Database, term: str) -> list[int]:
    """The passages that the index itself has for a term."""
    rows = database.rows("SELECT rowid FROM passage_terms WHERE passage_terms MATCH ?", (f'"{term}"',))
    return [row[0] for row in rows]


@given(st.text(st.characters(codec="utf-8"), max_size=200), st.integers(1, 60))
@settings(max_examples=100, deadline=None)
def test_passages_put_together_are_the_text(piece: str, times: int) -> None:
    text = piece * times
    cut = searchable.passages(text)
    assert "".join(passage for _, passage in cut) == text
    assert all(text.startswith(passage, start) for start, passage in cut)
    assert all(0 < len(passage) <= searchable.LENGTH * 1.25 for _, passage in cut)
    assert all(terms(passage).split() == terms(passage).split(" ") for _, passage in cut if terms(passage))


def test_nothing_is_indexed_before_somebody_searches_and_then_only_what_is_new() -> None:
    database = Database(None)
    try:
        fill(database, said("a heron"))
        tables = {row["name"] for row in database.rows("SELECT name FROM sqlite_master")}
        assert "passages" not in tables
        assert len(search(database, Query("heron"))) == 1
        write(database, [event(said("another heron", identity="m2"))])
        assert numbers(database, "another") == []
        assert len(search(database, Query("heron"))) == 2
        assert len(database.rows("SELECT * FROM passages")) == 2
        before = database.writer.total_changes
        assert catch_up(database.writer)
        assert database.writer.total_changes == before
    finally:
        database.close()


def test_a_long_text_is_indexed_in_short_transactions_and_each_passage_once() -> None:
    database = Database(None)
    try:
        fill(database, said(LONG), said("the end", identity="m2"))
        steps = 1
        while not catch_up(database.writer, seconds=0.0005):
            steps += 1
        assert steps > 2
        rows = database.rows("SELECT id, start FROM passages WHERE seq = 2 ORDER BY id")
        assert [row["start"] for row in rows] == searchable.cuts(LONG)
        assert [row["id"] for row in rows] == list(range(1, len(rows) + 1))
        assert search(database, Query("kestrel1999"))[0].text.endswith("kestrel1999")
    finally:
        database.close()


def test_a_deleted_session_leaves_no_word_in_the_index_nor_in_the_file(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.db")
    try:
        fill(database, said(f"{LONG}\na flamingo"), said("plain words", identity="m2"))
        write(database, [event(started(), "s-2"), event(said("a heron"), "s-2")])
        assert search(database, Query("flamingo"))
        erasing.delete(database, "s-1")
        assert numbers(database, "flamingo") == []
        assert [hit.session for hit in search(database, Query("heron flamingo plain"))] == ["s-2"]
        write(database, [event(said("one more heron", identity="m9"), "s-2")])
        assert {hit.message for hit in search(database, Query("heron"))} == {"m1", "m9"}
        database.writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert b"flamingo" not in (tmp_path / "a.db").read_bytes()
    finally:
        database.close()


def test_an_index_of_another_version_is_made_anew_also_after_a_deletion() -> None:
    database = Database(None)
    try:
        fill(database, said("a heron"))
        fill(database, said("a kestrel"), session="s-2")
        search(database, Query("heron"))
        database.writer.execute("UPDATE meta SET value = '0' WHERE key = 'index:version'")
        assert [hit.session for hit in search(database, Query("heron kestrel"))] == ["s-2", "s-1"]
        database.writer.execute("UPDATE meta SET value = '0' WHERE key = 'index:version'")
        erasing.delete(database, "s-1")
        assert [hit.session for hit in search(database, Query("heron kestrel"))] == ["s-2"]
    finally:
        database.close()


def test_a_damaged_event_is_passed_over() -> None:
    database = Database(None)
    try:
        written = fill(database, said("a heron"), said("a heron too", identity="m2"))
        search(database, Query("heron"))
        database.writer.execute("UPDATE events SET data = x'01ff' WHERE seq = ?", (written[1].seq,))
        assert [hit.message for hit in search(database, Query("heron"))] == ["m2"]
        erasing.delete(database, "s-1")
        assert search(database, Query("heron")) == []
    finally:
        database.close()


def test_without_full_text_search_searching_says_so_and_deleting_works(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    database = Database(path)
    fill(database, said("a flamingo"))
    search(database, Query("flamingo"))
    database.close()
    # the table now wants a module that no SQLite has
    raw = sqlite3.connect(path, isolation_level=None)
    raw.execute("PRAGMA writable_schema=ON")
    raw.execute(
        "UPDATE sqlite_master SET sql = replace(sql, 'fts5', 'fts5_gone') WHERE name = 'passage_terms'"
    )
    raw.close()
    database = Database(path)
    try:
        with pytest.raises(StoreError, match="no full-text search"):
            search(database, Query("flamingo"))
        write(database, [event(said("still written", identity="m2"))])
        with pytest.raises(StoreError, match="no full-text search"):
            search(database, Query("flamingo"))
        erasing.delete(database, "s-1")
        database.writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert b"flamingo" not in path.read_bytes()
    finally:
        database.close()


def test_processes_that_search_and_write_at_once_agree(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    database = Database(path)
    try:
        fill(database, *[said(f"a heron{number} {LONG}", identity=f"m{number}") for number in range(8)])
        command = [sys.executable, "-c", SEARCHER, str(path)]
        running = [
            subprocess.Popen([*command, f"heron{number}"], stdout=subprocess.PIPE, text=True)
            for number in range(3)
        ]
        write(database, [event(said("a heron9", identity="m9"))])
        assert [process.communicate()[0].strip() for process in running] == ["m0", "m1", "m2"]
        assert [hit.message for hit in search(database, Query("heron9"))] == ["m9"]
        twice = "SELECT count(*) FROM (SELECT 1 FROM passages GROUP BY seq, start HAVING count(*) > 1)"
        assert database.rows(twice)[0][0] == 0
    finally:
        database.close()


@pytest.mark.parametrize("name", ["a.db", None])
async def test_many_agents_search_while_facts_are_recorded(tmp_path: Path, name: str | None) -> None:
    database = Database(tmp_path / name if name else None)
    journal = Journal(database, Bus().publish, CountingClock().now)
    archive = Archive(database, journal)
    threads: set[str] = set()
    database.writer.set_trace_callback(lambda _: threads.add(threading.current_thread().name))
    journal.record(started(), SESSION)
    journal.record(said(LONG, identity="long"), SESSION, "coder")

    async def agent(number: int) -> list[Hit]:
        journal.record(said(f"the heron{number}", identity=f"m{number}"), SESSION, "coder")
        return await archive.search(Query(f"heron{number}"))

    found = await asyncio.gather(*(agent(number) for number in range(12)))
    assert [[hit.message for hit in hits] for hits in found] == [[f"m{number}"] for number in range(12)]
    assert (await archive.search(Query("kestrel1500")))[0].message == "long"
    assert all(thread.startswith("journal") for thread in threads)
    archive.close()
    await journal.aclose()
    database.close()


async def test_a_search_that_cannot_be_done_is_an_error_of_the_store(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.db")
    journal = Journal(database, Bus().publish, CountingClock().now)
    archive = Archive(database, journal)
    journal.record(started(), SESSION)
    await journal.flush()
    database.writer.execute("CREATE TABLE passage_terms_data (words)")  # in the way of the index
    with pytest.raises(StoreError, match="passage_terms"):
        await archive.search(Query("heron"))
    assert passages.VERSION
    archive.close()
    await journal.aclose()
    database.close()
