"""The only write path: facts go to the log and the tables in one transaction, then to readers."""

import asyncio
import json
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from loomkin.errors import LoomkinError, StoreError
from loomkin.records.codec import dump, load
from loomkin.records.dataclass import replace
from loomkin.records.event import Event, Fact, MessageAdded, SessionRenamed, SessionStarted
from loomkin.records.ids import SessionId
from loomkin.records.regex import pattern
from loomkin.store import projections, sessions
from loomkin.store.database import Database, explain, transaction
from loomkin.store.packing import pack

T = TypeVar("T")
_INSERT = "INSERT INTO events (at, project, session, agent, task, kind, data) VALUES (?, ?, ?, ?, ?, ?, ?)"
_HALF = pattern("[\ud800-\udfff]")


def write(
    database: Database, events: Sequence[Event], clean: Callable[[str], str] | None = None
) -> list[Event]:
    """Write events in one transaction and return them with their numbers; blocks.

    `clean` takes secrets out of what they say. Raises StoreError and writes nothing where the file cannot
    take them.
    """
    told = events if clean is None else [_cleaned(event, clean) for event in events]
    return write_planned(database, lambda: told)


def write_planned(database: Database, plan: Callable[[], Sequence[Event]]) -> list[Event]:
    """Write what `plan` makes of what is there; nobody else writes between its look and the write."""
    database.ensure_there()
    with database.failures(), transaction(database.writer):
        return [append(database, event) if event.fact.stored else event for event in plan()]


def append(database: Database, event: Event, packed: str | bytes | None = None) -> Event:
    """Write one event within a transaction that is open, and return it with its number.

    `packed` is its fact as the log of another database has it.
    """
    if packed is None:
        event = _with_own_name(database, event)
        row = projections.row_of(event, database.project)
        if _HALF.search(row[-1]):
            event = _encodable(event)
            row = projections.row_of(event, database.project)
        values = (*row[:-1], pack(row[-1]))
    else:
        kind = type(event.fact).__name__
        values = (event.at, database.project, event.session, event.agent, event.task, kind, packed)
    cursor = database.writer.execute(_INSERT, values)
    numbered = replace(event, seq=int(cursor.lastrowid or 0))
    projections.apply(database.writer, database.project, numbered)
    return numbered


def _with_own_name(database: Database, event: Event) -> Event:
    """The event, whose session gets no name that another took since somebody looked.

    A new session is refused then, with a UsageError; one that is at work gets the first free name.
    """
    fact = event.fact
    if not isinstance(fact, SessionStarted | SessionRenamed) or not fact.name:
        return event
    given, number = fact.name, 1
    while holder := sessions.holder_of(database.writer, database.project, given, event.session):
        if isinstance(fact, SessionStarted):
            raise sessions.taken(holder)
        number += 1
        given = f"{fact.name}-{number}"
    return event if given == fact.name else replace(event, fact=replace(fact, name=given))


def _cleaned(event: Event, clean: Callable[[str], str]) -> Event:
    """The event as `clean` leaves it; what was said to a model stays word for word what the model gets."""
    if not event.fact.stored or isinstance(event.fact, MessageAdded):
        return event
    text = dump(event.fact)
    if clean(text) == text:
        return event
    return replace(event, fact=load(type(event.fact), json.dumps(_words_cleaned(json.loads(text), clean))))


def _words_cleaned(plain: Any, clean: Callable[[str], str]) -> Any:
    """What stands in a record, cleaned; its own names stay, whatever a secret may read like."""
    if isinstance(plain, str):
        return clean(plain)
    if isinstance(plain, list):
        return [_words_cleaned(item, clean) for item in plain]
    if isinstance(plain, dict):
        return {name: item if name == "_" else _words_cleaned(item, clean) for name, item in plain.items()}
    return plain


def _encodable(event: Event) -> Event:
    """The event with half characters replaced, which models send and file names hold but UTF-8 does not."""
    text = _HALF.sub("\N{REPLACEMENT CHARACTER}", dump(event.fact))
    return replace(event, fact=load(type(event.fact), text))


class Journal:
    """Collects facts while a write is under way and commits them together when it is over.

    One hop to the writing thread a batch: a thread hop for each statement, as the asynchronous SQLite
    libraries do it, costs five times the insert itself. Events reach `publish` in the order they were
    recorded, stored ones after their commit, and as `clean` leaves them, which takes out secrets.
    """

    def __init__(
        self,
        database: Database,
        publish: Callable[[Event], None],
        now: Callable[[], float],
        clean: Callable[[str], str] | None = None,
    ) -> None:
        self._clean = clean
        self._database = database
        self._publish = publish
        self._now = now
        self._pending: list[Event] = []
        self._starts: dict[SessionId, SessionStarted] = {}
        self._under_way: asyncio.Future[list[Event]] | None = None
        self._taken = 0
        self._written = 0
        self._flushed: list[tuple[int, asyncio.Future[None]]] = []
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self.failure: LoomkinError | None = None

    def begin(self, start: SessionStarted, session: SessionId) -> None:
        """Keep the start of a session until its first fact; where none comes there was no session."""
        self._starts[session] = start

    def record(self, fact: Fact, session: SessionId, agent: str = "", task: str = "") -> None:
        """Take a fact; it is written soon, and surely once `flush` has returned.

        After a failed write facts wait for `flush`, which tries again and says why it fails.
        """
        start = self._starts.pop(session, None) if fact.stored else None
        if start is not None:
            self.record(start, session)
        self._pending.append(Event(0, self._now(), session, agent, task, fact))
        self._taken += 1
        if self._under_way is None and self.failure is None and len(self._pending) == 1:
            asyncio.get_running_loop().call_soon(self._begin)

    async def flush(self) -> None:
        """Return when everything recorded so far is on disk; raises StoreError where it cannot be,
        and UsageError where another session took the name of a new one.

        What could not be written before is tried again: somebody may have made room.
        """
        self.failure = None
        if self._under_way is None and not self._pending:
            return
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._flushed.append((self._taken, done))
        self._begin()
        await done

    async def run(self, function: Callable[[sqlite3.Connection], T]) -> T:
        """What `function` makes of the writing connection, between two batches on the writing thread.

        It makes its own transactions, short ones: facts wait for it. Raises StoreError for SQLite's errors.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, _apart, function, self._database)

    async def aclose(self) -> None:
        """Flush and end the writing thread."""
        try:
            if self.failure is None:
                await self.flush()
        finally:
            self._thread.shutdown(wait=True)

    def _begin(self) -> None:
        if self._under_way is not None or self.failure is not None:
            return
        if not self._pending:
            return
        batch, self._pending = self._pending, []
        if all(not event.fact.stored for event in batch):
            self._deliver(batch)
            return
        loop = asyncio.get_running_loop()
        self._under_way = loop.run_in_executor(self._thread, write, self._database, batch, self._clean)
        self._under_way.add_done_callback(lambda future: self._finish(future, batch))

    def _finish(self, future: "asyncio.Future[list[Event]]", batch: list[Event]) -> None:
        self._under_way = None
        if future.cancelled():
            self._pending = batch + self._pending
            self._begin()
            return
        error = future.exception()
        if error is None:
            self._deliver(future.result())
            return
        self._pending = batch + self._pending
        self.failure = _as_told(error, self._database.where)
        waiting, self._flushed = self._flushed, []
        for _, done in waiting:
            if not done.done():
                done.set_exception(self.failure)

    def _deliver(self, events: list[Event]) -> None:
        try:
            for event in events:
                self._publish(event)
        finally:  # a reader that fails must not keep those waiting who want to know what is on disk
            self._written += len(events)
            self._release()
            self._begin()

    def _release(self) -> None:
        """Let those go on whose facts are on disk; what others recorded later does not hold them up."""
        waiting, self._flushed = self._flushed, []
        for target, done in waiting:
            if target > self._written:
                self._flushed.append((target, done))
            elif not done.done():
                done.set_result(None)


def _apart(function: Callable[[sqlite3.Connection], T], database: Database) -> T:
    with database.failures():
        try:
            return function(database.writer)
        finally:
            if database.writer.in_transaction:
                database.writer.execute("ROLLBACK")


def _as_told(error: BaseException, where: str) -> LoomkinError:
    if isinstance(error, LoomkinError):
        return error
    if isinstance(error, sqlite3.Error):
        return explain(error, where)
    return StoreError(f"Cannot write to the database {where}: {error}.")
