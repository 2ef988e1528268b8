"""The living plan: every change goes through the state table, is written down, and is told to listeners."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from loomkin.errors import LoomkinError, NotFoundError
from loomkin.records.dataclass import replace
from loomkin.records.event import Fact
from loomkin.records.ids import TaskId
from loomkin.records.mail import SYSTEM
from loomkin.records.task import ENDED, Edge, Evidence, Handoff, Task, TaskState, Withdrawn
from loomkin.records.team_event import (
    EdgeAdded,
    EdgeRemoved,
    EvidenceGathered,
    HandedOff,
    MilestoneReached,
    PartialPublished,
    TaskAdded,
    TaskMoved,
    TaskRevised,
)
from loomkin.runtime.recorder import Scribe
from loomkin.team import edges
from loomkin.team.board_guards import in_hand, unmet_words
from loomkin.team.plan import Piece, Plan
from loomkin.team.referee import ASIDE, MEND, RUNNING, PlanError, Referee
from loomkin.team.transitions import Actor, Transition, Verb, rows

REVISABLE = frozenset(
    (
        "title",
        "description",
        "checks",
        "role",
        "tier",
        "budget",
        "priority",
        "regions",
        "needs_review",
        "parent",
    )
)
FREES = (Verb.WITHDRAW, Verb.DECLINE, Verb.GIVE_BACK, Verb.REOPEN)
"""After these nobody owns a task; in other tasks that are not begun the owner is who is wanted for it."""
Listener = Callable[[Fact], None]


class Board:
    """Holds the plan; `leads` says whether an agent may do what else only a task's creator may.

    `obstacles` say why nobody has a task that is ready.
    """

    def __init__(self, scribe: Scribe, plan: Plan, leads: Callable[[str], bool] = lambda name: False) -> None:
        self._scribe = scribe
        self.plan = plan
        self.referee = Referee(plan, leads)
        self._listeners: list[Listener] = []
        self.obstacles: dict[TaskId, str] = {}

    @property
    def tasks(self) -> tuple[Task, ...]:
        """All tasks, oldest first."""
        return tuple(self.plan.tasks.values())

    def task(self, identity: str) -> Task:
        """The task of that id, or of that exact title; raises NotFoundError that lists the open ones."""
        wanted = identity.strip().lower()
        for task in self.plan.tasks.values():
            if wanted in (task.id, task.title.lower()):
                return task
        there = ", ".join(f"{task.id} ({task.title})" for task in self.tasks if task.state not in ENDED)
        raise NotFoundError(f"There is no task {identity!r}.", hint=f"Open tasks: {there or 'none'}.")

    def in_hand(self, agent: str) -> Task | None:
        """The one task that an agent works on now."""
        return in_hand(self.plan, agent)

    def queue(self, agent: str) -> list[Task]:
        """The tasks offered to an agent, the most urgent first."""
        mine = [task for task in self.tasks if task.owner == agent and task.state is TaskState.OFFERED]
        ranks = self.priorities() if len(mine) > 1 else {}
        return sorted(mine, key=lambda task: -ranks.get(task.id, 0))

    def priorities(self) -> dict[TaskId, int]:
        """The priority of every task, with what it inherits of those that wait for it."""
        return edges.priorities(self.plan.tasks, self.plan.edges)

    def listen(self, listener: Listener) -> None:
        """Tell `listener` of every change; it must return at once and change nothing on the board."""
        self._listeners.append(listener)

    def add(self, draft: Task, needs: Sequence[Edge] = ()) -> Task:
        """A new task, which gets its id here, as do the edges that name it with no id; all or nothing.

        Raises PlanError where an edge would close a circle, NotFoundError where it names no task.
        """
        task = replace(draft, id=TaskId(f"t{len(self.plan.tasks) + 1}"), state=TaskState.PROPOSED)
        wanted = [replace(edge, before=edge.before or task.id, after=edge.after or task.id) for edge in needs]
        self.plan.tasks[task.id] = task
        try:
            self._refuse_circles(wanted)
        except LoomkinError:
            del self.plan.tasks[task.id]
            raise
        self._tell(TaskAdded(task))
        for edge in wanted:
            self._connect(edge, task.creator)
        self._settle()
        return self.plan.tasks[task.id]

    def revise(self, identity: str, by: str, reason: str, **changes: Any) -> Task:
        """Change a task's words, checks, role, priority or budget; its state stays."""
        task = self.task(identity)
        if wrong := set(changes) - REVISABLE:
            raise PlanError(f"{', '.join(sorted(wrong))} of a task cannot be revised.")
        if task.state in ENDED:
            raise PlanError(f"{task.id} is {task.state}.", hint="Reopen it first, or create a new task.")
        if "checks" in changes:
            changes["withdrawn"] = _withdrawn(task, changes["checks"], by)
        task = self.plan.tasks[task.id] = replace(task, **changes)
        self._tell(TaskRevised(task, by, reason))
        self._settle()
        return self.plan.tasks[task.id]

    def connect(self, edge: Edge, by: str) -> None:
        """A task needs another one from now on; raises PlanError where that would close a circle."""
        if self.task(edge.after).state in ENDED:
            raise PlanError(f"{edge.after} is {self.task(edge.after).state}: it needs nothing any more.")
        self._refuse_circles([edge])
        self._connect(edge, by)
        self._settle()

    def disconnect(self, edge: Edge, by: str, reason: str) -> None:
        """A task needs another one no more; raises NotFoundError where it never did."""
        found = next((one for one in self.plan.edges if _same(one, edge)), None)
        if found is None:
            raise NotFoundError(f"{edge.after} does not need {edge.before} ({edge.kind}).")
        self.plan.rewire([one for one in self.plan.edges if one is not found])
        self._tell(EdgeRemoved(found, by, reason))
        self._settle()

    def move(
        self,
        identity: str,
        verb: Verb,
        by: str,
        reason: str = "",
        *,
        role: Actor | None = None,
        owner: str = "",
    ) -> Task:
        """Do something to a task, if the table lets `by` do it in its state; raises PlanError with why not.

        `role` is the capacity in which practices act; an agent's own is found out. `owner` is whom it is
        offered to; who takes a task owns it.
        """
        task = self.task(identity)
        owner = by if verb is Verb.TAKE else owner or task.owner
        row = self.referee.row(task, verb, by, role, owner)
        self._apply(task, row, by, reason, owner)
        self._settle()
        return self.plan.tasks[task.id]

    def may(self, identity: str, verb: Verb, by: str, role: Actor | None = None, owner: str = "") -> bool:
        """Whether `move` would succeed."""
        task = self.task(identity)
        try:
            self.referee.row(task, verb, by, role, by if verb is Verb.TAKE else owner or task.owner)
        except PlanError:
            return False
        return True

    def hand_off(self, identity: str, handoff: Handoff) -> None:
        """Keep what the owner leaves behind, also half-way."""
        task = self.task(identity)
        self.plan.tasks[task.id] = replace(task, handoff=handoff)
        self._tell(HandedOff(task.id, handoff))

    def prove(self, identity: str, evidence: Evidence) -> None:
        """Keep how a command ended that was run for a task."""
        task = self.task(identity)
        self.plan.tasks[task.id] = replace(task, evidence=(*task.evidence, evidence))
        self._tell(EvidenceGathered(task.id, evidence))

    def owned(self, identity: str, by: str) -> Task:
        """The task in the hands of its owner, accepted now if it is offered; raises PlanError for others."""
        task = self.task(identity)
        if task.owner == by and task.state is TaskState.OFFERED:
            task = self.move(task.id, Verb.ACCEPT, by)
        if task.owner != by or task.state not in RUNNING:
            whose = f" with {task.owner}" if task.owner else ""
            hint = f"Ready tasks are taken with task_accept; ask {task.owner or task.creator} for others."
            if task.owner == by and task.state is TaskState.WAITING:
                raise PlanError(f"{task.id} waits.", hint="Take it up again with task_accept first.")
            if task.owner == by:
                raise PlanError(f"{task.id} is {task.state}: you do not work on it now.")
            raise PlanError(f"{task.id} is {task.state}{whose}, not in your hands.", hint=hint)
        return task

    def take_up(self, identity: str, by: str) -> Task:
        """A waiting task goes on in the hands of its owner; what it has in hand now waits until that ends.

        A task in another state stays as it is. Raises PlanError where something it needs is missing.
        """
        task = self.task(identity)
        if task.owner != by or task.state is not TaskState.WAITING:
            return task
        held = self.in_hand(by)
        if held is not None and held.state in RUNNING and not unmet_words(self.plan, task.id):
            row = self.referee.row(held, Verb.WAIT, by, None, by)
            self._apply(held, row, by, f"{ASIDE}{task.id} ({task.title})", by)
        return self.move(task.id, Verb.RESUME, by)

    def reach(self, identity: str, by: str, name: str, note: str) -> None:
        """The owner of a task says that it came to a named point; raises PlanError for others."""
        task = self.owned(identity, by)
        if name in task.milestones:
            return
        self.plan.tasks[task.id] = replace(task, milestones=(*task.milestones, name))
        self.plan.notes[(task.id, name)] = note
        self._tell(MilestoneReached(task.id, name, note))
        self._settle()

    def publish(self, identity: str, by: str, text: str, total: int = 0) -> int:
        """One more piece of a task's result, and its number; raises PlanError for others than the owner."""
        task = self.owned(identity, by)
        task = self.plan.tasks[task.id] = replace(task, partials=(*task.partials, text))
        pieces = self.plan.pieces.setdefault(task.id, [])
        pieces.append(Piece(len(pieces) + 1, total, text))
        self._tell(PartialPublished(task.id, len(pieces), total, text))
        if task.state is TaskState.IN_PROGRESS:
            self._apply(task, rows(task.state, Verb.PUBLISH)[0], by, "", by)
        self._settle()
        return len(pieces)

    def _apply(self, task: Task, row: Transition, by: str, reason: str, owner: str) -> None:
        tries = task.attempts + _counts(row) if row.verb is not Verb.REOPEN else 0
        held_back = row.before is TaskState.OFFERED and row.verb is Verb.HOLD
        freed = row.verb in FREES and row.after is not TaskState.FAILED
        kept = "" if freed or held_back else owner
        if row.verb is Verb.REFUSE and row.after is TaskState.WAITING:
            reason = f"{MEND}{reason}"
        moved = replace(task, state=row.after, owner=kept, reason=reason, attempts=tries)
        self.plan.tasks[task.id] = moved
        self._tell(TaskMoved(task.id, row.before, row.after, by, moved.owner, reason, tries))

    def _connect(self, edge: Edge, by: str) -> None:
        self.plan.rewire([one for one in self.plan.edges if not _same(one, edge)] + [edge])
        self._tell(EdgeAdded(edge, by))

    def _refuse_circles(self, wanted: Iterable[Edge]) -> None:
        known = list(self.plan.edges)
        for edge in wanted:
            before, after = self.task(edge.before), self.task(edge.after)
            circle = edges.cycle(edge, known)
            if circle:
                raise PlanError(
                    f"{after.id} cannot wait for {before.id}: that closes the circle {' -> '.join(circle)}.",
                    hint="Turn one of these edges around, or split a task of the circle.",
                )
            known.append(edge)

    def _settle(self) -> None:
        """Bring every task into the state that what it needs allows, until nothing changes."""
        while (found := self.referee.due()) is not None:
            task, verb, reason = found
            row = self.referee.row(task, verb, SYSTEM, Actor.BOARD, task.owner)
            self._apply(task, row, SYSTEM, reason, task.owner)

    def _tell(self, fact: Fact) -> None:
        self._scribe.record(fact)
        for listener in self._listeners:
            listener(fact)


def _counts(row: Transition) -> bool:
    """Whether this ends an attempt: the task is given back, or its verification failed."""
    refused = row.verb is Verb.REFUSE and row.before is TaskState.VERIFYING
    return refused or row.verb is Verb.GIVE_BACK


def _same(one: Edge, other: Edge) -> bool:
    return (one.before, one.after, one.kind, one.name) == (other.before, other.after, other.kind, other.name)


def _withdrawn(task: Task, checks: Sequence[str], by: str) -> tuple[Withdrawn, ...]:
    """The checks that a task had and has no more."""
    known = {one.command: one for one in task.withdrawn}
    known |= {check: Withdrawn(check, by) for check in task.checks}
    return tuple(one for command, one in known.items() if command not in checks)
