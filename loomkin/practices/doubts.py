"""Wakes an idle agent when something is in doubt that its own decisions rest on."""

from loomkin.decisions.hearing import Hearing
from loomkin.records.decision_event import DoubtRaised
from loomkin.records.event import Event
from loomkin.records.mail import SYSTEM, MailKind
from loomkin.team.mailroom import Letter, Undeliverable
from loomkin.team.practice import Practice
from loomkin.team.team import Team


class DoubtsHeard(Practice):
    """One that works, and the session's own agent, hear of it before their next step without a letter."""

    def __init__(self, team: Team, hearing: Hearing) -> None:
        self._team = team
        self._hearing = hearing

    def happened(self, event: Event) -> None:
        """A doubt arose, perhaps in what somebody decided who is done and still there."""
        fact = event.fact
        if not isinstance(fact, DoubtRaised) or fact.told:
            return
        idle = [one.name for one in self._team.members if one.open and not one.hosted and not one.active]
        if fact.agent in idle:
            self._tell(fact.agent)

    def _tell(self, name: str) -> None:
        news = self._hearing.news(name)
        if not news:
            return
        try:
            self._team.room.send(SYSTEM, Letter(name, news, MailKind.FINDING))
        except Undeliverable:
            return


PRACTICE = DoubtsHeard
