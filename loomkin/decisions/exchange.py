"""Giving a part of the graph to other clones of the repository, and taking theirs in."""

from loomkin.decisions.desk import Who
from loomkin.decisions.graph import DecisionGraph
from loomkin.decisions.merging import Merged, Merger, differing
from loomkin.decisions.patch import chosen, read, written
from loomkin.records.dataclass import dataclass
from loomkin.records.decision import Node
from loomkin.runtime.clock import SystemClock
from loomkin.store.database import Database
from loomkin.store.decision_log import NodeWord, last_words
from loomkin.store.decisions import NUMBERS
from loomkin.store.numbers import take_number


@dataclass(frozen=True, slots=True)
class Scope:
    """Which nodes a patch is to hold: of a branch or session, changed since; all where nothing is named."""

    branch: str = ""
    session: str = ""
    since: float = 0.0

    def holds(self, word: NodeWord) -> bool:
        """Whether a node is one of them, wherever it was changed last."""
        node = word.node
        return self.branch in ("", node.wording.branch) and self.session in ("", node.origin.session)


@dataclass(frozen=True, slots=True)
class Patch:
    """The text of a patch file, and how many nodes, edges and deletions of either it tells of."""

    text: str
    nodes: int
    edges: int
    deletions: int
    prompts: int


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a patch, and what should be heard besides."""

    merged: Merged
    lines: tuple[str, ...]


def diff(database: Database, scope: Scope, *, prompts: bool = False) -> Patch:
    """A part of the graph as a patch file; the person's words go along where `prompts` says so."""
    part = chosen(last_words(database), scope.holds, scope.since)
    nodes = [word for word in part.nodes.values() if not word.gone]
    edges = [word for word in part.edges.values() if not word.gone]
    gone = len(part.nodes) + len(part.edges) - len(nodes) - len(edges)
    asked = {word.node.origin.prompt for word in nodes} - {""} if prompts else ()
    return Patch(written(part, prompts=prompts), len(nodes), len(edges), gone, len(asked))


async def apply(graph: DecisionGraph, text: str, who: Who, *, dry_run: bool = False) -> Applied:
    """Take a patch file in, whole or not at all; raises GraphError with what is in the way."""
    patch, act = read(text), SystemClock().new_id("a")
    database, plans = graph.database, []

    def number() -> str:
        return "" if dry_run else f"d{take_number(database.writer, NUMBERS)}"

    def plan() -> Merged:
        plans.append(Merger(last_words(database), act, number).plan(patch))
        return plans[-1]

    if dry_run:
        return Applied(plan(), ())
    lines = await graph.write_planned(lambda: plan().events, who)
    return Applied(plans[-1], lines)


def in_words(applied: Applied, *, dry_run: bool = False) -> str:
    """What became of a patch, a line for every node."""
    merged = applied.merged
    lines = [f"+ {_told(node)}" for node in merged.added]
    lines += [f"~ {_told(new)} ({', '.join(differing(old, new))})" for old, new in merged.changed]
    lines += [f"- {_told(node)}" for node in merged.removed]
    counts = {
        "added": len(merged.added),
        "changed": len(merged.changed),
        "removed": len(merged.removed),
    }
    nodes = ", ".join(f"{count} {what}" for what, count in counts.items() if count) or "none new"
    edges = f"{len(merged.linked)} drawn, {len(merged.unlinked)} taken away"
    rest = f"{merged.known} known already, {merged.older} older than what is here"
    head = "Nothing to take in" if merged.nothing else "Would take in" if dry_run else "Taken in"
    return "\n".join([f"{head}: nodes: {nodes}; edges: {edges}; {rest}.", *lines, *applied.lines])


def plain(applied: Applied) -> dict[str, object]:
    """What became of a patch, for programs."""
    merged = applied.merged
    return {
        "nodes": {
            "added": [_plain(node) for node in merged.added],
            "changed": [{**_plain(new), "fields": list(differing(old, new))} for old, new in merged.changed],
            "removed": [_plain(node) for node in merged.removed],
        },
        "edges": {"drawn": len(merged.linked), "taken_away": len(merged.unlinked)},
        "known": merged.known,
        "older": merged.older,
        "notes": list(applied.lines),
    }


def _told(node: Node) -> str:
    return f"{node.id} {node.kind}: {node.title}".strip()


def _plain(node: Node) -> dict[str, object]:
    return {"id": node.id, "change_id": node.change_id, "kind": node.kind.value, "title": node.title}
