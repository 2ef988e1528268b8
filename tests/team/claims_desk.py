"""Several agents with claims over one folder, with the real tools, table, mail and plan."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from loomkin.project.sight import Sight
from loomkin.project.text import sha_of
from loomkin.project.workplace import Workplace
from loomkin.records.event import Fact
from loomkin.records.ids import CallId, SessionId, TaskId
from loomkin.records.task import Task
from loomkin.records.team_event import RegionClaimed, RegionReleased
from loomkin.runtime.clock import SystemClock
from loomkin.runtime.recorder import Scribe
from loomkin.team.board import Board
from loomkin.team.claims import Claims
from loomkin.team.claims_guard import Guard
from loomkin.team.claims_watch import Watch
from loomkin.team.mailroom import Address, Mailroom
from loomkin.team.plan import Plan
from loomkin.team.transitions import Verb
from loomkin.tooling.tool import Call, Fail, Ok, Tool
from loomkin.tools.files.changing import Editing
from loomkin.tools.files.file_edit import FileEdit
from loomkin.tools.files.file_edit import Params as EditParams

AGENTS = ("ann", "bob", "cid")


class Notes:
    """A recorder that keeps facts in memory."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self.listener: Callable[[], None] | None = None

    def record(self, fact: Fact, session: SessionId, agent: str = "", task: str = "") -> None:
        self.facts.append(fact)
        if self.listener:
            self.listener()

    async def flush(self) -> None:
        """All is kept."""


class StoppedClock(SystemClock):
    """A clock that the test moves."""

    def __init__(self) -> None:
        super().__init__()
        self.time = 1000.0

    def now(self) -> float:
        return self.time


class Desk:
    """A folder in which agents edit under claims."""

    def __init__(self, root: Path, agents: Sequence[str] = AGENTS) -> None:
        self.root = root
        self.wanted, self.reached = 0, asyncio.Event()
        self.notes, self.clock = Notes(), StoppedClock()
        self.scribe = Scribe(self.notes, SessionId("s"))
        known = {name: Address(name, "coder", "main", "idle", True) for name in agents}
        self.room = Mailroom(self.scribe, self.clock, lambda: list(known.values()), known.get)
        self.board = Board(self.scribe, Plan())
        self.claims = Claims(self.scribe, self.clock, self.room, self.board)
        self.sight = Sight()
        self.workplace = Workplace(root, (), root / ".out")
        self.editing = Editing(self.workplace, self.sight)
        self.notes.listener = self.count
        self.watch = Watch(self.claims, root, self.sight, lambda: len(agents) < 2)
        self.guards = {name: Guard(self.claims, name, self.watch) for name in agents}

    def put(self, name: str, text: str) -> Path:
        path = self.root / name
        path.write_text(text)
        for agent in self.guards:
            self.read(agent, name)
        return path

    def read(self, agent: str, name: str) -> None:
        """Let an agent know the file as it is."""
        self.sight.saw(agent, self.root / name, sha_of((self.root / name).read_bytes()))

    def call(self, agent: str) -> Call:
        return Call(CallId("c"), SessionId("s"), agent, self.root)

    async def use(self, agent: str, tool: Tool, params: object) -> Ok | Fail:
        """One call as the runner makes it."""
        call = self.call(agent)
        return await self.guards[agent].guarded(
            tool.use(params, call), lambda: tool.regions(params, call), lambda: tool.run(params, call)
        )

    async def edit(self, agent: str, name: str, old: str, new: str) -> Ok | Fail:
        return await self.use(agent, FileEdit(self.editing), EditParams(name, old, new))

    def task(self, agent: str, title: str) -> TaskId:
        """A task in the agent's hand."""
        task = self.board.add(Task(TaskId(""), title))
        self.board.move(task.id, Verb.TAKE, agent, owner=agent)
        return task.id

    def held(self, agent: str = "") -> list[str]:
        return [str(claim.region) for claim in self.claims.held(agent)]

    def letters(self, agent: str) -> list[str]:
        return [mail.text for mail in self.room.queued(agent)]

    async def waiting(self, count: int) -> None:
        """Return when so many agents wait."""
        self.wanted = count
        self.reached.clear()
        self.count()
        await self.reached.wait()

    def count(self) -> None:
        if len(self.claims.queue) >= self.wanted:
            self.reached.set()

    def in_force(self) -> set[str]:
        """The claims that are in force by what was written down."""
        known: set[str] = set()
        for fact in self.notes.facts:
            if isinstance(fact, RegionClaimed):
                known.add(fact.claim.id)
            elif isinstance(fact, RegionReleased):
                known.discard(fact.claim)
        return known
