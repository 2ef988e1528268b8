"""Searching the log while a session runs: off the loop, and between the journal's batches."""

import asyncio
from collections.abc import Callable
from functools import partial
from sqlite3 import Connection
from typing import TypeVar

from loomkin.store.database import Database
from loomkin.store.journal import Journal
from loomkin.store.lookup import Common
from loomkin.store.passages import catch_up
from loomkin.store.search import Hit, Query, find

T = TypeVar("T")


class Archive:
    """All that was ever said in the repository, to be searched by many agents at once."""

    def __init__(self, database: Database, journal: Journal) -> None:
        self._database = database
        self._journal = journal
        self.common = Common()
        self._reader: Connection | None = None
        self._one_at_a_time = asyncio.Lock()

    async def catch_up(self) -> None:
        """Index what was recorded so far, a short transaction at a time; raises StoreError."""
        await self._journal.flush()
        while not await self._journal.run(catch_up):
            pass

    async def search(self, query: Query) -> list[Hit]:
        """What fits best first, what was just recorded included.

        Raises StoreError where the file cannot be read, or this SQLite has no full-text search.
        """
        await self.catch_up()
        return await self.read(self._find(query))

    async def read(self, function: Callable[[Connection], T]) -> T:
        """What `function` makes of a connection for reading, off the loop; raises StoreError."""
        if self._database.path is None:
            return await self._journal.run(function)
        async with self._one_at_a_time:
            return await asyncio.to_thread(self._read, function)

    def close(self) -> None:
        """Close the connection for reading, if there was a search."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _find(self, query: Query) -> "partial[list[Hit]]":
        return partial(find, project=self._database.project, query=query, common=self.common)

    def _read(self, function: Callable[[Connection], T]) -> T:
        with self._database.failures():
            if self._reader is None:
                self._reader = self._database.another_reader()
            return function(self._reader)
