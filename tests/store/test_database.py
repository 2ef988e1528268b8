"""The file: made from nothing, shared by processes, full, read-only, damaged, newer, killed."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from loomkin.errors import StoreError, UsageError
from loomkin.records.event import NoticeGiven, SessionRenamed
from loomkin.records.ids import SessionId
from loomkin.store import ledger, rebuild, sessions
from loomkin.store.database import Database, transaction
from loomkin.store.journal import write
from loomkin.store.migrations import MIGRATIONS
from tests.store.facts import event, fill, started, used

TOP = Path(__file__).parents[2]
NOBODY = 65534


def writer(path: Path, session: str, count: int, *limits: int) -> "subprocess.Popen[str]":
    words = [sys.executable, "-m", "tests.store.writer", str(path), session, str(count), *map(str, limits)]
    return subprocess.Popen(words, cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def notices(database: Database, session: str) -> list[int]:
    facts = [one.fact for one in sessions.events(database, session)]
    return [int(fact.text.split()[0]) for fact in facts if isinstance(fact, NoticeGiven)]


def test_a_new_file_has_the_schema_and_a_project_of_its_own(tmp_path: Path) -> None:
    one, other = Database(tmp_path / "a.db"), Database(tmp_path / "b.db")
    assert one.project != other.project
    assert one.reader.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS)
    assert one.reader.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert one.reader.execute("PRAGMA synchronous").fetchone()[0] == 1
    one.close()
    other.close()


def test_opening_again_keeps_project_and_rows(tmp_path: Path) -> None:
    first = Database(tmp_path / "a.db")
    fill(first)
    project = first.project
    first.close()
    second = Database(tmp_path / "a.db")
    assert second.project == project
    assert [row.id for row in sessions.all_sessions(second)] == ["s-1"]
    second.close()


def test_an_empty_file_is_migrated(tmp_path: Path) -> None:
    (tmp_path / "a.db").touch()
    database = Database(tmp_path / "a.db")
    assert database.project
    database.close()


def test_a_migration_that_was_cut_off_begins_again(tmp_path: Path) -> None:
    raw = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    raw.execute("BEGIN")
    raw.execute(MIGRATIONS[0][0])
    raw.close()
    database = Database(tmp_path / "a.db")
    fill(database)
    database.close()


def test_two_processes_write_to_one_repository_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    children = [writer(path, session, 100) for session in ("s-1", "s-2")]
    for child in children:
        out, err = child.communicate(timeout=9)
        assert (child.returncode, err) == (0, "")
        assert out.split()[-1] == "100"
    database = Database(path)
    for session in ("s-1", "s-2"):
        assert notices(database, session) == list(range(1, 101))
    assert rebuild.differences(database) == []
    database.close()


def test_a_new_file_that_another_process_is_just_setting_up_is_waited_for(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with ThreadPoolExecutor(1) as pool:
        opening = pool.submit(Database, tmp_path / "a.db")
        try:
            with pytest.raises(TimeoutError):
                opening.result(0.05)
        finally:
            other.execute("COMMIT")
            other.close()
        opening.result(5).close()


def test_what_was_flushed_survives_the_killing_of_the_process(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    child = writer(path, "s-1", 0)
    assert child.stdout is not None
    assert child.stderr is not None
    told = [int(child.stdout.readline()) for _ in range(8)]
    os.kill(child.pid, signal.SIGKILL)
    told += [int(line) for line in child.stdout.read().split()]
    child.stderr.close()
    child.stdout.close()
    assert child.wait() == -signal.SIGKILL
    database = Database(path)
    found = notices(database, "s-1")
    assert found[: told[-1]] == list(range(1, told[-1] + 1))
    assert found == list(range(1, len(found) + 1))
    assert rebuild.differences(database) == []
    write(database, [event(NoticeGiven("0 goes on"))])
    database.close()


def test_a_full_disk_is_said_and_loses_nothing_that_was_flushed(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    child = writer(path, "s-1", 0, 1_200_000)
    out, err = child.communicate(timeout=9)
    assert child.returncode == 3
    assert f"Cannot use the database {path}" in err
    assert "disk" in err
    assert "Traceback" not in err
    last = int(out.split()[-1])
    assert last > 0
    database = Database(path)
    assert notices(database, "s-1")[:last] == list(range(1, last + 1))
    assert rebuild.differences(database) == []
    database.close()


@pytest.mark.parametrize("existing", [True, False])
def test_a_folder_that_may_not_be_written_is_said(tmp_path: Path, existing: bool) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    path = folder / "a.db"
    if existing:
        Database(path).close()
        path.chmod(0o444)
    folder.chmod(0o555)
    for above in (tmp_path, *tmp_path.parents):
        if above.stat().st_uid == os.getuid() and above != Path(above.anchor):
            above.chmod(above.stat().st_mode | stat.S_IXOTH | stat.S_IXGRP)
    limits = (0, NOBODY) if os.getuid() == 0 else (0,)
    child = writer(path, "s-1", 5, *limits)
    _, err = child.communicate(timeout=9)
    folder.chmod(0o755)
    assert child.returncode == 3, err
    assert f"Cannot use the database {path}" in err
    assert "writable for you" in err


def test_a_folder_where_the_file_should_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.db").mkdir()
    with pytest.raises(StoreError, match="cannot be opened"):
        Database(tmp_path / "a.db")


def test_a_file_that_is_no_database_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(b"my thesis " * 1000)
    with pytest.raises(StoreError, match="not a SQLite database") as caught:
        Database(path)
    assert "Move it away" in caught.value.hint
    assert path.read_bytes() == b"my thesis " * 1000
    assert [one.name for one in tmp_path.iterdir()] == ["a.db"]


def test_another_programs_database_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    raw = sqlite3.connect(path)
    raw.execute("CREATE TABLE recipes (name TEXT)")
    raw.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="another program"):
        Database(path)
    assert path.read_bytes() == before


def test_a_newer_schema_is_refused_and_untouched(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    Database(path).close()
    raw = sqlite3.connect(path)
    raw.execute("PRAGMA journal_mode=DELETE")
    raw.execute("PRAGMA user_version=999")
    raw.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"newer loomkin .schema 999") as caught:
        Database(path)
    assert "Upgrade" in caught.value.hint
    assert path.read_bytes() == before


def test_damage_in_the_middle_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    database = Database(path)
    fill(database, *(NoticeGiven(f"{number} " + "x" * 500) for number in range(200)))
    database.close()
    data = bytearray(path.read_bytes())
    data[8192 * 2 :] = b"\xff" * (len(data) - 8192 * 2)
    path.write_bytes(data)
    with pytest.raises(StoreError, match=r"damaged|not a SQLite"):
        _read_everything(path)


def _read_everything(path: Path) -> None:
    database = Database(path)
    try:
        with database.failures():
            rebuild.differences(database)
    finally:
        database.close()


@pytest.mark.parametrize("read", [sessions.all_sessions, ledger.total, lambda db: sessions.find(db, "s-1")])
def test_damage_that_shows_while_reading_is_said_by_every_question(
    tmp_path: Path, read: Callable[[Database], object]
) -> None:
    path = tmp_path / "a.db"
    database = Database(path)
    fill(database, used())
    query = "SELECT rootpage FROM sqlite_master WHERE name IN ('sessions', 'usage')"
    pages = database.reader.execute(query).fetchall()
    database.close()
    data = bytearray(path.read_bytes())
    for page in pages:
        data[(page[0] - 1) * 8192 : page[0] * 8192] = b"\xff" * 8192
    path.write_bytes(data)
    database = Database(path)
    try:
        with pytest.raises(StoreError, match="damaged"):
            read(database)
    finally:
        database.close()


def test_a_session_is_found_behind_a_thousand_newer_ones() -> None:
    database = Database(None)
    fill(database, SessionRenamed("old"), session="s-old")
    moments = (event(started(), f"s-{number}", at=1_800_000_000.0 + number) for number in range(1_001))
    write(database, list(moments))
    assert sessions.find(database, "s-old").name == sessions.find(database, "old").name == "old"
    with pytest.raises(UsageError, match="s-old"):
        sessions.refuse_taken(database, "old")
    database.close()


def test_a_transaction_that_cannot_commit_is_undone() -> None:
    database = Database(None)
    database.writer.execute("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
    database.writer.execute(
        "CREATE TABLE child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)"
    )
    with pytest.raises(sqlite3.IntegrityError), transaction(database.writer):
        database.writer.execute("INSERT INTO child VALUES (7)")
    assert not database.writer.in_transaction
    write(database, [event(started())])
    assert len(sessions.all_sessions(database)) == 1
    database.close()


def test_a_repository_sees_only_its_own_sessions(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.db")
    fill(database)
    database.writer.execute("UPDATE meta SET value = 'another' WHERE key = 'project'")
    database.close()
    database = Database(tmp_path / "a.db")
    assert sessions.all_sessions(database) == []
    assert len(sessions.events(database, SessionId("s-1"))) == 1
    database.close()
