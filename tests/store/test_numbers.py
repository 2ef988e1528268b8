"""Numbers are given once, and the writing thread does what it is asked between its batches."""

import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from loomkin.errors import StoreError
from loomkin.records.event import NoticeGiven
from loomkin.records.ids import SessionId
from loomkin.runtime.bus import Bus
from loomkin.runtime.clock import CountingClock
from loomkin.store import sessions
from loomkin.store.database import Database
from loomkin.store.journal import Journal
from loomkin.store.numbers import take_number
from tests.store.facts import started

SESSION = SessionId("s-1")
TAKER = """
import sys
from pathlib import Path
from loomkin.store.database import Database
from loomkin.store.numbers import take_number
database = Database(Path(sys.argv[1]))
print(*(take_number(database.writer, "k") for _ in range(100)))
database.close()
"""


def test_two_processes_never_get_the_same_number(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    Database(path).close()
    command = [sys.executable, "-c", TAKER, str(path)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    taken = [int(word) for process in processes for word in process.communicate()[0].split()]
    assert sorted(taken) == list(range(1, 301))


def test_each_name_counts_for_itself_and_an_undone_transaction_gives_its_number_back() -> None:
    database = Database(None)
    try:
        assert [take_number(database.writer, "k"), take_number(database.writer, "d")] == [1, 1]
        database.writer.execute("BEGIN")
        assert take_number(database.writer, "k") == 2
        database.writer.execute("ROLLBACK")
        assert take_number(database.writer, "k") == 2
    finally:
        database.close()


@pytest.mark.parametrize("name", ["a.db", None])
async def test_what_is_run_sees_all_that_was_recorded_before_and_is_not_on_the_loops_thread(
    tmp_path: Path, name: str | None
) -> None:
    database = Database(tmp_path / name if name else None)
    journal = Journal(database, Bus().publish, CountingClock().now)
    journal.record(started(), SESSION)
    journal.record(NoticeGiven("one"), SESSION)
    await journal.flush()

    def count(connection: sqlite3.Connection) -> tuple[int, str]:
        (number,) = connection.execute("SELECT count(*) FROM events").fetchone()
        return int(number), threading.current_thread().name

    number, thread = await journal.run(count)
    assert number == 2
    assert thread.startswith("journal")
    assert await journal.run(lambda connection: take_number(connection, "k")) == 1
    await journal.aclose()
    database.close()


async def test_a_failure_of_what_is_run_leaves_no_transaction_open(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.db")
    journal = Journal(database, Bus().publish, CountingClock().now)

    def fail(connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("SELECT 1 FROM nowhere")

    with pytest.raises(StoreError, match="nowhere"):
        await journal.run(fail)
    journal.record(started(), SESSION)
    await journal.flush()
    assert len(sessions.events(database, SESSION)) == 1
    await journal.aclose()
    database.close()
