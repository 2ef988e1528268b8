"""A session's way to the memory of its repository, which is loaded when it is first asked."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from loomkin.agent.view import whole_ids
from loomkin.errors import NotFoundError
from loomkin.llm.client import ModelClient
from loomkin.records.event import Event
from loomkin.records.ids import SessionId
from loomkin.records.keeper import FileSeen, KeeperKind
from loomkin.records.regex import pattern
from loomkin.records.role import Tier
from loomkin.runtime.recorder import Scribe
from loomkin.store.decision_hints import touched
from loomkin.store.known import earlier
from loomkin.tooling.remembering import SEARCHABLE
from loomkin.workspace.crew import Crew
from loomkin.workspace.mentions import Attached
from loomkin.workspace.tiers import Tiers

if TYPE_CHECKING:
    from loomkin.keepers.memory import RepositoryMemory

MOST_FILES = 8
_NO_MEMORY = "with --no-session-persistence this run has no memory. Leave that flag out to name keepers."
_MENTION = pattern(r"(?:^|(?<=[\s(]))@(k\d+)\b")


def known_before(crew: Crew) -> list[str]:
    """What a conversation begins with of what is known: what was decided, and that it can be searched."""
    decided = crew.recollection.opening()
    told = [decided] if decided else []
    if crew.remembers():
        sessions, keepers = earlier(crew.house.database, crew.session)
        count = f"{sessions} earlier session{'s' if sessions != 1 else ''}"
        kept = f", {keepers} keeper{'s' if keepers != 1 else ''}" if keepers else ""
        told.append(f"{SEARCHABLE} ({count}{kept}): context_search.")
    return told


class Surroundings:
    """What a session knows of its agents and its place, as the memory needs it."""

    def __init__(self, crew: Crew, tiers: Tiers) -> None:
        self._crew = crew
        self._tiers = tiers
        self._models: dict[str, ModelClient] = {}

    @property
    def session(self) -> SessionId:
        """The session."""
        return self._crew.session

    @property
    def project(self) -> str:
        """The repository's own name in its database."""
        return self._crew.house.database.project

    @property
    def root(self) -> Path:
        """The repository's top folder."""
        return self._crew.house.workplace.root

    @property
    def outputs(self) -> Path:
        """The folder of whole outputs."""
        return self._crew.house.workplace.outputs

    def now(self) -> float:
        """The time, since the epoch."""
        return self._crew.house.clock.now()

    def look(self, path: str) -> FileSeen:
        """A file as it is now."""
        house = self._crew.house
        return house.workplace.seen(house.workplace.root, path)

    def sight(self, agent: str) -> frozenset[str]:
        """The ids of the messages that stand whole in an agent's window."""
        known = self._crew.known(agent)
        return whole_ids(known.window.shown) if known else frozenset()

    def files(self, agent: str) -> tuple[str, ...]:
        """The files that an agent works on."""
        return tuple(touched(self._crew.house.database, self.session, agent, MOST_FILES))

    def scribe(self, agent: str) -> Scribe:
        """What writes down what an agent does."""
        known = self._crew.known(agent)
        return known.scribe if known else self._crew.scribe(agent)

    async def helper(self, agent: str) -> ModelClient:
        """A cheap model, at the agent's expense; raises NoModelError."""
        if agent not in self._models:
            self._models[agent] = self._crew.helper(agent, await self._tiers.of(Tier.FAST))
        return self._models[agent]

    def listen(self, sink: Callable[[Event], None]) -> None:
        """Hear what happens from now on."""
        self._crew.house.bus.subscribe(sink)


class Remembering:
    """Answers from the memory; words of the person that name a keeper bring it along."""

    def __init__(self, crew: Crew, tiers: Tiers) -> None:
        self._crew = crew
        self._tiers = tiers
        self._memory: RepositoryMemory | None = None
        self._close: Callable[[], None] = lambda: None

    @property
    def memory(self) -> "RepositoryMemory":
        """The memory itself."""
        if self._memory is None:
            from loomkin.keepers.memory import RepositoryMemory  # heavy: late on purpose
            from loomkin.store.archive import Archive  # heavy: late on purpose

            house = self._crew.house
            archive = Archive(house.database, house.journal)
            self._close = archive.close
            self._memory = RepositoryMemory(archive, Surroundings(self._crew, self._tiers))
        return self._memory

    async def search(self, agent: str, words: str, keeper: str, kind: KeeperKind | None, limit: int) -> str:
        """Passages that fit the words."""
        return await self.memory.search(agent, words, keeper, kind, limit)

    async def read(
        self, agent: str, keeper: str, message: str, span: int, offset: int, file: str = ""
    ) -> str:
        """What was said, word for word."""
        return await self.memory.read(agent, keeper, message, span, offset, file)

    async def ask(self, agent: str, question: str, keeper: str) -> str:
        """An answer with the ids of the messages that it rests on, else the passages themselves."""
        return await self.memory.ask(agent, self._crew.house.redactor.redact(question), keeper)

    async def judge(self, agent: str, keeper: str, useful: bool, reason: str) -> str:
        """Remember that a keeper was of use, or of none."""
        return await self.memory.judge(agent, keeper, useful, reason)

    async def along(self, text: str) -> Attached:
        """What goes along with words of the person that name keepers."""
        found = dict.fromkeys(_MENTION.findall(text))
        texts: list[str] = []
        problems: list[str] = []
        for keeper in found:
            if (self._crew.house.options.cwd / keeper).exists():
                continue  # it is a file
            try:
                texts.append(await self.memory.along(keeper, _MENTION.sub("", text)))
            except NotFoundError as error:
                kept = self._crew.house.options.persist
                problems.append(f"@{keeper} was not put along: {error.message if kept else _NO_MEMORY}")
        return Attached("\n".join(texts), tuple(problems))

    def close(self) -> None:
        """Close what was opened."""
        self._close()
