"""What one says to the decision graph: a draft of a node, who says it, and what came of it."""

from collections.abc import Mapping
from typing import Any

from loomkin.decisions.lines import line
from loomkin.errors import LoomkinError
from loomkin.records.dataclass import dataclass
from loomkin.records.decision import DecisionEdge, EdgeType, Node, NodeKind

MOST_TITLE = 200


class GraphError(LoomkinError):
    """The graph cannot be changed like that; says what is in the way."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """An option that was turned down, and why."""

    title: str
    reason: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A node as one words it; `parent` is the id of the one that it hangs on, by an edge of type `edge`."""

    kind: NodeKind
    title: str
    description: str = ""
    confidence: int | None = None
    failed: bool = False
    files: tuple[str, ...] = ()
    parent: str = ""
    edge: EdgeType = EdgeType.LEADS_TO
    reason: str = ""
    rejected: tuple[Rejected, ...] = ()
    keepers: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Done:
    """What a change came to: the node concerned, and what whoever made it should hear besides.

    `reused` says that an equal active goal was there already.
    """

    node: Node
    lines: tuple[str, ...] = ()
    reused: bool = False

    def in_words(self, what: str) -> str:
        """What came of it, for whoever did it."""
        return "\n".join((f"{what} {line(self.node)}", *self.lines))


@dataclass(frozen=True, slots=True)
class Graph:
    """The whole graph at one moment: nodes by change id, oldest first, and all edges between them."""

    nodes: Mapping[str, Node]
    edges: tuple[DecisionEdge, ...]


def title_of(text: str) -> str:
    """A title in one line; raises GraphError for none or a long one."""
    title = " ".join(text.split())
    if not title or len(title) > MOST_TITLE:
        raise GraphError(
            f"A title has 1 to {MOST_TITLE} characters; this one has {len(title)}.",
            hint="Put the rest into the description.",
        )
    return title


def confidence_of(number: int | None) -> int | None:
    """A confidence; raises GraphError outside 0 to 100."""
    if number is not None and not 0 <= number <= 100:
        raise GraphError(f"A confidence is a number from 0 to 100, not {number}.")
    return number


def paths_of(paths: tuple[str, ...]) -> tuple[str, ...]:
    """Paths as the graph keeps them: no `./` before, no `/` behind, each once."""
    return tuple(dict.fromkeys(path.removeprefix("./").rstrip("/") or "." for path in paths if path.strip()))


def refuse_unknown(changes: Mapping[str, Any], known: tuple[str, ...]) -> None:
    """Raise GraphError where something is to be changed that a node does not have, or nothing is."""
    wrong = sorted(set(changes) - set(known))
    if wrong or not changes:
        what = f"{', '.join(wrong)} of a node cannot be changed" if wrong else "Nothing to change was named"
        raise GraphError(f"{what}.", hint=f"These can be: {', '.join(known)}.")
