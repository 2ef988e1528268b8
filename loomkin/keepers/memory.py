"""The memory of a repository as the agents of one session and its person use it."""

from collections.abc import Callable
from pathlib import Path
from sqlite3 import Connection
from typing import Protocol

from loomkin.errors import LoomkinError, NotFoundError, StoreError
from loomkin.keepers import asking
from loomkin.keepers.catalogue import Entry, entries
from loomkin.keepers.passage import NOTHING, Passage, Wanted, for_agents, for_people
from loomkin.keepers.reading import PAGE, Page, Spread, read, spread
from loomkin.keepers.retrieval import Library
from loomkin.keepers.staleness import in_words, standing
from loomkin.keepers.uses import Uses
from loomkin.llm.client import ModelClient
from loomkin.records.event import Event
from loomkin.records.ids import SessionId
from loomkin.records.keeper import FileSeen, KeeperKind, KeeperState
from loomkin.records.keeper_event import KeeperMoved
from loomkin.runtime.recorder import Scribe
from loomkin.store.archive import Archive
from loomkin.store.keepers import KeeperLine, lines

MOST = 20
"""Passages at most."""
SMALL = 8_000
"""Characters up to which a keeper that the person names goes along whole."""
ALONG = 4
ECHOED = 200
"""Characters of an agent's words that are said back to it."""


class Surroundings(Protocol):
    """What a session knows of its agents and its place."""

    @property
    def session(self) -> SessionId:
        """The session."""
        ...

    @property
    def project(self) -> str:
        """The repository's own name in its database."""
        ...

    @property
    def root(self) -> Path:
        """The repository's top folder."""
        ...

    @property
    def outputs(self) -> Path:
        """The folder of whole outputs."""
        ...

    def now(self) -> float:
        """The time, since the epoch."""
        ...

    def look(self, path: str) -> FileSeen:
        """A file as it is now."""
        ...

    def sight(self, agent: str) -> frozenset[str]:
        """The ids of the messages that stand whole in an agent's window."""
        ...

    def files(self, agent: str) -> tuple[str, ...]:
        """The files that an agent works on."""
        ...

    def scribe(self, agent: str) -> Scribe:
        """What writes down what an agent does."""
        ...

    async def helper(self, agent: str) -> ModelClient:
        """A cheap model, at the agent's expense; raises NoModelError."""
        ...

    def listen(self, sink: Callable[[Event], None]) -> None:
        """Hear what happens from now on."""
        ...


class RepositoryMemory:
    """Searches, reads and asks, and remembers what was of use."""

    def __init__(self, archive: Archive, around: Surroundings) -> None:
        self._archive = archive
        self._around = around
        self._uses = Uses(around.scribe)
        around.listen(self._uses.take)

    async def search(self, agent: str, words: str, keeper: str, kind: KeeperKind | None, limit: int) -> str:
        """Passages that fit the words."""
        limit = max(1, min(limit, MOST))
        wanted = self._wanted(agent, words, keeper, kind, limit)
        found = await self._find(wanted)
        self._uses.shown(agent, found)
        if not found:
            where = (
                f"keeper {keeper}" if keeper else "what was said in this repository and is not in your window"
            )
            named = repr(words if len(words) <= ECHOED else f"{words[:ECHOED]}…")
            return f"Nothing in {where} fits {named}. Try other words: names, paths, parts of a message."
        return for_agents(found, self._around.session, self._around.now())

    async def read(
        self, agent: str, keeper: str, message: str, span: int, offset: int, file: str = ""
    ) -> str:
        """What was said, word for word, a page at a time."""
        what = spread(keeper, message, span, offset, self._around.session, file)
        page = await self._page(what)
        if offset and not page.text:
            raise NotFoundError(
                f"There is nothing at offset {offset}: all of it has {page.whole:,} characters.",
                hint="Leave offset out to begin anew.",
            )
        for one in {page.keeper, what.message} - {""}:
            self._uses.read(agent, one, page.keeper)
        if not page.next:
            return page.text
        left = page.whole - page.next
        return f"{page.text}\n[{left:,} characters more: the same call with offset={page.next}]"

    async def _page(self, what: Spread, most: int = PAGE) -> Page:
        await self._archive.catch_up()

        def page(connection: Connection) -> Page:
            return read(connection, self._around.project, what, self._around.now(), most)

        return await self._archive.read(page)

    async def ask(self, agent: str, question: str, keeper: str, *, for_person: bool = False) -> str:
        """An answer with the ids that it rests on; the passages where no model answers."""
        around = self._around
        wanted = self._wanted(agent, question, keeper, None, asking.MANY, asking.WIDTH)
        found = await self._find(wanted)
        if not found:
            return "Nothing that was said in this repository and is not in your window fits the question."
        try:
            answer = await asking.answer(
                question, found, await around.helper(agent), around.scribe(agent), around.now()
            )
        except StoreError:
            raise
        except LoomkinError as error:
            self._uses.shown(agent, found)
            now = around.now()
            shown = for_people(found, now) if for_person else for_agents(found, around.session, now)
            return f"No model answered ({error.message}). The passages themselves:\n{shown}"
        if not answer.cited:
            self._uses.shown(agent, found)
            ids = ", ".join(one.id for one in found)
            return f"{answer.text}\n(It names no passage, so it is a guess. It was given: {ids}.)"
        self._uses.shown(agent, answer.cited)
        self._uses.answered(agent, answer.cited)
        named = dict.fromkeys(
            f"{path} changed since {one.id}" for one in answer.cited for path in one.changed
        )
        return "\n".join([answer.text, *(f"stale: {line}" for line in named)])

    async def judge(self, agent: str, keeper: str, useful: bool, reason: str) -> str:
        """Remember that a keeper was of use, or of none."""
        line = await self._line(keeper)
        self._uses.judge(agent, line.id, useful, reason)
        return f"Noted: {line.id} ({line.title}) was {'useful' if useful else 'of no use'}."

    async def along(self, keeper: str, words: str) -> str:
        """What goes along with the person's words where they name a keeper: all of it, or what fits best.

        Raises NotFoundError where there is no such keeper.
        """
        line = await self._line(keeper)
        around, now = self._around, self._around.now()
        page = await self._page(Spread(keeper, session=around.session), SMALL)
        self._uses.mentioned(keeper)
        head = (
            f'<keeper id="{keeper}" title="{line.title}" messages="{line.messages}" tokens="{line.tokens}"'
            f' state="{in_words(standing(line, 0, now))}">'
        )
        if not page.next:
            return f"{head}\n{page.text}\n</keeper>"
        found = await self._find(Wanted(words, keeper, limit=ALONG, session=around.session))
        shown = for_agents(found, around.session, now) or page.text
        return f'{head}\n{shown}\nThe rest: context_read(keeper="{keeper}").\n</keeper>'

    async def recall(self, words: str, keeper: str = "", limit: int = ALONG) -> str:
        """What was said before, for the person."""
        found = await self._find(Wanted(words, keeper, limit=limit, session=self._around.session))
        return for_people(found, self._around.now()) or NOTHING

    async def entries(self) -> list[Entry]:
        """All keepers as they stand."""
        await self._archive.catch_up()

        def listed(connection: Connection) -> list[Entry]:
            around = self._around
            return entries(connection, around.project, around.root, around.look, around.now())

        return await self._archive.read(listed)

    def move(self, keeper: str, state: KeeperState) -> None:
        """Archive a keeper, or bring it back."""
        self._around.scribe("").record(KeeperMoved(keeper, state))

    def _wanted(
        self, agent: str, words: str, keeper: str, kind: KeeperKind | None, limit: int, width: int = 1_200
    ) -> Wanted:
        around = self._around
        return Wanted(
            words, keeper, kind, limit, width, around.session, around.sight(agent), around.files(agent)
        )

    async def _find(self, wanted: Wanted) -> list[Passage]:
        around = self._around
        await self._archive.catch_up()

        def search(connection: Connection) -> list[Passage]:
            library = Library(
                around.project, connection, around.look, around.outputs, around.now(), self._archive.common
            )
            return library.search(wanted)

        return await self._archive.read(search)

    async def _line(self, keeper: str) -> KeeperLine:
        def line(connection: Connection) -> list[KeeperLine]:
            return lines(connection, self._around.project, identity=keeper)

        await self._archive.catch_up()
        found = await self._archive.read(line)
        if not found:
            raise NotFoundError(
                f"There is no keeper {keeper!r} in this repository.",
                hint="`loomkin keepers list` shows them.",
            )
        return found[0]
