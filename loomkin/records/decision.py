"""The decision graph's nouns: what was wanted, weighed, chosen, done and found, and how it hangs together."""

from enum import StrEnum

from loomkin.records.dataclass import dataclass
from loomkin.records.ids import DecisionId, SessionId


class NodeKind(StrEnum):
    """What a node is."""

    GOAL = "goal"
    DECISION = "decision"
    OPTION = "option"
    ACTION = "action"
    OUTCOME = "outcome"
    OBSERVATION = "observation"
    REVISIT = "revisit"


class NodeStatus(StrEnum):
    """Whether a node still holds."""

    ACTIVE = "active"
    DONE = "done"
    SUPERSEDED = "superseded"
    ABANDONED = "abandoned"


class EdgeType(StrEnum):
    """How one node bears on another, read from left to right: `d5 requires d2`."""

    LEADS_TO = "leads_to"
    CHOSEN = "chosen"
    REJECTED = "rejected"
    REQUIRES = "requires"
    BLOCKS = "blocks"
    ENABLES = "enables"
    SUPERSEDES = "supersedes"
    SUPPORTS = "supports"
    REVISES = "revises"
    SUMMARIZES = "summarizes"


FORWARD = frozenset((EdgeType.LEADS_TO, EdgeType.BLOCKS, EdgeType.ENABLES))
"""Edges whose right side comes after, and rests on, their left side."""
BACKWARD = frozenset((EdgeType.REQUIRES, EdgeType.SUPERSEDES, EdgeType.REVISES, EdgeType.SUMMARIZES))
"""Edges whose left side comes after, and rests on, their right side."""
ORDERING = FORWARD | BACKWARD
"""Edges that together may close no circle; chosen, rejected and supports only say what was weighed."""


class Author(StrEnum):
    """Who made a node."""

    PERSON = "person"
    AGENT = "agent"
    AUTOMATIC = "automatic"


@dataclass(frozen=True, slots=True)
class Wording:
    """What of a node can be edited; `reason` is why it has its status, `confidence` counts from 0 to 100.

    An outcome can have `failed`. `files` are paths below the top folder; `messages` and `keepers` name what
    was said about it.
    """

    title: str
    description: str = ""
    status: NodeStatus = NodeStatus.ACTIVE
    reason: str = ""
    confidence: int | None = None
    failed: bool = False
    files: tuple[str, ...] = ()
    branch: str = ""
    commit: str = ""
    messages: tuple[str, ...] = ()
    keepers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a node comes from: who made it, in which session, and the person's own words before it."""

    author: Author = Author.PERSON
    agent: str = ""
    session: SessionId = SessionId("")
    task: str = ""
    prompt: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """One node; `id` is its name in this repository, `change_id` is the same in every clone of it."""

    id: DecisionId
    change_id: str
    kind: NodeKind
    wording: Wording
    origin: Origin
    created: float
    updated: float

    @property
    def title(self) -> str:
        """What it is, in a few words."""
        return self.wording.title

    @property
    def status(self) -> NodeStatus:
        """Whether it still holds."""
        return self.wording.status

    @property
    def active(self) -> bool:
        """Whether it still holds."""
        return self.wording.status is NodeStatus.ACTIVE

    @property
    def confidence(self) -> int | None:
        """How sure its author is, from 0 to 100, None where nobody said."""
        return self.wording.confidence


@dataclass(frozen=True, slots=True)
class DecisionEdge:
    """`start` bears on `end`, both by change id; there is one edge of a type between two nodes at most."""

    change_id: str
    start: str
    end: str
    type: EdgeType
    reason: str = ""
    created: float = 0.0

    @property
    def order(self) -> tuple[str, str] | None:
        """The earlier and the later node, None for a type that says nothing of order."""
        if self.type in FORWARD:
            return self.start, self.end
        return (self.end, self.start) if self.type in BACKWARD else None
