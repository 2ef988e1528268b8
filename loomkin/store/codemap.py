"""The map's own SQLite file: what was read of each content, which files have it, and the index over all.

Everything in it can be made anew from the files; one that is damaged or of another version is replaced.
"""

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from loomkin.errors import StoreError
from loomkin.records.dataclass import dataclass
from loomkin.store.database import BUSY_SECONDS, explain, transaction

FILE_NAME = "map.db"
AT_ONCE = 500
T = TypeVar("T")
_SCHEMA = (
    """CREATE TABLE digests (
        id INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB NOT NULL UNIQUE, data BLOB NOT NULL)""",
    """CREATE TABLE files (
        path BLOB PRIMARY KEY, size INTEGER NOT NULL, changed INTEGER NOT NULL, digest INTEGER NOT NULL
        ) WITHOUT ROWID""",
    "CREATE TABLE postings (term TEXT PRIMARY KEY, files BLOB NOT NULL) WITHOUT ROWID",
    "CREATE TABLE base (name TEXT PRIMARY KEY, data BLOB NOT NULL) WITHOUT ROWID",
)


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file as it was when it was looked at last."""

    size: int
    changed: int
    digest: int


class MapStore:
    """Keeps digests by the hash of what they were made from, and the index; one thread at a time uses it."""

    def __init__(self, path: Path | None, version: int) -> None:
        """Open or create the file; in memory where `path` is None or nothing can be written there."""
        self.path = path
        self._version = version
        self._connection = self._open(path)

    def _open(self, path: Path | None) -> sqlite3.Connection:
        for again in (True, False):
            try:
                return self._connect(str(path) if path else ":memory:")
            except sqlite3.DatabaseError as error:
                busy = "locked" in str(error) or "unable to open" in str(error) or "readonly" in str(error)
                if path is None or busy or not again:
                    return self._connect(":memory:")
                for ending in ("", "-wal", "-shm"):
                    with suppress(OSError):
                        os.unlink(f"{path}{ending}")
        raise AssertionError("the loop returns")

    def _connect(self, target: str) -> sqlite3.Connection:
        db = sqlite3.connect(target, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            db.execute("PRAGMA journal_mode=WAL")
            # it can be made anew: what a power cut takes is read again
            for pragma in ("synchronous=OFF", "cache_size=-8192", "temp_store=MEMORY"):
                db.execute(f"PRAGMA {pragma}")
            if int(db.execute("PRAGMA user_version").fetchone()[0]) != self._version:
                with transaction(db):
                    for table in ("digests", "files", "postings", "base"):
                        db.execute(f"DROP TABLE IF EXISTS {table}")
                    for statement in _SCHEMA:
                        db.execute(statement)
                    db.execute(f"PRAGMA user_version={self._version}")
        except BaseException:
            db.close()
            raise
        return db

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _asked(self, ask: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return ask(self._connection)
        except sqlite3.Error as error:
            raise _failed(error, self.path) from error

    def _rows(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        return self._asked(lambda db: db.execute(query, values).fetchall())

    def known(self) -> dict[str, KnownFile]:
        """All files by their paths."""
        rows = self._rows("SELECT path, size, changed, digest FROM files")
        return {os.fsdecode(path): KnownFile(size, changed, digest) for path, size, changed, digest in rows}

    def digests_of(self, keys: Sequence[bytes]) -> dict[bytes, int]:
        """The numbers of the digests that are kept under some keys."""
        found: dict[bytes, int] = {}
        for part in _parts(keys):
            found.update(self._rows(f"SELECT key, id FROM digests WHERE key IN ({_marks(part)})", part))
        return found

    def keep(self, made: Sequence[tuple[bytes, bytes]]) -> None:
        """Keep digests under their keys."""

        def write(db: sqlite3.Connection) -> None:
            with transaction(db):
                db.executemany("INSERT OR IGNORE INTO digests (key, data) VALUES (?, ?)", made)

        self._asked(write)

    def look(self, seen: Iterable[tuple[str, KnownFile]], gone: Iterable[str]) -> None:
        """Note how files are now, and forget others."""

        def write(db: sqlite3.Connection) -> None:
            with transaction(db):
                db.executemany("DELETE FROM files WHERE path = ?", ((os.fsencode(path),) for path in gone))
                rows = ((os.fsencode(path), one.size, one.changed, one.digest) for path, one in seen)
                db.executemany("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)", rows)

        self._asked(write)

    def data(self, digests: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        """Digests by their numbers, some at a time, in no order."""
        for part in _parts(digests):
            yield from self._rows(f"SELECT id, data FROM digests WHERE id IN ({_marks(part)})", part)

    def postings(self, terms: Sequence[str], stamp: bytes) -> dict[str, bytes] | None:
        """Where in the base of that stamp some terms are; None where there is another one by now."""

        def read(db: sqlite3.Connection) -> dict[str, bytes] | None:
            found: dict[str, bytes] = {}
            with _reading(db):
                now = db.execute("SELECT data FROM base WHERE name = 'stamp'").fetchone()
                if now is None or now[0] != stamp:
                    return None
                for part in _parts(terms):
                    query = f"SELECT term, files FROM postings WHERE term IN ({_marks(part)})"
                    found.update(db.execute(query, part).fetchall())
            return found

        return self._asked(read)

    def base(self) -> dict[str, bytes]:
        """The parts of the base by their names, nothing where there is none."""
        return dict(self._rows("SELECT name, data FROM base"))

    def rebase(self, parts: Iterable[tuple[str, bytes]], postings: Iterable[tuple[str, bytes]]) -> None:
        """Put another base in the place of the one that is there, and drop digests that no file has."""

        def write(db: sqlite3.Connection) -> None:
            with transaction(db):
                db.execute("DELETE FROM base")
                db.execute("DELETE FROM postings")
                db.executemany("INSERT INTO base VALUES (?, ?)", parts)
                db.executemany("INSERT INTO postings VALUES (?, ?)", postings)

        self._asked(write)

    def forget_unused(self, most: int) -> None:
        """Drop digests that no file has, where they are more than `most`."""

        def write(db: sqlite3.Connection) -> None:
            unused = "SELECT id FROM digests WHERE id NOT IN (SELECT digest FROM files)"
            if int(db.execute(f"SELECT count(*) FROM ({unused})").fetchone()[0]) > most:
                with transaction(db):
                    db.execute(f"DELETE FROM digests WHERE id IN ({unused})")

        self._asked(write)


@contextmanager
def _reading(db: sqlite3.Connection) -> Iterator[None]:
    """All that is read is of one moment."""
    db.execute("BEGIN")
    try:
        yield
    finally:
        db.execute("COMMIT")


def _parts(values: Sequence[T]) -> Iterator[Sequence[T]]:
    return (values[at : at + AT_ONCE] for at in range(0, len(values), AT_ONCE))


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))


def _failed(error: sqlite3.Error, path: Path | None) -> StoreError:
    failed = explain(error, str(path or "of the map"))
    return StoreError(failed.message, hint="Remove the file: it is made anew from the sources.")
