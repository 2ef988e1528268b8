"""Opening the SQLite file, and what its failures mean for people."""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from loomkin.errors import StoreError
from loomkin.store.migrations import MIGRATIONS
from loomkin.store.packing import unpack

FILE_NAME = "loomkin.db"
BUSY_SECONDS = 10.0
MEMORY = ":memory:"
_SPILLED = ""
"""How SQLite calls a file of its own that has no name."""


class Database:
    """One file and the connections to it: a writer for the writing thread, a reader for the loop.

    In memory both are the same connection, which SQLite serialises by itself.
    """

    def __init__(self, path: Path | None, *, spills: bool = False) -> None:
        """Open or create the file, or keep everything in memory where `path` is None.

        What `spills` goes to a file without a name where it is much. Raises StoreError where the file cannot
        be used.
        """
        self.path = path
        self._target = str(path) if path else _SPILLED if spills else MEMORY
        self.where = str(path) if path else "memory"
        with self.failures():
            self.writer = self._connect()
            self.reader = self.writer
            try:
                self._refuse_foreign()
                _prepare(self.writer)
                self._migrate()
                self.project = self._project()
                self._identity = os.stat(path) if path else None
                if path:
                    self.reader = self._connect()
                    _prepare(self.reader)
            except BaseException:
                self.close()
                raise

    @classmethod
    def scratch(cls) -> "Database":
        """A database that nobody else sees and that is gone with the process, however large it grows."""
        return cls(None, spills=True)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._target, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        # for a new file; messages leave less room unused in larger pages
        connection.execute("PRAGMA page_size=8192")
        connection.row_factory = sqlite3.Row
        connection.create_function("unpack", 1, unpack, deterministic=True)
        return connection

    def _refuse_foreign(self) -> None:
        """Look before anything is written: a newer schema and other programs' files stay untouched."""
        version = self._version()
        if version > len(MIGRATIONS):
            raise StoreError(
                f"{self.where} was written by a newer loomkin (schema {version}, this one knows "
                f"{len(MIGRATIONS)}).",
                hint="Upgrade loomkin, or move the file away to begin a new one. Nothing was changed.",
            )
        names = {row["name"] for row in self.writer.execute("SELECT name FROM sqlite_master")}
        if names and "meta" not in names:
            raise StoreError(
                f"{self.where} holds another program's tables: it is not a loomkin database.",
                hint="Move it away to begin a new one. Nothing was changed.",
            )

    def _migrate(self) -> None:
        if self._version() == len(MIGRATIONS):
            return
        with transaction(self.writer):
            # another process may have migrated while this one waited for the lock
            for number, step in enumerate(MIGRATIONS[self._version() :], self._version() + 1):
                for statement in step:
                    self.writer.execute(statement)
                self.writer.execute(f"PRAGMA user_version={number}")

    def _version(self) -> int:
        return int(self.writer.execute("PRAGMA user_version").fetchone()[0])

    def _project(self) -> str:
        row = self.writer.execute("SELECT value FROM meta WHERE key = 'project'").fetchone()
        if row is None:
            raise StoreError(f"{self.where} has no project entry: it is not a loomkin database.")
        return str(row["value"])

    def move_to(self, path: Path) -> None:
        """Go over from memory to a file, made where there is none; nothing may have been written yet.

        Raises StoreError where the file cannot be used; then all stays in memory.
        """
        file = Database(path)
        self.close()
        vars(self).update(vars(file))

    def another_reader(self) -> sqlite3.Connection:
        """One more connection for reading, which whoever asked closes; not for what is in memory."""
        with self.failures():
            connection = self._connect()
            _prepare(connection)
            connection.execute("PRAGMA query_only=ON")
        return connection

    def ensure_there(self) -> None:
        """Raise StoreError where the file was taken away; SQLite would go on writing for nobody."""
        if self.path is None or self._identity is None:
            return
        try:
            there = os.path.samestat(os.stat(self.path), self._identity)
        except OSError:
            there = False
        if not there:
            raise StoreError(
                f"The database {self.where} was deleted or replaced while it was used.",
                hint="What was said since then is not kept. Start loomkin again for a new one.",
            )

    def rows(self, query: str, values: tuple[object, ...] = ()) -> list[sqlite3.Row]:
        """The answer to a query; blocks. Raises StoreError where the file cannot be read."""
        with self.failures():
            return self.reader.execute(query, values).fetchall()

    @contextmanager
    def failures(self) -> Iterator[None]:
        """Turn SQLite's errors into a StoreError that says what to do."""
        try:
            yield
        except sqlite3.Error as error:
            raise explain(error, self.where) from error

    def close(self) -> None:
        """Close both connections; the file is complete at any moment, this only tidies."""
        if self.reader is not self.writer:
            self.reader.close()
        self.writer.close()


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing; the write lock is taken at the start so that two processes queue up."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _prepare(connection: sqlite3.Connection) -> None:
    _log_ahead(connection)
    for pragma in ("synchronous=NORMAL", "foreign_keys=ON", "mmap_size=0", "cache_size=-8192"):
        connection.execute(f"PRAGMA {pragma}")


def _log_ahead(connection: sqlite3.Connection) -> None:
    """Go over to the write-ahead log; SQLite itself does not wait where several processes do so at once."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.005)


def explain(error: sqlite3.Error, where: str) -> StoreError:
    """The failure in words for people, with the mend."""
    text = str(error).lower()
    known = (
        ("full", "the disk is full", "Free some space and run the same command again."),
        ("readonly", "the file is read-only", "Make the file and its folder writable for you."),
        ("unable to open", "it cannot be opened", "Check that the folder exists and is writable for you."),
        ("locked", "another process has held it for 10 seconds", "End that process, then try again."),
        ("not a database", "it is not a SQLite database", _MOVE),
        ("malformed", "it is damaged", _MOVE),
        ("no such module", "this Python's SQLite has no full-text search (FTS5)", _FTS),
        ("disk i/o", "the disk failed to read or write", "Check the disk; the file is as it was."),
    )
    for sign, what, mend in known:
        if sign in text:
            return StoreError(f"Cannot use the database {where}: {what}.", hint=mend)
    return StoreError(f"Cannot use the database {where}: {error}.")


_FTS = "Use a Python from python.org, your distribution or Homebrew, or loomkin's own binary: these have it."
_MOVE = (
    "Move it away (keep it: `sqlite3 FILE .recover` can often read it) and start again; "
    "loomkin changed nothing in it."
)
