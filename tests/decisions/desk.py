"""A decision graph in memory, and short ways to change it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from loomkin.decisions.answers import Answers, open_answers
from loomkin.decisions.desk import Who
from loomkin.decisions.drafts import Done, Draft, Rejected
from loomkin.records.decision import Author, EdgeType, NodeKind, Origin
from loomkin.records.event import Event
from loomkin.records.ids import SessionId
from loomkin.runtime.clock import SystemClock
from loomkin.store.database import Database
from loomkin.store.journal import Journal

THRESHOLD, STALE_DAYS = 50, 14
SESSION = SessionId("s-1")
CODER = Who("coder", SESSION, "coder")
PERSON = Who()


class Bench:
    """One graph; `heard` are the events that were published."""

    def __init__(self, answers: Answers, journal: Journal, heard: list[Event]) -> None:
        self.answers = answers
        self.journal = journal
        self.graph = answers.graph
        self.heard = heard

    async def add(self, kind: str, title: str, *, by: Who = CODER, **more: Any) -> Done:
        """A new node of an agent."""
        edge = EdgeType(more.pop("edge", "leads_to"))
        rejected = tuple(Rejected(*one) for one in more.pop("rejected", ()))
        author = Author.AGENT if by.agent else Author.PERSON
        draft = Draft(NodeKind(kind), title, edge=edge, rejected=rejected, **more)
        return await self.graph.add(draft, Origin(author, by.agent, by.session), by)

    async def decision(self, title: str, confidence: int | None = None, **more: Any) -> str:
        """The id of a new decision."""
        return (await self.add("decision", title, confidence=confidence, **more)).node.id

    async def link(self, start: str, kind: str, end: str, reason: str = "", by: Who = CODER) -> Done:
        """An edge, read from left to right."""
        return await self.graph.link(start, end, EdgeType(kind), reason, by)


@asynccontextmanager
async def graph_bench() -> AsyncIterator[Bench]:
    """A graph in memory."""
    database, clock = Database(None), SystemClock()
    heard: list[Event] = []
    journal = Journal(database, heard.append, clock.now)
    try:
        yield Bench(open_answers(database, journal, clock, THRESHOLD, STALE_DAYS), journal, heard)
        await journal.flush()
    finally:
        await journal.aclose()
        database.close()
