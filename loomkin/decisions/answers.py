"""Questions to the graph and their answers in words, for agents and people alike."""

from collections.abc import Callable, Mapping

from loomkin.decisions import narrative, pulse
from loomkin.decisions.desk import Query
from loomkin.decisions.drafts import Graph, GraphError
from loomkin.decisions.graph import DecisionGraph
from loomkin.decisions.lines import edge_lines, line, lost_line
from loomkin.decisions.proofs import proofs
from loomkin.decisions.tree import plain_tree, tree
from loomkin.records.decision import DecisionEdge, EdgeType, Node, NodeKind, NodeStatus
from loomkin.runtime.clock import Clock
from loomkin.store import decision_files, doubts, goals
from loomkin.store import decisions as store
from loomkin.store.database import Database
from loomkin.store.journal import Journal

NOTHING = "Nothing was decided here yet."
HELD = (NodeKind.DECISION, NodeKind.OPTION)


class Answers:
    """Answers from one graph; `stale_days` and `threshold` are the person's settings."""

    def __init__(self, graph: DecisionGraph, threshold: int, stale_days: int) -> None:
        self.graph = graph
        self._db = graph.database
        self._threshold = threshold
        self._stale_days = stale_days

    def ask(self, query: Query, words: str, limit: int, depth: int, now: float) -> str:
        """The answer in lines. Raises NotFoundError and GraphError with what to do."""
        if query in (Query.SEARCH, Query.AROUND, Query.SHOW, Query.FILES) and not words.strip():
            raise GraphError(f"A query for {query} needs words.", hint="Words, an id, or paths.")
        answers: dict[Query, Callable[[], str]] = {
            Query.ACTIVE: lambda: _lines(self._goals(), limit) or "No goal is active.",
            Query.RECENT: lambda: _lines(store.listed(self._db, HELD), limit) or self._none(),
            Query.ALL: lambda: _lines(store.listed(self._db), limit) or NOTHING,
            Query.SEARCH: lambda: _lines(store.search(self._db, words), limit) or f"Nothing fits {words!r}.",
            Query.AROUND: lambda: self.around(words, depth, limit),
            Query.SHOW: lambda: self.shown(words),
            Query.FILES: lambda: self.about(words.replace(",", " ").split(), limit),
            Query.DOUBTS: self._doubts,
            Query.PULSE: lambda: pulse.in_words(self.pulse(now)),
        }
        return answers[query]()

    def shown(self, word: str) -> str:
        """All that is known of one node."""
        node = self.graph.node(word)
        edges = store.edges_of(self._db, [node.change_id])
        nodes = _by_change(store.some(self._db, {end for edge in edges for end in (edge.start, edge.end)}))
        unsure = [doubt.source for doubt in doubts.doubts(self._db) if _raised(doubt, node)]
        return "\n".join((line(node), *_facts(node), *edge_lines(node, edges, nodes), *self._unsure(unsure)))

    def around(self, word: str, depth: int, limit: int) -> str:
        """A node and those within some steps of it, each with its edges."""
        found = store.around(self._db, self.graph.node(word).change_id, depth)
        nodes = _by_change([one.node for one in found])
        edges = store.edges_of(self._db, nodes)
        lines = []
        for one in found[:limit]:
            lines.append(f"{'  ' * one.steps}{line(one.node)}")
            out = [edge for edge in edges if edge.start == one.node.change_id]
            lines += [f"{'  ' * one.steps}  - {text}" for text in edge_lines(one.node, out, nodes)]
        if len(found) > limit:
            lines.append(f"({len(found) - limit} more: raise limit, or lower depth)")
        return "\n".join(lines)

    def pulse(self, now: float) -> pulse.Pulse:
        """The state of the graph."""
        planned = goals.with_tasks(self._db)
        flagged = [one.node for one in doubts.doubts(self._db) if one.state == "raised"]
        return pulse.pulse(self.graph.snapshot(), self._threshold, self._stale_days, now, planned, flagged)

    def part(
        self, root: str = "", session: str = "", branch: str = "", *, everything: bool = False
    ) -> narrative.Part:
        """What hangs on a node, or what a session or a branch decided; all of it where none is named.

        With `everything` also the automatic nodes that the story leaves out.
        """
        graph = self.graph.snapshot()
        within = self._within(graph, root, session, branch)
        part = narrative.part_of(graph, within if everything else filter(narrative.worth_telling, within))
        named = [node.id for node in part.nodes.values() if node.kind is NodeKind.GOAL]
        tasks = [(one.origin.session, one.origin.task) for one in part.nodes.values() if one.origin.task]
        proof = proofs(part.nodes.values(), goals.evidence(self._db, named, tasks))
        return narrative.Part(part.nodes, part.edges, tuple(proof))

    def writeup(self, root: str, session: str, branch: str, title: str) -> str:
        """A part of the graph as Markdown for a pull request."""
        part = self.part(root, session, branch)
        return narrative.writeup(part, title) if part.nodes else self._none()

    def drawn(self, root: str = "", session: str = "", branch: str = "") -> Graph:
        """A part of the graph, to be drawn."""
        graph = self.graph.snapshot()
        part = narrative.part_of(graph, self._within(graph, root, session, branch))
        return Graph(part.nodes, part.edges)

    def tree(self, root: str = "", session: str = "", branch: str = "") -> str:
        """A part of the graph as a tree of lines."""
        return tree(self.drawn(root, session, branch)) or self._none()

    def plain_tree(self, root: str = "", session: str = "", branch: str = "") -> list[Mapping[str, object]]:
        """The same for programs."""
        return plain_tree(self.drawn(root, session, branch))

    def told(self, root: str = "", session: str = "", branch: str = "", *, everything: bool = False) -> str:
        """The story of a part of the graph."""
        return narrative.timeline(self.part(root, session, branch, everything=everything)) or self._none()

    def near(self, word: str, steps: int) -> tuple[dict[str, Node], list[DecisionEdge]]:
        """A node and those within some steps of it, by change id, and the edges at them."""
        found = store.around(self._db, self.graph.node(word).change_id, steps)
        nodes = _by_change([one.node for one in found])
        return nodes, store.edges_of(self._db, nodes)

    def about(self, paths: list[str], limit: int) -> str:
        """What was decided about files: what holds, then what was not taken."""
        lost = decision_files.not_taken(self._db, paths)
        gone = {one.node.change_id for one in lost}
        held = [node for node in decision_files.at_files(self._db, paths) if node.change_id not in gone]
        lines = [*(line(node) for node in held[:limit]), *(lost_line(one) for one in lost[:limit])]
        lines += _of_all(len(lines), len(held) + len(lost))
        return "\n".join(lines) or f"Nothing was decided about {', '.join(paths)}."

    def _within(self, graph: Graph, root: str, session: str, branch: str) -> list[Node]:
        if root:
            return store.beneath(self._db, self.graph.node(root).change_id)
        if session or branch:
            return store.listed(self._db, session=session or None, branch=branch or None)
        return list(graph.nodes.values())

    def _none(self) -> str:
        """That nothing of what was asked for is there, or nothing at all."""
        return "No decision fits what was asked for." if store.listed(self._db, limit=1) else NOTHING

    def _goals(self) -> list[Node]:
        return store.listed(self._db, (NodeKind.GOAL,), status=NodeStatus.ACTIVE)

    def _doubts(self) -> str:
        raised = [doubt for doubt in doubts.doubts(self._db) if doubt.state == "raised"]
        named = _by_change(store.some(self._db, {end for one in raised for end in (one.node, one.source)}))
        lines = [f"{line(named[one.node])} rests on {line(named[one.source])}" for one in raised]
        return "\n".join(lines) or "Nothing is in doubt."

    def _unsure(self, sources: list[str]) -> list[str]:
        return [f"in doubt, for it rests on {line(node)}" for node in store.some(self._db, sources)]


def open_answers(
    database: Database, journal: Journal, clock: Clock, threshold: int, stale_days: int
) -> Answers:
    """The graph of a database, with its answers."""
    return Answers(DecisionGraph(database, journal, clock, threshold), threshold, stale_days)


def edge_type(word: str) -> EdgeType:
    """An edge type as people type it, `leads-to` too. Raises GraphError that lists them."""
    try:
        return EdgeType(word.strip().lower().replace("-", "_"))
    except ValueError as error:
        raise GraphError(f"There is no edge {word!r}.", hint=f"There are: {', '.join(EdgeType)}.") from error


def _raised(doubt: doubts.Doubt, node: Node) -> bool:
    return doubt.node == node.change_id and doubt.state == "raised"


def _by_change(nodes: list[Node]) -> dict[str, Node]:
    return {node.change_id: node for node in nodes}


def _lines(nodes: list[Node], limit: int) -> str:
    return "\n".join([*(line(node) for node in nodes[:limit]), *_of_all(min(limit, len(nodes)), len(nodes))])


def _of_all(shown: int, count: int) -> list[str]:
    """How many are not shown, where there are such."""
    return [f"({shown:,} of {count:,}: raise limit)"] if count > shown else []


def _facts(node: Node) -> list[str]:
    """Everything besides the first line and the edges, what is empty left out."""
    wording, origin = node.wording, node.origin
    place = "@".join(part for part in (wording.branch, wording.commit[:10]) if part)
    by = ", ".join(
        part for part in (origin.agent or origin.author.value, origin.session, origin.task) if part
    )
    known = {
        "why": wording.reason,
        "about": wording.description,
        "files": ", ".join(wording.files),
        "at": place,
        "by": by,
        "asked": origin.prompt,
        "messages": ", ".join(wording.messages),
        "keepers": ", ".join(wording.keepers),
        "change id": node.change_id,
    }
    return [f"{name}: {value}" for name, value in known.items() if value]
