"""What happens to keepers: made, used, archived or brought back, described anew."""

from loomkin.records.dataclass import dataclass
from loomkin.records.event import Fact
from loomkin.records.keeper import Card, Keeper, KeeperState


@dataclass(frozen=True, slots=True)
class KeeperMade(Fact):
    """Messages moved from an agent's window to a keeper; it was full to `before` percent, now to `after`."""

    keeper: Keeper
    before: int = 0
    after: int = 0


@dataclass(frozen=True, slots=True)
class KeeperUsed(Fact):
    """Somebody read in a keeper; `useful` is None where nobody said so, `how` names the tool or command.

    `reason` is what they said of it.
    """

    keeper: str
    how: str
    useful: bool | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class KeeperMoved(Fact):
    """A keeper was archived, or is offered again."""

    keeper: str
    state: KeeperState


@dataclass(frozen=True, slots=True)
class KeeperRevised(Fact):
    """A keeper has a better card."""

    keeper: str
    card: Card
