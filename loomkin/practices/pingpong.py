"""Stops two agents that write to each other again and again while nothing changes."""

from loomkin.records.event import Event, FileChanged
from loomkin.records.mail import PERSON, SYSTEM, Mail, MailKind, Priority
from loomkin.records.team_event import EvidenceGathered, TaskMoved
from loomkin.team.mailroom import Letter, Mailroom
from loomkin.team.practice import Practice
from loomkin.team.team import Team

MOST = 6
CHANGES = (FileChanged, TaskMoved, EvidenceGathered)


class PingPong(Practice):
    """Counts the letters of each pair since something last changed; over six it pauses both and asks."""

    def __init__(self, team: Team, room: Mailroom) -> None:
        self._team = team
        self._room = room
        self._letters: dict[frozenset[str], int] = {}

    def happened(self, event: Event) -> None:
        """A change by one of a pair ends its count."""
        if isinstance(event.fact, CHANGES):
            for pair in [pair for pair in self._letters if event.agent in pair or not event.agent]:
                del self._letters[pair]

    def posted(self, mail: Mail) -> None:
        """A letter between two agents counts; the seventh stops both."""
        if SYSTEM in (mail.sender, mail.to) or PERSON in (mail.sender, mail.to):
            return
        pair = frozenset((mail.sender, mail.to))
        self._letters[pair] = self._letters.get(pair, 0) + 1
        if self._letters[pair] <= MOST:
            return
        del self._letters[pair]
        one, two = sorted(pair)
        words = f"{one} and {two} exchanged more than {MOST} letters while no task, file or decision changed."
        asked = self._ask(pair, words)
        if asked:
            self._room.send(SYSTEM, Letter(PERSON, f"{words} Both are paused: {asked}", MailKind.BLOCKER))

    def _ask(self, pair: frozenset[str], words: str) -> str:
        """Pause both where somebody can let them go on; else tell both to come to an end."""
        if self._team.attended:
            for name in sorted(pair):
                self._team.pause(name)
            return "say how to go on with /tell, then /unpause."
        for name in sorted(pair):
            text = f"{words} Stop writing: decide, change something, or end your turn and say what is open."
            self._room.send(SYSTEM, Letter(name, text, MailKind.CONTROL, Priority.HIGH))
        return ""


PRACTICE = PingPong
