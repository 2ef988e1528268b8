"""Gives work that failed twice to a stronger model, and takes it away again when the work is over."""

from loomkin.agent.turn import Outcome, TurnEnd
from loomkin.config.settings import TeamSettings
from loomkin.errors import ProviderError
from loomkin.llm.models import ModelSpec
from loomkin.records.event import Fact, NoticeGiven
from loomkin.records.ids import TaskId
from loomkin.records.mail import PERSON, SYSTEM, Delivery, Mail, MailKind
from loomkin.records.role import Tier
from loomkin.records.task import ENDED, TaskState
from loomkin.records.team_event import ModelEscalated, TaskMoved
from loomkin.team.board import Board
from loomkin.team.board_guards import HELD
from loomkin.team.ladder import TierModels, climb
from loomkin.team.mailroom import Letter, Undeliverable
from loomkin.team.member import Member
from loomkin.team.practice import Practice
from loomkin.team.team import Team

FAILURES = 2
"""Failures at one piece of work after which the next tier goes on with it."""
RETURNED = (TaskState.READY, TaskState.FAILED)
REFUSED = (TaskState.IN_PROGRESS, TaskState.WAITING)


class Escalation(Practice):
    """Counts failures by task, whoever had it, and by agent for what is no task.

    A task failed once more when its check or its review refused it, or when an agent did not get it done. A
    turn failed when it ended so, or was stopped for repeating itself. That a provider, the money or a crash
    stopped it says nothing of the model. A task's own tier counts before its role's.
    """

    def __init__(self, team: Team, board: Board, models: TierModels, settings: TeamSettings) -> None:
        self._team = team
        self._board = board
        self._models = models
        self._on = settings.escalate
        self._failures: dict[str, int] = {task.id: task.attempts for task in board.tasks}
        self._why: dict[str, str] = {}
        self._excused: set[TaskId] = set()
        self._tiers: dict[str, Tier] = {}
        board.listen(self._changed)

    def turn_begins(self, member: Member, letters: list[Mail]) -> None:
        """It goes to work with the model that this work calls for."""
        self._fit(member, "")

    def turn_ended(self, member: Member, end: TurnEnd, letters: list[Mail]) -> None:
        """A turn without a task in hand went well or failed; with one the task tells."""
        task = self._board.in_hand(member.name)
        innocent = isinstance(end.error, ProviderError) or end.limit == "budget"
        if task is not None:
            if innocent:
                self._excused.add(task.id)
        elif end.outcome is Outcome.FAILED and not innocent:
            self._failed(member.name, end.error.message if end.error else "its turn failed")
            self._fit(member, "")
        elif end.outcome is Outcome.DONE:
            self._failures.pop(member.name, None)
            self._fit(member, "the work is done")

    def gone(self, member: Member, reason: str) -> None:
        """A crash is nobody's failure at a task."""
        self._excused.update(task.id for task in self._board.tasks if task.owner == member.name)

    def _changed(self, fact: Fact) -> None:
        if not isinstance(fact, TaskMoved):
            return
        refused = fact.before in (TaskState.VERIFYING, TaskState.IN_REVIEW) and fact.after in REFUSED
        undone = fact.before in (*HELD, TaskState.WAITING) and fact.after in RETURNED and fact.actor == SYSTEM
        if undone and fact.task in self._excused:
            self._excused.discard(fact.task)
        elif refused or undone:
            self._failed(fact.task, fact.reason)
        if fact.after in ENDED:
            self._failures.pop(fact.task, None)
        for member in self._team.members:
            if member.name in self._tiers or member.agent.scribe.task == fact.task:
                self._fit(member, f"{fact.task} is {fact.after.value.replace('_', ' ')}")

    def _failed(self, work: str, why: str) -> None:
        self._failures[work] = self._failures.get(work, 0) + 1
        self._why[work] = why

    def _fit(self, member: Member, over: str) -> None:
        """Let an agent go on with the model that its work calls for; `over` is why it needs no other now."""
        task = member.agent.scribe.task
        work, own = task or member.name, member.seat.role.tier
        asked = self._board.task(task).tier if task else None
        failures = self._failures.get(work, 0) if self._on else 0
        tier = climb(self._models, asked or own, failures // FAILURES)
        chain, now = self._models.known(tier), self._tiers.get(member.name, own)
        if not chain or (tier is now and not self._is_new(member, chain)):
            return
        self._tiers[member.name] = tier
        if tier is own:
            del self._tiers[member.name]
        if chain[0].id == member.agent.model.spec.id:
            return
        member.agent.model.use(chain)
        if tier is now:
            return
        if failures >= FAILURES:
            reason = f"{failures} failures at {work}, the last one: {self._why.get(work, 'not known')}"
        else:
            reason = f"{task} asks for it" if asked is tier else over or "its work needs no other"
        self._tell(member, tier, str(chain[0].id), reason)

    def _is_new(self, member: Member, chain: tuple[ModelSpec, ...]) -> bool:
        """Whether an agent was made anew after a crash, with the model of its role again."""
        raised = member.name in self._tiers and not member.hosted
        return raised and member.agent.model.spec.id != chain[0].id

    def _tell(self, member: Member, tier: Tier, model: str, reason: str) -> None:
        words = f"{member.name} goes on with {model} (tier {tier}): {reason}"
        scribe = member.agent.scribe
        scribe.record(ModelEscalated(member.name, tier.value, model, reason))
        scribe.record(NoticeGiven(words))
        lead = self._team.reader(member.seat.spawner)
        if lead in (member.name, PERSON):
            return
        try:
            letter = Letter(lead, words, MailKind.FINDING, delivery=Delivery.DIGEST)
            self._team.room.send(SYSTEM, letter)
        except Undeliverable:
            return


PRACTICE = Escalation
