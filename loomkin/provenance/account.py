"""The answer to why a line is there: what is known, and how sure that is."""

from collections.abc import Sequence
from enum import StrEnum

from loomkin.provenance.blame import Commit
from loomkin.provenance.trailers import Named
from loomkin.records.dataclass import dataclass
from loomkin.records.decision import Node
from loomkin.records.message import Message
from loomkin.records.task import Evidence
from loomkin.store.sessions import ChangeRow


class Link(StrEnum):
    """How a line and a decision were brought together, the surest first."""

    TRAILER = "trailer"
    COMMIT = "recorded commit"
    CHANGE = "recorded change"
    FILE = "about the file"
    GUESS = "guess"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Option:
    """A way that was weighed for a decision: whether it was taken, and why or why not."""

    node: Node
    chosen: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Reason:
    """A decision with what stands behind it.

    `above` are the goals it came of, `instead` is what superseded it, `outcomes` and `evidence` show what
    came of it; `messages` are the ones it was made in, word for word, as far as they are here.
    """

    node: Node
    link: Link
    options: tuple[Option, ...] = ()
    above: tuple[Node, ...] = ()
    instead: tuple[Node, ...] = ()
    outcomes: tuple[Node, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    tasks: tuple[tuple[str, str], ...] = ()
    messages: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class Stretch:
    """Lines that come from one place; none are counted for a whole file.

    `unknown` are decisions that the commit names and this repository's graph does not have. `change` is the
    recorded change that wrote the lines, by their text where that is `certain`; `words` were said before it.
    """

    first: int
    last: int
    texts: tuple[str, ...]
    commit: Commit | None
    reasons: tuple[Reason, ...] = ()
    unknown: tuple[Named, ...] = ()
    change: ChangeRow | None = None
    certain: bool = True
    words: tuple[Message, ...] = ()

    @property
    def link(self) -> Link:
        """How sure the surest of the reasons is."""
        order = list(Link)
        return min((reason.link for reason in self.reasons), key=order.index, default=Link.NONE)


@dataclass(frozen=True, slots=True)
class Account:
    """All that is known of some lines of a file, or of the whole file where no line was named."""

    path: str
    first: int
    last: int
    stretches: tuple[Stretch, ...]
    notes: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        """The place as one types it."""
        if not self.first:
            return self.path
        return f"{self.path}:{self.first}" + (f"-{self.last}" if self.last > self.first else "")


def once(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    """The reasons, each decision once, where it is surest."""
    order = list(Link)
    found: dict[str, Reason] = {}
    for reason in sorted(reasons, key=lambda one: order.index(one.link)):
        found.setdefault(reason.node.change_id, reason)
    return tuple(found.values())
