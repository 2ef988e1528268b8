"""Brings tools into an agent's sight once they are of use: those for the plan, and those for claims."""

from loomkin.records.event import Event, TurnStarted
from loomkin.records.mail import SYSTEM, Mail, MailKind
from loomkin.records.team_event import MailSent, RegionContested
from loomkin.team.board import Board
from loomkin.team.earlier import Earlier
from loomkin.team.member import Member
from loomkin.team.practice import Practice
from loomkin.team.reports import UNFINISHED
from loomkin.team.team import Team

CLAIMS = ("region_claim", "region_release")


class InSight(Practice):
    """Tools for the plan come once and stay, so that a prompt remains the same as long as it can.

    They come with the turn of one who has, had or made a task, or with the letter that is about one.
    """

    def __init__(self, team: Team, board: Board, earlier: Earlier) -> None:
        self._team = team
        self._board = board
        self._letters = [fact.mail for fact in earlier.facts if isinstance(fact, MailSent)]

    def joined(self, member: Member) -> None:
        """Who comes back from an earlier process has the tools that it had."""
        self._look(member.name)

    def happened(self, event: Event) -> None:
        """A turn begins, perhaps that of an agent with a task, or somebody is told to claim what it needs."""
        if isinstance(event.fact, RegionContested):
            self._team.member(event.fact.agent).agent.runner.toolbox.show(CLAIMS)
        elif isinstance(event.fact, TurnStarted):
            self._look(event.agent)

    def posted(self, mail: Mail) -> None:
        """A letter that is about the plan, to one who has to do with it."""
        if self._concerns(mail):
            self._show(mail.to)

    def _look(self, name: str) -> None:
        letters = (mail for mail in self._letters if mail.to == name)
        works = any(name in (task.owner, task.creator) for task in self._board.tasks)
        if works or any(self._concerns(mail) for mail in letters):
            self._show(name)

    def _concerns(self, mail: Mail) -> bool:
        hosted = any(one.hosted and one.name == mail.to for one in self._team.members)
        order = mail.sender == SYSTEM and mail.kind is MailKind.CONTROL
        return bool(mail.task and (order or hosted)) or (hosted and mail.text.startswith(UNFINISHED))

    def _show(self, name: str) -> None:
        self._team.member(name).agent.runner.toolbox.show_plan()


PRACTICE = InSight
