"""The decision graph as a service: every change is one act, kept free of circles, and settled at once."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from loomkin.decisions.confidence import Cascade
from loomkin.decisions.desk import Who
from loomkin.decisions.drafts import (
    Done,
    Draft,
    GraphError,
    confidence_of,
    paths_of,
    refuse_unknown,
    title_of,
)
from loomkin.decisions.reading import GraphReader
from loomkin.decisions.undoing import inverse
from loomkin.errors import NotFoundError
from loomkin.records.dataclass import replace
from loomkin.records.decision import (
    BACKWARD,
    DecisionEdge,
    EdgeType,
    Node,
    NodeKind,
    NodeStatus,
    Origin,
    Wording,
)
from loomkin.records.decision_event import (
    DecisionLinked,
    DecisionLogged,
    DecisionRemoved,
    DecisionRevised,
    DecisionUnlinked,
)
from loomkin.records.event import Event, Fact
from loomkin.records.ids import DecisionId
from loomkin.runtime.clock import Clock, SystemClock
from loomkin.store import decisions as store
from loomkin.store.database import Database
from loomkin.store.journal import Journal, write_planned
from loomkin.store.numbers import take_number

EDITABLE = (
    "title", "description", "status", "reason", "confidence", "failed", "files", "branch", "commit",
    "messages", "keepers",
)  # fmt: skip


class DecisionGraph(GraphReader):
    """Changes and reads the graph of one repository; raises GraphError and NotFoundError with what to do."""

    def __init__(self, database: Database, journal: Journal, clock: Clock, threshold: int) -> None:
        super().__init__(database)
        self._journal = journal
        self._clock = clock
        self._names = SystemClock()  # also in a replay: other clones must never make the same name
        self._cascade = Cascade(database, journal, threshold)

    async def add(self, draft: Draft, origin: Origin, who: Who, where: tuple[str, str] = ("", "")) -> Done:
        """A new node with its links; an equal active goal is taken instead. `where` is branch and commit."""
        title, confidence = title_of(draft.title), confidence_of(draft.confidence)
        parent = self.node(draft.parent) if draft.parent else None
        if draft.failed and draft.kind is not NodeKind.OUTCOME:
            raise GraphError(f"Only an outcome can have failed, not a {draft.kind}.")
        if draft.kind is NodeKind.GOAL and (known := self.equal_goal(title)) is not None:
            return Done(known, (f"{known.id} is the same goal and still active.",), reused=True)
        wording = Wording(
            title,
            draft.description.strip(),
            confidence=confidence,
            failed=draft.failed,
            files=paths_of(draft.files),
            branch=where[0],
            commit=where[1],
            messages=draft.messages,
            keepers=draft.keepers,
        )
        act, (node, *options) = (
            self._act(),
            await self._new(
                [(draft.kind, wording)]
                + [
                    (
                        NodeKind.OPTION,
                        replace(wording, title=title_of(one.title), description="", confidence=None),
                    )
                    for one in draft.rejected
                ],
                origin,
            ),
        )
        facts: list[Fact] = [DecisionLogged(one, who.name, act) for one in (node, *options)]
        if parent is not None:
            facts += self._under(parent, node, draft, who, act)
        for option, one in zip(options, draft.rejected, strict=True):
            edge = self._edge(node, option, EdgeType.REJECTED, one.reason.strip())
            facts.append(DecisionLinked(edge, who.name, act))
        return Done(node, await self._write(facts, who))

    def _under(self, parent: Node, node: Node, draft: Draft, who: Who, act: str) -> list[Fact]:
        """The edge of a new node with its parent: the later one of them is the new one, whatever the type."""
        back = draft.edge in BACKWARD or draft.edge is EdgeType.SUPPORTS
        edge = self._edge(*((node, parent) if back else (parent, node)), draft.edge, draft.reason.strip())
        facts: list[Fact] = [DecisionLinked(edge, who.name, act)]
        if draft.edge is EdgeType.SUPERSEDES:
            after = replace(parent.wording, status=NodeStatus.SUPERSEDED, reason=draft.reason.strip())
            facts.append(DecisionRevised(parent.id, parent.change_id, parent.wording, after, who.name, act))
        return facts

    async def link(self, start: str, end: str, kind: EdgeType, reason: str, who: Who) -> Done:
        """An edge between two nodes, or another reason on the one that is there."""
        if kind is EdgeType.SUPERSEDES:
            return await self.supersede(end, start, reason, who)
        one, other = self.node(start), self.node(end)
        edge = self._edge(one, other, kind, reason.strip())
        before = self.known(edge)
        self.refuse_circle(edge)
        if before is not None:
            edge = replace(before, reason=edge.reason or before.reason)
        lines = await self._write([DecisionLinked(edge, who.name, self._act(), before)], who)
        if self.known(edge) is None:  # another process drew an edge meanwhile
            self.refuse_circle(edge)
            raise GraphError(f"{one.id} and {other.id} could not be linked.", hint="Look again and retry.")
        return Done(self.node(other.change_id), lines)

    async def unlink(self, start: str, end: str, kind: EdgeType | None, who: Who) -> Done:
        """Take away the edge of a type between two nodes, all edges where no type is named."""
        one, other = self.node(start), self.node(end)
        gone = [
            edge
            for edge in store.edges_of(self.database, [one.change_id])
            if (edge.start, edge.end) == (one.change_id, other.change_id) and kind in (None, edge.type)
        ]
        if not gone:
            raise NotFoundError(f"No {kind or 'edge'} leads from {one.id} to {other.id}.")
        act = self._act()
        return Done(other, await self._write([DecisionUnlinked(edge, who.name, act) for edge in gone], who))

    async def edit(self, word: str, changes: dict[str, Any], who: Who) -> Done:
        """Change what `EDITABLE` names of a node."""
        node, act = self.node(word), self._act()
        return Done(*await self._reworded(node, changes, who, act, ()))

    async def close(self, word: str, status: NodeStatus, reason: str, who: Who) -> Done:
        """A node is done or abandoned; without a reason the one it has stays."""
        return await self.edit(word, {"status": status, "reason": reason}, who)

    async def supersede(self, old: str, new: str, reason: str, who: Who) -> Done:
        """A node takes the place of another one, which no longer holds."""
        before, after, act = self.node(old), self.node(new), self._act()
        edge = self._edge(after, before, EdgeType.SUPERSEDES, reason.strip())
        self.refuse_circle(edge)
        linked = DecisionLinked(edge, who.name, act, self.known(edge))
        changes = {"status": NodeStatus.SUPERSEDED, "reason": reason}
        return Done(*await self._reworded(before, changes, who, act, (linked,)))

    async def delete(self, word: str, reason: str, who: Who) -> Done:
        """Take a node and its edges away; `undo` brings them back."""
        node, act = self.node(word), self._act()
        edges = store.edges_of(self.database, [node.change_id])
        facts: list[Fact] = [DecisionUnlinked(edge, who.name, act) for edge in edges]
        facts.append(DecisionRemoved(node, who.name, act, reason))
        return Done(node, await self._write(facts, who))

    async def pivot(
        self, old: str, observation: str, new: str, confidence: int | None, origin: Origin, who: Who,
        where: tuple[str, str] = ("", ""), description: str = "",
    ) -> Done:  # fmt: skip
        """An observation makes one reconsider: a new decision takes the old one's place and files."""
        before, act = self.node(old), self._act()
        if not before.active:
            raise GraphError(
                f"{before.id} is {before.status}: only what holds can be reconsidered.",
                hint="Log a new decision, or set its status to active first.",
            )
        base = Wording(
            title_of(new), description.strip(), confidence=confidence_of(confidence),
            files=before.wording.files, branch=where[0] or before.wording.branch, commit=where[1],
        )  # fmt: skip
        seen = " ".join(observation.split())
        seen, rest = (seen, "") if len(seen) <= 120 else (f"{seen[:117]}...", observation.strip())
        again = title_of(f"Reconsidering: {before.title}"[:200])
        kind = before.kind if before.kind in (NodeKind.GOAL, NodeKind.OPTION) else NodeKind.DECISION
        noted, revisit, node = await self._new(
            [
                (
                    NodeKind.OBSERVATION,
                    replace(base, title=title_of(seen), description=rest, confidence=None),
                ),
                (NodeKind.REVISIT, replace(base, title=again, description="", confidence=None)),
                (kind, base),
            ],
            origin,
        )
        chain = (before, noted, revisit, node)
        edges = [self._edge(*pair, EdgeType.LEADS_TO, "") for pair in pairwise(chain)]
        edges.append(self._edge(node, before, EdgeType.SUPERSEDES, seen))
        facts: list[Fact] = [DecisionLogged(one, who.name, act) for one in (noted, revisit, node)]
        facts += [DecisionLinked(edge, who.name, act) for edge in edges]
        changes = {"status": NodeStatus.SUPERSEDED, "reason": seen}
        _, lines = await self._reworded(before, changes, who, act, facts)
        return Done(node, lines)

    async def undo(self, who: Who) -> str:
        """Take back the last change that was not taken back yet; says what it was."""
        facts, words = inverse(self.database, who.name)
        lines = await self._write(facts, who)
        return "\n".join((words, *lines))

    async def write_planned(self, plan: Callable[[], Sequence[Event]], who: Who) -> tuple[str, ...]:
        """Write what `plan` makes of the graph, both in one transaction; the lines are of doubt."""
        await self._journal.run(lambda _: write_planned(self.database, plan))
        return await self._cascade.settle(who)

    async def settle(self, who: Who) -> tuple[str, ...]:
        """Bring the flags of doubt up to date with the graph as it is."""
        return await self._cascade.settle(who)

    async def _reworded(
        self, node: Node, changes: dict[str, Any], who: Who, act: str, more: Sequence[Fact]
    ) -> tuple[Node, tuple[str, ...]]:
        after = self._changed(node, changes)
        facts = list(more)
        if after != node.wording:
            facts.append(DecisionRevised(node.id, node.change_id, node.wording, after, who.name, act))
        if not facts:
            return node, (f"{node.id} is like that already.",)
        return replace(node, wording=after), await self._write(facts, who)

    def _changed(self, node: Node, changes: dict[str, Any]) -> Wording:
        refuse_unknown(changes, EDITABLE)
        wanted = dict(changes)
        if "title" in wanted:
            wanted["title"] = title_of(wanted["title"])
        if "files" in wanted:
            wanted["files"] = paths_of(tuple(wanted["files"]))
        if wanted.get("failed") and node.kind is not NodeKind.OUTCOME:
            raise GraphError(f"Only an outcome can have failed; {node.id} is a {node.kind}.")
        confidence_of(wanted.get("confidence"))
        status = wanted.get("status", node.status)
        if not wanted.get("reason") and status == node.status:
            wanted.pop("reason", None)
        elif "reason" not in wanted and status != node.status:
            wanted["reason"] = ""
        return replace(node.wording, **wanted)

    async def _new(self, wordings: list[tuple[NodeKind, Wording]], origin: Origin) -> list[Node]:
        """Nodes that are not written down yet, with numbers of their own."""

        def numbers(connection: Any) -> list[int]:
            return [take_number(connection, store.NUMBERS) for _ in wordings]

        now = self._clock.now()
        return [
            Node(DecisionId(f"d{number}"), self._names.new_id("n"), kind, wording, origin, now, now)
            for number, (kind, wording) in zip(await self._journal.run(numbers), wordings, strict=True)
        ]

    async def _write(self, facts: Sequence[Fact], who: Who) -> tuple[str, ...]:
        for fact in facts:
            self._journal.record(fact, who.session, who.agent, who.task)
        await self._journal.flush()
        return await self._cascade.settle(who)

    def _act(self) -> str:
        return self._names.new_id("a")

    def _edge(self, start: Node, end: Node, kind: EdgeType, reason: str) -> DecisionEdge:
        if start.change_id == end.change_id:
            raise GraphError(f"{start.id} cannot be linked to itself.")
        identity, now = self._names.new_id("e"), self._clock.now()
        return DecisionEdge(identity, start.change_id, end.change_id, kind, reason, now)
