"""Sees to it that a task in somebody's hands moves: leases, nudges, and taking back what is left lying."""

from loomkin.agent.turn import Outcome, TurnEnd
from loomkin.records.event import Event, Fact
from loomkin.records.ids import TaskId
from loomkin.records.mail import SYSTEM, Mail, MailKind
from loomkin.records.task import ENDED, Task, TaskState
from loomkin.records.team_event import TaskMoved
from loomkin.runtime.clock import Clock
from loomkin.runtime.rounds import Rounds
from loomkin.runtime.supervisor import Supervisor
from loomkin.team.board import Board
from loomkin.team.board_guards import HELD
from loomkin.team.mailroom import Letter
from loomkin.team.member import Member
from loomkin.team.orders import left_behind
from loomkin.team.practice import Practice
from loomkin.team.referee import RUNNING
from loomkin.team.rendezvous import Meetings
from loomkin.team.team import Team
from loomkin.team.transitions import Actor, Verb

LEASE, RENEW = 900.0, 15.0
"""Seconds that a task stays with an owner who gives no sign of life, and between two renewals."""
NUDGES = 2
MOVING = (TaskState.READY, TaskState.OFFERED, *HELD)


class Leasing(Practice):
    """A sign of life of an owner renews its lease; a turn that ends with the task undone is asked about."""

    lease = LEASE

    def __init__(
        self,
        team: Team,
        board: Board,
        meetings: Meetings,
        clock: Clock,
        supervisor: Supervisor,
    ) -> None:
        self._team = team
        self._board = board
        self._meetings = meetings
        self._clock = clock
        self._nudged: dict[TaskId, int] = {}
        self._renewed: dict[TaskId, float] = {}
        self._rounds = Rounds("leases", supervisor, _nothing, team.stir)
        board.listen(self._changed)

    def happened(self, event: Event) -> None:
        """A sign of life of an owner."""
        if event.agent:
            task = self._board.in_hand(event.agent) if self._renewed else None
            if task is not None and self._clock.monotonic() - self._renewed.get(task.id, 0.0) >= RENEW:
                self._renew(task.id)

    def at_work(self, member: Member) -> bool:
        """Whether a member has a task in hand."""
        return self._board.in_hand(member.name) is not None

    def turn_ended(self, member: Member, end: TurnEnd, letters: list[Mail]) -> None:
        """A turn ended: with its task undone the owner is asked twice, then the task goes to others."""
        task = self._board.in_hand(member.name)
        if task is None or task.state not in RUNNING or end.outcome is Outcome.CANCELLED:
            return
        if end.outcome in (Outcome.FAILED, Outcome.LIMIT_REACHED, Outcome.BLOCKED):
            why = end.error.message if end.error else end.outcome.value
            self._take(task, f"{member.name} could not go on: {why}", end.text)
        elif not self._waits(member):
            self._nudge(member, task, end.text)

    def gone(self, member: Member, reason: str) -> None:
        """What it had goes back to the plan, with what it left behind."""
        for task in self._board.tasks:
            if task.owner != member.name:
                continue
            if task.state is TaskState.OFFERED:
                self._board.move(task.id, Verb.WITHDRAW, SYSTEM, reason, role=Actor.ASSIGNMENT)
            elif task.state in (*HELD, TaskState.WAITING):
                self._take(task, reason, _last_words(member))

    def _nudge(self, member: Member, task: Task, said: str) -> None:
        count = self._nudged[task.id] = self._nudged.get(task.id, 0) + 1
        if count > NUDGES:
            self._take(task, f"{member.name} ended its turn {count} times without handing it in", said)
            return
        words = (
            f"Your turn ended, but {task.id} ({task.title}) is still in your hands. If it is done, call "
            f"task_complete with your handoff. If something is in the way, call task_block; if it is not for "
            f"you, task_decline. Otherwise go on with it."
        )
        self._team.room.send(SYSTEM, Letter(member.name, words, MailKind.CONTROL, task=task.id))

    def _waits(self, member: Member) -> bool:
        """Whether an owner has a reason to rest: mail that will wake it, or others who work for it."""
        name = member.name
        mine = (task for task in self._board.tasks if task.creator == name and task.owner != name)
        return (
            member.box.waits()
            or self._meetings.waits(name)
            or self._team.owed(name)
            or any(task.state in MOVING for task in mine)
        )

    def _take(self, task: Task, reason: str, said: str) -> None:
        """Back to the plan with what was done so far; after three attempts the task has failed."""
        if (left := left_behind(task, reason, said)) != task.handoff:
            self._board.hand_off(task.id, left)
        self._board.move(task.id, Verb.GIVE_BACK, SYSTEM, reason, role=Actor.ASSIGNMENT)

    def _changed(self, fact: Fact) -> None:
        if not isinstance(fact, TaskMoved):
            return
        if fact.after in HELD:
            self._renew(fact.task)
        else:
            self._rounds.drop(fact.task)
            self._renewed.pop(fact.task, None)
        if fact.before not in HELD or fact.after in ENDED:
            self._nudged.pop(fact.task, None)

    def _renew(self, task: TaskId) -> None:
        self._renewed[task] = self._clock.monotonic()
        self._rounds.call_in(self.lease, task, lambda: self._expired(task))

    def _expired(self, identity: TaskId) -> None:
        task = self._board.task(identity)
        if task.state in HELD:
            said = next((_last_words(one) for one in self._team.members if one.name == task.owner), "")
            self._take(task, f"no sign of life of {task.owner} for {self.lease:g} s", said)


def _last_words(member: Member) -> str:
    said = (one.text for one in reversed(member.agent.transcript.messages) if one.sender == member.name)
    return next((text for text in said if text), "")


async def _nothing() -> None:
    return None


PRACTICE = Leasing
