"""What a way of working hears of the team's life; each method may do nothing."""

from typing import TYPE_CHECKING

from loomkin.agent.turn import TurnEnd
from loomkin.records.event import Event
from loomkin.records.mail import Mail

if TYPE_CHECKING:
    from loomkin.team.member import Member


class Practice:
    """Base of all practices: hears what happens, says whether it still has something to bring about."""

    def joined(self, member: "Member") -> None:
        """A member was seated."""

    def turn_begins(self, member: "Member", letters: list[Mail]) -> None:
        """A member is woken by letters; called before they are in its window."""

    def turn_ended(self, member: "Member", end: TurnEnd, letters: list[Mail]) -> None:
        """A member's turn is over."""

    def posted(self, mail: Mail) -> None:
        """A letter was put into a member's box."""

    def happened(self, event: Event) -> None:
        """Something happened in the session; must return at once, fragments come here, too."""

    def gone(self, member: "Member", reason: str) -> None:
        """A member crashed for good, was stopped, or left."""

    def holds(self, member: "Member") -> bool:
        """Whether a member that ended its turn will be woken again before it can report."""
        return False

    def at_work(self, member: "Member") -> bool:
        """Whether a member has a piece of work in its own hands."""
        return False

    def concerns(self, member: "Member", mail: Mail) -> bool:
        """Whether a letter is about what a member has others do."""
        return False

    def quiet(self) -> bool:
        """Nobody works and nothing is pending: True where this brought something about that may go on."""
        return False

    def pending(self) -> bool:
        """Whether the session must not end yet, though nobody works at this moment."""
        return False
