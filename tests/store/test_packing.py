"""Long texts take little room in the file and come back as they were."""

import json
import sqlite3
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from loomkin.records.codec import dump
from loomkin.records.event import CallStarted, FileChanged
from loomkin.store import packing, rebuild, sessions
from loomkin.store.database import Database
from loomkin.store.migrations import MIGRATIONS
from loomkin.store.packing import LONG, pack, unpack
from tests.store.facts import fill, said

SOURCE = Path(packing.__file__).read_text(encoding="utf-8")
ANY = st.text(st.characters(codec="utf-8"))


@given(st.tuples(ANY, st.integers(1, 300)).map(lambda drawn: drawn[0] * drawn[1]))
@settings(max_examples=60, deadline=None)
@example("x" * LONG)
@example("\0" * 5_000)
@example("\N{SNOWMAN}" * LONG)
def test_every_text_comes_back_and_never_takes_more_room(text: str) -> None:
    stored = pack(text)
    assert unpack(stored) == text
    assert len(stored) <= len(text.encode())
    assert isinstance(stored, str) or len(text) >= LONG


def test_a_short_text_stays_readable_and_a_long_one_shrinks_to_less_than_half() -> None:
    assert pack("short") == "short"
    packed = pack(SOURCE)
    assert isinstance(packed, bytes)
    assert len(packed) < len(SOURCE) / 2
    assert packed[0] == packing.VERSION


@pytest.mark.parametrize(
    "change",
    [lambda data: b"", lambda data: b"\xee" + data[1:], lambda data: data[:-3], lambda data: data + b"more"],
    ids=["empty", "of a newer dictionary", "cut off", "too long"],
)
def test_damaged_bytes_are_a_value_error(change) -> None:  # type: ignore[no-untyped-def]
    packed = pack(SOURCE)
    assert isinstance(packed, bytes)
    with pytest.raises(ValueError, match="packed"):
        unpack(change(packed))


def test_a_long_message_stands_in_the_file_once_and_packed() -> None:
    database = Database(None)
    try:
        fill(database, said(SOURCE), CallStarted("c1", "shell_run", SOURCE))
        fill(database, FileChanged("c1", "a.py", "", "1", 1, 0, SOURCE), session="s-2")
        (message,) = sessions.messages(database, "s-1")
        assert message.text == SOURCE
        assert sessions.calls(database, "s-1")[0].arguments == SOURCE
        assert sessions.changes(database, "s-2")[0].diff == SOURCE
        whole = database.writer.serialize() if hasattr(database.writer, "serialize") else b""
        assert SOURCE[:200].encode() not in whole
        assert json.dumps(SOURCE)[:200].encode() not in whole
        assert rebuild.differences(database) == []
    finally:
        database.close()


def test_a_database_from_before_keeps_its_messages_and_loses_the_second_copy(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    old = sqlite3.connect(path, isolation_level=None)
    for step in MIGRATIONS[:2]:
        for statement in step:
            old.execute(statement)
    old.execute("PRAGMA user_version=2")
    (project,) = old.execute("SELECT value FROM meta WHERE key = 'project'").fetchone()
    fact = said(SOURCE)
    old.execute(
        "INSERT INTO sessions VALUES ('s-1', ?, '', '', '/p', 'm', 'ask', '', 1.0, 1.0, 0, 0)", (project,)
    )
    old.execute(
        "INSERT INTO events VALUES (1, 1.0, ?, 's-1', 'coder', '', 'MessageAdded', ?)", (project, dump(fact))
    )
    old.execute("INSERT INTO messages VALUES (1, 's-1', 'coder', 'm1', 'user', 'person', 1.0, '[]')")
    old.close()
    database = Database(path)
    try:
        assert sessions.messages(database, "s-1") == [fact.message]
        columns = [row["name"] for row in database.rows("PRAGMA table_info(messages)")]
        assert columns == ["seq", "session", "agent", "id", "role", "sender", "at"]
    finally:
        database.close()
