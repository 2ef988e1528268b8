"""Mail between agents: addresses, receipts, delivery, and what the person does to a queue."""

from collections.abc import Callable, Iterable, Sequence

from loomkin.agent.steering import Heard
from loomkin.errors import NotFoundError
from loomkin.records.dataclass import dataclass, replace
from loomkin.records.ids import MailId, TaskId
from loomkin.records.mail import PERSON, SYSTEM, Delivery, Mail, MailKind, MailState, Priority
from loomkin.records.team_event import MailEdited, MailMoved, MailSent
from loomkin.runtime.clock import Clock
from loomkin.runtime.mailbox import AT_END, NOW, Mailbox
from loomkin.runtime.recorder import Scribe
from loomkin.team.mail_words import in_words, when_read

TEAM = "team"


@dataclass(frozen=True, slots=True)
class Letter:
    """What a sender says of a letter: `to` is an agent, a role, `team`, `team:NAME` or `person`."""

    to: str
    text: str
    kind: MailKind = MailKind.CHAT
    priority: Priority = Priority.NORMAL
    delivery: Delivery = Delivery.NEXT_STEP
    reply_within: float = 0.0
    delay: float = 0.0
    correlation: str = ""
    task: str = ""


@dataclass(frozen=True, slots=True)
class Address:
    """Somebody mail can go to; `state` is what they do now, `open` whether they still read."""

    name: str
    role: str
    team: str
    state: str
    open: bool


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a letter: one id for each recipient, and what the sender should know."""

    ids: tuple[MailId, ...]
    text: str


class Undeliverable(NotFoundError):
    """Nobody can take this letter; says who could."""


class Mailroom:
    """Takes letters, puts them into boxes and writes down where each one stands."""

    def __init__(
        self,
        scribe: Scribe,
        clock: Clock,
        directory: Callable[[], Sequence[Address]],
        find: Callable[[str], Address | None],
    ) -> None:
        self._scribe = scribe
        self._clock = clock
        self._directory = directory
        self._find = find
        self._boxes: dict[str, Mailbox] = {}
        self._last = 0
        self._senders: dict[str, str] = {}
        self._listeners: list[Callable[[Mail], None]] = []

    def box(self, name: str) -> Mailbox:
        """The mailbox of an agent, opened where it is new."""
        return self._boxes.get(name) or self._boxes.setdefault(name, Mailbox(self._clock.now))

    def listen(self, listener: Callable[[Mail], None]) -> None:
        """Tell `listener` of every letter that was taken; it must return at once."""
        self._listeners.append(listener)

    def send(self, sender: str, letter: Letter) -> Receipt:
        """Put a letter into every box that it is addressed to; raises Undeliverable where there is none."""
        sent = [self._put(sender, reader, letter) for reader in self._readers(sender, letter.to)]
        return Receipt(tuple(mail.id for mail, _ in sent), "\n".join(words for _, words in sent))

    def restore(self, letters: Sequence[Mail]) -> None:
        """Go on with the letters of an earlier process: what was queued is queued again."""
        self._last = len(letters)
        self._senders = {mail.id: mail.sender for mail in letters}
        for mail in letters:
            if mail.state is MailState.QUEUED:
                self.box(mail.to).put(mail)

    def queued(self, name: str = "") -> tuple[Mail, ...]:
        """What waits for one agent, or for all, in the order of reading."""
        names = [name] if name else sorted(self._boxes)
        return tuple(mail for each in names for mail in self.box(each).letters)

    def edit(
        self, identity: str, *, text: str | None = None, rank: int | None = None, delay: float | None = None
    ) -> Mail:
        """Change a waiting letter; raises NotFoundError where it waits no more."""
        box, mail = self._waiting(identity)
        changed = replace(
            mail,
            text=mail.text if text is None else text,
            rank=mail.rank if rank is None else rank,
            not_before=mail.not_before if delay is None else self._clock.now() + delay,
        )
        box.put_in_place(changed)
        self._scribe.record(MailEdited(mail.id, changed.text, changed.rank, changed.not_before))
        return changed

    def delete(self, identity: str, reason: str = "deleted by the person") -> Mail:
        """Take a waiting letter out; raises NotFoundError where it waits no more."""
        box, mail = self._waiting(identity)
        box.remove(identity)
        self._scribe.record(MailMoved(mail.id, MailState.DELETED.value, reason))
        return mail

    def squash(self, name: str) -> Mail | None:
        """Make one letter of all that wait for an agent: the first one, with the words of all."""
        letters = self.box(name).letters
        if len(letters) < 2:
            return None
        first = letters[0]
        text = "\n\n".join(f"[from {mail.sender}, {mail.kind}] {mail.text}" for mail in letters)
        for mail in letters[1:]:
            self.delete(mail.id, f"squashed into {first.id}")
        return self.edit(first.id, text=text)

    def outdated(self, task: TaskId) -> None:
        """A task has ended: what loomkin wrote to be done for it is dropped, other words wake nobody."""
        for box in self._boxes.values():
            for mail in [one for one in box.letters if one.task == task and one.kind in _OVERTAKEN]:
                if mail.sender == SYSTEM:
                    box.remove(mail.id)
                    self._scribe.record(MailMoved(mail.id, MailState.DELETED.value, f"{task} has ended"))
                else:
                    box.put_in_place(replace(mail, delivery=Delivery.DIGEST))

    def close(self, name: str, reason: str, by: str = "") -> None:
        """Nobody reads this box any more: senders of what waits in it are told, except who closed it."""
        for mail in self.box(name).letters:
            self.box(name).remove(mail.id)
            self._scribe.record(MailMoved(mail.id, MailState.UNDELIVERABLE.value, reason))
            if mail.sender not in (PERSON, SYSTEM, by) and self._is_open(mail.sender):
                words = f"Your letter {mail.id} to {name} was not read: {reason}. It said: {mail.text}"
                self.send(SYSTEM, Letter(mail.sender, words, MailKind.CONTROL))

    def note(self, sender: str, letter: Letter, state: MailState) -> None:
        """Write down a letter that reached its reader on another way."""
        self._scribe.record(MailSent(replace(self._mail(sender, letter.to, letter), state=state)))

    def sender_of(self, identity: str) -> str:
        """Who sent a letter of this session; raises NotFoundError."""
        if identity not in self._senders:
            raise NotFoundError(f"There is no letter {identity!r}.", hint="Its id stands in the mail's tag.")
        return self._senders[identity]

    def mark(self, letters: Iterable[Mail], state: MailState) -> None:
        """Write down that letters reached a state."""
        for mail in letters:
            self._scribe.record(MailMoved(mail.id, state.value))

    def _put(self, sender: str, reader: Address, letter: Letter) -> tuple[Mail, str]:
        mail = self._mail(sender, reader.name, letter)
        if reader.name == PERSON:
            self._scribe.record(MailSent(replace(mail, state=MailState.DELIVERED)))
            return mail, f"{mail.id}: shown to the person."
        if not self.box(reader.name).put(mail):
            reason = f"the mailbox of {reader.name} is full"
            self._scribe.record(MailSent(replace(mail, state=MailState.UNDELIVERABLE)))
            raise Undeliverable(f"Not sent: {reason}.", hint="Wait until it has read its mail.")
        self._scribe.record(MailSent(mail))
        for listener in self._listeners:
            listener(mail)
        return mail, f"{mail.id}: queued for {reader.name} ({reader.state}), {when_read(mail)}."

    def _mail(self, sender: str, to: str, letter: Letter) -> Mail:
        now = self._clock.now()
        self._last += 1
        mail = Mail(
            MailId(f"m{self._last}"),
            sender,
            to,
            letter.kind,
            letter.text,
            now,
            letter.priority,
            letter.delivery,
            now + letter.reply_within if letter.reply_within else 0.0,
            now + letter.delay if letter.delay else 0.0,
            letter.correlation,
            TaskId(letter.task),
        )
        self._senders[mail.id] = sender
        return mail

    def _readers(self, sender: str, to: str) -> list[Address]:
        if to == PERSON:
            return [Address(PERSON, PERSON, "", "", True)]
        named = self._find(to)
        if named is not None and named.open:
            return [named]
        known = list(self._directory())
        found = [one for one in known if one.open and self._means(to, one, sender, known)]
        mine = next((one.team for one in known if one.name == sender), "")
        if found:  # a role means one's own team first, and another's where that has nobody of it
            return [one for one in found if one.team == mine] or found
        gone = next((one for one in known if one.name == to), None)
        if gone is not None:
            raise Undeliverable(f"{to} is {gone.state} and reads no mail.", hint=_who(known))
        raise Undeliverable(f"There is no agent, role or team {to!r}.", hint=_who(known))

    def _means(self, to: str, one: Address, sender: str, known: Sequence[Address]) -> bool:
        if any(other.name == to for other in known):
            return one.name == to
        mine = next((other.team for other in known if other.name == sender), one.team)
        if to == TEAM:
            return one.team == mine and one.name != sender
        if to.startswith(f"{TEAM}:"):
            return one.team == to.removeprefix(f"{TEAM}:") and one.name != sender
        return one.role == to and one.name != sender

    def _waiting(self, identity: str) -> tuple[Mailbox, Mail]:
        for box in self._boxes.values():
            for mail in box.letters:
                if mail.id == identity:
                    return box, mail
        raise NotFoundError(f"No letter {identity} is waiting.", hint="`/queue` shows what waits.")

    def _is_open(self, name: str) -> bool:
        found = self._find(name)
        return found is not None and found.open


_OVERTAKEN = (MailKind.STEER, MailKind.CONTROL, MailKind.REVIEW, MailKind.BLOCKER)


class AgentInbox:
    """The mail of one agent as its turns see it."""

    def __init__(self, room: Mailroom, box: Mailbox, now: Callable[[], float]) -> None:
        self._room = room
        self._box = box
        self._now = now
        self._told: list[Mail] = []
        self.on_taken: Callable[[Mail], None] = lambda mail: None
        self.owes = lambda: True
        self.asked = lambda: False
        self.rests = lambda: False

    def take(self, *, end: bool) -> list[Heard]:
        """What is to be heard now; expired letters are left out and written down as such."""
        taken = self._box.take(AT_END if end else NOW)
        if taken or not end:
            quiet = self._box.take((Delivery.DIGEST,), "" if taken else SYSTEM)
            before = [mail for mail in quiet if (mail.sender, mail.priority) == (SYSTEM, Priority.LOW)]
            taken = [*before, *taken, *(mail for mail in quiet if mail not in before)]
        late = [mail for mail in taken if mail.reply_by and mail.reply_by < self._now()]
        self._room.mark(late, MailState.EXPIRED)
        fresh = [mail for mail in taken if mail not in late]
        self._room.mark(fresh, MailState.DELIVERED)
        self._told += fresh
        for mail in fresh:
            self.on_taken(mail)
        return [Heard(in_words(mail, self._now()), mail.sender) for mail in fresh]

    def waits(self) -> bool:
        """Whether something is to be heard before the turn may end."""
        return self._box.waits(AT_END)

    def heard(self) -> None:
        """What was taken has been in a model call."""
        self._room.mark(self._told, MailState.READ)
        self._told.clear()

    def on_interrupt(self, call: Callable[[], None] | None) -> None:
        """Whom to tell at once of a letter that cannot wait for the step's end."""
        self._box.on_interrupt(call)


def _who(known: Sequence[Address]) -> str:
    there = ", ".join(f"{one.name} ({one.role}, {one.state})" for one in known if one.open)
    return f"There are: {there or 'no other agents'}; also a role's name, `team` and `person`."
