"""What the person may do with a team: hire, tell, pause, stop, and change what waits to be read or done."""

from loomkin.agent.agent import Agent
from loomkin.errors import NotFoundError, UsageError
from loomkin.records.mail import PERSON, Delivery, Mail, MailKind, Priority
from loomkin.records.task import Task
from loomkin.team.board import Board
from loomkin.team.hiring import Hiring, Order
from loomkin.team.mailroom import Letter
from loomkin.team.member import Member, Status
from loomkin.team.team import Team
from loomkin.team.transitions import Verb

BY_PERSON = "the person interrupted it"


class Oversight:
    """The person's hands on a team; everything is written down as done by the person."""

    def __init__(self, team: Team, hiring: Hiring, board: Board) -> None:
        self._team = team
        self._hiring = hiring
        self.board = board
        self._stopped: set[str] = set()

    @property
    def names(self) -> tuple[str, ...]:
        """The agents that still read mail, oldest first."""
        return tuple(one.name for one in self._team.members if one.open)

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles that somebody can be hired for."""
        return tuple(self._hiring.roles)

    def statuses(self) -> dict[str, tuple[Status, float]]:
        """What each agent does now, and for how many seconds."""
        now = self._team.now()
        found = {one.name: one.status() for one in self._team.members}
        return {name: (status, max(0.0, now - status.since)) for name, status in found.items()}

    def agent(self, name: str) -> Agent:
        """The agent of that name; raises NotFoundError."""
        return self._team.member(name).agent

    async def spawn(self, role: str, work: str) -> str:
        """Somebody of a role at work; the words say who. Raises LimitError, NotFoundError."""
        hired = await self._hiring.hire(PERSON, Order(role, work))
        name = hired.member.name
        return f"{name} was idle and takes it." if hired.reused else f"{name} is at work."

    def tell(self, name: str, words: str) -> str:
        """Words for an agent's very next model call; an idle one wakes. Raises NotFoundError."""
        member = self._team.member(name)
        # an idle one is given work, and its last words on it come back
        kind = MailKind.STEER if member.busy else MailKind.CONTROL
        letter = Letter(name, words, kind, Priority.URGENT, Delivery.NEXT_STEP)
        self.release(name)
        return self._team.room.send(PERSON, letter).text

    def pause(self, name: str = "") -> tuple[str, ...]:
        """Hold an agent, or all, at the next checkpoint; who is held now and was not before."""
        held = [one for one in self._named(name) if not one.agent.steering.paused]
        for one in held:
            self._team.pause(one.name)
        return tuple(one.name for one in held)

    def unpause(self, name: str = "") -> tuple[str, ...]:
        """Let an agent, or all who are held, go on; who goes on."""
        held = [one for one in self._named(name) if one.agent.steering.paused]
        for one in held:
            self._team.unpause(one.name)
        return tuple(one.name for one in held)

    async def stop(self, name: str) -> None:
        """Send an agent home for good; what waits for it goes back, and who asked for it is told."""
        member = self._team.member(name)
        if member.hosted:
            raise UsageError(f"{name} is your own agent.", hint="Esc interrupts its turn; /quit ends all.")
        if not member.open:
            raise NotFoundError(f"{name} has gone already.")
        await self._team.stop(name, "stopped by the person")

    def interrupt_all(self) -> tuple[str, ...]:
        """Stop every turn that a member takes; who was at work. All members are held until `release`.

        Without that they would go on at once with the mail and the tasks that wait for them.
        """
        members = [one for one in self._team.members if not one.hosted and one.open]
        stopped = tuple(one.name for one in members if one.interrupt(BY_PERSON, hushed=True))
        if stopped:
            self._stopped.update(one.name for one in members if self.pause(one.name))
        return stopped

    def release(self, name: str = "") -> None:
        """Let those go on, or one of them, whom `interrupt_all` holds: the person has said how."""
        freed = self._stopped & {name} if name else set(self._stopped)
        self._stopped -= freed
        for one in sorted(freed):
            self.unpause(one)

    def cancel(self, task: str, reason: str) -> Task:
        """Take a task out of the plan; raises NotFoundError, and PlanError where it has ended."""
        return self.board.move(task, Verb.CANCEL, PERSON, reason or "cancelled by the person")

    def waiting(self, name: str = "") -> tuple[Mail, ...]:
        """The letters that wait for an agent, or for all, in the order of reading; raises NotFoundError."""
        if name:
            self._team.member(name)
        return self._team.room.queued(name)

    def edit(
        self, letter: str, *, text: str | None = None, rank: int | None = None, delay: float | None = None
    ) -> Mail:
        """Change a waiting letter; `delay` in seconds from now. Raises NotFoundError."""
        mail = self._team.room.edit(letter, text=text, rank=rank, delay=delay)
        self._team.stir()
        return mail

    def move(self, letter: str, place: int) -> tuple[Mail, ...]:
        """Put a letter at a place (from 1) among those of its priority for the same agent; all of these."""
        mail = self._letter(letter)
        equal = [one for one in self.waiting(mail.to) if one.priority is mail.priority and one.id != mail.id]
        equal.insert(min(max(place, 1), len(equal) + 1) - 1, mail)
        for rank, one in enumerate(equal):
            if one.rank != rank:
                self.edit(one.id, rank=rank)
        return self.waiting(mail.to)

    def delete(self, letter: str) -> Mail:
        """Take a waiting letter out; raises NotFoundError."""
        mail = self._team.room.delete(letter)
        self._team.stir()
        return mail

    def squash(self, name: str) -> Mail | None:
        """Make one letter of all that wait for an agent; None where there are not two."""
        self._team.member(name)
        return self._team.room.squash(name)

    def _letter(self, identity: str) -> Mail:
        found = next((mail for mail in self.waiting() if mail.id == identity), None)
        if found is None:
            raise NotFoundError(f"No letter {identity} is waiting.", hint="`/queue` shows what waits.")
        return found

    def _named(self, name: str) -> list[Member]:
        if name:
            return [self._team.member(name)]
        return [one for one in self._team.members if one.open]
