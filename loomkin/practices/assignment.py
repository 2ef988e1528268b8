"""Gives ready tasks to agents: an offer as mail, accepted, declined or countered in one step."""

from collections import Counter
from collections.abc import Awaitable, Callable

from loomkin.agent.turn import TurnEnd
from loomkin.records.event import Event, Fact, MessageAdded, TurnStarted
from loomkin.records.ids import MailId, TaskId
from loomkin.records.mail import SYSTEM, Mail, MailKind, MailState
from loomkin.records.message import ToolCall
from loomkin.records.task import Task, TaskState
from loomkin.records.team_event import AgentMoved, MailMoved, MailSent, TaskMoved
from loomkin.runtime.rounds import Rounds
from loomkin.runtime.supervisor import Supervisor
from loomkin.store.database import Database
from loomkin.store.tasks import TrackRecord, track_record
from loomkin.team.board import Board
from loomkin.team.board_guards import HELD
from loomkin.team.earlier import Earlier, Presented
from loomkin.team.mailroom import Letter, Mailroom, Undeliverable
from loomkin.team.matching import Candidate, rank
from loomkin.team.member import Member
from loomkin.team.orders import left_behind, order
from loomkin.team.person_words import ForOwners
from loomkin.team.practice import Practice
from loomkin.team.team import Team
from loomkin.team.transitions import Actor, Verb

LOADS = (*HELD, TaskState.OFFERED)
COMES_BACK = (TaskState.WAITING, TaskState.IN_REVIEW)
SILENCE = 5.0
"""Seconds after which an offer that nobody answers counts as accepted."""


class _Offer:
    """What an agent has been told to decide on: a task, in a letter, read or not."""

    def __init__(self, task: TaskId, agent: str, told: Presented) -> None:
        self.task = task
        self.agent = agent
        self.mail = told.mail
        self.read = told.heard


class Assignment(Practice):
    """Keeps a queue of offered tasks for each agent, and puts one after the other before it.

    A task waits in a queue only where somebody named its owner; all others go to who is idle.
    """

    silence = SILENCE

    def __init__(
        self,
        team: Team,
        board: Board,
        room: Mailroom,
        supervisor: Supervisor,
        database: Database,
        earlier: Earlier,
    ) -> None:
        self._team = team
        self._board = board
        self._room = room
        self._database = database
        self._records: list[TrackRecord] | None = None
        self._offers: dict[str, _Offer] = {}
        self._refused: dict[TaskId, set[str]] = {}
        self._waiting: Counter[str] = Counter()
        self._hire: Callable[[list[Task]], Awaitable[None]] | None = None
        self._rounds = Rounds("assignment", supervisor, self._round, team.stir)
        self._owners: dict[TaskId, str] = {}
        self._words = ForOwners(team)
        for fact in earlier.facts:
            self._note(fact)
            if isinstance(fact, MailSent):
                self.posted(fact.mail)
        self._presented = earlier.presented()
        self._unjudged = {task.id for task in board.tasks if task.state is TaskState.VERIFYING}
        board.listen(self._changed)

    @property
    def records(self) -> list[TrackRecord]:
        """How roles and models did in all sessions of the repository, as it was when the plan began."""
        if self._records is None:
            self._records = track_record(self._database)
        return self._records

    def when_short(self, hire: Callable[[list[Task]], Awaitable[None]]) -> None:
        """Call this with the tasks that nobody who is there can begin now."""
        self._hire = hire

    def pending(self) -> bool:
        """Whether tasks are being given out at this moment."""
        return self._rounds.busy

    def joined(self, member: Member) -> None:
        """Somebody new may take what is ready."""
        self._rounds.stir()

    def posted(self, mail: Mail) -> None:
        """Who has the person's words already is not told them again."""
        self._words.heard(mail)

    def gone(self, member: Member, reason: str) -> None:
        """What was offered to it goes to others."""
        self._drop(member.name)
        self._rounds.stir()

    def turn_begins(self, member: Member, letters: list[Mail]) -> None:
        """What the agent does from here on is for the task it was offered or has."""
        self._mark(member.name)

    def turn_ended(self, member: Member, end: TurnEnd, letters: list[Mail]) -> None:
        """An offer that was heard and not declined is accepted."""
        offer = self._offers.get(member.name)
        if offer is not None and any(mail.id == offer.mail for mail in letters):
            self._accept(offer)
        self._rounds.stir()

    def happened(self, event: Event) -> None:
        """The first step after an offer was read accepts it, unless it declines."""
        fact = event.fact
        if isinstance(fact, TurnStarted | AgentMoved) and self._board.tasks:
            self._rounds.stir()
        elif isinstance(fact, MailMoved) and fact.state == MailState.READ:
            for offer in self._offers.values():
                offer.read = offer.read or offer.mail == fact.mail
        elif isinstance(fact, MessageAdded) and (mine := self._offers.get(event.agent)) is not None:
            calls = fact.message.calls
            if mine.read and fact.message.sender == event.agent and not _declines(calls, mine.task):
                self._accept(mine)

    def refused(self, task: TaskId) -> set[str]:
        """Those who declined a task."""
        return self._refused.get(task, set())

    async def _round(self) -> None:
        """Give out all that can be given out; what nobody there can begin is for whoever hires."""
        if not self._board.tasks or self._team.stands_still:
            return
        self._reclaim()
        offered = {task.owner for task in self._board.tasks if task.state is TaskState.OFFERED}
        for member in self._team.members:
            if member.open and member.name in offered:
                self._present(member.name)
        idle = self._idle()
        short = [task for task in self._ready() if not self._place(task, idle)]
        for member in idle.values():
            self._take_over(member)
        if short and self._hire is not None:
            await self._hire(short)

    def _reclaim(self) -> None:
        """What an earlier process left half-way, or belongs to somebody who is gone, goes on from there."""
        there = {one.name for one in self._team.members if one.open}
        for task in self._board.tasks:
            if task.owner not in there and task.state in (*HELD, TaskState.WAITING):
                why = f"{task.owner} is gone"
                if (left := left_behind(task, why, "")) != task.handoff:
                    self._board.hand_off(task.id, left)
                self._board.move(task.id, Verb.GIVE_BACK, SYSTEM, why, role=Actor.ASSIGNMENT)
            elif task.owner not in there and task.state is TaskState.OFFERED:
                self._board.move(task.id, Verb.WITHDRAW, SYSTEM, "", role=Actor.ASSIGNMENT)
            elif task.id in self._unjudged and task.state is TaskState.VERIFYING:
                why = "loomkin was started again in the middle of its checks: hand it in once more"
                self._board.move(task.id, Verb.REFUSE, SYSTEM, why, role=Actor.VERIFIER)
        self._unjudged.clear()

    def _ready(self) -> list[Task]:
        ranks = self._board.priorities()
        ready = [task for task in self._board.tasks if task.state is TaskState.READY]
        return sorted(ready, key=lambda task: -ranks[task.id])

    def _place(self, task: Task, idle: dict[str, Member]) -> bool:
        """Offer a task to who is wanted for it, else to the best one who is idle; False for neither."""
        wanted = next((one for one in self._team.members if one.name == task.owner and one.open), None)
        if wanted is not None and wanted.name not in self.refused(task.id):
            self._board.move(task.id, Verb.OFFER, SYSTEM, role=Actor.ASSIGNMENT, owner=wanted.name)
            self._present(wanted.name)
            idle.pop(wanted.name, None)
            return True
        refused = self.refused(task.id)
        able = [self._candidate(one, task) for one in idle.values() if one.name not in refused]
        best = next(iter(rank(task, able, self.records)), None)
        if best is None:
            return False
        self._board.move(task.id, Verb.OFFER, SYSTEM, best.why, role=Actor.ASSIGNMENT, owner=best.name)
        self._present(best.name)
        del idle[best.name]
        return True

    def _take_over(self, member: Member) -> None:
        """An idle agent takes a task that stands unstarted in the queue of one who is busy."""
        for task in self._board.tasks:
            busy = task.state is TaskState.OFFERED and self._board.in_hand(task.owner) is not None
            if not busy or task.owner == member.name or member.name in self.refused(task.id):
                continue
            if not rank(task, [self._candidate(member, task)], self.records):
                continue
            why = f"{task.owner} is busy, {member.name} is idle"
            self._board.move(task.id, Verb.WITHDRAW, SYSTEM, why, role=Actor.ASSIGNMENT)
            self._board.move(task.id, Verb.OFFER, SYSTEM, why, role=Actor.ASSIGNMENT, owner=member.name)
            self._present(member.name)
            return

    def _idle(self) -> dict[str, Member]:
        """Those who have nothing to do and nothing before them, by name."""
        loaded = {task.owner for task in self._board.tasks if task.state in LOADS}
        self._waiting = Counter(task.owner for task in self._board.tasks if task.state in COMES_BACK)
        return {
            one.name: one
            for one in self._team.members
            if one.open
            and not one.hosted
            and one.name not in loaded
            and not one.active
            and not one.agent.steering.paused
        }

    def _candidate(self, member: Member, task: Task) -> Candidate:
        plan = self._board.plan
        knows = any(plan.tasks[edge.before].owner == member.name for edge in plan.needs(task.id))
        model, waiting = str(member.agent.model.spec.id), self._waiting[member.name]
        return Candidate(member.name, member.seat.role, model, waiting, knows)

    def _present(self, name: str) -> None:
        """Put the first task of an agent's queue before it, if its hands are empty."""
        queue = self._board.queue(name)
        if not queue or name in self._offers or self._board.in_hand(name) is not None:
            return
        task = queue[0]
        told = self._presented.pop((name, task.id), None)  # by an earlier process
        try:
            told = told or Presented(self._order(name, task))
        except Undeliverable as error:
            self._refused.setdefault(task.id, set()).add(name)
            self._board.move(task.id, Verb.WITHDRAW, SYSTEM, error.message, role=Actor.ASSIGNMENT)
            return
        offer = self._offers[name] = _Offer(task.id, name, told)
        self._rounds.call_in(self.silence, name, lambda: self._accept(offer))
        self._mark(name)

    def _order(self, name: str, task: Task) -> MailId:
        words = self._words.with_beginning(order(self._board, task), task, name)
        letter = Letter(name, words, MailKind.CONTROL, task=task.id)
        return self._room.send(SYSTEM, letter).ids[0]

    def _accept(self, offer: _Offer) -> None:
        """The owner did not decline; nothing where the offer stands no more."""
        if self._offers.get(offer.agent) is not offer:
            return
        if self._board.may(offer.task, Verb.ACCEPT, offer.agent, Actor.ASSIGNMENT):
            self._board.move(offer.task, Verb.ACCEPT, offer.agent, role=Actor.ASSIGNMENT)
        else:  # it took another one first; this one comes up again after that
            self._drop(offer.agent)

    def _changed(self, fact: Fact) -> None:
        if isinstance(fact, TaskMoved):
            for name, offer in list(self._offers.items()):
                if offer.task == fact.task and fact.after is not TaskState.OFFERED:
                    self._drop(name)
            self._presented = {key: told for key, told in self._presented.items() if key[1] != fact.task}
            last = self._owners.get(fact.task, "")
            self._note(fact)
            self._mark(last)
            self._mark(fact.owner)
        self._rounds.stir()

    def _note(self, fact: Fact) -> None:
        """Whoever gave a task back, or did not get it done, does not get it again."""
        if not isinstance(fact, TaskMoved):
            return
        last = self._owners.get(fact.task, "")
        if last and fact.after is TaskState.READY and (fact.actor != SYSTEM or fact.before in LOADS[:-1]):
            self._refused.setdefault(fact.task, set()).add(last)
        self._owners[fact.task] = fact.owner

    def _drop(self, name: str) -> None:
        self._offers.pop(name, None)
        self._rounds.drop(name)

    def _mark(self, name: str) -> None:
        """Write an agent's events and money down under the task that it works on."""
        task, offer = self._board.in_hand(name), self._offers.get(name)
        member = next((one for one in self._team.members if one.name == name), None)
        if member is not None:
            member.agent.scribe.task = task.id if task else offer.task if offer else ""


def _declines(calls: tuple[ToolCall, ...], task: TaskId) -> bool:
    return any(call.name == "task_decline" and task in str(call.arguments) for call in calls)


PRACTICE = Assignment
