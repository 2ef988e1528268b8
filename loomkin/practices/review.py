"""Finds a reviewer for each task that waits for a review, and somebody to decide where there is none."""

from loomkin.agent.turn import Outcome, TurnEnd
from loomkin.config.settings import TeamSettings
from loomkin.errors import LoomkinError
from loomkin.project.guarded import Guarded
from loomkin.records.event import Event, Fact, FileChanged, TurnStarted
from loomkin.records.ids import TaskId
from loomkin.records.mail import PERSON, SYSTEM, Mail, MailKind, MailState, Priority
from loomkin.records.task import Task, TaskState
from loomkin.records.team_event import MailSent, TaskMoved
from loomkin.runtime.rounds import Rounds
from loomkin.runtime.supervisor import Supervisor
from loomkin.team.board import Board
from loomkin.team.earlier import Earlier
from loomkin.team.hiring import Hiring
from loomkin.team.mailroom import Letter, Undeliverable
from loomkin.team.member import Member
from loomkin.team.practice import Practice
from loomkin.team.referee import UNDECIDED
from loomkin.team.reviews import Reviews
from loomkin.team.team import Team

REVIEWER = "reviewer"


class Review(Practice):
    """An idle reviewer before a new one, a new one before a busy one, and else whoever decides."""

    def __init__(
        self,
        team: Team,
        board: Board,
        reviews: Reviews,
        hiring: Hiring,
        supervisor: Supervisor,
        settings: TeamSettings,
        guarded: Guarded,
        earlier: Earlier,
    ) -> None:
        self._team = team
        self._board = board
        self._reviews = reviews
        self._hiring = hiring
        self._settings = settings
        self._guarded = guarded
        self._reminded: set[TaskId] = set()
        self._passed_over: set[tuple[TaskId, str]] = set()
        self._approved: dict[str, tuple[TaskId, str]] = {}
        self._rounds = Rounds("reviews", supervisor, self._round, team.stir)
        for event in earlier.events:
            self._recall(event)
        for task in set(reviews.reviewers) - {task.id for task in self._waiting()}:
            reviews.forget(task)
        board.listen(self._changed)

    def pending(self) -> bool:
        """Whether a reviewer is being found."""
        return self._rounds.busy

    def holds(self, member: Member) -> bool:
        """Whether others still judge a task that a member created."""
        nobody = member.name if not self._rounds.busy else ""
        return any(
            self._reviews.reviewers.get(task.id, nobody) not in (member.name, PERSON)
            for task in self._waiting()
            if task.creator == member.name
        )

    def turn_ended(self, member: Member, end: TurnEnd, letters: list[Mail]) -> None:
        """A reviewer without a verdict is reminded once; then somebody else decides."""
        if member.seat.role.name != REVIEWER or end.outcome is Outcome.CANCELLED or member.box.waits():
            return
        for task in self._waiting():
            if self._reviews.reviewers.get(task.id) != member.name:
                continue
            if task.id in self._reminded:
                self._pass_over(task, member.name)
                continue
            self._reminded.add(task.id)
            words = f"Your turn ended without a verdict on {task.id} ({task.title}): call peer_review."
            self._team.room.send(
                SYSTEM, Letter(member.name, words, MailKind.CONTROL, Priority.HIGH, task=task.id)
            )

    def gone(self, member: Member, reason: str) -> None:
        """What it was to review goes to somebody else."""
        for task in self._waiting():
            if self._reviews.reviewers.get(task.id) == member.name:
                self._pass_over(task, member.name)

    def happened(self, event: Event) -> None:
        """Somebody works again after a restart; or a file changed that an approval was about."""
        if isinstance(event.fact, TurnStarted) and self._unasked():
            self._rounds.stir()
        elif isinstance(event.fact, FileChanged) and event.fact.path in self._approved and not event.task:
            self._outdated(event.agent, event.fact.path)

    async def _round(self) -> None:
        for task in self._unasked():
            reviewer = await self._reviewer(task)
            if self._board.task(task.id).state is not TaskState.IN_REVIEW:
                continue
            try:
                await self._reviews.ask(task, reviewer)
            except Undeliverable:
                # it lies until somebody decides; whoever leads is told once nobody works any more
                self._reviews.reviewers[task.id] = PERSON

    async def _reviewer(self, task: Task) -> str:
        """Who judges a task; reviewers that failed to do so are passed over."""
        if task.reason.startswith(UNDECIDED):
            return self._reviews.decider(task)
        there = [
            one
            for one in self._team.members
            if one.open
            and one.seat.role.name == REVIEWER
            and one.name != task.owner
            and (task.id, one.name) not in self._passed_over
        ]
        idle = next((one for one in there if not one.active and not one.agent.steering.paused), None)
        if idle is not None:
            return idle.name
        tried = any(known == task.id for known, _ in self._passed_over)
        hired = "" if tried or len(there) >= self._settings.max_per_role else await self._hire(task)
        return hired or (there[0].name if there else self._reviews.decider(task))

    async def _hire(self, task: Task) -> str:
        """The name of a new reviewer, empty where the limits allow none."""
        host = next((one.name for one in self._team.members if one.hosted), "")
        for boss in dict.fromkeys((task.creator, host)):
            if not any(one.name == boss and one.open for one in self._team.members):
                continue
            try:
                member = await self._hiring.recruit(boss, REVIEWER, f"review of {task.id}: {task.title}")
            except LoomkinError:
                continue
            return member.name
        return ""

    def _waiting(self) -> list[Task]:
        return [task for task in self._board.tasks if task.state is TaskState.IN_REVIEW]

    def _unasked(self) -> list[Task]:
        there = {PERSON, *(one.name for one in self._team.members if one.open)}
        return [task for task in self._waiting() if self._reviews.reviewers.get(task.id) not in there]

    def _pass_over(self, task: Task, reviewer: str) -> None:
        self._passed_over.add((task.id, reviewer))
        self._reviews.forget(task.id)
        self._rounds.stir()

    def _changed(self, fact: Fact) -> None:
        if not isinstance(fact, TaskMoved):
            return
        if fact.after is TaskState.IN_REVIEW:
            self._rounds.stir()
        elif fact.before is TaskState.IN_REVIEW:
            self._reminded.discard(fact.task)
            self._judged(fact)

    def _judged(self, fact: TaskMoved) -> None:
        if fact.after is not TaskState.DONE:
            self._reviews.refused(fact.task, fact.actor, fact.reason)
        self._reviews.forget(fact.task)
        task = self._board.task(fact.task)
        if fact.after is TaskState.DONE and task.handoff is not None:
            guarded = [path for path in task.handoff.changed if self._guarded.matches(path)]
            self._approved.update(dict.fromkeys(guarded, (task.id, fact.actor)))

    def _recall(self, event: Event) -> None:
        """Go on with the reviews of an earlier process; what reviewers were shown must be shown again."""
        fact = event.fact
        if isinstance(fact, FileChanged) and not event.task:
            self._approved.pop(fact.path, None)
        elif isinstance(fact, TaskMoved) and fact.before is TaskState.IN_REVIEW:
            self._reminded.discard(fact.task)
            self._judged(fact)
        elif isinstance(fact, MailSent) and fact.mail.sender == SYSTEM:
            self._recall_letter(fact.mail)

    def _recall_letter(self, mail: Mail) -> None:
        reviewer = self._reviews.reviewers.get(mail.task)
        if mail.kind is MailKind.REVIEW and mail.state is not MailState.UNDELIVERABLE:
            if reviewer is not None and reviewer != mail.to:
                self._passed_over.add((mail.task, reviewer))
            self._reviews.reviewers[mail.task] = mail.to
        elif mail.kind is MailKind.CONTROL and mail.to == reviewer:
            self._reminded.add(mail.task)

    def _outdated(self, agent: str, path: str) -> None:
        """A protected file changed outside any task after it was approved: whoever decides is told."""
        identity, approver = self._approved.pop(path)
        task = self._board.task(identity)
        words = (
            f"The approval of {task.id} ({task.title}) by {approver} is stale: {agent} changed the protected "
            f"file {path} since, without a task. Have it reviewed: task_create with needs_review."
        )
        reader = self._team.reader(task.creator)
        self._team.room.send(SYSTEM, Letter(reader, words, MailKind.REVIEW, Priority.HIGH, task=task.id))


PRACTICE = Review
