"""Where the agents and the person of a session reach the decision graph, which is loaded when first used."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from loomkin.errors import UsageError
from loomkin.records.dataclass import dataclass, field, replace
from loomkin.records.decision import EdgeType, NodeKind, NodeStatus, Origin
from loomkin.records.ids import SessionId
from loomkin.records.mail import PERSON

if TYPE_CHECKING:
    from loomkin.decisions.answers import Answers
    from loomkin.decisions.drafts import Done, Draft
    from loomkin.decisions.graph import DecisionGraph


class Query(StrEnum):
    """What can be asked of the graph."""

    ACTIVE = "active"
    RECENT = "recent"
    ALL = "all"
    SEARCH = "search"
    AROUND = "around"
    SHOW = "show"
    FILES = "files"
    DOUBTS = "doubts"
    PULSE = "pulse"


@dataclass(frozen=True, slots=True)
class Moment:
    """What is known of the moment at which something is decided: who decides, why, where, about which files.

    `where` is branch and commit; `messages` are the person's words and the agent's own last ones.
    """

    origin: Origin
    where: tuple[str, str]
    files: tuple[str, ...]
    messages: tuple[str, ...]


class Moments(Protocol):
    """Looks around when something is decided."""

    async def now(self, agent: str) -> Moment:
        """The moment as an agent, or the person (no agent), finds it."""
        ...

    def paths(self, files: Sequence[str]) -> tuple[str, ...]:
        """Files as the repository names them, from its top folder."""
        ...


@dataclass(frozen=True, slots=True)
class Who:
    """Who changes the graph: `person`, an agent's name or `loomkin`; the session, where there is one."""

    name: str = PERSON
    session: SessionId = SessionId("")
    agent: str = ""
    task: str = ""


@dataclass(frozen=True, slots=True)
class Revision:
    """What is to become of a node: other words, an edge to another one or none any more, or its end."""

    changes: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    superseded_by: str = ""
    edge: EdgeType | None = None
    to: str = ""
    unlink: bool = False
    delete: bool = False


class Desk:
    """One session's way to the graph."""

    def __init__(self, opened: "Callable[[], Answers]", moments: Moments, session: SessionId) -> None:
        self._open = opened
        self._answers: Answers | None = None
        self.moments = moments
        self.session = session
        self._in_order = asyncio.Lock()  # calls planned together name each other's nodes

    @property
    def answers(self) -> "Answers":
        """What answers questions about the graph."""
        if self._answers is None:
            self._answers = self._open()
        return self._answers

    @property
    def graph(self) -> "DecisionGraph":
        """The graph of the repository."""
        return self.answers.graph

    async def log(self, agent: str, draft: "Draft") -> "Done":
        """A new node of an agent, or of the person; what it says nothing of is taken from the moment."""
        async with self._in_order:
            moment = await self.moments.now(agent)
            files = self.moments.paths(draft.files)
            if not files and draft.kind not in (NodeKind.GOAL, NodeKind.OBSERVATION):
                files = moment.files
            whole = replace(draft, files=files, messages=moment.messages)
            return await self.graph.add(whole, moment.origin, self.who(agent), moment.where)

    async def pivot(
        self, agent: str, old: str, observation: str, new: str, confidence: int | None, description: str = ""
    ) -> "Done":
        """A new decision in the place of an old one, for what was observed."""
        async with self._in_order:
            moment = await self.moments.now(agent)
            return await self.graph.pivot(
                old, observation, new, confidence, moment.origin, self.who(agent), moment.where, description
            )

    async def change(self, agent: str, word: str, revision: Revision) -> "Done":
        """Edit, link, supersede or delete a node."""
        async with self._in_order:
            return await self._change(word, revision, self.who(agent))

    async def _change(self, word: str, revision: Revision, who: Who) -> "Done":
        graph, reason, done = self.graph, revision.reason, None
        if revision.delete:
            return await graph.delete(word, reason, who)
        if revision.unlink:
            return await graph.unlink(word, revision.to, revision.edge, who)
        if revision.superseded_by:
            done = await graph.supersede(word, revision.superseded_by, reason, who)
        if revision.edge is not None:
            done = await graph.link(word, revision.to, revision.edge, reason, who)
        changes = dict(revision.changes)
        if done is not None and not changes:
            return done
        if "files" in changes:
            changes["files"] = self.moments.paths(changes["files"])
        return await graph.edit(word, {**changes, "reason": reason} if reason else changes, who)

    async def log_words(self, agent: str, kind: str, title: str) -> "Done":
        """A new node of a kind as it is typed; raises UsageError that lists the kinds."""
        from loomkin.decisions.drafts import Draft  # heavy: late on purpose

        if kind not in list(NodeKind):
            raise UsageError(f"There is no kind {kind!r}.", hint=f"There are: {', '.join(NodeKind)}.")
        return await self.log(agent, Draft(NodeKind(kind), title))

    async def close(self, agent: str, word: str, reason: str, *, abandoned: bool) -> "Done":
        """A node is done, or was given up."""
        status = NodeStatus.ABANDONED if abandoned else NodeStatus.DONE
        return await self.change(agent, word, Revision({"status": status}, reason))

    async def trust(self, agent: str, word: str, confidence: int) -> "Done":
        """Another confidence of a node."""
        return await self.change(agent, word, Revision({"confidence": confidence}))

    def asks(self, word: str) -> bool:
        """Whether a word, as it is typed, is a query."""
        return word == "goals" or word in list(Query)

    def ask(self, word: str, words: str, limit: int, now: float) -> str:
        """The answer to a query as it is typed."""
        query = Query.ACTIVE if word == "goals" else Query(word)
        return self.answers.ask(query, words, limit, 1, now)

    def writeup(self, root: str, branch: str, title: str) -> str:
        """A part of the graph as Markdown: below a node, of a branch, else of this session."""
        return self.answers.writeup(root, "" if root or branch else self.session, branch, title)

    def who(self, agent: str) -> Who:
        """An agent of the session, or the person."""
        return Who(agent or PERSON, self.session, agent)
