"""How the commands of `loomkin graph` reach the graph of the repository around a folder."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from loomkin.cli.place import Place
from loomkin.decisions.answers import NOTHING, Answers, open_answers
from loomkin.errors import NotFoundError
from loomkin.runtime.clock import SystemClock
from loomkin.store.database import Database
from loomkin.store.journal import Journal

T = TypeVar("T")
Files = Annotated[list[str] | None, typer.Option("--file", metavar="PATH", help="About it; repeatable.")]


def with_graph(place: Place, work: Callable[[Answers], Awaitable[str]], *, needed: bool = False) -> str:
    """What reading the graph comes to; nothing is created where there is none.

    Raises NotFoundError there, where the graph is `needed`.
    """
    with place.database() as database:
        if database is None:
            if needed:
                raise NotFoundError(NOTHING, hint='`loomkin graph add goal "..."` begins the graph.')
            return NOTHING
    return changed(place, work)


def changed(place: Place, work: Callable[[Answers], Awaitable[T]]) -> T:
    """What changing the graph comes to; the database is made where there is none."""
    with place.new_database() as database:
        return at_graph(database, place, work)


def at_graph(database: Database, place: Place, work: Callable[[Answers], Awaitable[T]]) -> T:
    """What work on the graph of a database comes to, with the settings of a place."""
    settings, clock = place.settings().settings.decisions, SystemClock()

    async def run() -> T:
        journal = Journal(database, lambda event: None, clock.now)
        try:
            answers = open_answers(database, journal, clock, settings.threshold, settings.stale_days)
            return await work(answers)
        finally:
            await journal.aclose()

    return asyncio.run(run())


def below(place: Place, files: list[str]) -> tuple[str, ...]:
    """Paths as they are called from the project's top folder."""
    found = [(place.cwd / file).resolve() for file in files]
    return tuple(
        str(file.relative_to(place.root)) if file.is_relative_to(place.root) else str(file) for file in found
    )
