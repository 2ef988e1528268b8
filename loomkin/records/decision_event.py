"""What happens to the decision graph; `act` joins the facts of one change, which is undone as one."""

from loomkin.records.dataclass import dataclass
from loomkin.records.decision import DecisionEdge, Node, Wording
from loomkin.records.event import Fact
from loomkin.records.ids import DecisionId, SessionId


@dataclass(frozen=True, slots=True)
class DecisionLogged(Fact):
    """The graph has one more node, or one that was deleted again."""

    node: Node
    by: str
    act: str


@dataclass(frozen=True, slots=True)
class DecisionRevised(Fact):
    """A node's words, status, confidence or files changed from `before` to `after`."""

    id: DecisionId
    change_id: str
    before: Wording
    after: Wording
    by: str
    act: str


@dataclass(frozen=True, slots=True)
class DecisionRemoved(Fact):
    """A node was deleted, with its edges, which were unlinked just before."""

    node: Node
    by: str
    act: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DecisionLinked(Fact):
    """An edge was drawn, or the reason on it changed."""

    edge: DecisionEdge
    by: str
    act: str
    before: DecisionEdge | None = None


@dataclass(frozen=True, slots=True)
class DecisionUnlinked(Fact):
    """An edge was taken away."""

    edge: DecisionEdge
    by: str
    act: str


@dataclass(frozen=True, slots=True)
class DoubtRaised(Fact):
    """A node rests on one that is in doubt, at most five steps away; its owner was `told` or not yet.

    `node` and `source` are change ids.
    """

    node: str
    source: str
    session: SessionId
    agent: str
    told: bool


@dataclass(frozen=True, slots=True)
class DoubtTold(Fact):
    """The owner of a node has heard that it is in doubt, or no more; `node` and `source` are change ids."""

    node: str
    source: str


@dataclass(frozen=True, slots=True)
class DoubtCleared(Fact):
    """What a node rests on is sure again, or gone; its owner was `told` already or not yet."""

    node: str
    source: str
    told: bool
