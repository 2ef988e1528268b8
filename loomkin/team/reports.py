"""An agent's last words, for whoever asked: now, or once those who work for it are done."""

from collections.abc import Mapping

from loomkin.agent.turn import Outcome, TurnEnd
from loomkin.records.mail import PERSON, SYSTEM, Delivery, Mail, MailKind
from loomkin.records.team_event import AgentReported
from loomkin.runtime.recorder import Scribe
from loomkin.team.mailroom import Letter, Mailroom
from loomkin.team.member import Member
from loomkin.team.questions import Questions

ASKING = (MailKind.QUESTION, MailKind.CONTROL)


class Reports:
    """Sends what an agent said last to those whose letters asked for it."""

    def __init__(
        self, room: Mailroom, members: Mapping[str, Member], questions: Questions, scribe: Scribe
    ) -> None:
        self._room = room
        self._members = members
        self._questions = questions
        self._scribe = scribe

    def send(self, member: Member, end: TurnEnd, letters: list[Mail], later: bool) -> list[Mail]:
        """Answer what the letters ask; where more comes `later`, the orders among them are given back."""
        text = end.text if end.outcome is Outcome.DONE else _unfinished(end)
        open_letters = [
            mail
            for mail in letters
            if mail.kind in ASKING and not self._questions.settle(mail.id, member.name, text)
        ]
        owed = [mail for mail in open_letters if later and mail.kind is MailKind.CONTROL]
        for asker in sorted({mail.sender for mail in open_letters if mail not in owed} - {SYSTEM}):
            self._scribe.record(AgentReported(member.name, asker, text, end.outcome.value))
            if asker != PERSON and asker in self._members and self._members[asker].open:
                when = Delivery.DIGEST if member.hushed else Delivery.NEXT_STEP
                self._room.send(member.name, Letter(asker, text, MailKind.HANDOFF, delivery=when))
        return [mail for mail in owed if mail.sender != SYSTEM]

    def answer(self, host: Member, outcome: str) -> None:
        """What the session's own agent said last answers the questions that it heard and left open."""
        letters, host.letters = host.letters, []
        asked = [mail for mail in letters if mail.kind is MailKind.QUESTION]
        if outcome == Outcome.DONE and asked:
            text = host.agent.transcript.last_said()
            for mail in asked:
                self._questions.settle(mail.id, host.name, text)


def _unfinished(end: TurnEnd) -> str:
    why = end.error.message if end.error else end.outcome.value
    said = f"\nIt said last: {end.text}" if end.text else ""
    return f"It did not finish ({end.outcome.value}): {why}{said}"
