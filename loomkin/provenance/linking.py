"""Joins commits that people made, or that came from elsewhere, to the decisions and tasks behind them."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from loomkin.decisions.desk import Who
from loomkin.decisions.drafts import MOST_TITLE, Draft
from loomkin.decisions.graph import DecisionGraph
from loomkin.project.git import run_git
from loomkin.provenance import behind
from loomkin.provenance.committed import Made
from loomkin.provenance.trailers import named
from loomkin.records.dataclass import dataclass
from loomkin.records.decision import Author, EdgeType, Node, NodeKind, Origin
from loomkin.records.ids import SessionId
from loomkin.store import behind_commits, decisions, helped, origins

MOST = 200
"""Commits that are looked through after a fetch."""
MOST_FILES = 50
_FORM = "--format=%x1e%H%x1f%s%x1f%B%x1f"


@dataclass(frozen=True, slots=True)
class _Commit:
    """A commit with its whole message."""

    made: Made
    message: str


class Linker:
    """Writes into one repository's graph what its commits say."""

    def __init__(self, graph: DecisionGraph, root: Path) -> None:
        self._graph = graph
        self._db = graph.database
        self._root = root

    async def commit(self, rev: str = "HEAD") -> Node | None:
        """The action that a commit becomes, where decisions or tasks are behind it; each commit once."""
        found = await self._read(["-1", rev])
        if not found or origins.of_commits(self._db, [found[0].made.id]):
            return None
        commit, branch = found[0], await self._branch()
        changed = await self._changed_before(commit.made)
        decided = self._named(commit.message) or self._decided(commit.made.files, changed)
        tasks = behind_commits.tasks(self._db, changed)
        if not decided and not tasks:
            return None
        for node in decided:
            await self._join(node, commit.made, branch)
        return await self._action(commit.made, decided, tasks, branch)

    async def fetched(self, before: str, after: str) -> int:
        """How many decisions learn their commit from messages that came in between two commits."""
        joined = 0
        for commit in await self._read([f"-{MOST}", "--grep=^Loomkin-Decision:", f"{before}..{after}"]):
            for node in self._named(commit.message):
                if not self._linked(node):
                    await self._join(node, commit.made, "")
                    joined += 1
        return joined

    async def rewritten(self, pairs: Mapping[str, str]) -> int:
        """How many nodes learn that their commit is another one now, as after an amend or a rebase."""
        nodes = behind_commits.nodes_at(self._db, pairs)
        for node in nodes:
            await self._graph.edit(node.id, {"commit": pairs[node.wording.commit]}, _WHO)
        return len(nodes)

    async def _read(self, words: Sequence[str]) -> list[_Commit]:
        log = await run_git(["log", "-z", "--name-only", "--no-renames", _FORM, *words, "--"], self._root)
        found = []
        for record in log.out.split("\x1e")[1:]:
            identity, subject, message, files = record.split("\x1f", 3)
            names = tuple(name for one in files.split("\0") if (name := one.strip("\n")))
            found.append(_Commit(Made(identity, subject, names), message))
        return found

    async def _branch(self) -> str:
        return (await run_git(["symbolic-ref", "--short", "-q", "HEAD"], self._root)).out.strip()

    async def _changed_before(self, made: Made) -> dict[str, float]:
        """The files of a commit that agents changed, with the moment of the commit of each before it."""
        touched = {one.path for one in origins.changes_of(self._db, made.files, _FOREVER)}
        paths = sorted(touched)[:MOST_FILES]
        before = await asyncio.gather(*(self._last(made.id, path) for path in paths))
        return dict(zip(paths, before, strict=True))

    async def _last(self, commit: str, path: str) -> float:
        words = ["--literal-pathspecs", "log", "-1", "--format=%ct", f"{commit}^", "--", path]
        log = await run_git(words, self._root)
        return float(log.out.strip() or 0.0) if log.ok else 0.0

    def _named(self, message: str) -> list[Node]:
        found = (decisions.find(self._db, one.change or one.number) for one in named(message))
        return [node for node in found if node is not None]

    def _decided(self, files: Sequence[str], changed: Mapping[str, float]) -> list[Node]:
        """The decisions that led to no commit yet, of the sessions that changed the files."""
        sessions = dict.fromkeys(session for session, _ in helped.helpers(self._db, changed))
        return [
            node
            for session in sessions
            for node in behind.for_files(self._db, session, files)
            if not self._linked(node)
        ]

    def _linked(self, node: Node) -> bool:
        """Whether a commit is known that a decision led to; the one it was made on is none."""
        edges = decisions.edges_of(self._db, [node.change_id])
        led = decisions.some(self._db, [edge.end for edge in edges if edge.start == node.change_id])
        return any(one.kind is NodeKind.ACTION and one.wording.commit for one in led)

    async def _join(self, node: Node, made: Made, branch: str) -> None:
        files = node.wording.files or made.files
        await self._graph.edit(node.id, {"commit": made.id, "branch": branch, "files": files}, _WHO)

    async def _action(
        self,
        made: Made,
        decided: Sequence[Node],
        tasks: Sequence[behind_commits.TaskBehind],
        branch: str,
    ) -> Node:
        goals = [goal for task in tasks if (goal := decisions.find(self._db, task.goal)) is not None]
        parents = list({node.id: node for node in (*decided, *goals)}.values())
        session, agent, task = _whose(decided, tasks)
        origin = Origin(Author.AUTOMATIC, agent, SessionId(session), task)
        title = " ".join(f"Commit: {made.subject}".split())[:MOST_TITLE]
        words = "\n".join(f"For task {one.id} {one.title}" for one in tasks)
        parent = str(parents[0].id) if parents else ""
        draft = Draft(NodeKind.ACTION, title, words, files=made.files, parent=parent)
        done = await self._graph.add(draft, origin, _WHO, (branch, made.id))
        for other in parents[1:]:
            await self._graph.link(str(other.id), done.node.id, EdgeType.LEADS_TO, "", _WHO)
        return done.node


def _whose(decided: Sequence[Node], tasks: Sequence[behind_commits.TaskBehind]) -> tuple[str, str, str]:
    """The session, agent and task that a commit is counted to."""
    if tasks:
        return tasks[-1].session, tasks[-1].agent, tasks[-1].id
    origin = decided[-1].origin
    return origin.session, origin.agent, origin.task


_FOREVER = 1e18
_WHO = Who(Author.AUTOMATIC.value)
