"""How a git hook reaches the decision graph: where there is one, and only for as long as it needs."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from loomkin.decisions.answers import open_answers
from loomkin.githooks.hook import Call
from loomkin.provenance.linking import Linker
from loomkin.runtime.clock import SystemClock
from loomkin.store.database import Database
from loomkin.store.journal import Journal


def at_graph(call: Call, file: Path, work: Callable[[Linker], Awaitable[object]]) -> None:
    """Do some linking in the graph of the repository."""
    settings, clock = call.loaded.settings.decisions, SystemClock()

    async def link() -> None:
        database = Database(file)
        journal = Journal(database, lambda event: None, clock.now)
        try:
            answers = open_answers(database, journal, clock, settings.threshold, settings.stale_days)
            await work(Linker(answers.graph, call.root.path))
        finally:
            await journal.aclose()
            database.close()

    asyncio.run(link())
