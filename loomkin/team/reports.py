"""An agent's last words, for whoever asked: now, or once those who work for it are done."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from loomkin.agent.turn import Outcome, TurnEnd
from loomkin.records.mail import ASKING, PERSON, SYSTEM, Delivery, Mail, MailKind
from loomkin.records.team_event import AgentReported
from loomkin.runtime.recorder import Scribe
from loomkin.team.mailroom import Letter, Mailroom
from loomkin.team.member import Member
from loomkin.team.practice import Practice
from loomkin.team.questions import Questions

UNFINISHED = "Not finished: nobody works any more, and not all that I asked others for is done.\n"


class Reports:
    """Sends what an agent said last to those whose letters asked for it.

    `witness` says what a member was seen to do since some time; it stands below the report on an order.
    """

    def __init__(
        self,
        room: Mailroom,
        members: Mapping[str, Member],
        questions: Questions,
        scribe: Scribe,
        practices: Sequence[Practice],
    ) -> None:
        self._room = room
        self._members = members
        self._questions = questions
        self._scribe = scribe
        self._practices = practices
        self._answered: dict[str, dict[str, Mail]] = {}
        self._told: dict[tuple[str, str], str] = {}
        questions.on_answered = self._answer_given
        self.witness: Callable[[Member, float], str] = lambda member, since: ""

    def send(self, member: Member, end: TurnEnd, letters: list[Mail], later: bool) -> list[Mail]:
        """Answer what the letters ask; where more comes `later`, the orders among them are given back."""
        text = last_words(end)
        open_letters = [
            mail
            for mail in letters
            if mail.kind in ASKING and not self._questions.settle(mail.id, member.name, text)
        ]
        owed = [mail for mail in open_letters if later and mail.kind is MailKind.CONTROL]
        self._tell(member, text, end.outcome, [mail for mail in open_letters if mail not in owed])
        return [mail for mail in owed if mail.sender != SYSTEM]

    def reopened(self, member: Member, letters: list[Mail]) -> list[Mail]:
        """The orders that were answered, for one who was woken to go on with what came of them."""
        concerned = any(one.concerns(member, mail) for one in self._practices for mail in letters)
        if not concerned or _asked(letters):
            return []
        return list(self._answered.get(member.name, {}).values())

    def owed_by(self, member: Member) -> bool:
        """Whether somebody waits for its last words: an agent, or the person for the session's own agent."""
        return member.hosted or _asked(member.letters) or bool(self.reopened(member, member.letters))

    def settle(self, member: Member, unfinished: bool) -> None:
        """Send what an agent said last to those whose orders it still has, as nothing more will come."""
        letters, member.letters = member.letters, []
        text = member.agent.transcript.last_said()
        if unfinished:
            text = f"{UNFINISHED}{text or 'It said nothing.'}"
        self._tell(member, text, Outcome.DONE, letters)

    def restore(self, letters: Iterable[Mail], reports: Iterable[AgentReported]) -> None:
        """Go on with what an earlier process had reported: `letters` are the orders that were answered."""
        for mail in letters:
            self._answered.setdefault(mail.to, {})[mail.sender] = mail
        for report in reports:
            self._told[(report.name, report.to)] = report.text

    def _tell(self, member: Member, text: str, outcome: Outcome, letters: list[Mail]) -> None:
        """Report to whoever sent the letters; nobody hears the same words twice without having asked."""
        answered = self._answered.setdefault(member.name, {})
        for asker in sorted({mail.sender for mail in letters} - {SYSTEM}):
            mine = [mail for mail in letters if mail.sender == asker]
            again = all(answered.get(asker) is mail for mail in mine)
            if again and self._told.get((member.name, asker)) == text:
                continue
            self._told[(member.name, asker)] = text
            for mail in mine:
                if mail.kind is MailKind.CONTROL:
                    answered[asker] = mail
            self._scribe.record(AgentReported(member.name, asker, text, outcome.value))
            if asker != PERSON and asker in self._members and self._members[asker].open:
                when = Delivery.DIGEST if member.hushed else Delivery.NEXT_STEP
                ordered = [mail.at for mail in mine if mail.kind is MailKind.CONTROL]
                seen = self.witness(member, min(ordered)) if ordered else ""
                words = f"{text}\n\n{seen}" if seen else text
                self._room.send(member.name, Letter(asker, words, MailKind.HANDOFF, delivery=when))

    def _answer_given(self, name: str, letter: str) -> None:
        """A question that an agent answered while it worked wants nothing more of its last words."""
        member = self._members.get(name)
        if member is not None:
            member.answered(letter)

    def answer(self, host: Member, outcome: str) -> None:
        """What the session's own agent said last answers the questions that it heard and left open."""
        letters, host.letters = host.letters, []
        asked = [mail for mail in letters if mail.kind is MailKind.QUESTION]
        if outcome == Outcome.DONE and asked:
            text = host.agent.transcript.last_said()
            for mail in asked:
                self._questions.settle(mail.id, host.name, text)


def _asked(letters: list[Mail]) -> bool:
    """Whether an agent or the person wants an answer to one of these."""
    return any(mail.kind in ASKING and mail.sender != SYSTEM for mail in letters)


def last_words(end: TurnEnd) -> str:
    """What an agent said last; where it did not finish that comes first."""
    if end.outcome is Outcome.DONE:
        return end.text
    why = end.error.message if end.error else end.outcome.value
    said = f"\nIt said last: {end.text}" if end.text else ""
    return f"It did not finish ({end.outcome.value}): {why}{said}"
