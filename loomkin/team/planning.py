"""What agents say about the plan, as moves of the board: create, split, offer, decline, block."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from loomkin.errors import NotFoundError
from loomkin.records.dataclass import dataclass
from loomkin.records.ids import TaskId
from loomkin.records.mail import PERSON, Delivery, MailKind
from loomkin.records.role import Tier
from loomkin.records.task import Edge, EdgeKind, OnFailure, Task, TaskState
from loomkin.team.board import Board
from loomkin.team.board_guards import HELD
from loomkin.team.goals import Goals
from loomkin.team.mailroom import Letter
from loomkin.team.orders import brought, order
from loomkin.team.referee import UNDECIDED, PlanError
from loomkin.team.team import Team
from loomkin.team.transitions import Actor, Verb
from loomkin.team.whereabouts import Whereabouts

MOST_TASKS = 500


class Blocker(StrEnum):
    """What is in the way of a task."""

    DEPENDENCY = "dependency"
    PERSON = "person"
    RESOURCE = "resource"
    CHECK = "check"


class Move(StrEnum):
    """What a creator or lead does to a task."""

    CANCEL = "cancel"
    FAIL = "fail"
    REOPEN = "reopen"
    TAKE_BACK = "take_back"
    RESUME = "resume"
    APPROVE = "approve"
    REFUSE = "refuse"


VERBS = {
    Move.CANCEL: Verb.CANCEL,
    Move.FAIL: Verb.FAIL,
    Move.REOPEN: Verb.REOPEN,
    Move.RESUME: Verb.RESUME,
    Move.APPROVE: Verb.APPROVE,
    Move.REFUSE: Verb.REFUSE,
}


@dataclass(frozen=True, slots=True)
class Draft:
    """A task as an agent words it; `needs` are `t1`, `t1:blocks`, `t1:partial` or `t1:MILESTONE`.

    `budget` is in picodollars.
    """

    title: str
    description: str
    role: str
    checks: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    on_failure: OnFailure = OnFailure.REPLAN
    owner: str = ""
    priority: int = 5
    regions: tuple[str, ...] = ()
    needs_review: bool = False
    parent: str = ""
    tier: Tier | None = None
    budget: int | None = None
    goal: str = ""


def waits_for_a_check(task: Task) -> bool:
    """Whether a task waits until its creator has looked at a check that is said to be at fault."""
    return task.state is TaskState.WAITING and task.reason.startswith(f"{Blocker.CHECK}: ")


class Planning:
    """Carries out what an agent wants of the plan; raises PlanError and NotFoundError with why not."""

    def __init__(self, board: Board, team: Team, goals: Goals) -> None:
        self._board = board
        self._team = team
        self._goals = goals
        self.where = Whereabouts(board, team)

    def create(self, by: str, draft: Draft) -> Task:
        """A new task, and its parent waits for it where it has one."""
        board = self._board
        if len(board.tasks) >= MOST_TASKS:
            raise PlanError(
                f"The plan has {MOST_TASKS} tasks already.", hint="Give the work to an open task."
            )
        if draft.owner:
            self._team.member(draft.owner)
        parent = self._begun(by, draft.parent).id if draft.parent else TaskId("")
        needs = [self._edge(need, draft.on_failure) for need in draft.needs]
        if parent:
            needs.append(Edge(TaskId(""), parent, EdgeKind.REQUIRES_OUTPUT))
        task = Task(
            TaskId(""),
            draft.title,
            draft.description,
            by,
            draft.checks,
            draft.role,
            draft.owner,
            draft.tier,
            draft.budget,
            priority=min(9, max(0, draft.priority)),
            regions=draft.regions,
            needs_review=draft.needs_review,
            parent=parent,
            goal=self._goal(by, draft, parent),
        )
        return board.add(task, needs)

    def _goal(self, by: str, draft: Draft, parent: str) -> str:
        """The goal that a task serves: the one named, that of the whole, else the one its creator logged."""
        if draft.goal:
            return self._goals.named(draft.goal)
        return self._board.task(parent).goal if parent else self._goals.of(by)

    def split(self, by: str, identity: str, parts: Sequence[str], role: str, in_order: bool) -> list[Task]:
        """Tasks for the parts of a task, which waits for them."""
        whole = self._begun(by, identity)
        made: list[Task] = []
        for part in parts:
            title, _, rest = part.partition(":")
            needs = (made[-1].id,) if in_order and made else ()
            words = f"{rest.strip()}\n\nThe whole of which this is a part: {whole.description}".strip()
            draft = Draft(title.strip(), words, role, needs=needs, priority=whole.priority, parent=whole.id)
            made.append(self.create(by, draft))
        return [self._board.task(task.id) for task in made]

    def update(self, by: str, identity: str, reason: str, changes: dict[str, Any], move: Move | None) -> Task:
        """Revise a task's words, or move it, or both."""
        board, task = self._board, self._board.task(identity)
        leads = Actor.LEAD in board.referee.capacities(task, by)
        if not leads and "checks" in changes and set(task.checks) - set(changes["checks"]):
            raise PlanError(
                f"Only {task.creator}, a lead or the person may take a check away from {task.id}."
            )
        if not leads and {"tier", "budget"} & set(changes):
            raise PlanError(f"Only {task.creator}, a lead or the person may let {task.id} cost more.")
        if move is Move.APPROVE and by != PERSON and not task.reason.startswith(UNDECIDED):
            raise PlanError(
                f"{task.id} is approved by a review of its changes.",
                hint="Look at them and call peer_review.",
            )
        if move is Move.REOPEN:
            board.move(task.id, Verb.REOPEN, by, reason)
        if changes:
            board.revise(task.id, by, reason, **changes)
        if "checks" in changes and move is None and by != task.owner and waits_for_a_check(task):
            move = Move.RESUME if board.may(task.id, Verb.RESUME, by) else None
        if move is Move.TAKE_BACK:
            self._take_back(task, by, reason)
        elif move is not None and move is not Move.REOPEN:
            board.move(task.id, VERBS[move], by, reason)
        return board.task(task.id)

    def offer(self, by: str, identity: str, agent: str, reason: str) -> Task:
        """Put a task into the queue of an agent, also one that somebody else has."""
        task = self._board.task(identity)
        if task.state is not TaskState.READY:
            self._take_back(task, by, reason)
        return self._board.move(task.id, Verb.OFFER, by, reason, owner=agent)

    def accept(self, by: str, identity: str) -> str:
        """Take a task; the answer is its order."""
        task = self._board.task(identity)
        if task.owner == by and task.state in HELD:
            return order(self._board, task)
        if task.owner == by and task.state is TaskState.WAITING:
            return order(self._board, self._board.take_up(task.id, by))
        verb = Verb.TAKE if task.state is TaskState.READY else Verb.ACCEPT
        return order(self._board, self._board.move(task.id, verb, by))

    def decline(self, by: str, identity: str, reason: str, agent: str, after: str, proposal: str) -> str:
        """Give a task back, and carry out the counter-proposal as far as it is plain."""
        board = self._board
        first = board.task(after) if after else None
        names = {one.name for one in self._team.members if one.open}
        if agent and agent not in names and agent not in {one.role for one in self._team.directory()}:
            raise NotFoundError(f"There is no agent or role {agent!r} here.", hint=", ".join(sorted(names)))
        task = board.move(identity, Verb.DECLINE, by, reason)
        if first is not None:
            board.connect(Edge(first.id, task.id), by)
        if agent in names and board.may(task.id, Verb.OFFER, by, Actor.ASSIGNMENT):
            board.move(task.id, Verb.OFFER, by, reason, role=Actor.ASSIGNMENT, owner=agent)
        elif agent:
            board.revise(task.id, by, reason, role=agent)
        self._tell_declined(by, board.task(task.id), reason, proposal)
        return f"You are free of it. {self.where(board.task(task.id))}"

    def _tell_declined(self, by: str, task: Task, reason: str, proposal: str) -> None:
        """Whoever decides about a task hears that it was declined, why, and who has it next."""
        reader = self.reader(task)
        if reader in (by, PERSON) and not proposal:
            return
        proposed = f"\nIt proposes: {proposal}" if proposal else ""
        words = f"{by} declined {task.id} ({task.title}): {reason}{proposed}\n{self.where(task)}"
        when = Delivery.DIGEST if task.state is TaskState.OFFERED and not proposal else Delivery.NEXT_STEP
        self._team.room.send(by, Letter(reader, words, MailKind.BLOCKER, delivery=when, task=task.id))

    def block(self, by: str, identity: str, on: Blocker, reason: str, needs: str) -> str:
        """Let a task wait, and tell its creator."""
        board = self._board
        task = board.owned(identity, by)
        reader, more = self.reader(task), ""
        if on is Blocker.CHECK:
            needs, more = "", self._of_check(task, reader == by)
        if needs:
            edge = Edge(board.task(needs).id, task.id, EdgeKind.REQUIRES_OUTPUT)
            board.connect(edge, by)
            if board.task(task.id).state is not TaskState.WAITING:
                return f"Nothing is in the way any more: {needs} is done.\n{brought(board.plan, edge)}"
        else:
            board.move(task.id, Verb.WAIT, by, f"{on}: {reason}")
        if reader != by:
            words = f"{task.id} ({task.title}) cannot go on, {on}: {reason}{more}"
            self._team.room.send(by, Letter(reader, words, MailKind.BLOCKER, task=task.id))
        return f"{self.where(board.task(task.id))} You are free; end your turn, or take other work."

    def _of_check(self, task: Task, own: bool) -> str:
        """What whoever decides reads of a check that is said to be at fault."""
        if own:
            raise PlanError(f"The checks of {task.id} are yours: change them with task_update.")
        failed = task.reason.partition("\n")[0]
        last = f"\nIts last verification: {failed}" if failed else ""
        return (
            f"{last}\ntask_update(task={task.id}, checks=...) changes them and {task.owner} goes on; where "
            "they are right, move=resume with the reason."
        )

    def reach(self, by: str, identity: str, name: str, note: str) -> str:
        """Announce a milestone; the answer says what starts now."""
        board = self._board
        task = board.owned(identity, by)
        waiting = [edge.after for edge in board.plan.edges if (edge.before, edge.name) == (task.id, name)]
        board.reach(task.id, by, name, note)
        if not waiting:
            return "No task waits for it."
        return f"Waiting for it: {', '.join(self.where(board.task(one)) for one in waiting)}"

    def free(self, agent: str) -> bool:
        """Whether an agent has no task in hand."""
        return self._board.in_hand(agent) is None

    def reader(self, task: Task) -> str:
        """Who decides about a task now: its creator, else a lead who is there, else the session's agent."""
        return self._team.reader(task.creator)

    def depend(self, by: str, edge: Edge, remove: bool) -> Task:
        """Let a task need another one, or need it no more."""
        self._begun(by, edge.after)
        if remove:
            self._board.disconnect(edge, by, "no longer needed")
        else:
            self._board.connect(edge, by)
        return self._board.task(edge.after)

    def _begun(self, by: str, identity: str) -> Task:
        """A task; whoever plans with one that is offered to them has accepted it."""
        task = self._board.task(identity)
        if task.owner == by and self._board.may(task.id, Verb.ACCEPT, by):
            task = self._board.move(task.id, Verb.ACCEPT, by)
        return task

    def _take_back(self, task: Task, by: str, reason: str) -> None:
        verb = Verb.WITHDRAW if task.state is TaskState.OFFERED else Verb.GIVE_BACK
        self._board.move(task.id, verb, by, reason)

    def _edge(self, need: str, on_failure: OnFailure) -> Edge:
        """An edge from `t1`, `t1:blocks`, `t1:partial` or `t1:MILESTONE` to the task that is to come."""
        name, _, what = need.partition(":")
        before, what = self._board.task(name).id, what.strip()
        if what in ("", EdgeKind.REQUIRES_OUTPUT):
            return Edge(before, TaskId(""), EdgeKind.REQUIRES_OUTPUT, on_failure=on_failure)
        if what in (EdgeKind.BLOCKS, EdgeKind.PARTIAL):
            return Edge(before, TaskId(""), EdgeKind(what), on_failure=on_failure)
        return Edge(before, TaskId(""), EdgeKind.MILESTONE, what, on_failure)
